"""Make copies of one sequence in which something is hidden: a stretch of timesteps, what comes
after one, or one of the static features."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Flags, Integers, splits_of
from rnnauto.data.encode import Encoders, NumberEncoder
from rnnauto.data.sequences import Sequences
from rnnauto.layout import Layout

UNKNOWN_TOKEN = "\ufffd"  # one token of any kind that no vocabulary should have
MOST_STRETCHES = 100  # of a sequence that are hidden one after the other
Spans = NDArray[np.int64]  # where stretches begin and end, [stretches, 2]


def stretches_of(timesteps: int, *, patch: int = 1, most: int = MOST_STRETCHES) -> Spans:
    """Cut a sequence into stretches of equal length, whole patches each, at most so many.

    `stretches_of(7, most=3).tolist() == [[0, 3], [3, 6], [6, 7]]`
    """
    steps = -(-timesteps // patch)
    width = patch * max(1, -(-steps // most))
    begins = np.arange(0, timesteps, width)
    return np.stack([begins, np.minimum(begins + width, timesteps)], axis=1).astype(np.int64)


def hidden(one: Sequences, spans: Spans, layout: Layout, encoders: Encoders[Any]) -> Sequences:
    """Make a copy for each stretch in which nothing is known of it: numbers are the mean of the
    train part, categories missing, tokens unknown."""
    timesteps = int(one.lengths[0])
    steps = np.arange(timesteps)
    mask = (spans[:, :1] <= steps) & (steps < spans[:, 1:])  # [copies, timesteps]
    copies = one.take(np.zeros(len(spans), np.int64), per_timestep=layout.per_timestep)
    numbers = np.array(copies.numbers)
    numbers[mask.ravel()] = usual(encoders.numbers)
    categories = tuple(blanked(column, mask.ravel()) for column in copies.categories)
    if layout.tokens is not None:
        categories = tuple(with_unknown(column, mask.ravel()) for column in copies.categories)
        copies = replace(copies, texts=texts_of(categories[0], copies.row_splits, layout))
    return replace(copies, numbers=numbers, categories=categories)


def without_statics(
    one: Sequences, layout: Layout, encoders: Encoders[Any]
) -> tuple[Sequences, list[str]]:
    """Make a copy for each static feature that does not have it, numbers first; returns their names
    too."""
    numbers, words = encoders.static_numbers, one.static_categories
    names = [each.name for each in numbers] + [column.name for column in words]
    copies = one.take(np.zeros(len(names), np.int64), per_timestep=layout.per_timestep)
    values = np.array(copies.static_numbers)
    at = np.arange(len(numbers))
    values[at, at] = usual(numbers)
    columns = []
    for place, column in enumerate(copies.static_categories):
        mask = np.arange(len(names)) == len(numbers) + place
        columns.append(blanked(column, mask))
    return replace(copies, static_numbers=values, static_categories=tuple(columns)), names


def prefixes(one: Sequences, ends: Integers, layout: Layout) -> Sequences:
    """Make a copy for each number of timesteps that ends there; of sequences that have one answer.

    Args:
        ends: at least 1 each.
    """
    copies = one.take(np.zeros(len(ends), np.int64), per_timestep=False)
    timesteps = int(one.lengths[0])
    kept = (np.arange(timesteps) < ends[:, None]).ravel()
    splits = splits_of(ends)
    categories = tuple(column.filter(pl.Series(kept)) for column in copies.categories)
    texts = copies.texts
    if layout.tokens is not None:
        texts = texts_of(categories[0], splits, layout)
    return replace(
        copies,
        rows=None if copies.rows is None else copies.rows[kept],
        row_splits=splits,
        numbers=copies.numbers[kept],
        categories=categories,
        texts=texts,
        times=None if copies.times is None else copies.times[kept],
    )


def usual(encoders: Sequence[NumberEncoder]) -> NDArray[np.float32]:
    """Give the mean of numbers in the train part, less the zero of each, [numbers]."""
    return np.array([encoder.mean for encoder in encoders], np.float32)


def blanked(column: pl.Series, mask: Flags) -> pl.Series:
    """Make categories missing, or sets of labels empty, where the mask says so."""
    empty = pl.lit([], dtype=column.dtype) if isinstance(column.dtype, pl.List) else pl.lit("")
    return changed(column, mask, empty)


def with_unknown(column: pl.Series, mask: Flags) -> pl.Series:
    return changed(column, mask, pl.lit(UNKNOWN_TOKEN))


def changed(column: pl.Series, mask: Flags, value: pl.Expr) -> pl.Series:
    there = pl.when(pl.Series(mask)).then(value).otherwise(column)
    return pl.select(there.alias(column.name)).to_series()


def texts_of(tokens: pl.Series, splits: Integers, layout: Layout) -> pl.Series:
    """Write texts that are cut into these tokens again."""
    between = "" if layout.tokens == "character" else " "
    words = tokens.to_list()
    pairs = zip(splits[:-1], splits[1:], strict=True)
    return pl.Series("text", [between.join(words[a:b]) for a, b in pairs], dtype=pl.String)
