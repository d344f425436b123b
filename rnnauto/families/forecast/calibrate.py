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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.families.forecast.levels import MEDIAN
from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.windows import sample_windows, sampled, training_units

if TYPE_CHECKING:
    from rnnauto.networks.built import Built

WIDEST = 8.0
MOST_COST = 1.5  # times the pinball loss without a factor
ROUNDING = 1e-9  # of a difference of levels
STEPS = 8  # of bisection: a factor to 1%


def calibrate(
    members: Sequence["Built"], held_out: Sequence[Integers], data: EncodedSeries
) -> None:
    """Set the factors of every member, one per side and target.

    Args:
        held_out: for every member the windows that it was validated on.
    """
    units = training_units(data)
    for member, windows in zip(members, held_out, strict=True):
        inputs, truth = sample_windows(data, windows)
        owners = data.owners[sampled(windows)]
        widen(member, inputs, truth, units=units[owners][:, None])


@dataclass(frozen=True)
class Fit:
    """How the outermost quantiles of a network fit the truth, [sides, targets] each.

    Attributes:
        outside: shares of the known values beyond them.
        cost: their mean pinball loss, in the units of the series' errors.
    """

    outside: Doubles
    cost: Doubles


def widen(built: "Built", inputs: Any, truth: Floats, *, units: Any = 1.0) -> Doubles:
    """Set the smallest factors of a network that hold enough of the truth, as far as they are worth
    it, and return them, [sides, targets]; a side without a quantile has 1.

    Args:
        units: of the errors, [windows, 1, targets].
    """
    levels = built.parts.quantiles.levels
    outer = (levels[0], 1 - levels[-1])
    allowed = np.array([1.0 if level == MEDIAN else level for level in outer])[:, None]
    ones = np.ones((2, truth.shape[2]))
    first = fit_of(built, inputs, truth, ones, units=units)

    def enough(found: Fit) -> NDArray[np.bool_]:
        return found.outside <= allowed + ROUNDING

    def worth(found: Fit) -> NDArray[np.bool_]:
        return found.cost <= MOST_COST * first.cost + ROUNDING

    low, high = ones, np.where(enough(first), ones, WIDEST)
    for _ in range(STEPS):
        middle = np.sqrt(low * high)
        held = enough(fit_of(built, inputs, truth, middle, units=units))
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    widest = high
    cheap = worth(fit_of(built, inputs, truth, widest, units=units))
    low, high = ones, np.where(cheap, ones, widest)
    for _ in range(STEPS if (high > 1).any() else 0):
        middle = np.sqrt(low * high)
        cheap = worth(fit_of(built, inputs, truth, middle, units=units))
        low, high = np.where(cheap, middle, low), np.where(cheap, high, middle)
    factors = np.where(high > 1, low, widest)
    built.parts.quantiles.widening.assign(factors)
    return np.asarray(factors)


def fit_of(built: "Built", inputs: Any, truth: Floats, factors: Doubles, *, units: Any) -> Fit:
    """Set the factors, and measure how the quantiles fit then."""
    levels = built.parts.quantiles.levels
    built.parts.quantiles.widening.assign(factors)
    quantiles = np.asarray(built.model(inputs, training=False)).reshape(*truth.shape, -1)
    known = np.isfinite(truth)
    count = np.maximum(known.sum((0, 1)), 1)
    beyond = [truth < quantiles[..., 0], truth > quantiles[..., -1]]
    errors = [(truth - quantiles[..., at]) / units for at in (0, -1)]
    costs = [
        np.maximum(level * error, (level - 1) * error)
        for level, error in zip((levels[0], levels[-1]), errors, strict=True)
    ]
    return Fit(
        outside=np.asarray((known & np.stack(beyond)).sum((1, 2)) / count),
        cost=np.asarray(np.where(known, np.stack(costs), 0).sum((1, 2), dtype=np.float64) / count),
    )
