"""Marks of missing values are found by what the other numbers are, however many there are."""

import polars as pl
import pytest

from rnnauto.inspection import inspect_table
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def sentinels_in(values):
    frame = pl.DataFrame({"x": values, "y": ["up", "down"] * (len(values) // 2)})
    recipe = Recipe.parse({"data": {"target": "y"}})
    problems = inspect_table(read_table(frame), recipe).problems
    return [len(problem.rows) for problem in problems if problem.code == "sentinel"]


@pytest.mark.parametrize("every", [4, 10, 150])
def test_a_code_far_from_all_others_is_told_whatever_its_share(every):
    values = [-9999.0 if at % every == 0 else at % 37 + 0.5 for at in range(300)]
    assert sentinels_in(values) == [values.count(-9999.0)]


def test_a_code_among_numbers_like_it_is_one_of_them():
    assert sentinels_in([-99.0 if at % 10 == 0 else at % 300 - 150.5 for at in range(300)]) == []


@pytest.mark.parametrize(
    ("code", "times", "found"),
    [(-200.0, 20, [20]), (99.0, 20, [20]), (-200.0, 2, []), (9.0, 20, []), (-5.0, 20, [])],
)
def test_other_numbers_that_mark_missing_values_occur_often(code, times, found):
    values = [2 + at % 17 / 9 for at in range(300)]
    values[10 : 10 + times] = [code] * times
    assert sentinels_in(values) == found
