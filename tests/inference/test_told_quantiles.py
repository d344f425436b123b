"""What a forecast tells: its quantiles, and which targets are never below 0."""

import polars as pl
import pytest

from rnnauto.errors import DataError, RecipeError
from rnnauto.families.forecast.levels import floors_of
from rnnauto.inspection import inspect_table
from rnnauto.layout import Column, Layout
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def inspected(values, **problem):
    frame = pl.DataFrame({"t": range(len(values)), "y": values})
    data = {"target": "y", "time": "t"}
    recipe = Recipe.parse({"data": data, "problem": {"task": "forecasting"} | problem})
    return inspect_table(read_table(frame, has_target=True), recipe)


def decided(inspection):
    return {each.decision: each.override for each in inspection.evidence}


COUNTS = [0.0, 3, 1, 2] * 20


def test_amounts_that_are_never_negative_stay_so_and_inspect_says_it():
    found = inspected(COUNTS)
    assert found.layout.floored == ("y",)
    assert decided(found)["forecasts of `y` are never below 0"] == "--floor none"
    assert found.layout.levels == (0.1, 0.5, 0.9)
    free = inspected(COUNTS, floor="none")
    assert free.layout.floored == ()
    assert inspected([-1.0, *COUNTS]).layout.floored == ()


def test_quantiles_are_in_order_and_the_median_is_among_them():
    found = inspected(COUNTS, quantiles=[0.95, 0.05, 0.95])
    assert found.layout.quantiles == (0.05, 0.5, 0.95)
    assert "quantiles are 5%, 50%, 95%" in decided(found)
    texts = Recipe().with_overrides({"problem.quantiles": ["0.025,0.5", "0.975"]})
    assert texts.problem.quantiles == (0.025, 0.5, 0.975)


@pytest.mark.parametrize("levels", [[0.0], [1], [10], [], ["a"], [0.0000001]])
def test_levels_that_are_none_are_refused(levels):
    with pytest.raises(RecipeError, match=r"problem\.quantiles"):
        Recipe.parse({"problem": {"quantiles": levels}})


@pytest.mark.parametrize("asked", [{"quantiles": [0.05]}, {"floor": "none"}])
def test_what_is_no_forecast_has_no_quantiles(asked):
    frame = pl.DataFrame({"x": range(40), "y": ["a", "b"] * 20})
    recipe = Recipe.parse({"data": {"target": "y"}, "problem": asked})
    with pytest.raises(DataError, match="is for forecasts"):
        inspect_table(read_table(frame, has_target=True), recipe)


@pytest.mark.parametrize("zero", [0.0, 16777217.3, 1e9 + 1 / 3])
def test_a_floor_less_the_zero_of_its_target_is_0_or_above(zero):
    target = Column(name="y", kind="number", zero=zero)
    layout = Layout(
        form="single-series",
        rnn_type="many-to-one",
        task="forecasting",
        target=("y",),
        target_kind="number",
        targets=(target,),
        floored=("y",),
    )
    (floor,) = floors_of(layout)
    assert 0 <= floor + zero < 1e-6 * max(zero, 1)
    assert floors_of(layout.model_copy(update={"floored": ()})) == ()
