"""Ragged storage on disk, and padded batches gathered from it one at a time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers, timestep_index
from rnnauto.data.encode import END, START, Encoded
from rnnauto.data.pairs import EncodedPairs
from rnnauto.data.series import EncodedSeries
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.data.windows import (
    epoch_of,
    load_series,
    save_series,
    training_units,
    window_inputs,
    window_targets,
)

Stored = Encoded | EncodedPairs | EncodedSeries  # what trials of any family learn from
ARRAYS = ("row_splits", "numbers", "codes", "static_numbers", "static_codes", "targets")
PAIR_ARRAYS = ("answers", "answer_splits")
LONGEST = 512  # timesteps above which aligned sequences train on windows
WINDOW = 256
WARM_UP = 64  # timesteps that are read on either side of a window, and not learnt from
BUCKETED_BATCHES = 16  # batches that are sorted by length together
MOST_PADDING = 0.15  # share of the timesteps read in a batch of training


@dataclass(frozen=True)
class Batch:
    """Right-padded examples. `inputs` holds what the network takes; targets are padded as missing.

    inputs: numbers float32 [batch, timesteps, features], codes int32 [batch, timesteps,
    categories], static_numbers, static_codes [batch, ...], length int32 [batch];
    targets [batch], or [batch, timesteps]; one more axis with several targets or sets of labels.
    For a decoder `inputs` also holds `previous` int32 [batch, answer timesteps], the start token
    and the answer; targets are the answer and the end.
    """

    inputs: dict[str, NDArray[np.float32] | NDArray[np.int32]]
    targets: NDArray[np.int32] | Floats
    sequences: Integers


@dataclass(frozen=True)
class Examples:
    """Slices of stored timesteps: sequence number, first timestep and length, each [examples].

    Of the timesteps, the first `before` and the last `after` are only read, so that the state is
    what it would be in the middle of the recording; None: none.
    """

    sequence: Integers
    start: Integers
    length: Integers
    before: Integers | None = None
    after: Integers | None = None

    def take(self, chosen: Integers) -> "Examples":
        return Examples(
            self.sequence[chosen],
            self.start[chosen],
            self.length[chosen],
            None if self.before is None else self.before[chosen],
            None if self.after is None else self.after[chosen],
        )


def save_encoded(folder: Path, encoded: Stored) -> None:
    if isinstance(encoded, EncodedSeries):
        return save_series(folder, encoded)
    folder.mkdir(parents=True)
    if isinstance(encoded, EncodedPairs):
        for name in PAIR_ARRAYS:
            np.save(folder / f"{name}.npy", getattr(encoded, name), allow_pickle=False)
        encoded = encoded.source
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", getattr(encoded, name), allow_pickle=False)
    (folder / "meta.json").write_text(
        json.dumps({"per_timestep": encoded.per_timestep, "moments": encoded.moments})
    )
    return None


def load_encoded(folder: Path) -> Stored:
    """Memory-mapped: a batch costs what it holds, whatever the size of the data."""
    if (folder / "windows.json").is_file():
        return load_series(folder)
    arrays: dict[str, Any] = {name: open_array(folder / f"{name}.npy") for name in ARRAYS}
    meta = json.loads((folder / "meta.json").read_text())
    encoded = Encoded(**arrays, **meta)
    if not (folder / f"{PAIR_ARRAYS[0]}.npy").exists():
        return encoded
    return EncodedPairs(encoded, *(open_array(folder / f"{name}.npy") for name in PAIR_ARRAYS))


def open_array(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    # an empty file cannot be mapped by every platform; small arrays are faster in memory
    return np.array(array) if array.nbytes < 1 << 24 else array


def whole(encoded: Encoded | EncodedPairs, chosen: Integers) -> Examples:
    """Every chosen sequence as one example."""
    return Examples(chosen, encoded.row_splits[chosen], encoded.lengths[chosen])


def windows(
    encoded: Encoded | EncodedPairs, chosen: Integers, *, rng: np.random.Generator
) -> Examples:
    """Training examples of one epoch: whole sequences, the long ones of aligned targets cut up.

    The first cut falls at a random place, so that epochs see different windows. A window is read
    from WARM_UP timesteps before it to WARM_UP after it: a network that always started from nothing
    would not know a recording's middle (the burn-in of Kapturowski et al. 2019).
    """
    examples = whole(encoded, chosen)
    if not encoded.per_timestep or not (examples.length > LONGEST).any():
        return examples
    pieces = []
    for sequence, start, length in zip(
        examples.sequence, examples.start, examples.length, strict=True
    ):
        first = int(rng.integers(1, WINDOW + 1)) if length > LONGEST else int(length)
        bounds = np.unique(np.append(np.arange(first, length, WINDOW), [0, length]))
        before = np.minimum(bounds[:-1], WARM_UP)
        after = np.minimum(length - bounds[1:], WARM_UP)
        read = np.diff(bounds) + before + after
        owner = np.full(len(read), sequence)
        pieces.append((owner, start + bounds[:-1] - before, read, before, after))
    return Examples(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def in_chunks(encoded: Encoded | EncodedPairs, chosen: Integers, *, longest: int) -> Examples:
    """Every timestep of the chosen sequences once, in slices of at most `longest`."""
    examples = whole(encoded, chosen)
    if not encoded.per_timestep or not (examples.length > longest).any():
        return examples
    counts = np.maximum(-(-examples.length // longest), 1)
    owner = np.repeat(np.arange(len(chosen)), counts)
    offset = (np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)) * longest
    return Examples(
        examples.sequence[owner],
        examples.start[owner] + offset,
        np.minimum(examples.length[owner] - offset, longest),
    )


def training_batches(
    encoded: Stored, chosen: Integers, *, size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """One epoch in random order; batches hold examples of about equal length."""
    if isinstance(encoded, EncodedSeries):
        yield from window_batches(encoded, epoch_of(chosen, rng=rng), size=size)
        return
    examples = windows(encoded, chosen, rng=rng)
    batches = buckets(encoded, examples, size=size, rng=rng)
    for number in rng.permutation(len(batches)):
        yield pad(encoded, examples.take(batches[number]))


def buckets(
    encoded: Encoded | EncodedPairs, examples: Examples, *, size: int, rng: np.random.Generator
) -> list[Integers]:
    """Which examples are read together: at most `size`, of about equal length, and fewer where
    more than MOST_PADDING of what is read would be padding."""
    order = rng.permutation(len(examples.length))
    span = size * BUCKETED_BATCHES
    batches = []
    for begin in range(0, len(order), span):
        bucket = order[begin : begin + span]
        bucket = bucket[by_length(encoded, examples.take(bucket))]
        lengths = read_lengths(encoded, examples.take(bucket))
        batches += [bucket[first:end] for first, end in cuts(lengths, size=size)]
    return batches


def read_lengths(encoded: Encoded | EncodedPairs, examples: Examples) -> NDArray[Any]:
    """Timesteps that are read of every example, [examples, 1]; [examples, 2] with those of its
    answer and the end of it."""
    columns = [examples.length]
    if isinstance(encoded, EncodedPairs):
        columns.append(encoded.answer_lengths[examples.sequence] + 1)
    return np.stack(columns, axis=1)


def cuts(lengths: NDArray[Any], *, size: int) -> Iterator[tuple[int, int]]:
    """First and end of every batch, of examples that lie in order of length."""
    first, read, longest = 0, 0, [0] * lengths.shape[1]
    for at, row in enumerate(lengths.tolist()):
        longer = [max(pair) for pair in zip(longest, row, strict=True)]
        padded = (at - first + 1) * sum(longer)
        if at - first == size or padded - read - sum(row) > MOST_PADDING * padded:
            yield first, at
            first, read, longer = at, 0, row
        read, longest = read + sum(row), longer
    if len(lengths):
        yield first, len(lengths)


def window_batches(encoded: EncodedSeries, chosen: Integers, *, size: int) -> Iterator[Batch]:
    """Every window once, in the order given; targets as `window_targets` has them."""
    units = training_units(encoded)
    for begin in range(0, len(chosen), size):
        part = chosen[begin : begin + size]
        yield Batch(window_inputs(encoded, part), window_targets(encoded, part, units), part)


def by_length(encoded: Encoded | EncodedPairs, examples: Examples) -> Integers:
    """The order that puts examples of about equal length together, answers first."""
    if isinstance(encoded, EncodedPairs):
        return np.lexsort((examples.length, encoded.answer_lengths[examples.sequence]))
    return np.argsort(examples.length, kind="stable")


def reading_batches(
    encoded: Encoded | EncodedPairs, examples: Examples, *, size: int
) -> Iterator[Batch]:
    """Every example once, shortest first."""
    order = by_length(encoded, examples)
    for begin in range(0, len(order), size):
        yield pad(encoded, examples.take(order[begin : begin + size]))


def pad(encoded: Encoded | EncodedPairs, examples: Examples, *, timesteps: int = 0) -> Batch:
    """Gather examples into arrays padded on the right to the longest of them, or to at least so
    many timesteps."""
    if isinstance(encoded, EncodedPairs):
        return pad_pairs(encoded, examples)
    timesteps = max(timesteps, int(examples.length.max(initial=0)))
    steps = np.arange(timesteps)
    real = steps < examples.length[:, None]  # [batch, timesteps]
    at = np.where(real, examples.start[:, None] + steps, 0)
    inputs: dict[str, NDArray[np.float32] | NDArray[np.int32]] = {
        "length": examples.length.astype(np.int32)
    }
    if encoded.numbers.shape[1]:
        inputs["numbers"] = np.where(real[..., None], encoded.numbers[at], np.float32(0))
    if encoded.codes.shape[1]:
        inputs["codes"] = np.where(real[..., None], encoded.codes[at], np.int32(0))
    if encoded.static_numbers.shape[1]:
        inputs["static_numbers"] = np.asarray(encoded.static_numbers[examples.sequence])
    if encoded.static_codes.shape[1]:
        inputs["static_codes"] = np.asarray(encoded.static_codes[examples.sequence])
    if encoded.per_timestep:
        integers = np.issubdtype(encoded.targets.dtype, np.integer)
        missing = np.int32(MISSING_TARGET) if integers else np.float32("nan")
        stored = encoded.targets[at]
        learnt = scored(examples, steps)
        targets = np.where(learnt if stored.ndim == 2 else learnt[..., None], stored, missing)
    else:
        targets = np.asarray(encoded.targets[examples.sequence])
    return Batch(inputs=inputs, targets=targets, sequences=examples.sequence)


def scored(examples: Examples, steps: NDArray[Any]) -> NDArray[np.bool_]:
    """Which timesteps count, [batch, timesteps]."""
    before = 0 if examples.before is None else examples.before[:, None]
    after = 0 if examples.after is None else examples.after[:, None]
    return np.asarray((steps >= before) & (steps < examples.length[:, None] - after))


def pad_pairs(pairs: EncodedPairs, examples: Examples) -> Batch:
    """The sources, and for teacher forcing the answers shifted by one token."""
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
