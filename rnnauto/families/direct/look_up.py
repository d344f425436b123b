"""Fit baselines that look one id up: the usual class of a word, the mean of a timestep."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers, splits_of
from rnnauto.data.encode import Encoded

FEWEST_ENTRIES = 200  # ids from which a category holds words
PRIOR = 0.1  # units that the shares of all units count for, beside those of an id


def looked_up(encoded: Encoded, *, classes: int | None) -> tuple[str, int] | None:
    """Give the name of the baseline that is worth comparing with, and the column of codes that it
    reads."""
    if not encoded.per_timestep or not encoded.codes.shape[1]:
        return None
    if encoded.moments and classes is None:
        return "mean per timestep", encoded.codes.shape[1] - 1
    largest = np.asarray(encoded.codes.max(axis=0, initial=0))
    if classes is not None and largest.max() >= FEWEST_ENTRIES:
        return "majority per word", int(largest.argmax())
    return None


def fit_table(
    codes: NDArray[np.int32],
    targets: NDArray[Any],
    bias: Doubles,
    *,
    size: int,
    classes: int | None,
    weights: Doubles | None = None,
) -> Doubles:
    """Learn what each id adds to the bias, [size, outputs]; ids that were never seen add
    nothing."""
    if classes is None:
        each = np.ones(len(codes)) if weights is None else weights
        counts = np.bincount(codes, each, minlength=size)
        sums = np.bincount(codes, targets.astype(np.float64) * each, minlength=size)
        means = np.where(counts > 0, sums / np.where(counts > 0, counts, 1), bias[0])
        return np.asarray((means - bias[0])[:, None])
    cells = codes.astype(np.int64) * classes + targets
    counts = np.bincount(cells, weights, minlength=size * classes).reshape(size, classes)
    total = counts.sum(axis=1, keepdims=True)
    shares = (counts + PRIOR * np.exp(bias)) / (total + PRIOR)
    return np.asarray(np.where(total > 0, np.log(shares) - bias, 0.0))


def place_table(table: Doubles, sizes: Integers, *, column: int, dense: int) -> NDArray[np.float32]:
    """Lay out the weights of a linear model that reads only one column of ids, [columns,
    outputs]."""
    weights = np.zeros((dense + int(sizes.sum()), table.shape[1]), np.float32)
    begin = dense + int(splits_of(sizes)[column])
    weights[begin : begin + len(table)] = table[: int(sizes[column])]
    return weights
