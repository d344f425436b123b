"""Widen the intervals of forecasts until they hold what was held out.

A network that is chosen and stopped on few windows is surer of itself than it should be. The
windows that a network was validated on are not those it was trained on: its intervals are widened
by a factor until as much of the values there lies between the outermost quantiles as should, 80%
from 10% to 90% (split conformal prediction with a scaled score: Lei et al. 2018, section 5.2).
Windows overlap, and validation has stopped the training, so this is a remedy and no guarantee.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.windows import sample_windows

if TYPE_CHECKING:
    from rnnauto.networks.built import Built

WIDEST = 8.0
ROUNDING = 1e-9  # of a difference of levels
STEPS = 8  # of bisection: a factor to 1%


def calibrate(
    members: Sequence["Built"], held_out: Sequence[Integers], data: EncodedSeries
) -> None:
    """Set the factors of every member, one per target.

    Args:
        held_out: for every member the windows that it was validated on.
    """
    for member, windows in zip(members, held_out, strict=True):
        inputs, truth = sample_windows(data, windows)
        widen(member, inputs, truth)


def widen(built: "Built", inputs: Any, truth: Floats) -> NDArray[np.float64]:
    """Set the smallest factors of a network that hold enough of the truth, and return them; of
    medians alone they are 1."""
    levels = built.parts.quantiles.levels
    wanted = levels[-1] - levels[0]
    low, high = np.ones(truth.shape[2]), np.full(truth.shape[2], WIDEST)
    high = np.where(coverage(built, inputs, truth, low) >= wanted - ROUNDING, low, high)
    for _ in range(STEPS):
        middle = np.sqrt(low * high)
        enough = coverage(built, inputs, truth, middle) >= wanted - ROUNDING
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    coverage(built, inputs, truth, high)
    return high


def coverage(
    built: "Built", inputs: Any, truth: Floats, factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Set the factors, and measure the share of the known values inside the intervals,
    [targets]."""
    built.parts.quantiles.widening.assign(factors)
    quantiles = np.asarray(built.model(inputs, training=False)).reshape(*truth.shape, -1)
    known = np.isfinite(truth)
    inside = known & (quantiles[..., 0] <= truth) & (truth <= quantiles[..., -1])
    return np.asarray(inside.sum((0, 1)) / np.maximum(known.sum((0, 1)), 1))
