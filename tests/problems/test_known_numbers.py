"""A table to predict for is read as the training data were written, whatever its own cells are."""

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.layout import Layout
from rnnauto.problems.known_labels import as_classes
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe


@pytest.fixture
def trained(tmp_path):
    """The layout of a table with these cells, as a model folder keeps it."""

    def layout_of(cells, *, separator=",", target="y"):
        path = tmp_path / "train.csv"
        rows = [
            separator.join([quoted(cell, separator), str(row % 5 / 4 + 0.125), "up"])
            for row, cell in enumerate(cells)
        ]
        path.write_text(separator.join(["x", "y", "word"]) + "\n" + "\n".join(rows) + "\n")
        recipe = Recipe().with_overrides({"data.target": target, "problem.type": "one-to-one"})
        layout = infer(read_to_learn(path, recipe.data), recipe).layout
        return Layout.model_validate_json(layout.model_dump_json())

    return layout_of


def quoted(cell, separator):
    return f'"{cell}"' if separator in cell else cell


@pytest.fixture
def read(tmp_path):
    def read_cells(layout, *cells, separator=",", target=False):
        path = tmp_path / "new.csv"
        rows = [separator.join([quoted(cell, separator), "1"]) for cell in cells]
        path.write_text(separator.join(["x", "y"]) + "\n" + "\n".join(rows) + "\n")
        return read_for(layout, path, target=target, text_targets=()).frame["x"].to_list()

    return read_cells


KILOS = [f"{number / 4} kg" for number in range(30)]
EUROS = [f"{number}.{number + 100},50 €" for number in range(1, 30)]
COMMAS = [f"{number},5" for number in range(30)]
PLAIN = [f"{number / 4}" for number in range(30)]


@pytest.mark.parametrize(
    ("cells", "new", "number"),
    [
        (KILOS, "3.4 kg", 3.4),
        (KILOS, "3.4", 3.4),
        (KILOS, "3,400.5kg", 3400.5),
        (EUROS, "1.234 €", 1234),
        (EUROS, "1.234", 1234),
        (EUROS, "1.234,5", 1234.5),
        (EUROS, "12.5", 12.5),
        (EUROS, "(5 €)", -5),
        (PLAIN, "1,234", 1234),
        (KILOS, "NA", None),
    ],
)
def test_one_row_is_read_as_the_training_data(trained, read, cells, new, number):
    assert read(trained(cells), new) == [number]


def test_a_decimal_comma_is_remembered(trained, read):
    layout = trained(COMMAS, separator=";")
    assert read(layout, "1,234", separator=";") == [1.234]
    assert read(layout, "1.5", "2.5", separator=";") == [1.5, 2.5]
    assert read(layout, "1,5", separator="\t") == [1.5]


def test_columns_that_are_numbers_already_are_taken(trained):
    layout = trained(EUROS)
    frame = read_for(layout, pl.DataFrame({"x": [1.234]}), target=False, text_targets=()).frame
    assert frame["x"].to_list() == [1.234]
    frame = read_for(layout, pl.DataFrame({"x": ["1.234 €"]}), target=False, text_targets=()).frame
    assert frame["x"].to_list() == [1234]


def test_json_lines_are_read_by_the_same_rule(trained, tmp_path):
    path = tmp_path / "new.jsonl"
    path.write_text('{"x": "3.4 kg"}\n{"x": "500.25 kg"}\n')
    frame = read_for(trained(KILOS), path, target=False, text_targets=()).frame
    assert frame["x"].to_list() == [3.4, 500.25]


@pytest.mark.parametrize(
    ("cells", "new", "message"),
    [
        (KILOS, "500 g", "its numbers have the unit `g`; the model was trained with `kg`"),
        (PLAIN, "45%", "its numbers have the unit `%`; the model was trained with plain numbers"),
        (EUROS, "$5", "its numbers have the unit `$`; the model was trained with `€`"),
        (KILOS, "heavy", "`heavy` is no number"),
    ],
)
def test_another_unit_is_one_error(trained, read, cells, new, message):
    with pytest.raises(DataError) as error:
        read(trained(cells), new)
    assert message in error.value.message
    assert "column `x`" in error.value.message


def test_what_may_be_thousands_is_one_error(trained, read):
    with pytest.raises(DataError) as error:
        read(trained(PLAIN), "1,234", separator=";")
    assert "cannot be read like the training data" in error.value.message


def test_units_of_a_target_are_known_too(trained, read):
    layout = trained(KILOS, target="x")
    assert read(layout, "3.4 kg", "5", target=True) == [3.4, 5]
    with pytest.raises(DataError):
        read(layout, "500 g", target=True)


@pytest.mark.parametrize(
    ("labels", "classes", "unit", "wanted"),
    [
        (["true", "FALSE", "maybe"], ["TRUE", "FALSE"], "", ["TRUE", "FALSE", "maybe"]),
        (["1.0", "2"], ["1", "2"], "", ["1", "2"]),
        (["1", "01"], ["01", "02"], "", ["01", "01"]),
        (["1"], ["1.0", "01"], "", ["1"]),
        (["64", "128 GB"], ["64 GB", "128 GB"], "GB", ["64 GB", "128 GB"]),
        (["Yes"], ["yes", "no"], "", ["Yes"]),
    ],
)
def test_labels_are_classes_by_their_value(labels, classes, unit, wanted):
    assert as_classes(pl.Series(labels), classes, unit=unit).to_list() == wanted
