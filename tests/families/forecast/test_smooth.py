"""Exponential smoothing as weights: what it says is what its recursion says."""

import numpy as np
import pytest

from rnnauto.families.forecast.smooth import filled, smoothing, weights_of

SEASON, STEPS, HORIZON = 4, 14, 6


def recursion(values, alpha, beta, gamma, damping):
    """The added forms of Hyndman et al. 2008, one value after the other."""
    again = values[SEASON : 2 * SEASON]
    trend = (again - values[:SEASON]).mean() / SEASON
    middle = values[:SEASON].mean()
    line = middle + (np.arange(-1, SEASON) - (SEASON - 1) / 2) * trend
    level, seasons = line[0], [values[at] - line[at + 1] for at in range(SEASON)]
    for value in values:
        ahead, place = level + damping * trend, seasons.pop(0)
        error = value - ahead - place
        level, trend = ahead + alpha * error, damping * trend + alpha * beta * error
        seasons.append(place + gamma * (1 - alpha) * error)
    steps = np.arange(1, HORIZON + 1)
    passed = np.cumsum(damping**steps)
    return level + passed * trend + np.array(seasons)[(steps - 1) % SEASON]


@pytest.mark.parametrize("shares", [(0.2, 0.1, 0.3, 0.9), (0.9, 0.6, 0.05, 0.97)])
def test_the_weights_are_those_of_the_recursion(shares):
    values = np.random.default_rng(0).normal(5, 2, STEPS)
    logits = np.log(np.array([shares]) / (1 - np.array([shares])))
    (weights,) = weights_of(logits, steps=STEPS, horizon=HORIZON, season=SEASON)
    assert weights @ values == pytest.approx(recursion(values, *shares))
    assert weights.sum(axis=1) == pytest.approx(np.ones(HORIZON))  # a level moves along


def test_each_target_has_a_smoothing_of_its_own():
    """A season under noise, and a walk, whose last value is the best forecast of it."""
    rng = np.random.default_rng(0)
    wave = np.tile([4.0, 0, 1, -5], 60) + rng.normal(0, 1, 240)
    series = np.stack([wave, rng.normal(0, 1, 240).cumsum()], axis=1)
    origins = np.arange(STEPS, 240 - HORIZON)
    windows = series[origins[:, None] + np.arange(-STEPS, 0)]
    truth = series[origins[:, None] + np.arange(HORIZON)]
    weights = smoothing(windows, truth, season=SEASON)
    error = np.abs(np.einsum("wst,ths->wht", windows, weights) - truth).mean(axis=(0, 1))
    season_ago = np.abs(windows[:, STEPS - SEASON + np.arange(HORIZON) % SEASON] - truth)
    assert error[0] < 0.9 * season_ago[..., 0].mean()  # the noise of several seasons evens out
    assert error[1] < 1.1 * np.abs(windows[:, -1:, 1] - truth[..., 1]).mean()
    gone = truth.copy()
    gone[::3, 2] = np.nan
    assert np.isfinite(smoothing(windows, gone, season=SEASON)).all()


@pytest.mark.parametrize(("steps", "season"), [(1, 1), (1, 4), (3, 4), (4, 4), (5, 4), (7, 4)])
def test_a_short_window_is_smoothed_by_what_it_has(steps, season):
    rng = np.random.default_rng(0)
    windows, truth = rng.normal(0, 1, (9, steps, 1)), rng.normal(0, 1, (9, HORIZON, 1))
    weights = smoothing(windows, truth, season=season)
    assert weights.shape == (1, HORIZON, steps)
    assert weights.sum(axis=2) == pytest.approx(np.ones((1, HORIZON)))


def test_gaps_are_filled_as_the_network_fills_them():
    nan = np.nan
    values = np.array([[nan, nan, nan, 2, nan, 4, nan], [nan] * 7], float)[..., None]
    for season, wanted in ((1, [2, 2, 2, 2, 2, 4, 4]), (2, [2, 2, 2, 2, 2, 4, 4])):
        assert filled(values, season=season)[..., 0].tolist() == [wanted, [0] * 7]
    begun = np.array([nan] * 5 + [7, 8, 9, 7])[None, :, None]
    assert filled(begun, season=3)[0, :, 0].tolist() == [8, 9, 7, 8, 9, 7, 8, 9, 7]
    assert filled(begun, season=9)[0, :, 0].tolist() == [7, 7, 7, 7, 7, 7, 8, 9, 7]
