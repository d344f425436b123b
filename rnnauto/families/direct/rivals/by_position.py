"""Fit a linear model to what stands at each position, where all sequences have one length.

The first thing to try on wide tables and on windows of letters: a column per position.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers, timestep_positions
from rnnauto.data.encode import PAD, Encoded
from rnnauto.families.direct.linear import Baseline, fit_linear
from rnnauto.families.direct.order_free import units_of

NAME = "linear by position"
MOST_COLUMNS = 3_000  # of numbers and categories, over all positions
MOST_CATEGORIES = 200  # over all positions


def has_positions(encoded: Encoded) -> bool:
    """Whether all sequences have the same few timesteps, more than one, and a target each."""
    lengths, width, categories = encoded.lengths, encoded.numbers.shape[1], encoded.codes.shape[1]
    if encoded.per_timestep or not len(lengths) or lengths.min() != lengths.max():
        return False
    length = int(lengths[0])
    few = length * (width + categories) <= MOST_COLUMNS and length * categories <= MOST_CATEGORIES
    return length > 1 and width + categories > 0 and few


def side_by_side(encoded: Encoded, length: int) -> Encoded:
    """Make a sequence one timestep that has the columns of all of its positions; what is longer is
    cut, what is shorter lacks the last ones. Where all are as long nothing is copied."""
    even = bool((encoded.lengths == length).all())

    def spread(values: NDArray[Any], empty: float) -> NDArray[Any]:
        if even:
            flat = values.reshape(len(encoded), length * values.shape[1])
            flat.flags.writeable = False  # it may be the numbers of the sequences themselves
            return flat
        place = timestep_positions(encoded.row_splits)
        owner = np.repeat(np.arange(len(encoded)), encoded.lengths)
        kept = place < length
        cube = np.full((len(encoded), length, values.shape[1]), empty, values.dtype)
        cube[owner[kept], place[kept]] = values[kept]
        return cube.reshape(len(encoded), length * values.shape[1])

    return replace(
        encoded,
        row_splits=np.arange(len(encoded) + 1, dtype=np.int64),
        numbers=spread(encoded.numbers, np.nan),
        codes=spread(encoded.codes, PAD),
        per_timestep=True,
        words=(),
    )


def fit_by_position(
    encoded: Encoded, known: Integers, *, classes: int | None, seed: int
) -> Baseline:
    """Fit logistic or ridge regression to the columns of all positions, and the static ones."""
    length = int(encoded.lengths[0])

    def units(chosen: Integers) -> Encoded:
        flat = side_by_side(encoded.take(chosen), length)
        return units_of(flat, np.arange(len(chosen)))

    shape = of_shape(encoded, length)
    return replace(fit_linear(shape, known, classes=classes, seed=seed, units=units), name=NAME)


def of_shape(encoded: Encoded, length: int) -> Encoded:
    """Make what has the shape of `side_by_side` of all sequences, and no place in memory."""

    def empty(values: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(values.dtype.type(0), (len(encoded), length * values.shape[1]))

    return replace(
        encoded,
        row_splits=np.arange(len(encoded) + 1, dtype=np.int64),
        numbers=empty(encoded.numbers),
        codes=empty(encoded.codes),
        per_timestep=True,
        words=(),
    )


def at_positions(baseline: Baseline, encoded: Encoded) -> Encoded:
    """Lay out what a fitted model reads: as many positions as it was fitted to."""
    static = encoded.static_numbers.shape[1] * 2 * (1 + encoded.moments)
    width, categories = encoded.numbers.shape[1], encoded.codes.shape[1]
    if width:
        length = (len(baseline.centre) - static) // (2 * width)
    else:
        length = (len(baseline.sizes) - encoded.static_codes.shape[1]) // max(categories, 1)
    return side_by_side(encoded, max(length, 0))
