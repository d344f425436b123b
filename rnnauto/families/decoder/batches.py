"""Keep sources and answers on disk, and pad them to batches for teacher forcing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers, timestep_index
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
from rnnauto.data.encode import END, START
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.families.decoder.pairs import EncodedPairs

ARRAYS = ("answers", "answer_splits")


def save_pairs(folder: Path, pairs: EncodedPairs) -> None:
    """Save sources and answers, an array to a file."""
    save_encoded(folder, pairs.source)
    save_arrays(folder, pairs, ARRAYS)


def load_pairs(folder: Path) -> EncodedPairs:
    """Load sources and answers, memory-mapped as `load_encoded`."""
    arrays = (open_array(folder / f"{name}.npy") for name in ARRAYS)
    return EncodedPairs(load_encoded(folder), *arrays)


def training_pairs(
    pairs: EncodedPairs, chosen: Integers, *, size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Give one epoch in random order; batches hold sources and answers of about equal length."""
    examples = whole(pairs, chosen)
    lengths = both_lengths(pairs, examples)
    yield from in_random_order(
        examples, lengths, lambda some: pad_pairs(pairs, some), size=size, rng=rng
    )


def reading_pairs(pairs: EncodedPairs, examples: Examples, *, size: int) -> Iterator[Batch]:
    """Give every example once, shortest answers first."""
    lengths = both_lengths(pairs, examples)
    yield from shortest_first(examples, lengths, lambda some: pad_pairs(pairs, some), size=size)


def both_lengths(pairs: EncodedPairs, examples: Examples) -> NDArray[Any]:
    """Count the timesteps that are read of every source, and of its answer with the end of it,
    [examples, 2]."""
    return np.stack([examples.length, pairs.answer_lengths[examples.sequence] + 1], axis=1)


def pad_pairs(pairs: EncodedPairs, examples: Examples) -> Batch:
    """Pad the sources, and for teacher forcing the answers shifted by one token: `inputs` also
    holds `previous` int32 [batch, answer timesteps], the start token and the answer; targets are
    the answer and the end."""
    batch = pad(pairs.source, examples)
    lengths = pairs.answer_lengths[examples.sequence]
    steps = np.arange(int(lengths.max(initial=0)) + 1)
    real = steps < lengths[:, None]  # [batch, answer timesteps]; the last one is for the end
    answers = np.zeros(real.shape, np.int32)
    answers[real] = pairs.answers[timestep_index(pairs.answer_splits, examples.sequence)]
    previous = np.concatenate([np.full_like(answers[:, :1], START), answers[:, :-1]], axis=1)
    targets = np.where(real, answers, np.int32(MISSING_TARGET))
    targets[np.arange(len(lengths)), lengths] = END
    return Batch({**batch.inputs, "previous": previous}, targets, examples.sequence)
