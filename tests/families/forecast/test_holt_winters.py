"""Smoothing of many series at once, against series that it must know by heart."""

import numpy as np
import pytest

from rnnauto.families.forecast.simple.holt_winters import forecast

SEASON = np.array([1.0, -2.0, 3.0, -2.0])


def one(values, *, season, history, horizon=4):
    values = np.asarray(values, float)
    return forecast(
        values[None],
        np.array([history]),
        season=season,
        origins=[np.array([history])],
        horizon=horizon,
    )[0][0]


@pytest.mark.parametrize("ratio", [False, True])
def test_a_trend_with_a_season_goes_on(ratio):
    steps = np.arange(44)
    line, places = 20 + 0.5 * steps, np.tile(SEASON, 11)
    values = line * (1 + places / 10) if ratio else line + places
    found = one(values[:40], season=4, history=40)
    assert found == pytest.approx(values[40:], rel=0.02)


def test_a_line_goes_on_without_a_season():
    assert one(np.arange(20.0), season=1, history=20) == pytest.approx([20, 21, 22, 23], abs=0.2)


def test_short_histories_fall_back_to_a_trend_and_to_the_last_value():
    assert one([1, 2, 3, 4, 5], season=4, history=5) == pytest.approx([6, 7, 8, 9], abs=0.5)
    assert one([7.0], season=4, history=1).tolist() == [7, 7, 7, 7]
