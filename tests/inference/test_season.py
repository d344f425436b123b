"""A season is a cycle of the calendar, or what the values show; noise has none."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from rnnauto.inference.ahead.season import autocorrelation, find_season, peak, repeats_after
from rnnauto.inference.regular import regular_series

START = datetime(2024, 1, 1)


def season_of(values, step=None, ids=()):
    frame = pl.DataFrame({"y": values})
    if step is not None:
        times = [START + number * step for number in range(len(values))]
        frame = frame.with_columns(time=pl.Series(times))
    if ids:
        frame = frame.with_columns(id=pl.Series(ids))
    time = "time" if step else None
    series = regular_series(frame, ("id",) if ids else (), time)
    return find_season(series, time, ("y",))


def waves(count, period, *, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return (
        10 + np.sin(2 * np.pi * np.arange(count) / period + seed) + noise * rng.normal(size=count)
    )


@pytest.mark.parametrize(("period", "season"), [(4, 4), (96, 96)])
def test_of_the_cycles_of_a_calendar_the_one_that_the_values_show(period, season):
    found = season_of(waves(1400, period), timedelta(minutes=15))
    assert (found.timesteps, found.ahead) == (season, 4)
    assert "which the values show" in found.why


def test_without_a_sign_of_any_the_shortest_cycle():
    walk = np.random.default_rng(1).normal(size=1400).cumsum()
    assert season_of(walk, timedelta(minutes=15)).timesteps == 4
    assert season_of(walk, timedelta(days=31)).timesteps == 12  # there is no other


@pytest.mark.parametrize("period", [5, 12, 24])
@pytest.mark.parametrize("seed", range(5))
def test_values_alone_show_a_season(period, seed):
    trend = np.exp(0.003 * np.arange(240))
    found = season_of(trend * waves(240, period, seed=seed))
    assert (found.timesteps, found.ahead) == (period, period)
    assert found.why == f"the values repeat after {period} timesteps"


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_a_season_does_not_depend_on_the_scale(scale):
    assert season_of(waves(400, 12) * scale).timesteps == 12


@pytest.mark.parametrize("seed", range(10))
def test_noise_and_random_walks_have_none(seed):
    noise = np.random.default_rng(seed).normal(size=50 + 60 * seed)
    smooth = np.convolve(noise, np.ones(15), "valid")
    for values in (noise, noise.cumsum(), smooth, np.arange(200.0), np.zeros(100), noise[:3]):
        assert season_of(values).timesteps == 1


def test_gaps_and_short_series_among_others_do_not_hide_it():
    values = np.concatenate([waves(240, 12), waves(10, 12), waves(200, 12, seed=2)])
    values[::17] = np.nan
    ids = ["a"] * 240 + ["b"] * 10 + ["c"] * 200
    assert season_of(values, ids=ids).timesteps == 12


def test_the_last_fifth_is_not_looked_at():
    calm, wild = waves(240, 12), np.random.default_rng(0).normal(size=60) * 100
    frame = pl.DataFrame({"y": np.concatenate([calm, wild])})
    known = pl.DataFrame({"y": calm})
    ours, before, alone = (
        autocorrelation(regular_series(each, (), None), ("y",))
        for each in (frame, frame.head(240), known)
    )
    np.testing.assert_allclose(ours[:60], before[:60], atol=0.1)
    assert repeats_after(ours) == repeats_after(alone) == 12


def test_a_peak_rises_above_what_comes_before_it():
    assert peak(np.array([1.0, 0.5, -0.5, 0.25]), 3) == 0.75
    assert peak(np.array([1.0, 0.9, 0.8, 0.7]), 3) == 0
    assert peak(np.array([1.0, -0.5, -0.7, -0.1]), 3) == 0
    assert peak(np.ones(2), 3) == 0
