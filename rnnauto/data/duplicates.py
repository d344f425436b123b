"""Find sequences with identical inputs, so that the split can keep them in one part."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.cores import on_all_cores
from rnnauto.data.sequences import Sequences
from rnnauto.mapped import give_all_back

Hashes = NDArray[np.uint64]
SEED = 11
ODD = np.uint64(0x9E3779B97F4A7C15)
BLOCK_ROWS = 1 << 14  # hashed in one go: they stay in the processor's cache
AT_ONCE = BLOCK_ROWS << 6  # rows whose pages are kept


def duplicate_groups(sequences: Sequences) -> Integers:
    """int64 [sequences]; equal numbers where numbers, categories, length and statics are equal.

    Groups are numbered in the order of their first sequence, from 0.
    """
    keys = content_hashes(sequences)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return np.asarray(order[group], np.int64)


def content_hashes(sequences: Sequences) -> Hashes:
    """One hash per sequence, of everything that a network reads; equal in other files too."""
    names = [f"s{position}" for position in range(sequences.static_numbers.shape[1])]
    static = pl.DataFrame(sequences.static_numbers, schema=names, orient="row")
    whole = static.with_columns(
        pl.Series("length", sequences.lengths),
        pl.Series("content", sequence_hashes(sequences)),
        *(series.alias(f"c{n}") for n, series in enumerate(sequences.static_categories)),
    )
    return whole.hash_rows(SEED).to_numpy()


def sequence_hashes(sequences: Sequences) -> Hashes:
    """One hash per sequence: the sum of its timesteps' hashes, each mixed with its position."""
    timesteps = int(sequences.row_splits[-1])
    total = np.zeros(len(sequences), np.uint64)
    if not timesteps or not (sequences.numbers.shape[1] or sequences.categories):
        return total
    some = np.flatnonzero(sequences.lengths)
    begins = sequences.row_splits[some]

    def sums(start: int) -> tuple[slice, Hashes]:
        """Those of the sequences that some timesteps are of."""
        stop = min(start + BLOCK_ROWS, timesteps)
        hashes = timestep_hashes(sequences, start, stop)
        # an odd factor per position, so that the same timesteps in another order give another sum
        hashes *= positions(sequences.row_splits, start, stop) * ODD | np.uint64(1)
        first = int(np.searchsorted(begins, start, side="right")) - 1
        parts = slice(first, int(np.searchsorted(begins, stop)))
        return parts, np.add.reduceat(stir(hashes), np.maximum(begins[parts], start) - start)

    for begin in range(0, timesteps, AT_ONCE):
        starts = range(begin, min(begin + AT_ONCE, timesteps), BLOCK_ROWS)
        for parts, added in on_all_cores(sums, starts):
            total[some[parts]] += added
        give_all_back()
    return total


def positions(row_splits: Integers, start: int, stop: int) -> Hashes:
    """Count for some timesteps the place of each in its sequence, from 0."""
    first, last = np.searchsorted(row_splits, [start, stop - 1], side="right") - 1
    splits: Integers = row_splits[first : last + 2]
    inside = np.minimum(splits[1:], stop) - np.maximum(splits[:-1], start)  # [sequences]
    return (np.arange(start, stop) - np.repeat(splits[:-1], inside)).astype(np.uint64)


def timestep_hashes(sequences: Sequences, start: int, stop: int) -> Hashes:
    """One hash for each of some timesteps; -0.0 counts as 0.0, and every NaN as the same."""
    hashes = np.full(stop - start, SEED, np.uint64)
    for first in range(0, sequences.numbers.shape[1], 2):
        hashes ^= number_pairs(sequences.numbers[start:stop, first : first + 2])
        hashes *= ODD
        stir(hashes)
    if sequences.categories:
        words = [series.slice(start, stop - start) for series in sequences.categories]
        named = [series.alias(f"c{number}") for number, series in enumerate(words)]
        hashes ^= pl.DataFrame(named).hash_rows(SEED).to_numpy()
    return hashes


def number_pairs(numbers: Floats) -> Hashes:
    """The bits of two columns of numbers side by side, [rows]; a second that lacks is zero."""
    pairs = np.zeros((len(numbers), 2), np.float32)
    np.add(numbers, np.float32(0), out=pairs[:, : numbers.shape[1]])
    missing = np.isnan(pairs)
    if missing.any():
        pairs[missing] = np.nan
    return np.asarray(pairs.view(np.uint64)[:, 0])


def stir(hashes: Hashes) -> Hashes:
    """Carry the high bits of hashes, which products fill, down to the low ones, in place."""
    hashes ^= hashes >> np.uint64(32)
    return hashes
