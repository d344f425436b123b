"""Classes that only the test part has."""

import numpy as np
import polars as pl
import pytest

from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

RNG = np.random.default_rng(0)


def recording(labels):
    """A series with a time, a number and a label at every timestep."""
    frame = {"t": np.arange(len(labels)), "x": RNG.normal(size=len(labels)), "y": labels}
    return pl.DataFrame(frame)


def told(frame, **data):
    recipe = Recipe.parse({"data": {"target": "y", **data}})
    return [
        each for each in prepare(frame, recipe).problems if "train part has not" in each.message
    ]


def test_a_class_that_comes_at_the_end_only_is_told():
    (problem,) = told(recording(["calm", "busy"] * 425 + ["alarm", "calm"] * 75))
    assert problem.severity == "warning"
    assert problem.message.startswith("75 of the 150 timesteps of the test part have a class")
    assert "`alarm`" in problem.message
    assert "--test FILE" in problem.remedy


@pytest.mark.parametrize(
    "labels",
    [
        ["calm", "busy"] * 500,
        ["calm", "busy"] * 499 + ["alarm"],  # less than a hundredth of the test part
        [0, 1] * 500,
        [True, False] * 500,
    ],
)
def test_classes_that_were_there_are_not(labels):
    assert told(recording(labels)) == []


def test_a_test_file_with_a_class_of_its_own(tmp_path):
    train = recording(["calm", "busy"] * 200)
    path = tmp_path / "test.csv"
    recording(["calm", "alarm"] * 50).write_csv(path)
    (problem,) = told(train, test_path=str(path))
    assert problem.message.startswith("50 of the 100 timesteps")
    assert problem.remedy == "add sequences of that class to the training file"
    (problem,) = told(train, validation_path=str(path))
    assert problem.message.startswith("50 of the 100 timesteps of the validation file have a class")


def test_numbers_written_in_two_ways_are_the_same_class(tmp_path):
    path = tmp_path / "test.csv"
    recording([1.0, 0.0] * 50).write_csv(path)
    assert told(recording([0, 1] * 200), test_path=str(path)) == []
