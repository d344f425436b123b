"""Forecast windows by simple rules, which a network has to beat."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.families.forecast.levels import floored
from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.simple import automatic, holt_winters, theta


def simple_forecasts(encoded: EncodedSeries, *, season: int) -> dict[str, Doubles]:
    """Forecast every window by every baseline, float64 [windows, horizon, targets].

    `naive`: the last value; `seasonal naive`: the value a season earlier; `constant velocity`: of
    places, on from the last by the last step; `drift`: on by the mean step of the lookback;
    `Holt-Winters`; `Theta`; `automatic ETS`, exponential smoothing of the form that suits each
    series. None is below the floor of its target.
    """
    values = filled(encoded.targets, encoded.row_splits)  # [timesteps, targets]
    begins = encoded.row_splits[encoded.owners]  # [windows]
    last = np.maximum(encoded.origins - 1, begins)
    ahead = np.arange(1, encoded.horizon + 1)[None, :, None]
    newest = values[last][:, None]
    forecasts = {"naive": np.repeat(newest, encoded.horizon, axis=1)}
    if season > 1:
        steps = np.arange(encoded.horizon) % season
        at = encoded.origins[:, None] - season + steps
        at = np.where(at >= begins[:, None], at, last[:, None])  # no season ago: the last value
        forecasts["seasonal naive"] = values[at]
    if encoded.places:
        before = np.maximum(last - 1, begins)
        forecasts["constant velocity"] = newest + ahead * (newest - values[before][:, None])
    first = np.maximum(encoded.origins - encoded.lookback, begins)
    steps_seen = np.maximum(last - first, 1)[:, None, None]
    forecasts["drift"] = newest + ahead * (newest - values[first][:, None]) / steps_seen
    forecasts["Holt-Winters"] = by_series(encoded, values, holt_winters.forecast, season=season)
    forecasts["Theta"] = by_series(encoded, values, theta.forecast, season=season)
    forecasts["automatic ETS"] = by_series(encoded, values, automatic.forecast, season=season)
    return {name: floored(forecast, encoded.floors) for name, forecast in forecasts.items()}


def filled(targets: NDArray[np.float32], row_splits: Integers) -> Doubles:
    """Fill gaps with the last value before them, at the start of a series with the first known;
    with 0 where a series has none."""
    values = targets.astype(np.float64)
    for start, stop in zip(row_splits[:-1], row_splits[1:], strict=True):
        for column in values[start:stop].T:
            known = np.flatnonzero(np.isfinite(column))
            if not len(known):
                column[:] = 0.0
            elif len(known) < len(column):
                place = np.searchsorted(known, np.arange(len(column)), side="right") - 1
                column[:] = column[known[np.maximum(place, 0)]]
    return values


class Method(Protocol):
    """Forecast every series from each of its origins, as `holt_winters.forecast` does."""

    def __call__(
        self,
        values: Doubles,
        lengths: Integers,
        *,
        season: int,
        origins: list[Integers],
        horizon: int,
    ) -> list[Doubles]: ...


def by_series(encoded: EncodedSeries, values: Doubles, method: Method, *, season: int) -> Doubles:
    """Forecast windows by a method whose parameters are chosen by what lies before a series' first
    origin, float64 [windows, horizon, targets]."""
    forecasts = np.zeros((len(encoded), encoded.horizon, values.shape[1]))
    series, windows = np.unique(encoded.owners, return_inverse=True)
    starts, ends = encoded.row_splits[series], encoded.row_splits[series + 1]
    order = np.argsort(windows, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(windows))[:-1])
    origins = [encoded.origins[group] - start for group, start in zip(groups, starts, strict=True)]
    history = np.array([begins.min() for begins in origins], np.int64)
    longest = int((ends - starts).max(initial=1))
    at = np.minimum(starts[:, None] + np.arange(longest), ends[:, None] - 1)
    for target in range(values.shape[1]):
        found = method(
            values[at, target],
            history,
            season=season,
            origins=origins,
            horizon=encoded.horizon,
        )
        for group, forecast in zip(groups, found, strict=True):
            forecasts[group, :, target] = forecast
    return forecasts
