"""Rows without ids and times that follow each other all the same are said to."""

import numpy as np
import polars as pl
import pytest

from rnnauto.inference.infer import infer
from rnnauto.problems.find import file_problems
from rnnauto.reading.read import Table
from rnnauto.recipe import Recipe

RNG = np.random.default_rng(0)
WALK = RNG.normal(size=400).cumsum()
CLASSES = np.repeat(["a", "b"], 200)


def reason(x, y, **options):
    """Why the type of a table of one feature is what it is."""
    table = Table(pl.DataFrame({"x": x, "y": y}), "rows.csv")
    found = infer(table, Recipe.parse({"data": {"target": "y"}, **options}))
    (told,) = (each for each in found.evidence if each.decision.startswith("RNN type"))
    return told


@pytest.mark.parametrize("y", [RNG.choice(["a", "b"], 400), RNG.normal(size=400), CLASSES])
def test_a_recording_without_a_time_is_asked_about(y):
    told = reason(WALK, y)
    assert told.decision == "RNN type is one-to-one"
    assert "neighbouring rows are alike (`x`: correlation 0.9" in told.reason
    assert told.override == "--type many-to-many"


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (RNG.normal(size=400), RNG.choice(["a", "b"], 400)),
        (np.sort(RNG.normal(size=400)).round(1), RNG.choice(["a", "b"], 400)),  # sorted by x
        (RNG.normal(size=400) + 9 * (CLASSES == "b"), CLASSES),  # sorted by y
        (WALK[:150], CLASSES[100:250]),  # too few to tell
        ([None] * 300 + [1.5, 2.5] * 50, RNG.choice(["a", "b"], 400)),
    ],
)
def test_rows_in_any_order_and_sorted_ones_are_not(x, y):
    assert reason(x, y).reason == "one `y` for each row"


def test_equal_timesteps_of_a_recording_are_no_copies():
    frame = pl.DataFrame({"x": WALK.round(), "y": RNG.choice(["a", "b"], 400)})
    table = Table(frame, "rows.csv")
    recipe = Recipe.parse({"data": {"target": "y"}, "problem": {"type": "many-to-many"}})
    layout = infer(table, recipe).layout
    assert layout.form == "single-series"
    assert not [each for each in file_problems(table, layout) if each.code == "duplicate-row"]
