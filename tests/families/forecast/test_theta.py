"""The Theta method on series whose forecasts are known."""

import numpy as np
import pytest

from rnnauto.families.forecast.simple.theta import forecast, season_of, slopes_of

SEASON = np.array([1.2, 0.8, 1.1, 0.9])


def one(values, *, season=1, history=None, horizon=4, origin=None):
    values = np.asarray(values, float)
    history = len(values) if history is None else history
    origins = [np.array([history if origin is None else origin])]
    found = forecast(
        values[None], np.array([history]), season=season, origins=origins, horizon=horizon
    )
    return found[0][0]


def test_without_a_trend_it_is_simple_exponential_smoothing():
    values = [5.0, 5.0, 5.0, 5.0, 5.0]
    assert one(values) == pytest.approx([5.0] * 4)


def test_it_goes_on_by_half_of_the_slope():
    found = one(np.arange(200.0) * 2)
    assert np.diff(found) == pytest.approx([1.0] * 3)
    assert found[0] == pytest.approx(399.0, abs=1.5)


@pytest.mark.parametrize("ratio", [False, True])
def test_a_season_comes_back(ratio):
    places = np.tile(SEASON, 12)
    values = 100 * places if ratio else 100 * (places - 1)
    found = one(values[:44], season=4)
    assert found == pytest.approx(values[44:], rel=0.02, abs=0.5)


def test_a_season_that_does_not_show_is_left_out():
    noise = np.random.default_rng(0).normal(size=60)
    assert season_of(noise, 12, ratio=False).tolist() == [0.0] * 12
    assert season_of(100 * np.tile(SEASON, 9), 4, ratio=True) == pytest.approx(SEASON)


def test_the_slope_is_that_of_least_squares():
    values = np.random.default_rng(0).normal(size=(2, 30)) + 1e6
    slopes = slopes_of(values)
    assert slopes.shape == (2, 31)
    for row in range(2):
        for seen in (3, 17, 30):
            expected = np.polyfit(np.arange(seen), values[row, :seen], 1)[0]
            assert slopes[row, seen] == pytest.approx(expected, abs=1e-6)


def test_a_forecast_depends_on_what_came_before_its_origin_only():
    values = np.random.default_rng(1).normal(size=40).cumsum() + 50
    early = one(values, season=4, history=30, origin=33)
    values[33:] = 1e6
    assert one(values, season=4, history=30, origin=33) == pytest.approx(early)


def test_one_value_is_repeated():
    assert one([7.0]) == pytest.approx([7.0] * 4)
