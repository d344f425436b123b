"""How far off simple forecasts are; `test_forecast` holds that they are those of the network."""

import numpy as np

from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.simple_errors import simple_errors

HORIZON, LOOKBACK = 7, 17


def encoded(values, *, units=1.0, lookback=LOOKBACK):
    rows, count = len(values), len(values)
    origins = np.arange(lookback, rows - HORIZON + 1)
    empty = np.zeros((rows, 0), np.float32)
    return EncodedSeries(
        row_splits=np.array([0, count]),
        targets=np.asarray(values, np.float32)[:, None],
        numbers=empty,
        codes=np.zeros((rows, 0), np.int32),
        ahead=empty,
        static_numbers=empty[:1],
        static_codes=np.zeros((1, 0), np.int32),
        units=np.full((1, 1), units, np.float32),
        origins=origins,
        owners=np.zeros(len(origins), np.int64),
        lookback=lookback,
        horizon=HORIZON,
    )


def test_what_is_right_has_no_error_and_gaps_are_left_out():
    wave = np.tile([1.0, 5.0, 2.0, 8.0], 20)
    series = encoded(wave)
    found = simple_errors(series, np.arange(len(series)), season=4)
    assert found["seasonal"] == found["seasonal_last"] == 0 < found["last"]
    line = encoded(np.arange(80.0))
    found = simple_errors(line, np.arange(len(line)), season=4)
    assert found["trend"] == found["seasonal_trend"] == 0 < found["seasonal"]
    wave[::9] = np.nan
    series = encoded(wave)
    assert simple_errors(series, np.arange(len(series)), season=4)["seasonal"] == 0


def test_a_season_that_is_not_seen_gives_none():
    series = encoded(np.arange(80.0), lookback=10)
    found = simple_errors(series, np.arange(5), season=12)
    assert set(found) == {"none", "last", "trend", "smoothed"}
    blank = encoded(np.full(80, np.nan))
    assert simple_errors(blank, np.arange(5), season=1)["last"] == np.inf
