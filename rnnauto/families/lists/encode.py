"""Encode what is answered by lists: sources, and lists of numbers of other lengths."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from pydantic import Field

from rnnauto.arrays import Doubles, Floats, Integers, splits_of, timestep_index
from rnnauto.data.columns import flatten, number_names
from rnnauto.data.encode import (
    Encoded,
    Encoders,
    encode_sequences,
    fit_encoders,
    nothing_encoded,
)
from rnnauto.data.grown import grown_encoders
from rnnauto.data.misfits import MOST_TIMESTEPS, encoder_misfits
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.target_columns import is_struct
from rnnauto.data.targets import MISSING_TARGET, ValueEncoder, fit_values, target_floats
from rnnauto.data.unanswered import Lost
from rnnauto.layout import Frozen, Layout
from rnnauto.reading.read import Table

PLACES = frozenset({2, 3})  # targets that go on from what is read, and together are places


class ListTarget(Frozen):
    """What is known of the lists to answer.

    Attributes:
        each: of every target.
        longest: the timesteps of the longest list of the file.
        ends: whether lists differ in length, so that it is learnt where they end.
        continued: for each target the place among the numbers of a timestep whose last value it
            goes on from; -1 where it goes on from none.
        apart: whether the targets are no coordinates of a place.
    """

    names: tuple[str, ...] = Field(min_length=1)
    each: tuple[ValueEncoder, ...]
    longest: int = Field(ge=1)
    ends: bool
    continued: tuple[int, ...]
    apart: bool = False

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to each target, and to the end."""
        return (1,) * (len(self.each) + self.ends)

    @property
    def zeros(self) -> Doubles:
        """What is taken off each target, [targets]."""
        return np.array([encoder.zero for encoder in self.each], np.float64)

    @property
    def places(self) -> bool:
        """Whether the targets together say where something is that moves on."""
        return len(self.each) in PLACES and min(self.continued) >= 0 and not self.apart


ListEncoders = Encoders[ListTarget]


@dataclass(frozen=True)
class EncodedLists:
    """Sources, and the lists that answer them.

    Attributes:
        source: its targets are all missing.
        answers: less the zero of each target, NaN where missing, float32 [timesteps, targets].
        answer_splits: int64 [sequences + 1].
        ends: whether it is learnt where answers end.
    """

    source: Encoded
    answers: Floats
    answer_splits: Integers
    ends: bool

    def __len__(self) -> int:
        return len(self.source)

    @property
    def row_splits(self) -> Integers:
        return self.source.row_splits

    @property
    def lengths(self) -> Integers:
        """The true timesteps of every source, [sequences]."""
        return self.source.lengths

    @property
    def answer_lengths(self) -> Integers:
        """The timesteps of every answer, [sequences]."""
        return np.diff(self.answer_splits)

    @property
    def per_timestep(self) -> bool:
        """A source is never cut into windows."""
        return False

    @property
    def vectors(self) -> Floats | None:
        """The word vectors of what is read."""
        return self.source.vectors

    def take(self, chosen: Integers) -> "EncodedLists":
        """Keep the chosen sequences, in the order given."""
        return replace(
            self,
            source=self.source.take(chosen),
            answers=self.answers[timestep_index(self.answer_splits, chosen)],
            answer_splits=splits_of(self.answer_lengths[chosen]),
        )

    def padded(self, timesteps: int) -> Floats:
        """Pad, or cut, the answers: float32 [sequences, timesteps, targets], NaN after the end."""
        steps = np.arange(timesteps)
        real = steps < self.answer_lengths[:, None]
        padded = np.full((*real.shape, self.answers.shape[1]), np.nan, np.float32)
        at = self.answer_splits[:-1, None] + steps
        padded[real] = self.answers[at[real]]
        return padded


@dataclass(frozen=True)
class ListPart:
    """Sequences, or static features, that a model answers with lists of numbers.

    Attributes:
        lost: which of them cannot be answered, of a table that is to be; None else.
        table: what was read, of a file that is to be answered or judged.
    """

    sequences: Sequences
    layout: Layout
    encoders: ListEncoders
    lost: Lost | None = None
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def lengths(self) -> Integers:
        return self.sequences.lengths

    def take(self, chosen: Integers) -> "ListPart":
        """Keep the chosen sequences, in the order given."""
        sequences = self.sequences.take(chosen, per_timestep=False)
        return replace(self, sequences=sequences, lost=None)

    def lists(self) -> EncodedLists:
        """Encode what a network reads of them, and their true answers."""
        return encode_lists(self.sequences, self.encoders)


def fit_lists(train: Sequences, layout: Layout, *, every: Integers) -> ListEncoders:
    """Learn encoders from the train part.

    Args:
        every: the lengths of all lists of the file: how long an answer may be is part of the
            question, not something learnt.
    """
    columns = list_columns(targets_in(train))
    numbers = number_names(layout.features)
    continued = layout.continued or ("",) * len(columns)
    target = ListTarget(
        names=tuple(column.name for column in columns),
        each=tuple(
            fit_values(items_of(column, target.zero), target.zero)
            for column, target in zip(columns, layout.targets, strict=True)
        ),
        longest=max(int(every.max(initial=1)), 1),
        ends=len(np.unique(every)) > 1,
        continued=tuple(numbers.index(name) if name else -1 for name in continued),
        apart=not layout.are_places,
    )
    return fit_encoders(train, layout, target)


def grown(old: ListEncoders, fresh: ListEncoders) -> ListEncoders:
    """Give encoders of before with the words that only fresh ones know; longer lists are cut."""
    return grown_encoders(old, fresh, old.target)


def no_lists(encoders: ListEncoders) -> EncodedLists:
    """Make what a network reads of no sequence at all, and no answer."""
    source = nothing_encoded(encoders, np.zeros(0, np.int32), per_timestep=False)
    answers = np.zeros((0, len(encoders.target.names)), np.float32)
    return EncodedLists(source, answers, np.zeros(1, np.int64), encoders.target.ends)


def items_of(lists: pl.Series, zero: float) -> Floats:
    """The numbers of all lists less their zero, one after the other, NaN where missing, infinite or
    too large."""
    return target_floats(flatten(lists), zero)


def list_columns(targets: pl.Series) -> list[pl.Series]:
    """The lists of every target, [sequences] each."""
    return targets.struct.unnest().get_columns() if is_struct(targets) else [targets]


def list_lengths(targets: pl.Series) -> Integers:
    """The timesteps of every answer: of several targets those of the longest list, [sequences]."""
    lengths = [column.list.len().fill_null(0).to_numpy() for column in list_columns(targets)]
    return np.asarray(np.max(lengths, axis=0), np.int64)


def encode_lists(sequences: Sequences, encoders: ListEncoders) -> EncodedLists:
    """Apply fitted encoders; without targets every answer is empty."""
    none = np.full(len(sequences), MISSING_TARGET, np.int32)
    source = encode_sequences(sequences, encoders, none, per_timestep=False)
    targets, names, ends = sequences.targets, encoders.target.names, encoders.target.ends
    if targets is None:
        no_splits = np.zeros(len(sequences) + 1, np.int64)
        return EncodedLists(source, np.zeros((0, len(names)), np.float32), no_splits, ends)
    splits = splits_of(list_lengths(targets))
    answers = np.full((int(splits[-1]), len(names)), np.nan, np.float32)
    for at, column in enumerate(list_columns(targets)):
        lengths = column.list.len().fill_null(0).to_numpy().astype(np.int64)
        begins = splits[:-1] - splits_of(lengths)[:-1]  # how far each list has to move
        places = np.arange(int(lengths.sum())) + np.repeat(begins, lengths)
        answers[places, at] = items_of(column, encoders.target.each[at].zero)
    return EncodedLists(source, answers, splits, ends)


def misfits(layout: Layout, encoders: ListEncoders) -> Iterator[str]:
    """List what of a layout and its encoders does not go together."""
    yield from encoder_misfits(layout, encoders)
    target, names = encoders.target, [column.name for column in layout.targets]
    if list(target.names) != names or not len(target.each) == len(target.continued) == len(names):
        yield f"`encoders.target` is of {list(target.names)}, the layout has {names}"
    if not all(-1 <= place < len(encoders.numbers) for place in target.continued):
        yield f"`encoders.target.continued` is {list(target.continued)}"
    if target.longest > MOST_TIMESTEPS:
        yield f"`encoders.target.longest` is {target.longest}"
