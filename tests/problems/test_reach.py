"""Numbers that float32 cannot hold, or tell apart, are said."""

import numpy as np
import polars as pl
import pytest

from rnnauto.inspection import inspect_table
from rnnauto.problems.correlation import correlation
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

FAR = 400_000_000
COUNTS = np.arange(60)


def codes(x, y="ab", **problem):
    labels = np.resize(list(y), len(x)) if isinstance(y, str) else y
    frame = pl.DataFrame({"x": x, "y": labels})
    recipe = Recipe.parse({"data": {"target": "y"}, "problem": problem or {"type": "one-to-one"}})
    problems = inspect_table(read_to_learn(frame, recipe.data), recipe).problems
    return {each.code: each.message for each in problems}


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (FAR + COUNTS % 7, ""),
        (FAR + np.random.default_rng(0).normal(size=60), ""),
        (np.where(COUNTS % 2, FAR, 3 * FAR) + COUNTS % 7, "tells 8 of 14 numbers of `x` apart"),
        (1.7e18 + 1e6 * COUNTS, ""),
        (np.random.default_rng(0).normal(size=60) * 1e-300, "tells 1 of 60 numbers"),
        (1000 + np.random.default_rng(0).normal(size=60), ""),
    ],
)
def test_numbers_that_float32_makes_equal_are_said(x, said):
    found = codes(x)
    assert ("below-float32" in found) == bool(said)
    assert said in found.get("below-float32", "")


@pytest.mark.parametrize("scale", [1e199, 1e-300, 1e300])
def test_a_target_of_which_float32_holds_nothing_is_an_error(scale):
    y = np.random.default_rng(0).normal(size=60) * scale
    assert "target-beyond-float32" in codes(COUNTS % 7, y, task="regression")
    series = pl.DataFrame(
        {"day": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 2, 29), eager=True)}
    )
    recipe = Recipe.parse(
        {"data": {"target": "y", "time": "day"}, "problem": {"task": "forecasting"}}
    )
    table = read_to_learn(series.with_columns(y=pl.Series(y)), recipe.data)
    found = {each.code for each in inspect_table(table, recipe).problems}
    assert "target-beyond-float32" in found


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e200])
def test_columns_correlate_alike_in_every_unit(scale):
    x, y = np.random.default_rng(0).normal(size=(2, 100))
    wanted = abs(np.corrcoef(x, y)[0, 1])
    with np.errstate(all="raise", under="ignore"):
        assert correlation(x * scale, y) == pytest.approx(wanted)
        assert correlation(x, 1e9 + y * 1e-3) == pytest.approx(wanted, rel=1e-3)
