"""Show series and their forecasts on the page."""

import numpy as np

from rnnauto.arrays import Doubles, Floats
from rnnauto.data.columns import data_units, zeros_of
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.prepare import ForecastPrepared
from rnnauto.families.forecast.series import SeriesWindows
from rnnauto.report.picture import (
    EXAMPLES,
    MOST_LINES,
    MOST_TIMESTEPS,
    Json,
    histogram,
    identity,
    short,
    thinned,
    time_of,
)

FORECASTS = 6
HISTORY = 4  # horizons that are shown before a forecast


def data_shown(prepared: ForecastPrepared) -> Json:
    return {
        "lengths": histogram(prepared.test.series.lengths),
        "classes": None,
        "values": None,
        "examples": series_examples(prepared.test),
    }


def series_examples(windows: SeriesWindows) -> list[Json]:
    """Show some series, the end of each where it is long."""
    series, layout = windows.series, windows.layout
    targets = data_units(series.targets, zeros_of(layout.targets))
    examples = []
    for number in range(min(EXAMPLES, len(series))):
        begin, end = int(series.row_splits[number]), int(series.row_splits[number + 1])
        begin = max(begin, end - 2 * MOST_TIMESTEPS)
        examples.append(
            {
                "id": identity(series.ids, number) if layout.id else "",
                "timesteps": int(series.lengths[number]),
                "target": None,
                "tokens": None,
                "static": [],
                "lines": [
                    {
                        "name": name,
                        "points": [
                            [time_of(series.times[int(step)]), short(float(value))]
                            for step, value in zip(
                                range(begin, end), targets[begin:end, at], strict=True
                            )
                        ],
                    }
                    for at, name in enumerate(layout.target[:MOST_LINES])
                ],
            }
        )
    return examples


def answers_shown(windows: SeriesWindows, quantiles: Floats) -> Json:
    """Fill the key `examples` of `scores.json`: `kind` and what that kind holds."""
    return {"kind": "forecasts", "forecasts": forecasts(windows, quantiles)}


def forecasts(windows: SeriesWindows, quantiles: Floats) -> list[Json]:
    """Show some windows with what came before; quantiles [windows, horizon, targets, levels]."""
    encoded, series, layout = windows.encoded, windows.series, windows.layout
    _, last = np.unique(encoded.owners[::-1], return_index=True)  # the newest of each series
    chosen = (len(encoded) - 1 - last)[:FORECASTS]
    if len(chosen) < FORECASTS:
        more = np.setdiff1d(thinned(len(encoded), FORECASTS), chosen)
        chosen = np.concatenate([chosen, more])[:FORECASTS]
    zeros = zeros_of(layout.targets)
    targets = data_units(encoded.targets, zeros)
    widest = quantiles[..., [0, middle(encoded.levels), -1]]
    levels = data_units(widest, zeros[:, None])
    examples = []
    for window in chosen:
        origin, owner = int(encoded.origins[window]), int(encoded.owners[window])
        begin = max(int(encoded.row_splits[owner]), origin - HISTORY * encoded.horizon)
        for at, target in enumerate(layout.target):
            examples.append(
                {
                    "id": identity(series.ids, owner) if layout.id else "",
                    "target": target,
                    "interval": round(encoded.levels[-1] - encoded.levels[0], 5),
                    "history": [
                        [time_of(series.times[step]), value_at(targets, step, at)]
                        for step in range(begin, origin)
                    ],
                    "future": [
                        [
                            time_of(series.times[origin + step]),
                            value_at(targets, origin + step, at),
                            *(short(float(level)) for level in levels[window, step, at]),
                        ]
                        for step in range(encoded.horizon)
                    ],
                }
            )
    return examples[:FORECASTS]


def value_at(targets: Floats | Doubles, step: int, at: int) -> float | None:
    return short(float(targets[step, at]))
