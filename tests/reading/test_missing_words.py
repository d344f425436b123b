"""`NA` and its like: a class among others, or a missing value, and said either way."""

import polars as pl
import pytest

from rnnauto.inspection import inspect_table
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe


def table_of(tmp_path, labels, **data):
    path = tmp_path / "table.csv"
    rows = [f"{number * 7 % 13},{number * 5 % 11},{label}" for number, label in enumerate(labels)]
    path.write_text("a,b,label\n" + "\n".join(rows) + "\n")
    recipe = Recipe().with_overrides({"data.target": "label", **data})
    return read_to_learn(path, recipe.data), recipe


def classes(tmp_path, labels, **data):
    return {*table_of(tmp_path, labels, **data)[0].frame["label"].drop_nulls()}


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        (["DE", "IT", "NA"] * 10, True),
        (["DE", "IT"] * 50 + ["NA"], True),
        (["null", "alternative"] * 10 + ["neither"] * 9, True),
        (["nan", "roti", "rice"] * 10, True),
        (["NULL", "ERROR", "WARNING"] * 10, True),
        (["None", "Mild", "Severe"] * 10, True),
        (["none", "mild", "severe"] * 10, True),
        (["Yes", "No", "NA"] * 10, False),
        (["yes", "no"] * 50 + ["nan"], False),
        (["yes", "no"] * 50 + ["null"], False),
        (["Up", "Down", "NaN"] * 10, False),
        (["up", "down", "N/A"] * 10, False),
        (["up", "down", "NULL"] * 10, False),
    ],
)
def test_a_word_is_a_class_where_it_is_like_the_others(tmp_path, labels, kept):
    word = next(label for label in labels if label.lower() in {"na", "null", "nan", "none", "n/a"})
    assert (word in classes(tmp_path, labels)) == kept
    assert word in classes(tmp_path, labels, **{"data.missing": []})
    assert word not in classes(tmp_path, labels, **{"data.missing": [word]})


def test_a_class_that_was_kept_is_said(tmp_path):
    table, _ = table_of(tmp_path, ["DE", "IT", "NA"] * 10)
    assert table.notes == (
        "`NA` (10 cells) in `label`: read as a value among others; "
        "`--na-values NA` reads it as missing",
    )


def test_a_word_that_was_taken_for_missing_is_said_with_the_remedy(tmp_path):
    inspection = inspect_table(*table_of(tmp_path, ["Yes", "No", "NA"] * 10))
    (problem,) = [each for each in inspection.problems if each.code == "missing-target"]
    assert "`NA` is taken for missing" in problem.message
    assert "--na-values ''" in problem.remedy


def test_words_are_kept_whatever_reader_takes_the_file(tmp_path):
    path = tmp_path / "quoted.csv"
    path.write_text('x,"label"\n' + '1,"NA"\n2,"DE"\nNA,"IT"\n,NA\n' * 5)
    frame = read_to_learn(path, Recipe().data).frame
    assert frame["label"].to_list() == ["NA", "DE", "IT", "NA"] * 5
    assert frame["x"].to_list() == [1, 2, None, None] * 5


def test_a_missing_number_has_its_words_still(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n1,a\nNA,b\nnull,c\n2.5,NA\n")
    assert read_to_learn(path, Recipe().data).frame["x"].to_list() == [1, None, None, 2.5]


def test_named_spellings_are_the_only_ones(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,y\n1,a\n2,unknown\n3,NA\n,b\n")
    recipe = Recipe().with_overrides({"data.missing": ["unknown"]})
    frame = read_to_learn(path, recipe.data).frame
    assert frame["y"].to_list() == ["a", None, "NA", "b"]
    assert frame.schema["x"] == pl.Int64
