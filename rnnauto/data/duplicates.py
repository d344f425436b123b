"""Find sequences with identical inputs, so that the split can keep them in one part."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.sequences import Sequences

Hashes = NDArray[np.uint64]
SEED = 11
BLOCK_ROWS = 1 << 18  # hashed in one go


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
    return row_hashes(whole)


def sequence_hashes(sequences: Sequences) -> Hashes:
    """One hash per sequence: the sum of its timesteps' hashes, each mixed with its position."""
    lengths = sequences.lengths
    if not len(sequences.numbers) and not any(map(len, sequences.categories)):
        return np.zeros(len(sequences), np.uint64)
    mixed = timestep_hashes(sequences)  # [timesteps]
    position = np.arange(len(mixed))
    position -= np.repeat(sequences.row_splits[:-1], lengths)
    factor = position.view(np.uint64)
    factor *= np.uint64(0x9E3779B97F4A7C15)
    factor |= np.uint64(1)
    # an odd factor per position, so that the same timesteps in another order give another sum
    with np.errstate(over="ignore"):
        mixed *= factor
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        del position, factor  # a file of a gigabyte leaves little room
        total = np.zeros(len(mixed) + 1, np.uint64)
        np.cumsum(mixed, out=total[1:])
        return np.asarray(total[sequences.row_splits[1:]] - total[sequences.row_splits[:-1]])


def timestep_hashes(sequences: Sequences) -> Hashes:
    names = [f"n{position}" for position in range(sequences.numbers.shape[1])]
    timesteps = int(sequences.row_splits[-1])
    hashes = np.zeros(timesteps, np.uint64)
    for start in range(0, timesteps, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, timesteps)
        frame = pl.DataFrame(sequences.numbers[start:stop], schema=names, orient="row")
        frame = frame.with_columns(
            series.slice(start, stop - start).alias(f"c{number}")
            for number, series in enumerate(sequences.categories)
        )
        hashes[start:stop] = row_hashes(frame)
    return hashes


def row_hashes(frame: pl.DataFrame) -> Hashes:
    """uint64 [rows]; polars takes -0.0 for 0.0 and every NaN for the same."""
    return frame.hash_rows(SEED).to_numpy()
