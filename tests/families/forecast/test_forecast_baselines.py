from dataclasses import replace

import numpy as np
import pytest

from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.simple import automatic, holt_winters, theta
from rnnauto.families.forecast.simple.baselines import filled, simple_forecasts

NAN = np.nan


def windows(targets, *, splits, origins, horizon=2, lookback=4):
    targets, count = np.asarray(targets, np.float32)[:, None], len(splits) - 1
    nothing = np.zeros((len(targets), 0), np.float32)
    return EncodedSeries(
        row_splits=np.asarray(splits),
        targets=targets,
        numbers=nothing,
        codes=np.zeros((len(targets), 0), np.int32),
        ahead=nothing,
        static_numbers=np.zeros((count, 0), np.float32),
        static_codes=np.zeros((count, 0), np.int32),
        units=np.ones((count, 1), np.float32),
        origins=np.asarray(origins),
        owners=np.searchsorted(splits, origins, side="right") - 1,
        lookback=lookback,
        horizon=horizon,
    )


def test_each_baseline_by_hand():
    data = windows([1, 2, 4, 7, 8, 0, 0], splits=[0, 7], origins=[5])
    found = simple_forecasts(data, season=3)
    shown = {name: values[0, :, 0].tolist() for name, values in found.items()}
    assert shown["naive"] == [8, 8]
    assert shown["seasonal naive"] == [4, 7]
    assert shown["drift"] == [10, 12]  # from 2, the first of the lookback, to 8 in three steps
    assert set(shown) == {
        "naive",
        "seasonal naive",
        "drift",
        "Holt-Winters",
        "Theta",
        "automatic ETS",
    }


def test_without_a_season_there_is_no_seasonal_forecast():
    assert "seasonal naive" not in simple_forecasts(
        windows(range(8), splits=[0, 8], origins=[5]), season=1
    )


def test_no_baseline_is_below_a_floor():
    data = windows([9, 8, 6, 4, 1, 0, 0], splits=[0, 7], origins=[5])
    assert simple_forecasts(data, season=1)["drift"][0, 1, 0] < 0
    floored = simple_forecasts(replace(data, floors=(0.0,)), season=1)
    assert min(values.min() for values in floored.values()) == 0


def test_a_series_sees_neither_its_future_nor_its_neighbour():
    one = windows([1, 2, 3, 4, 5, 6, 9, 9, 9, 9], splits=[0, 6, 10], origins=[4])
    other = windows([1, 2, 3, 4, 70, 80, 5, 5, 5, 5], splits=[0, 6, 10], origins=[4])
    first, second = (simple_forecasts(each, season=2) for each in (one, other))
    for name, values in first.items():
        assert values.tolist() == second[name].tolist(), name


def test_a_straight_line_goes_on():
    found = simple_forecasts(windows(range(40), splits=[0, 40], origins=[30]), season=1)
    for name in ("drift", "Holt-Winters", "automatic ETS"):
        assert found[name][0, :, 0] == pytest.approx([30, 31], abs=0.2), name
    assert found["Theta"][0, :, 0] == pytest.approx([29.5, 30], abs=0.2)  # by half of the slope


def test_gaps_are_filled_from_the_past():
    values = np.array([[NAN], [2], [NAN], [5], [NAN], [NAN]], np.float32)
    assert filled(values, np.array([0, 5, 6]))[:, 0].tolist() == [2, 2, 2, 5, 5, 0]


@pytest.mark.parametrize("method", [holt_winters, theta, automatic])
def test_a_forecast_depends_on_what_came_before_its_origin_only(method):
    values = np.random.default_rng(0).normal(size=(2, 30)).cumsum(axis=1)
    origins = [np.array([20, 24]), np.array([20])]
    first = method.forecast(values, np.array([20, 20]), season=4, origins=origins, horizon=3)
    values[:, 24:] = 1e6
    second = method.forecast(values, np.array([20, 20]), season=4, origins=origins, horizon=3)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert [part.shape for part in first] == [(2, 3), (1, 3)]
