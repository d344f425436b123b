"""Into how many folds sequences with values and classes are cut."""

import numpy as np
import polars as pl
import pytest

from rnnauto.budget import told_folds
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


@pytest.mark.parametrize(("sequences", "folds"), [(200, 5), (2_000, 5), (4_900, 5), (5_100, 1)])
def test_middling_data_have_folds_too(sequences, folds):
    """Of 5,000 sequences and more one part says enough."""
    assert folds_of(sequences) == folds


def test_folds_are_what_the_recipe_says():
    assert folds_of(2_000, split={"folds": 1}) == 1
    assert folds_of(2_000, search={"seeds": 2}) == 1  # which train each fold again
    assert folds_of(2_000, train={"refit": "off"}) == 1  # which confirms nothing
    assert folds_of(2_000, train={"distil": True}, split={"folds": 1}) == 1


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
