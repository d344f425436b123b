"""Score all quantiles of forecasts together: weighted quantile loss, and CRPS."""

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles


def quantile_losses(
    truth: Doubles, quantiles: NDArray[np.floating], levels: tuple[float, ...]
) -> Doubles:
    """Compute twice the pinball loss, averaged over the levels: of a median alone the absolute
    error.

    Args:
        truth: [...]; NaN where unknown.
        quantiles: [..., levels].
    """
    wanted = np.array(levels)
    over = truth[..., None] - quantiles
    return np.asarray(2 * np.maximum(wanted * over, (wanted - 1) * over).mean(axis=-1))


def crps(truth: Doubles, quantiles: Doubles, levels: tuple[float, ...]) -> Doubles:
    """Compute the continuous ranked probability score (Matheson and Winkler 1976) of the
    distribution whose quantile function goes straight from quantile to quantile, and is the first
    or the last of them beyond them; in the unit of the truth. Of a median alone it is the absolute
    error.

    It is the integral over all levels of twice the pinball loss (Laio and Tamea 2007), without an
    error of quadrature.

    Args:
        truth: [...]; NaN where unknown.
        quantiles: [..., levels].
    """
    knots = np.array([0.0, *levels, 1.0])
    ends = np.concatenate([quantiles[..., :1], quantiles, quantiles[..., -1:]], axis=-1)
    below, above = ends[..., :-1], ends[..., 1:]
    first, last = knots[:-1], knots[1:]
    width = above - below
    share = np.where(width > 0, (truth[..., None] - below) / np.where(width > 0, width, 1), 0.0)
    share = np.where(width > 0, share, (truth[..., None] >= below).astype(float))
    crossed = first + np.clip(share, 0, 1) * (last - first)  # the level at which the truth is met

    def area(low: Doubles, high: Doubles, *, reached: float) -> Doubles:
        """Integrate (level - reached) * (truth - quantile) over some levels of a segment: a
        polynomial of degree 2, for which Simpson's rule is exact."""
        slope = width / (last - first)

        def at(level: Doubles) -> Doubles:
            left = truth[..., None] - below - slope * (level - first)
            return np.asarray((level - reached) * left)

        return np.asarray((high - low) / 6 * (at(low) + 4 * at((low + high) / 2) + at(high)))

    parts = area(first, crossed, reached=0.0) + area(crossed, last, reached=1.0)
    return np.asarray(2 * parts.sum(axis=-1))
