"""Tell what a unit says without order: summaries of its numbers, bags of its ids, its length.

The columns of the linear baseline. A unit is a sequence, or one timestep where there is one target
per timestep.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Integers
from rnnauto.data.encode import RESERVED, Encoded

BLOCK_COLUMNS = 64  # that are summed up at once
BLOCK_STEPS = 1 << 17  # timesteps, and sequences, that are summarised at once


def units_of(encoded: Encoded, chosen: Integers) -> Encoded:
    """Take the chosen units as sequences: with one target per timestep, each timestep is one."""
    if not encoded.per_timestep:
        return encoded.take(chosen)
    sequence = np.searchsorted(encoded.row_splits, chosen, side="right") - 1
    return Encoded(
        row_splits=np.arange(len(chosen) + 1, dtype=np.int64),
        numbers=encoded.numbers[chosen],
        codes=encoded.codes[chosen],
        static_numbers=encoded.static_numbers[sequence],
        static_codes=encoded.static_codes[sequence],
        targets=encoded.targets[chosen],
        per_timestep=False,
        moments=encoded.moments,
        weights=None if encoded.weights is None else encoded.weights[chosen],
    )


def column_count(encoded: Encoded, *, spread: bool) -> int:
    """Count the columns of `dense_columns`."""
    numbers = encoded.numbers.shape[1] * (5 if spread else 2)
    static = 2 * encoded.static_numbers.shape[1] * (1 + encoded.moments)
    return int(numbers + static + spread)


def dense_columns(units: Encoded, *, spread: bool, kept: Flags | None = None) -> Doubles:
    """Summarise numbers and length without order, float64 [units, columns], NaN where unknown.

    Per feature the mean and the share that is missing; with `spread` also deviation, minimum and
    maximum, and the logarithm of the length. Then the static numbers and whether they are missing,
    once more for every moment of an answer of known length.

    Args: kept: which of these columns are wanted, [all columns]; None: all.
    """
    wanted = np.ones(column_count(units, spread=spread), bool) if kept is None else kept
    dense = np.empty((len(units), np.count_nonzero(wanted)))
    owns = iter(dense.T)
    for keep, column in zip(wanted, each_column(units, spread=spread), strict=True):
        if keep:
            next(owns)[:] = column
    return dense


def telling(units: Encoded, *, spread: bool) -> Flags:
    """Say which of the columns of `dense_columns` can tell units apart: where nothing is missing,
    the shares that are missing cannot, and need no room, [columns]."""
    missing = np.isnan(units.numbers).any(axis=0) | (units.lengths == 0).any()
    flags = np.ones((len(missing), 5 if spread else 2), bool)
    flags[:, 1] = missing
    static = np.isnan(units.static_numbers).any(axis=0)
    statics = np.concatenate([np.ones_like(static), static])
    every = [flags.ravel(), np.tile(statics, 1 + units.moments), np.ones(int(spread), bool)]
    return np.concatenate(every)


def all_columns(values: Doubles, kept: Flags, *, empty: float) -> Doubles:
    """Give columns that were left out their place again, among the first of what `kept` tells of,
    [columns, ...]; whatever stands behind these stays there."""
    own = np.count_nonzero(kept)
    whole = np.full((len(kept), *values.shape[1:]), empty)
    whole[kept] = values[:own]
    return np.concatenate([whole, values[own:]])


def each_column(units: Encoded, *, spread: bool) -> Iterator[Doubles]:
    """Give the columns of `dense_columns` one after the other, [units] each."""
    for position in range(units.numbers.shape[1]):
        summary = summarise(units.numbers[:, position].astype(np.float64), units.row_splits)
        yield from summary if spread else summary[:2]
    static = units.static_numbers.astype(np.float64)
    statics = [*static.T, *np.isnan(static).T.astype(np.float64)]
    yield from statics
    for moment in range(units.moments):  # static features may tell something else at each
        here = units.codes[:, -1] == RESERVED + moment
        yield from [np.where(here, column, 0.0) for column in statics]
    if spread:
        yield np.log1p(units.lengths)


def by_blocks(
    look: Callable[[Doubles, Integers], list[Doubles]], values: Doubles, row_splits: Integers
) -> list[Doubles]:
    """Look at some sequences at a time, so that what that needs beside them stays small.

    Args: look: finds several numbers of every sequence, [sequences] each.
    """
    begin, count, first = row_splits[0], len(row_splits) - 1, 0
    found: list[list[Doubles]] = []
    while first < count or not found:
        most = np.searchsorted(row_splits, row_splits[first] + BLOCK_STEPS, side="right") - 1
        last = min(max(int(most), first + 1), first + BLOCK_STEPS, count)
        some = values[row_splits[first] - begin : row_splits[last] - begin]
        found.append(look(some, row_splits[first : last + 1]))
        first = last
    return [np.concatenate(each) for each in zip(*found, strict=True)]


def summarise(values: Doubles, row_splits: Integers) -> list[Doubles]:
    """Give mean, share missing, deviation, minimum and maximum of every sequence, [sequences] each.

    Missing values are left out; a sequence without any known value has NaN (and 1 missing).
    """
    return by_blocks(summarise_some, values, row_splits)


def summarise_some(values: Doubles, row_splits: Integers) -> list[Doubles]:
    """Do as `summarise`, all at once."""
    lengths = np.diff(row_splits)
    filled = lengths > 0
    starts = (row_splits[:-1] - row_splits[0])[filled]
    known = ~np.isnan(values)

    def over_sequences(reduce: np.ufunc, terms: Doubles) -> Doubles:
        result = np.zeros(len(lengths))
        if len(starts):
            result[filled] = reduce.reduceat(terms, starts)
        return result

    count = over_sequences(np.add, known.astype(np.float64))
    some = count > 0
    divisor = np.where(some, count, 1)
    mean = over_sequences(np.add, np.where(known, values, 0)) / divisor
    squares = np.where(known, values - np.repeat(mean, lengths), 0) ** 2
    deviation = np.sqrt(over_sequences(np.add, squares) / divisor)
    low = over_sequences(np.minimum, np.where(known, values, np.inf))
    high = over_sequences(np.maximum, np.where(known, values, -np.inf))
    missing = 1 - np.where(filled, count / np.maximum(lengths, 1), 0)
    mean, deviation, low, high = (
        np.where(some, column, np.nan) for column in (mean, deviation, low, high)
    )
    return [mean, missing, deviation, low, high]


def bags_of(units: Encoded) -> list[tuple[Integers, Integers]]:
    """Give every category as pairs of a unit's number and an id; features first, then static
    ones."""
    of_timestep = np.repeat(np.arange(len(units), dtype=np.int64), units.lengths)
    of_unit = np.arange(len(units), dtype=np.int64)
    bags = [(of_timestep, column) for column in units.codes.T.astype(np.int64)]
    return bags + [(of_unit, column) for column in units.static_codes.T.astype(np.int64)]


def rarities_in(units: Encoded) -> tuple[Integers, Doubles]:
    """Learn how many ids each category has, [categories], and how rare each of them is, its inverse
    document frequency, [ids of all categories]."""
    bags = bags_of(units)
    sizes = np.array([codes.max(initial=-1) + 1 for _, codes in bags], np.int64)
    rarity = [np.zeros(0)]
    for (sequence, codes), size in zip(bags, sizes, strict=True):
        holders = np.unique(sequence * size + codes) % max(size, 1)  # an id once per sequence
        documents = np.bincount(holders, minlength=size)
        rarity.append(np.log((1 + len(units)) / (1 + documents)) + 1)
    return sizes, np.concatenate(rarity)


def narrow(matrix: Any) -> Any:
    """Give a sparse matrix the 32-bit indices that scikit-learn takes."""
    matrix.indices, matrix.indptr = (
        part.astype(np.int32) for part in (matrix.indices, matrix.indptr)
    )
    return matrix


def scale_of(columns: NDArray[np.floating[Any]]) -> tuple[Doubles, Doubles]:
    """Find the mean and the deviation of what is known of every column, [columns] each; 0 where
    nothing is, and 1 where nothing varies."""
    pairs = [scale_of_some(columns[:, part]) for part in column_blocks(columns.shape[1])]
    centre, scale = (np.concatenate(each) for each in zip(*pairs, strict=True))
    return centre, scale


def scale_of_some(columns: NDArray[np.floating[Any]]) -> tuple[Doubles, Doubles]:
    """Do as `scale_of`, all at once."""
    known = np.isfinite(columns)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, columns, 0).sum(axis=0, dtype=np.float64) / count
    squares = np.where(known, columns - centre, 0) ** 2
    scale = np.sqrt(squares.sum(axis=0, dtype=np.float64) / count)
    return centre, np.where(scale > 1e-6 * np.maximum(np.abs(centre), 1e-30), scale, 1.0)


def column_blocks(count: int) -> list[slice]:
    """Cut columns into blocks that are worked on one after the other; none of several columns has
    a single one, which numpy would add up in another order than when it stands beside others."""
    starts = list(range(0, max(count - 1, 1), BLOCK_COLUMNS))
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], count], strict=True)]
