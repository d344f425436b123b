"""Measure how far the simple forecasts are off that a network can correct: nearest ones first."""

import warnings

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers, evenly
from rnnauto.families.forecast.levels import HIGHEST_LOG
from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.smooth import filled, smoothing

MOST_WINDOWS = 1_000  # enough to tell which is nearer


def simple_errors(encoded: EncodedSeries, chosen: Integers, *, season: int) -> dict[str, float]:
    """Measure the mean absolute error of each simple forecast over some windows, in units of the
    series' errors; infinite where no window is long enough.

    The forecasts are those of `layers.SimpleForecast`, of raw values; an exponential smoothing also
    of their logarithms, which networks correct where no value is 0 or less.

    Args:
        chosen: windows to take some of, [windows].
    """
    some = evenly(chosen, MOST_WINDOWS)
    origins, owners = encoded.origins[some], encoded.owners[some]
    begins = np.maximum(encoded.row_splits[owners], origins - encoded.lookback)
    ahead = np.arange(encoded.horizon)
    values = encoded.targets.astype(np.float64)
    truth = values[origins[:, None] + ahead]
    units = np.maximum(encoded.units[owners][:, None], 1e-12)

    def back(steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values so many timesteps before the origins, [windows, steps, targets]; NaN before the
        begin of what is seen."""
        at = origins[:, None] - steps[None, :]
        seen = at >= begins[:, None]
        return np.where(seen[..., None], values[np.maximum(at, 0)], np.nan)

    last, before = back(np.array([1])), back(np.array([2]))
    forecasts = {
        "none": mean_of(back(np.arange(1, encoded.lookback + 1))),
        "last": last,
        "trend": last + (ahead + 1)[:, None] * (last - before),
    }
    earlier = back(season - ahead % season)
    if 1 < season <= encoded.lookback:
        forecasts["seasonal"] = earlier
    if 1 < season < encoded.lookback:
        passed = (ahead // season + 1)[:, None]
        span = np.arange(1, min(season, encoded.lookback - season) + 1)
        forecasts["seasonal_trend"] = earlier + passed * mean_of(back(span) - back(span + season))
        forecasts["seasonal_last"] = earlier + passed * (last - back(np.array([season + 1])))
    seen = back(np.arange(encoded.lookback, 0, -1))
    forecasts["smoothed"] = smoothed(seen, truth, season)
    errors = {name: mean_error((truth - forecast) / units) for name, forecast in forecasts.items()}
    if not encoded.zeros and np.nanmin(values, initial=np.inf) > 0:
        ratio = np.exp(np.minimum(smoothed(np.log(seen), np.log(truth), season), HIGHEST_LOG))
        errors["smoothed"] = min(errors["smoothed"], mean_error((truth - ratio) / units))
    return errors


def smoothed(
    windows: NDArray[np.float64], truth: NDArray[np.float64], season: int
) -> NDArray[np.float64]:
    """Forecast windows by the exponential smoothing that does best on them."""
    windows = filled(windows, season=season)
    return np.asarray(np.einsum("wst,ths->wht", windows, smoothing(windows, truth, season=season)))


def mean_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the timesteps of every window that are known, [windows, 1, targets]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # windows without any
        return np.asarray(np.nanmean(values, axis=1, keepdims=True))


def mean_error(errors: NDArray[np.float64]) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.abs(known).mean()) if known.size else float("inf")
