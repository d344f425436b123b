"""Windows through a SavedModel, and its forecasts as a table."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.data.windows import window_inputs
from rnnauto.deploy.table import beside
from rnnauto.layout import Layout

BATCH = 256
LEVELS = (10, 50, 90)  # per cent
MEDIAN = LEVELS.index(50)
ORIGIN = "origin"
Run = Callable[[dict[str, NDArray[Any]]], dict[str, NDArray[Any]]]


def predict_windows(run: Run, windows: SeriesWindows) -> Floats:
    """Quantiles of every window, float32 [windows, horizon, targets, 3]; NaN for a window in which
    nothing has been seen."""
    encoded = windows.encoded
    shape = (len(encoded), encoded.horizon, encoded.targets.shape[1], len(LEVELS))
    found = np.full(shape, np.nan, np.float32)
    for begin in range(0, len(encoded), BATCH):
        chosen = np.arange(begin, min(begin + BATCH, len(encoded)))
        raw = raw_windows(windows, chosen)
        real = np.arange(raw["past"].shape[1]) < raw["length"][:, None]
        seen = (np.isfinite(raw["past"]).any(axis=2) & real).any(axis=1)
        found[chosen[seen]] = run(raw)["quantiles"][seen]
    return found


def raw_windows(
    windows: SeriesWindows, chosen: Integers, *, extra: int = 0
) -> dict[str, NDArray[Any]]:
    """The inputs of `serving_default`: those of the network, with texts for categories."""
    encoded, series = windows.encoded, windows.series
    inputs = window_inputs(encoded, chosen, extra=extra)
    origins = encoded.origins[chosen]
    starts = origins - inputs["length"]
    steps = np.arange(inputs["past"].shape[1])
    real = steps < inputs["length"][:, None]
    past = np.where(real, starts[:, None] + steps, 0)

    def past_words(columns: tuple[pl.Series, ...]) -> NDArray[Any]:
        words = words_at(columns, past)
        words[~real] = "rubbish" * bool(extra)
        return words

    if "codes" in inputs:
        del inputs["codes"]
        inputs["categories"] = past_words(series.categories)
    if encoded.indicators:
        for name in ("known", "ahead"):
            numbers = inputs.pop(name)[..., : -encoded.indicators]
            if numbers.shape[-1]:
                inputs[name] = numbers
        inputs["known_categories"] = past_words(series.ahead_categories)
        horizon = origins[:, None] + np.arange(encoded.horizon)
        inputs["ahead_categories"] = words_at(series.ahead_categories, horizon)
    if "static_codes" in inputs:
        del inputs["static_codes"]
        owners = encoded.owners[chosen]
        inputs["static_categories"] = words_at(series.static_categories, owners)
    return inputs


def words_at(columns: tuple[pl.Series, ...], places: Integers) -> NDArray[Any]:
    """The words at some rows, object [*places, columns]."""
    return np.stack([np.array(column.to_list(), object)[places] for column in columns], axis=-1)


def forecast_table(
    windows: SeriesWindows,
    quantiles: Floats,
    layout: Layout,
    encoders: SeriesEncoders,
    *,
    origins: bool,
) -> pl.DataFrame:
    """One row per timestep predicted: the ids, its time (`timestep` where there is none),
    `prediction`, the median, and `prediction_10`, `prediction_50` and `prediction_90`; of several
    targets each has its own, `prediction_<target>` and `prediction_<target>_10` and so on.

    Args:
        origins: say in a column `origin` what the last timestep seen was.
    """
    encoded, series = windows.encoded, windows.series
    owners = np.repeat(encoded.owners, encoded.horizon)
    at = (encoded.origins[:, None] + np.arange(encoded.horizon)).reshape(-1)
    columns = list(series.ids[owners].select(layout.id))
    if origins:
        last = np.repeat(np.maximum(encoded.origins - 1, 0), encoded.horizon)
        columns.append(series.times.gather(last).alias(ORIGIN))
    keys = pl.DataFrame([*columns, series.times.gather(at)])
    answers: list[pl.Series] = []
    for number, target in enumerate(encoders.targets):
        name = "prediction" if len(encoders.targets) == 1 else f"prediction_{target}"
        values = quantiles[:, :, number].reshape(-1, len(LEVELS))
        answers += [pl.Series(name, values[:, MEDIAN])]
        answers += [pl.Series(f"{name}_{level}", values[:, at]) for at, level in enumerate(LEVELS)]
    return beside(keys, [answer.fill_nan(None) for answer in answers])
