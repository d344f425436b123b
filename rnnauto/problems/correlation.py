"""Correlate columns of any level and unit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles


def correlation(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Compute how far two columns of finite numbers, neither constant, go together, 0 to 1.

    Both are brought near 1 first: the squares of numbers such as 1e-300 and 1e200 are none that
    float64 holds.
    """
    return float(abs(np.corrcoef(near_one(x), near_one(y))[0, 1]))


def near_one(values: NDArray[Any]) -> Doubles:
    values = values / np.abs(values).max()
    values = values - values.mean()
    return np.asarray(values / np.abs(values).max())
