"""The simple forecasts are reckoned as the network reckons them."""

import numpy as np
import pytest

from rnnauto.data.series import EncodedSeries
from rnnauto.data.windows import window_inputs
from rnnauto.networks.architecture import Architecture, ForecastFeatures
from rnnauto.networks.forecast import build_forecast
from rnnauto.search.simple_errors import simple_errors

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


def test_they_are_those_that_the_network_corrects():
    series = encoded(np.random.default_rng(0).normal(size=80).cumsum() + 50, units=2.0)
    chosen = np.arange(len(series))
    found = simple_errors(series, chosen, season=4)
    none = ("numbers", "ahead", "static_numbers")
    some = ("missing", "vocabularies", "ahead_missing", "static_missing", "static_vocabularies")
    absent = dict.fromkeys(none, 0) | dict.fromkeys(some, ())
    features = ForecastFeatures(targets=1, horizon=HORIZON, season=4, **absent)
    inputs, truth = window_inputs(series, chosen), series.truth()
    for kind, error in found.items():
        architecture = Architecture(
            cell="simple_rnn",
            units=2,
            layers=1,
            patch=1,
            pooling="last",
            bidirectional=False,
            lookback=LOOKBACK,
            scaling="mean",
            transform="none",
            differencing=kind,
        )
        middle = np.asarray(build_forecast(features, architecture)(inputs))[:, :, 1:2]
        assert error == pytest.approx(np.abs(middle - truth).mean() / 2.0, rel=1e-3), kind
    assert set(found) == {"none", "last", "trend", "seasonal", "seasonal_trend", "seasonal_last"}


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
    assert set(simple_errors(series, np.arange(5), season=12)) == {"none", "last", "trend"}
    blank = encoded(np.full(80, np.nan))
    assert simple_errors(blank, np.arange(5), season=1)["last"] == np.inf
