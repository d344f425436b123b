"""Find and count chunks (entities) of tags such as B-city, I-city, O: where they start and end.

As conlleval does it, and seqeval unless strict: IOB1, IOB2 and BIOES alike, and a chunk that begins
with an inside tag counts. BILOU's L and U are E and S.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Flags, Integers

TAG = re.compile(r"(?s)([BIESLU])(?:-(.*))?")
OUTSIDE = "O"
SAME = {"L": "E", "U": "S"}


@dataclass(frozen=True)
class Tags:
    """Classes read as tags: of each its letter (B, I, E, S or O) and the number of its type,
    [classes]."""

    letters: NDArray[np.str_]
    types: Integers


@dataclass(frozen=True)
class Chunks:
    """Chunks of tags in order: first timestep, last timestep and type, each [chunks]."""

    start: Integers
    end: Integers
    type: Integers

    def keys(self, timesteps: int) -> Integers:
        """A number for each chunk; equal where start, end and type are."""
        return (self.type * timesteps + self.start) * timesteps + self.end


def are_tags(classes: Sequence[str]) -> bool:
    """Whether classes look like tags of chunks: O or a letter with a type, and one that begins or
    goes on."""
    tags = [name for name in classes if name != OUTSIDE]
    matches = [TAG.fullmatch(name) for name in tags]
    typed = [match is not None and match[2] is not None for match in matches]
    plain = OUTSIDE in classes and {"B", "I"} & set(tags)
    if not tags or not all(matches) or not (all(typed) or plain):
        return False
    return any(name[0] in "BI" for name in tags)


def read_tags(classes: Sequence[str]) -> Tags:
    letters, kinds = [], []
    for name in classes:
        match = TAG.fullmatch(name) if name != OUTSIDE else None
        letters.append(SAME.get(match[1], match[1]) if match else OUTSIDE)
        kinds.append((match[2] or "") if match else "")
    numbers = {kind: number for number, kind in enumerate(sorted(set(kinds)))}
    return Tags(np.array(letters), np.array([numbers[kind] for kind in kinds], np.int64))


def find_chunks(codes: NDArray[np.integer], row_splits: Integers, tags: Tags) -> Chunks:
    """Chunks of consecutive sequences of tags.

    Args:
        codes: classes, [timesteps]; what is below 0 counts as outside.
    """
    real = codes >= 0
    letter = np.where(real, tags.letters[np.maximum(codes, 0)], OUTSIDE)
    kind = np.where(real, tags.types[np.maximum(codes, 0)], -1)
    first = np.zeros(len(codes), bool)
    first[row_splits[:-1][np.diff(row_splits) > 0]] = True
    before = np.where(first, OUTSIDE, np.roll(letter, 1))
    kind_before = np.where(first, -1, np.roll(kind, 1))
    starts = starts_at(before, letter, kind_before != kind)
    # a chunk also ends where its sequence does: one that another follows, or the last
    outside = np.full(1, OUTSIDE)
    after = np.where(np.append(first[1:], True), OUTSIDE, np.append(letter[1:], outside))
    kind_after = np.append(kind[1:], -1)
    ends = ends_before(letter, after, kind != kind_after)
    at = np.flatnonzero(starts)
    return Chunks(at, np.flatnonzero(ends), kind[at])


def starts_at(before: NDArray[np.str_], letter: NDArray[np.str_], differs: Flags) -> Flags:
    inside = np.isin(letter, ["I", "E"])
    alone = np.isin(before, ["E", "S", OUTSIDE])
    return np.asarray(
        np.isin(letter, ["B", "S"]) | (inside & alone) | ((letter != OUTSIDE) & differs)
    )


def ends_before(letter: NDArray[np.str_], after: NDArray[np.str_], differs: Flags) -> Flags:
    """Whether the chunk that holds a tag ends with it."""
    over = np.isin(after, ["B", "S", OUTSIDE])
    return np.asarray((letter != OUTSIDE) & (np.isin(letter, ["E", "S"]) | over | differs))


def chunk_counts(
    truth: NDArray[np.integer],
    predicted: NDArray[np.integer],
    row_splits: Integers,
    tags: Tags,
) -> tuple[Integers, Integers, Integers]:
    """Right, predicted and true chunks that start at each timestep, [timesteps] each."""
    timesteps = len(truth)
    true_chunks = find_chunks(truth, row_splits, tags)
    chunks = find_chunks(predicted, row_splits, tags)
    right = chunks.start[np.isin(chunks.keys(timesteps), true_chunks.keys(timesteps))]
    return (
        np.bincount(right, minlength=timesteps),
        np.bincount(chunks.start, minlength=timesteps),
        np.bincount(true_chunks.start, minlength=timesteps),
    )
