"""Widen the intervals of forecasts until they hold what was held out.

A network that is chosen and stopped on few windows is surer of itself than it should be. The
windows that a network was validated on are not those it was trained on: the quantiles below its
median are moved away from that by a factor, and those above it by another, until no more of the
values there lies below the first, or above the last, than should, 10% each from 10% to 90% (split
conformal prediction with a scaled score, Lei et al. 2018, section 5.2, for each side as Romano et
al. 2019 have it). Each side has a factor of its own, for counts with many zeros need a lower end at
0 and no higher upper one. Windows overlap, and validation has stopped the training, so this is a
remedy and no guarantee.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.families.forecast.levels import MEDIAN
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
    """Set the factors of every member, one per side and target.

    Args:
        held_out: for every member the windows that it was validated on.
    """
    for member, windows in zip(members, held_out, strict=True):
        inputs, truth = sample_windows(data, windows)
        widen(member, inputs, truth)


def widen(built: "Built", inputs: Any, truth: Floats) -> NDArray[np.float64]:
    """Set the smallest factors of a network that hold enough of the truth, and return them, [sides,
    targets]; a side without a quantile has 1."""
    levels = built.parts.quantiles.levels
    outer = (levels[0], 1 - levels[-1])
    allowed = np.array([1.0 if level == MEDIAN else level for level in outer])[:, None]
    low, high = np.ones((2, truth.shape[2])), np.full((2, truth.shape[2]), WIDEST)

    def enough(factors: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(outside(built, inputs, truth, factors) <= allowed + ROUNDING)

    high = np.where(enough(low), low, high)
    for _ in range(STEPS):
        middle = np.sqrt(low * high)
        held = enough(middle)
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    outside(built, inputs, truth, high)
    return high


def outside(
    built: "Built", inputs: Any, truth: Floats, factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Set the factors, and measure the shares of the known values below and above the intervals,
    [sides, targets]."""
    built.parts.quantiles.widening.assign(factors)
    quantiles = np.asarray(built.model(inputs, training=False)).reshape(*truth.shape, -1)
    known = np.isfinite(truth)
    beyond = np.stack([truth < quantiles[..., 0], truth > quantiles[..., -1]])
    return np.asarray((known & beyond).sum((1, 2)) / np.maximum(known.sum((0, 1)), 1))
