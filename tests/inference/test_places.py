"""Whether targets are coordinates of a place: by their names, or as the user says."""

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.families import metric_names
from rnnauto.inference.ahead.places import are_coordinates
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

PLACES = [
    *(["x", "y"], ["x_m", "y_m"], ["pos_x", "pos_y", "pos_z"], ["ballX", "ballY"], ["y1", "x1"]),
    *(["lat", "lon"], ["Latitude", "Longitude"], ["px", "py"], ["easting", "northing"]),
]
NO_PLACES = [
    *(["temperature", "humidity"], ["temp_x", "rain_y"], ["speed_x", "speed_y"], ["x", "x2"]),
    *(["accX", "accY", "accZ"], ["x"], ["x", "y", "w"], ["open", "close"], ["lat", "y"], []),
]


@pytest.mark.parametrize("names", PLACES)
def test_coordinates_are_known_by_their_names(names):
    assert are_coordinates(names)


@pytest.mark.parametrize("names", NO_PLACES)
def test_what_has_axes_is_not_always_a_place(names):
    assert not are_coordinates(names)


def walk(*names):
    steps = np.random.default_rng(0).uniform(size=(120, len(names))).cumsum(axis=0)
    return pl.DataFrame({"t": range(120)} | dict(zip(names, steps.T, strict=True)))


def recipe(*names, **problem):
    data = {"target": list(names), "time": "t"}
    return Recipe.parse({"data": data, "problem": {"task": "forecasting"} | problem})


@pytest.mark.parametrize(
    ("names", "said", "wanted"),
    [
        (("x", "y"), "auto", True),
        (("x", "y"), False, False),
        (("sold", "left"), "auto", False),
        (("sold", "left"), True, True),
    ],
)
def test_only_places_have_a_displacement(names, said, wanted):
    frame = walk(*names)
    inspection = inspect_table(read_table(frame, has_target=True), recipe(*names, places=said))
    override = {each.decision: each.override for each in inspection.evidence}
    words = "are a place" if wanted else "are no place"
    decided = next(text for text in override if text.endswith(words))
    assert override[decided] == f"--places {'false' if wanted else 'true'}"
    assert inspection.layout.floored == (() if wanted else names)  # amounts, and no coordinates
    metrics = metric_names(prepare(frame, recipe(*names, places=said)))
    assert ("average_displacement" in metrics) == wanted


def test_a_place_has_two_or_three_coordinates():
    with pytest.raises(DataError, match="there is 1 target"):
        prepare(walk("x"), recipe("x", places=True))
    with pytest.raises(DataError, match="is for forecasts and lists"):
        prepare(
            walk("x", "y"),
            Recipe.parse(
                {"data": {"target": "y"}, "problem": {"task": "regression", "places": True}}
            ),
        )
