"""Count what lists of tokens differ in."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, splits_of

BLOCK = 1_024  # sequences that are compared at once
ABSENT = -1


class Paired(NamedTuple):
    """Lists of tokens beside each other, as numbers that are equal where the tokens are.

    Attributes:
        chosen: which pairs they are, [pairs].
        true, said: padded on the right, [pairs, tokens] each.
        lengths, written_lengths: of each, [pairs].
    """

    chosen: Integers
    true: Integers
    said: Integers
    lengths: Integers
    written_lengths: Integers


def paired(truth: pl.Series, written: pl.Series) -> Iterator[Paired]:
    """Give lists of tokens pair by pair, in blocks of about equal length."""
    lengths = truth.list.len().to_numpy().astype(np.int64)
    written_lengths = written.list.len().to_numpy().astype(np.int64)
    flat = as_numbers(truth, written)
    for chosen in blocks(np.maximum(lengths, written_lengths)):
        true = padded(flat[0], splits_of(lengths), chosen)
        said = padded(flat[1], splits_of(written_lengths), chosen)
        yield Paired(chosen, true, said, lengths[chosen], written_lengths[chosen])


def as_numbers(truth: pl.Series, written: pl.Series) -> tuple[Integers, Integers]:
    """Give the tokens of both as numbers that are equal where the tokens are, [tokens] each."""
    parts = [
        lists.filter(lists.list.len() > 0).explode().cast(pl.String) for lists in (truth, written)
    ]
    both = pl.concat([part.rename("token") for part in parts])
    numbers = both.rank("dense").to_numpy().astype(np.int64)
    return numbers[: len(parts[0])], numbers[len(parts[0]) :]


def blocks(lengths: Integers) -> Iterator[Integers]:
    """Give sequence numbers in blocks of about equal length."""
    order = np.argsort(lengths, kind="stable")
    for begin in range(0, len(order), BLOCK):
        yield order[begin : begin + BLOCK]


def padded(flat: Integers, row_splits: Integers, chosen: Integers) -> Integers:
    """Pad chosen lists, [sequences, longest]."""
    lengths = np.diff(row_splits)[chosen]
    steps = np.arange(int(lengths.max(initial=0)))
    real = steps < lengths[:, None]
    at = np.where(real, row_splits[chosen][:, None] + steps, 0)
    return np.where(real, flat[at], ABSENT) if flat.size else np.full(real.shape, ABSENT)


def edit_distances(a: Integers, b: Integers, a_lengths: Integers, b_lengths: Integers) -> Integers:
    """Compute the Levenshtein distance of every pair: insertions, deletions and substitutions,
    [pairs].

    Args:
        a, b: padded on the right, [pairs, tokens] each.
    """
    columns = np.arange(b.shape[1] + 1)
    row = np.tile(columns, (len(a), 1))  # distance of a's first tokens to each beginning of b
    result = row[np.arange(len(a)), b_lengths]
    for position in range(a.shape[1]):
        changed = row[:, :-1] + (a[:, position, None] != b)
        best = np.concatenate([row[:, :1] + 1, np.minimum(row[:, 1:] + 1, changed)], axis=1)
        # an insertion costs 1 more than the best so far: a running minimum along b
        row = np.minimum.accumulate(best - columns, axis=1) + columns
        result = np.where(a_lengths == position + 1, row[np.arange(len(a)), b_lengths], result)
    return np.asarray(result, np.int64)
