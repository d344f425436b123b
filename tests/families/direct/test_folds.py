"""Into how many folds sequences with values and classes are cut."""

import numpy as np
import polars as pl
import pytest

from rnnauto.budget import takes_turns, told_folds
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe


def folds_of(sequences, **sections):
    """Count the folds of so many sequences."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=sequences)
    frame = pl.DataFrame({"x": numbers})
    frame = frame.with_columns(y=pl.Series(np.where(numbers > 0, "up", "down")))
    recipe = {"data": {"target": "y"}, **sections}
    return len(prepare(frame, Recipe.parse(recipe)).parts.folds)


@pytest.mark.parametrize("sequences", [200, 2_000, 7_000])
def test_data_that_are_not_small_have_folds_too(sequences):
    assert folds_of(sequences) == 5


def test_folds_are_what_the_recipe_says():
    assert folds_of(2_000, split={"folds": 1}) == 1
    assert folds_of(2_000, search={"seeds": 2}) == 1  # which train each fold again
    assert folds_of(2_000, train={"refit": "off"}) == 1  # which confirms nothing
    assert folds_of(2_000, train={"distil": True}, split={"folds": 1}) == 1


@pytest.mark.parametrize("train", [{"ensemble": 3}, {"distil": True}])
def test_large_data_have_one_part_where_trials_are_averaged_or_teach(train):
    assert folds_of(7_000, train=train) == 1
    assert folds_of(2_000, train=train) == 5


@pytest.mark.parametrize(("sequences", "turns"), [(2_000, False), (7_000, True)])
def test_the_folds_of_large_data_are_for_the_best_setting_alone(sequences, turns):
    frame = pl.DataFrame({"x": np.arange(sequences), "y": ["up", "down"] * (sequences // 2)})
    for split, wanted in (({}, turns), ({"folds": 5}, False)):
        recipe = Recipe.parse({"data": {"target": "y"}, "split": split})
        prepared = prepare(frame, recipe)
        assert takes_turns(family_of(prepared.layout), prepared, recipe) == wanted


def test_a_model_says_on_how_many_folds_it_was_confirmed():
    """So that an update cuts what was learnt from as the fit did, which may have had no time."""
    frame = pl.DataFrame({"x": np.arange(600.0), "y": ["up", "down"] * 300})
    recipe = Recipe.parse({"data": {"target": "y"}})
    prepared = prepare(frame, recipe)
    family = family_of(prepared.layout)
    for confirmed, folds in ((True, 5), (False, 1)):
        told = told_folds(family, prepared, recipe, confirmed=confirmed)
        assert told.split.folds == folds
    few = prepare(frame.head(100), recipe)
    assert told_folds(family, few, recipe, confirmed=True).split.folds == "auto"
