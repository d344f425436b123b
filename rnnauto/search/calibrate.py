"""Intervals of forecasts, widened until they hold what was held out.

A network that is chosen and stopped on few windows is surer of itself than it should be. Every
fold's network has windows that it was not trained on: the intervals of all are widened by the same
factor until 80% of the values held out lie between the 10% and the 90% quantile (split conformal
prediction with a scaled score: Lei et al. 2018, section 5.2; over folds: Barber et al. 2021).
Windows overlap and validation has stopped the training, so this is a remedy and no guarantee.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.sequences import Integers
from rnnauto.data.series import EncodedSeries
from rnnauto.data.windows import sample_windows

LEVEL = 0.8  # between the 10% and the 90% quantile
WIDEST = 8.0
STEPS = 8  # of bisection: a factor to 3%


def calibrate(
    members: Sequence[Any], held_out: Sequence[Integers], data: EncodedSeries
) -> NDArray[np.float64]:
    """Set the factor of every member, and return it, one per target.

    Args:
        held_out: for every member the windows that it was validated on.
    """
    samples = [sample_windows(data, windows) for windows in held_out]
    targets = data.targets.shape[1]
    low, high = np.ones(targets), np.full(targets, WIDEST)
    if coverage(members, samples, low).min() >= LEVEL:
        return low
    for _ in range(STEPS):
        middle = np.sqrt(low * high)
        enough = coverage(members, samples, middle) >= LEVEL
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    enough = coverage(members, samples, np.ones(targets)) >= LEVEL
    factor = np.where(enough, 1.0, high)
    coverage(members, samples, factor)
    return factor


def coverage(
    members: Sequence[Any], samples: Sequence[Any], factor: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of the known values that lie inside the intervals of a factor, [targets]."""
    inside, known = np.zeros(len(factor)), np.zeros(len(factor))
    for model, (inputs, truth) in zip(members, samples, strict=True):
        model.get_layer("quantiles").widening.assign(factor)
        quantiles = np.asarray(model(inputs, training=False)).reshape(*truth.shape, 3)
        real = np.isfinite(truth)
        held = real & (quantiles[..., 0] <= truth) & (truth <= quantiles[..., 2])
        inside, known = inside + held.sum((0, 1)), known + real.sum((0, 1))
    return inside / np.maximum(known, 1)
