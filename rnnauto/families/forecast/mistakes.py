"""Find the windows whose forecast is furthest off, and how often intervals hold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.columns import zeros_of
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.series import SeriesWindows
from rnnauto.judge.diagnosis import Coverage, StepCoverage, WrongAnswer
from rnnauto.judge.mistakes import MOST, plain


def worst(test: SeriesWindows, quantiles: NDArray[Any]) -> list[WrongAnswer]:
    """Find the windows of largest mean error in units of the naive forecast's; `truth` and
    `prediction` are those of the timestep of the horizon that is furthest off."""
    encoded, series, layout = test.encoded, test.series, test.layout
    truth = encoded.truth().astype(np.float64)
    median = quantiles[..., middle(encoded.levels)].astype(np.float64)
    units = encoded.units[encoded.owners][:, None]
    units = np.where(np.isfinite(units) & (units > 0), units, 1.0)
    zeros = zeros_of(layout.targets)
    error = np.abs(median - truth) / units
    known = np.isfinite(error)
    mean = np.where(known, error, 0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    order = np.argsort(-mean, kind="stable")[:MOST]
    wrong = []
    for window in order[mean[order] > 0]:
        furthest = int(np.where(known[window], error[window], -1).argmax())
        last = max(int(encoded.origins[window]) - 1, 0)
        ids = series.ids.row(int(encoded.owners[window]), named=True) if layout.id else {}
        wrong.append(
            WrongAnswer(
                id={**plain(ids), "origin": str(series.times[last])},
                truth=float((truth[window] + zeros).reshape(-1)[furthest]),
                prediction=float((median[window] + zeros).reshape(-1)[furthest]),
                error=float(mean[window]),
            )
        )
    return wrong


def coverage(test: SeriesWindows, quantiles: NDArray[Any]) -> Coverage | None:
    """Measure how often the truth is inside the widest interval that is told, for each step of a
    forecast's horizon; of medians alone there is none."""
    truth, levels = test.encoded.truth(), test.encoded.levels
    if len(levels) == 1:
        return None
    inside = (quantiles[..., 0] <= truth) & (truth <= quantiles[..., -1])
    known = np.isfinite(truth) & np.isfinite(quantiles).all(axis=-1)
    count = known.sum(axis=(0, 2))
    share = (inside & known).sum(axis=(0, 2)) / np.maximum(count, 1)
    steps = tuple(
        StepCoverage(step=at + 1, coverage=float(share[at]) if count[at] else None)
        for at in range(len(share))
    )
    return Coverage(by_step=steps, wanted=round(levels[-1] - levels[0], 5))
