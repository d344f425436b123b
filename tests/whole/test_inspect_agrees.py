"""What `inspect` finds no fault with, `fit` prepares; what it refuses, `fit` refuses alike."""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from conftest import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnauto.errors import DataError, RnnautoError
from rnnauto.inspection import inspect_table
from rnnauto.prepare import check_to_learn, prepare
from rnnauto.problems.find import raise_if_errors
from rnnauto.problems.unbuilt import NO_NETWORK
from rnnauto.reading.read import read_table, read_to_learn
from rnnauto.recipe import Recipe

STEPS = ("1h", "6h", "1d", "1w", "1mo", "1q", "1y")
LENGTHS = st.one_of(st.integers(1, 40), st.integers(1, 500))
FORECAST = {"task": "forecasting"}
SHARED = Path(__file__).parents[3] / "shared"
CORPUS = [DATA, SHARED / "data", *(SHARED / "cases" / name for name in ("files", "hard"))]
SLOW = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="a minute: RNNAUTO_SLOW=1"),
]


def verdicts(source, data, problem, split=None):
    """What `inspect` and the preparation of `fit` say: nothing, or their error."""
    recipe = Recipe.parse({"data": data, "problem": problem, "split": split or {}})
    said = []
    for look in (inspected, prepare):
        try:
            look(source, recipe)
            said.append("")
        except DataError as error:
            said.append(f"{error.message}\n{error.hint}")
    return said


def inspected(source, recipe):
    inspection = inspect_table(read_to_learn(source, recipe.data), recipe)
    lacks = [each for each in inspection.problems if each.code == NO_NETWORK.code]
    for lack in lacks:
        raise DataError(lack.message.removeprefix("`fit` will refuse this: "), hint=lack.remedy)
    raise_if_errors(inspection.problems, inspection.table.source)
    check_to_learn(inspection, recipe)
    return inspection


def corpus():
    """All files of data that there are, each without a target and with one that it may have."""
    for path in sorted(path for folder in CORPUS if folder.exists() for path in folder.iterdir()):
        if path.suffix in {".yaml", ".md"} or not path.is_file():
            continue
        yield pytest.param(path, marks=() if path.parent == DATA else SLOW, id=path.name)


@pytest.mark.parametrize("path", list(corpus()))
@pytest.mark.filterwarnings("error")
def test_every_file_of_the_corpus(path):
    names = []
    with suppress(RnnautoError):
        names = list(read_table(path).frame.columns)
    for target in dict.fromkeys([None, *names[:1], *names[-2:]]):
        inspect, fit = verdicts(path, {"target": [target] if target else []}, {})
        assert inspect == fit, target


def values(y, *, seed=0):
    """Two features beside a target."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame({"a": rng.normal(size=len(y)), "b": rng.normal(size=len(y)), "y": y})


NORMAL = np.random.default_rng(7).normal(size=60)
COUNTS = np.arange(60)
TEXTS = [f"hello there {at}" if at < 50 else None for at in COUNTS]
STRANGE = {
    "infinite targets": (values(np.where(COUNTS % 9, NORMAL, np.inf)), "y", ""),
    "all but one target infinite": (values(np.where(COUNTS, np.inf, 1.0)), "y", "no two values"),
    "huge targets": (values(NORMAL * 1e199), "y", "no two values"),
    "tiny targets": (values(NORMAL * 1e-300), "y", "no two values"),
    "tiny features": (values(NORMAL).with_columns(pl.col("a") * 1e-300), "y", ""),
    "a class of empty texts": (
        pl.DataFrame({"text": TEXTS, "y": ["ham"] * 50 + ["spam"] * 10}),
        "y",
        "is always `ham`",
    ),
    "two different sequences": (
        pl.DataFrame({"b": COUNTS % 2, "y": ["high", "low"] * 30}),
        "y",
        "of 60 no more than 2 differ, one of a class at most",
    ),
}


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.filterwarnings("error")
def test_strange_values(name):
    frame, target, said = STRANGE[name]
    inspect, fit = verdicts(frame, {"target": target}, {})
    assert inspect == fit
    assert said in fit and bool(said) == bool(fit)


def test_what_the_format_orders_by_is_no_target():
    inspect, fit = verdicts(DATA / "snips_train.conll", {"target": "sentence"}, {})
    assert inspect == fit and "tells sequences apart" in fit


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


@settings(max_examples=400 if os.environ.get("RNNAUTO_SLOW") else 50)
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
