"""Tell which rows belong together, so that they stay in one part: one walk, cut into windows."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers, splits_of
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.sequences import Sequences
from rnnauto.families.lists.encode import EncodedLists, ListTarget

STRETCH = 3  # timesteps that two windows of one recording share, and others do not
SEED = 11
LARGEST = 0.5  # share of the rows above which shared stretches tell no recordings apart


def groups_of(sequences: Sequences, lists: EncodedLists, target: ListTarget) -> Integers:
    """Number the groups of rows, int64 [sequences]: rows of equal inputs, of one id, and, where
    targets go on from what is read, rows that hold the same stretch of it."""
    rows = np.arange(len(sequences), dtype=np.int64)
    ids = sequences.ids.select(pl.struct(pl.all()).rank("dense")).to_series().to_numpy()
    keys = [(rows, duplicate_groups(sequences)), (rows, ids.astype(np.int64))]
    stretches = stretches_of(lists, target)
    if stretches is not None:
        groups = joined([*keys, stretches], len(rows))
        if np.bincount(groups).max(initial=0) <= max(LARGEST * len(rows), 1):
            return groups
    return joined(keys, len(rows))


def stretches_of(lists: EncodedLists, target: ListTarget) -> tuple[Integers, Integers] | None:
    """Hash what is read and what comes, some timesteps at a time: the row of each stretch and its
    hash; None where no target goes on from what is read."""
    continued = [at for at, column in enumerate(target.continued) if column >= 0]
    if not continued:
        return None
    columns = [target.continued[at] for at in continued]
    values, splits = one_after_other(lists, columns, continued)
    width = values.shape[1]
    owners = np.repeat(np.arange(len(lists)), np.diff(splits))
    begins = np.arange(max(len(values) - STRETCH + 1, 0))
    inside = owners[begins] == owners[begins + STRETCH - 1]
    begins = begins[inside]
    stretch = values[begins[:, None] + np.arange(STRETCH)].reshape(len(begins), STRETCH * width)
    moves = np.ptp(stretch.reshape(-1, STRETCH, width), axis=1).min(axis=1, initial=np.inf) > 0
    names = [f"v{at}" for at in range(STRETCH * width)]
    hashes = pl.DataFrame(stretch[moves], schema=names, orient="row").hash_rows(SEED)
    return owners[begins[moves]].astype(np.int64), hashes.to_numpy().view(np.int64)


def one_after_other(
    lists: EncodedLists, columns: list[int], targets: list[int]
) -> tuple[Floats, Integers]:
    """Put every answer after its source: float32 [timesteps, columns] and int64 [sequences + 1]."""
    both = np.stack([lists.lengths, lists.answer_lengths], axis=1)
    splits = splits_of(both.sum(axis=1))
    values = np.empty((int(splits[-1]), len(columns)), np.float32)
    first = np.zeros(len(values), bool)
    offsets = splits_of(both.reshape(-1))
    for begin, end in zip(offsets[:-1:2], offsets[1::2], strict=True):
        first[begin:end] = True
    values[first] = lists.source.numbers[:, columns]
    values[~first] = lists.answers[:, targets]
    return values, splits


def joined(keys: list[tuple[Integers, Integers]], count: int) -> Integers:
    """Number the groups of rows that a chain of equal keys joins, int64 [rows].

    Args:
        keys: pairs of rows and what each holds; keys of different pairs are never equal.
    """
    owners = np.concatenate([rows for rows, _ in keys])
    numbers: list[NDArray[np.int64]] = []
    begin = 0
    for _, held in keys:
        different, inverse = np.unique(held, return_inverse=True)
        numbers.append(inverse.reshape(-1) + begin)
        begin += len(different)
    places = np.concatenate(numbers)
    label = np.arange(count, dtype=np.int64)
    while True:
        least = np.full(begin, count, np.int64)
        np.minimum.at(least, places, label[owners])
        lower = label.copy()
        np.minimum.at(lower, owners, least[places])
        lower = lower[lower]  # twice as far at each pass
        if np.array_equal(lower, label):
            break
        label = lower
    return np.unique(label, return_inverse=True)[1].reshape(-1).astype(np.int64)
