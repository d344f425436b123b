"""Write encoded sequences to disk, and gather padded batches of them one at a time."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Sequences
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.data.views import in_blocks, is_view, let_go

ARRAYS = ("row_splits", "numbers", "codes", "static_numbers", "static_codes", "targets")
OF_SOME = ("vectors", "weights", "groups")  # where there are some
PLAIN = ("per_timestep", "moments", "beginnings")
SMALL_BYTES = 1 << 24  # of an array on disk that is read as a whole
LONGEST = 512  # timesteps above which aligned sequences train on windows
WINDOW = 256
WARM_UP = 64  # timesteps that are read on either side of a window, and not learnt from
EXAMPLES_KEPT = 1024  # whose pages of a file stay: by and by all would be touched
PADDED = count()  # batches so far
BUCKETED_BATCHES = 16  # batches that are sorted by length together
MOST_PADDING = 0.15  # share of the timesteps read in a batch of training

Made = TypeVar("Made")


class Ragged(Protocol):
    """Encoded sequences of any family, one after the other, that can be cut into examples."""

    @property
    def row_splits(self) -> Integers: ...

    @property
    def lengths(self) -> Integers: ...

    @property
    def per_timestep(self) -> bool: ...


@dataclass(frozen=True)
class Batch:
    """Examples that are read together, padded on the right.

    Attributes:
        inputs: what the network takes: numbers float32 [batch, timesteps, features], codes int32
            [batch, timesteps, categories], static_numbers, static_codes [batch, ...], length int32
            [batch].
        targets: [batch], or [batch, timesteps] padded as missing; one more axis with several
            targets or sets of labels.
        sequences: the number of each example's sequence, [batch].
        weights: how much each unit counts, float32 [batch], or [batch, timesteps]; None where all
            count the same.
        taught: what other networks say in the place of the targets, float32, as the network's
            outputs are, NaN where unknown; None where none are asked.
    """

    inputs: dict[str, NDArray[np.float32] | NDArray[np.int32]]
    targets: NDArray[np.int32] | Floats
    sequences: Integers
    weights: Floats | None = None
    taught: Floats | None = None


@dataclass(frozen=True)
class Examples:
    """Slices of stored timesteps, which become the rows of batches.

    Attributes:
        sequence: number of the sequence that is cut, [examples].
        start: first timestep, counted over all sequences, [examples].
        length: timesteps, [examples].
        before: so many of them, at the beginning, are only read, so that the state is what it would
            be in the middle of the recording, [examples]; None: none.
        after: the same at the end.
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


def save_encoded(folder: Path, encoded: Encoded) -> None:
    folder.mkdir(parents=True)
    save_arrays(folder, encoded, ARRAYS)
    save_arrays(folder, encoded, [name for name in OF_SOME if getattr(encoded, name) is not None])
    (folder / "meta.json").write_text(json.dumps({name: getattr(encoded, name) for name in PLAIN}))


def save_arrays(folder: Path, holder: object, names: Sequence[str]) -> None:
    """Write each of the named arrays, which are attributes of `holder`, into a file of its own."""
    for name in names:
        save_array(folder / f"{name}.npy", getattr(holder, name))


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array as `np.save` does; what a view stands for some rows at a time."""
    if not is_view(array):
        np.save(path, array, allow_pickle=False)
        return
    with path.open("wb") as file:
        descr = np.lib.format.dtype_to_descr(array.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in in_blocks(array):
            block.tofile(file)


def load_encoded(folder: Path) -> Encoded:
    """Open what `save_encoded` wrote, memory-mapped: a batch costs what it holds, whatever the size
    of the data."""
    arrays: dict[str, Any] = {name: open_array(folder / f"{name}.npy") for name in ARRAYS}
    for name in OF_SOME:
        if (folder / f"{name}.npy").exists():
            arrays[name] = open_array(folder / f"{name}.npy")
    meta = json.loads((folder / "meta.json").read_text())
    return Encoded(**arrays, **meta)


def stored_in(stored: Any, folder: Path) -> Any:
    """Give what was written into a folder with its arrays as they lie there: those that are large
    are memory-mapped."""
    found: dict[str, Any] = {}
    for field in fields(stored):
        value, path = getattr(stored, field.name), folder / f"{field.name}.npy"
        if is_dataclass(value) and not isinstance(value, type):
            found[field.name] = stored_in(value, folder)  # its arrays lie beside
        elif (isinstance(value, np.ndarray) or is_view(value)) and path.exists():
            found[field.name] = open_array(path)
    return replace(stored, **found)


def on_disk(sequences: Sequences, encoded: Any, folder: Path) -> Sequences:
    """Write the arrays of sequences that are views, and memory-map them where they are large.

    Args: encoded: what was made of the sequences and lies on disk already: where it has numbers,
        they begin with theirs.
    """
    if not sequences.viewed:
        return sequences
    folder.mkdir(exist_ok=True)
    found: dict[str, Any] = {}
    if hasattr(encoded, "numbers"):
        found["numbers"] = encoded.numbers[:, : sequences.numbers.shape[1]]
    for name in ("numbers", "rows", "times"):
        array = getattr(sequences, name)
        if array is not None and name not in found:
            save_array(folder / f"{name}.npy", array)
            found[name] = open_array(folder / f"{name}.npy")
    return replace(sequences, **found)


def open_array(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    # an empty file cannot be mapped by every platform; small arrays are faster in memory
    return np.array(array) if array.nbytes < SMALL_BYTES else array


def whole(encoded: Ragged, chosen: Integers) -> Examples:
    """Every chosen sequence as one example."""
    return Examples(chosen, encoded.row_splits[chosen], encoded.lengths[chosen])


def windows(encoded: Ragged, chosen: Integers, *, rng: np.random.Generator) -> Examples:
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


def with_beginnings(examples: Examples, *, rng: np.random.Generator) -> Examples:
    """Add of every sequence a beginning of random length, another one in each epoch.

    In the mean over epochs that is the loss of target replication (Lipton, Kale, Elkan and Wetzel
    2016, "Learning to diagnose with LSTM recurrent neural networks"): half of it at the end, half
    averaged over what came before.
    """
    long = np.flatnonzero(examples.length > 1)
    cut = examples.take(long)
    return joined(examples, replace(cut, length=rng.integers(1, np.maximum(cut.length, 2))))


def joined(examples: Examples, others: Examples) -> Examples:
    """Put others after examples; none of them is a window."""
    return Examples(
        np.concatenate([examples.sequence, others.sequence]),
        np.concatenate([examples.start, others.start]),
        np.concatenate([examples.length, others.length]),
    )


def in_chunks(encoded: Ragged, chosen: Integers, *, longest: int) -> Examples:
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


def buckets(
    examples: Examples, lengths: NDArray[Any], *, size: int, rng: np.random.Generator
) -> list[Integers]:
    """Deal examples out to batches: at most `size` of about equal length, and fewer where more than
    MOST_PADDING of what is read would be padding.

    Args:
        lengths: timesteps that are read of every example, [examples, 1], or [examples, 2] with
            those of its answer, by which they are put in order first.
    """
    order = rng.permutation(len(examples.length))
    span = size * BUCKETED_BATCHES
    batches = []
    for begin in range(0, len(order), span):
        bucket = order[begin : begin + span]
        bucket = bucket[by_length(lengths[bucket])]
        batches += [bucket[first:end] for first, end in cuts(lengths[bucket], size=size)]
    return batches


def by_length(lengths: NDArray[Any]) -> Integers:
    """The order that puts examples of about equal length together, by the last column first."""
    return np.asarray(np.lexsort(lengths.T), np.int64)


def own_lengths(examples: Examples) -> NDArray[Any]:
    """Timesteps that are read of every example, [examples, 1]."""
    return examples.length[:, None]


def training_batches(
    encoded: Encoded, chosen: Integers, *, size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """One epoch in random order; batches hold examples of about equal length."""
    examples = windows(encoded, chosen, rng=rng)
    if encoded.beginnings:
        examples = with_beginnings(examples, rng=rng)
    lengths = own_lengths(examples)
    yield from in_random_order(
        examples, lengths, lambda some: pad(encoded, some), size=size, rng=rng
    )


def in_random_order(
    examples: Examples,
    lengths: NDArray[Any],
    padded: Callable[[Examples], Batch],
    *,
    size: int,
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """Give every example once, in batches of about equal length that come in random order.

    Args:
        lengths: by which they are alike, [examples, lengths].
        padded: makes a batch of some of them.
    """
    batches = buckets(examples, lengths, size=size, rng=rng)
    for number in rng.permutation(len(batches)):
        yield padded(examples.take(batches[number]))


def shortest_first(
    examples: Examples,
    lengths: NDArray[Any],
    padded: Callable[[Examples], Made],
    *,
    size: int,
) -> Iterator[Made]:
    """Give every example once, in batches of `size`; the arguments are those of
    `in_random_order`."""
    order = by_length(lengths)
    for begin in range(0, len(order), size):
        yield padded(examples.take(order[begin : begin + size]))


def reading_batches(encoded: Encoded, examples: Examples, *, size: int) -> Iterator[Batch]:
    """Every example once, shortest first."""
    lengths = own_lengths(examples)
    yield from shortest_first(examples, lengths, lambda some: pad(encoded, some), size=size)


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


def pad(encoded: Encoded, examples: Examples, *, timesteps: int = 0) -> Batch:
    """Gather examples into arrays padded on the right to the longest of them, or to at least so
    many timesteps."""
    if next(PADDED) % max(1, EXAMPLES_KEPT // max(1, len(examples.length))) == 0:
        let_go(encoded.numbers, encoded.codes, encoded.targets)
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
    weights = None
    if encoded.weights is not None:
        weights = encoded.weights[at if encoded.per_timestep else examples.sequence]
    return Batch(inputs, targets, examples.sequence, weights)


def scored(examples: Examples, steps: NDArray[Any]) -> NDArray[np.bool_]:
    """Which timesteps count, [batch, timesteps]."""
    before = 0 if examples.before is None else examples.before[:, None]
    after = 0 if examples.after is None else examples.after[:, None]
    return np.asarray((steps >= before) & (steps < examples.length[:, None] - after))
