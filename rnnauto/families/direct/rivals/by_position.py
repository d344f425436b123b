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
    cut, what is shorter lacks the last ones."""
    place = timestep_positions(encoded.row_splits)
    owner = np.repeat(np.arange(len(encoded)), encoded.lengths)
    kept = place < length

    def spread(values: NDArray[Any], empty: float) -> NDArray[Any]:
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
    flat = side_by_side(encoded, int(encoded.lengths[0]))
    return replace(fit_linear(flat, known, classes=classes, seed=seed), name=NAME)


def at_positions(baseline: Baseline, encoded: Encoded) -> Encoded:
    """Lay out what a fitted model reads: as many positions as it was fitted to."""
    static = encoded.static_numbers.shape[1] * 2 * (1 + encoded.moments)
    width, categories = encoded.numbers.shape[1], encoded.codes.shape[1]
    if width:
        length = (len(baseline.centre) - static) // (2 * width)
    else:
        length = (len(baseline.sizes) - encoded.static_codes.shape[1]) // max(categories, 1)
    return side_by_side(encoded, max(length, 0))
