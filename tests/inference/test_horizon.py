"""How far a forecast looks: a season, at most a tenth of the shortest series, or what was named."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

START = datetime(2020, 1, 1)


def inference_of(columns, **problem):
    overrides = {f"problem.{name}": value for name, value in problem.items()}
    recipe = Recipe().with_overrides({"data.target": ["y"], **overrides})
    return infer(read_table(pl.DataFrame(columns)), recipe)


def series(step, count):
    return {
        "time": [START + number * step for number in range(count)],
        "y": np.sin(np.arange(count)) + 0.01 * np.arange(count),
    }


@pytest.mark.parametrize(
    ("step", "season"),
    [
        (timedelta(seconds=1), 60),
        (timedelta(minutes=1), 60),
        (timedelta(minutes=30), 48),
        (timedelta(hours=1), 24),
        (timedelta(days=1), 7),
        (timedelta(days=7), 52),
    ],
)
def test_the_season_of_the_sampling_period_is_the_horizon(step, season):
    inference = inference_of(series(step, 700))
    assert (inference.layout.horizon, inference.layout.rnn_type) == (
        season,
        "many-to-many-unaligned",
    )
    assert any(f"{season} steps of `time` are" in item.reason for item in inference.evidence)


def test_a_tenth_of_the_shortest_series_is_the_most():
    columns = series(timedelta(hours=1), 100)
    inference = inference_of(columns)
    assert (inference.layout.horizon, inference.layout.lookback) == (10, 90)
    reasons = [item.reason for item in inference.evidence]
    assert any("at most a 10th of the shortest series (100 timesteps)" in text for text in reasons)


def test_what_is_named_counts_and_has_to_fit():
    columns = series(timedelta(hours=1), 100)
    layout = inference_of(columns, horizon=3, lookback=5).layout
    assert (layout.horizon, layout.lookback) == (3, 5)
    assert inference_of(columns, horizon=1).layout.rnn_type == "many-to-one"
    for wrong in ({"horizon": 100}, {"horizon": 50, "lookback": 51}):
        with pytest.raises(DataError, match="is more than the longest series has room for"):
            inference_of(columns, **wrong)
    with pytest.raises(DataError, match="predicts one timestep, `--horizon 2` more"):
        inference_of(columns, type="many-to-one", task="forecasting", horizon=2)


def test_a_count_without_a_unit_has_no_season():
    noise = np.random.default_rng(0).normal(size=200)
    inference = inference_of({"step": np.arange(200), "y": noise})
    assert (inference.layout.horizon, inference.layout.rnn_type) == (1, "many-to-one")


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_whole_series_are_no_matter_of_their_length(count):
    columns = pl.concat(
        pl.DataFrame(series(timedelta(hours=1), 100)).with_columns(shop=pl.lit(f"shop {number}"))
        for number in range(count)
    )
    settings = {"data.target": ["y"], "data.id": ["shop"], "split.by": "sequence"}
    table = read_table(columns)
    with pytest.raises(DataError, match=f"{count} of {count} series have [0-9]+ timesteps") as seen:
        infer(table, Recipe().with_overrides(settings))
    assert seen.value.hint.startswith("leave `split.by` out")
    assert infer(table, Recipe().with_overrides(settings | {"split.by": "time"})).layout.horizon
