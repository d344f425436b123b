"""Name the types of arrays that all parts of a fit hand on, and calculate with ragged ones.

Sequences of different lengths lie one after the other; `row_splits` [sequences + 1] tells where
each begins and ends.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
Numbers = TypeVar("Numbers", bound=np.generic)
LARGEST = float(np.finfo(np.float32).max)  # of the numbers that a network takes


def splits_of(lengths: NDArray[np.integer]) -> Integers:
    """Add up lengths to row splits: `splits_of([2, 3]) == [0, 2, 5]`."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def timestep_index(row_splits: Integers, chosen: Integers) -> Integers:
    """Find where the timesteps of the chosen sequences lie, in order, [timesteps]."""
    return counted_on(row_splits[chosen], np.diff(row_splits)[chosen])


def counted_on(starts: Integers, lengths: Integers) -> Integers:
    """Count on from each start, in order: `counted_on([5, 0], [2, 3]) == [5, 6, 0, 1, 2]`."""
    places = np.repeat(starts - splits_of(lengths)[:-1], lengths)
    return np.arange(len(places), dtype=np.int64) + places


def timestep_positions(row_splits: Integers) -> Integers:
    """Count for every timestep its place in its sequence, from 0, [timesteps]."""
    lengths = np.diff(row_splits)
    return np.arange(lengths.sum(), dtype=np.int64) - np.repeat(splits_of(lengths)[:-1], lengths)


def evenly(numbers: NDArray[Numbers], most: int) -> NDArray[Numbers]:
    """Choose at most so many of some numbers, evenly from begin to end."""
    if len(numbers) <= most:
        return numbers
    return np.asarray(numbers[np.linspace(0, len(numbers) - 1, most).astype(np.int64)])
