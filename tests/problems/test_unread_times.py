"""Times in a way that no rule reads are spoken of, where rows could be in any order."""

import polars as pl
import pytest

from rnnauto.inspection import inspect_table
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

QUARTERS = [f"{year} {part}" for year in range(2014, 2004, -1) for part in ("IV", "III", "II", "I")]


def found_in(columns, **data):
    recipe = Recipe.parse({"data": {"target": "y", **data}})
    problems = inspect_table(read_table(pl.DataFrame(columns)), recipe).problems
    return {problem.code: problem.severity for problem in problems}


def test_a_number_told_from_the_letters_of_its_date_is_an_error():
    columns = {"quarter": QUARTERS, "y": [at * 7 % 11 + 0.5 for at in range(40)]}
    assert found_in(columns)["unread-time"] == "error"
    renamed = {"remark" if name == "quarter" else name: of for name, of in columns.items()}
    assert "unread-time" not in found_in(renamed)


def test_a_panel_in_the_order_of_the_file_is_warned_of():
    columns = {
        "shop": ["a"] * 40 + ["b"] * 40,
        "quarter": QUARTERS * 2,
        "y": [at * 7 % 11 + 0.5 for at in range(80)],
    }
    assert found_in(columns)["unread-time"] == "warning"
    read = {**columns, "quarter": [text.replace("I", "Q1") for text in QUARTERS] * 2}
    assert found_in({**read, "day": list(range(40)) * 2}).get("unread-time") is None


@pytest.mark.parametrize("cells", [["red 1", "blue 2"] * 20, ["noon", "evening"] * 20])
def test_words_that_repeat_are_no_times(cells):
    columns = {
        "time": cells,
        "x": [at * 3 % 7 for at in range(40)],
        "y": [at * 7 % 11 + 0.5 for at in range(40)],
    }
    assert "unread-time" not in found_in(columns)
