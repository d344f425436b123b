"""Keep sources and lists on disk, and pad them to batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.batches import (
    Batch,
    Examples,
    in_random_order,
    load_encoded,
    open_array,
    pad,
    save_arrays,
    save_encoded,
    shortest_first,
    whole,
)
from rnnauto.families.lists.encode import EncodedLists

ARRAYS = ("answers", "answer_splits", "ends")


def save_lists(folder: Path, lists: EncodedLists) -> None:
    """Save sources and answers, an array to a file."""
    save_encoded(folder, lists.source)
    save_arrays(folder, lists, ARRAYS)


def load_lists(folder: Path) -> EncodedLists:
    """Load sources and answers, memory-mapped as `load_encoded`."""
    answers, splits, ends = (open_array(folder / f"{name}.npy") for name in ARRAYS)
    return EncodedLists(load_encoded(folder), answers, splits, bool(ends))


def training_lists(
    lists: EncodedLists, chosen: Integers, *, size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Give one epoch in random order; batches hold sources and answers of about equal length."""
    examples = whole(lists, chosen)
    lengths = both_lengths(lists, examples)
    yield from in_random_order(
        examples, lengths, lambda some: pad_lists(lists, some), size=size, rng=rng
    )


def reading_lists(lists: EncodedLists, examples: Examples, *, size: int) -> Iterator[Batch]:
    """Give every example once, shortest answers first."""
    lengths = both_lengths(lists, examples)
    yield from shortest_first(examples, lengths, lambda some: pad_lists(lists, some), size=size)


def both_lengths(lists: EncodedLists, examples: Examples) -> NDArray[Any]:
    """Count the timesteps of every source, and of its answer, [examples, 2]."""
    return np.stack([examples.length, lists.answer_lengths[examples.sequence]], axis=1)


def pad_lists(lists: EncodedLists, examples: Examples) -> Batch:
    """Pad the sources and the answers: targets float32 [batch, timesteps, targets]. Where answers
    end by themselves one more says so: 1 at the end of an answer, 0 before and NaN after it."""
    batch = pad(lists.source, examples)
    return Batch(batch.inputs, truth_of(lists.take(examples.sequence)), examples.sequence)


def truth_of(lists: EncodedLists) -> Floats:
    """Pad answers, with their ends as one more target."""
    lengths = lists.answer_lengths
    timesteps = max(int(lengths.max(initial=0)), 1)
    if not lists.ends:
        return lists.padded(timesteps)
    steps = np.arange(timesteps)
    ends = np.where(steps < lengths[:, None], steps == lengths[:, None] - 1, np.nan)
    return np.concatenate([lists.padded(timesteps), ends[..., None]], axis=2).astype(np.float32)
