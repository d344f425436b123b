"""What `inspect` finds no fault with, `fit` prepares; what it refuses, `fit` refuses alike."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnauto.errors import DataError
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.problems.find import raise_if_errors
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

STEPS = ("1h", "6h", "1d", "1w", "1mo", "1q", "1y")
LENGTHS = st.one_of(st.integers(1, 40), st.integers(1, 500))
FORECAST = {"task": "forecasting"}


def verdicts(frame, data, problem, split=None):
    """What `inspect` and the preparation of `fit` say: nothing, or their error."""
    recipe = Recipe.parse({"data": data, "problem": problem, "split": split or {}})
    said = []
    for look in (inspected, prepare):
        try:
            look(frame, recipe)
            said.append("")
        except DataError as error:
            said.append(f"{error.message}\n{error.hint}")
    return said


def inspected(frame, recipe):
    inspection = inspect_table(read_to_learn(frame, recipe.data), recipe)
    raise_if_errors(inspection.problems, "frame")
    return inspection


def times_of(step, count):
    start = datetime(1950, 1, 1)
    end = start + timedelta(days=400 * (count + 1))
    return pl.datetime_range(start, end, step, eager=True).head(count)


def series_of(lengths, step, seed=0):
    """Series of these lengths, one after the other; a single one has no id."""
    rng = np.random.default_rng(seed)
    parts = [
        pl.DataFrame({"shop": [f"s{number}"] * count, "time": times_of(step, count)}).with_columns(
            y=pl.Series(rng.normal(size=count).cumsum().round(3))
        )
        for number, count in enumerate(lengths)
    ]
    frame = pl.concat(parts)
    return frame if len(lengths) > 1 else frame.drop("shop")


@settings(max_examples=120)
@given(
    lengths=st.one_of(
        st.lists(LENGTHS, min_size=1, max_size=1),
        st.tuples(LENGTHS, st.integers(2, 9)).map(lambda of: [of[0]] * of[1]),
        st.lists(LENGTHS, min_size=2, max_size=9),
    ),
    step=st.sampled_from(STEPS),
    horizon=st.sampled_from(["auto", "auto", 1, 3, 12, 40]),
    lookback=st.sampled_from(["auto", "auto", 1, 4, 30, 90]),
)
def test_series_of_any_length(lengths, step, horizon, lookback):
    frame = series_of(lengths, step)
    data = {"target": "y", "time": "time"} | ({"id": ["shop"]} if len(lengths) > 1 else {})
    problem = FORECAST | {"horizon": horizon, "lookback": lookback}
    inspect, fit = verdicts(frame, data, problem)
    assert inspect == fit
    if max(lengths) >= 32 and horizon == lookback == "auto":
        assert not fit


@pytest.mark.parametrize("count", range(1, 60))
def test_a_single_series_is_read_or_refused_with_the_number_that_would_do(count):
    data = {"target": "y", "time": "time"}
    inspect, fit = verdicts(series_of([count], "1mo"), data, FORECAST)
    assert inspect == fit
    if "are needed" in fit:
        need = int(fit.split(" are needed")[0].split()[-1])
        assert verdicts(series_of([need], "1mo"), data, FORECAST) == ["", ""]


def test_the_remedy_of_an_error_works():
    frame = series_of([60], "1mo")
    data = {"target": "y", "time": "time"}
    inspect, fit = verdicts(frame, data, FORECAST | {"horizon": 24})
    assert inspect == fit and "to predict 24 of them 74 are needed" in fit
    assert "use `--horizon 19` or less" in fit
    assert verdicts(frame, data, FORECAST | {"horizon": 19}) == ["", ""]
    assert "refuse" not in verdicts(series_of([74], "1mo"), data, FORECAST | {"horizon": 24})


@settings(max_examples=40)
@given(
    kind=st.sampled_from(["text", "long", "plain", "timesteps", "written", "next"]),
    count=st.integers(1, 40),
    classes=st.integers(1, 5),
)
def test_few_sequences_and_few_classes(kind, count, classes):
    rng = np.random.default_rng(count)
    words = ["up", "down", "left", "right", "fast"]
    y = [words[at % classes] for at in range(count)]
    texts = [" ".join(rng.choice(words, 5)) + f" {at}" for at in range(count)]
    problem = {}
    data = {"target": "y"}
    frame = pl.DataFrame({"text": texts, "y": y})
    if kind in {"long", "timesteps"}:
        each = np.repeat(np.arange(count), 4)
        frame = pl.DataFrame({"id": each, "t": np.tile(np.arange(4), count)}).with_columns(
            x=pl.Series(rng.normal(size=4 * count)), y=pl.Series(y).gather(each)
        )
        data |= {"id": ["id"], "time": "t"}
        problem = {"type": "many-to-many" if kind == "timesteps" else "many-to-one"}
    elif kind == "plain":
        frame = pl.DataFrame({"a": rng.normal(size=count), "b": rng.normal(size=count), "y": y})
        problem = {"type": "one-to-one"}
    elif kind == "written":
        frame = pl.DataFrame({"text": texts, "y": texts[::-1]})
        problem = {"type": "many-to-many-unaligned"}
    elif kind == "next":
        frame, data, problem = pl.DataFrame({"y": texts}), data, {"task": "language-modelling"}
    inspect, fit = verdicts(frame, data, problem)
    assert inspect == fit
