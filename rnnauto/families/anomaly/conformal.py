"""Set a threshold that a wanted share of the normal timesteps goes beyond."""

import numpy as np

from rnnauto.arrays import Doubles, Floats


def threshold_of(scores: Floats | Doubles, rate: float) -> float:
    """Find the threshold by split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018).

    Of n scores of normal timesteps that nothing was trained on, and one more that could as well
    have been among them, the new one is above the k-th smallest of the n with a chance of at most
    `rate`, where k = n + 1 - floor((n + 1) * rate). Timesteps that follow one another are not quite
    exchangeable, so the share of false alarms over some hours may be more, or less.

    Args: scores: finite, [timesteps].

    Raises: ValueError where there are too few scores for the rate.
    """
    count = len(scores)
    above = int(np.floor((count + 1) * rate + 1e-9))
    if above < 1:
        raise ValueError(f"{count} scores show no rate of {rate}")
    return float(np.sort(scores)[max(count - above, 0)])
