"""Describe what a network reads and how it is shaped, as plain values: no Keras here."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rnnauto.data.encode import RESERVED, CategoryEncoder, Encoders, NumberEncoder

Loss = Literal[
    "classes",
    "labels",
    "values",
    "distances",
    "quantiles",
    "surprise",
    "class_shares",
    "label_shares",
]


@dataclass(frozen=True)
class Answer:
    """What the outputs of a network mean.

    Attributes:
        loss: one answer out of `classes`, a set of `labels`, `values`, values that are far from
            the truth by `distances`, `quantiles`, or the `surprise` at what is read itself; in
            training also how likely classes or labels are (`class_shares`, `label_shares`).
        widths: how many outputs belong to each target, side by side.
        unscored: so many of the values, at the end, say whether the answer is over.
        whole: whether an answer is all of its timesteps, and not the last alone.
        levels: of quantiles, rising.
        smoothing: share of a true class that is spread over all classes; 0 but in training.
    """

    loss: Loss
    widths: tuple[int, ...]
    unscored: int = 0
    whole: bool = False
    levels: tuple[float, ...] = ()
    smoothing: float = 0.0


class Statics(Protocol):
    """The static features that any network reads, be it of one family or another."""

    @property
    def static_numbers(self) -> int: ...

    @property
    def static_missing(self) -> tuple[int, ...]: ...

    @property
    def static_vocabularies(self) -> tuple[int, ...]: ...

    @property
    def static_sized(self) -> tuple[int, ...]: ...


class Numbers(Statics, Protocol):
    """The numbers of a timestep beside them."""

    @property
    def numbers(self) -> int: ...

    @property
    def missing(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class Features:
    """What a network reads, and how many outputs it has.

    Attributes:
        numbers: how many.
        missing: which of them have a missing indicator.
        vocabularies: the size of each.
        static_numbers, static_missing, static_vocabularies: the same of the static features.
        per_timestep: whether there is an answer for each timestep.
        words: which vocabularies are of tokens of which some are taken for unknown in training.
        vectors: of the vocabulary whose entries have word vectors its place, how many entries, the
            reserved ones included, are learnt too, and how many numbers a vector has; None where
            none has.
        sized, static_sized: of each vocabulary, of timesteps or static, the entries that its table
            is as wide as one of; empty: those that it has.
        gap: place, mean and deviation of the number that tells the time since the last timestep;
            None where none does.
    """

    numbers: int
    missing: tuple[int, ...]
    vocabularies: tuple[int, ...]
    static_numbers: int
    static_missing: tuple[int, ...]
    static_vocabularies: tuple[int, ...]
    outputs: int
    per_timestep: bool
    words: tuple[int, ...] = ()
    vectors: tuple[int, int, int] | None = None
    sized: tuple[int, ...] = ()
    static_sized: tuple[int, ...] = ()
    gap: tuple[int, float, float] | None = None


@dataclass(frozen=True)
class Architecture:
    """The hyperparameters that shape the graph; trials of equal shape share a compiled step.

    Attributes:
        lookback, scaling, transform: of forecasts.
        differencing: of forecasts, and of lists that go on from what is read.
        frame: how lists that go on from what is read see it.
        attention: how a decoder attends to its source.
        vectors: whether word vectors are `frozen` or `tuned`; `none`: there are none.
        convolution: filters that read neighbours before the recurrence; 0: none do.
        ngrams: so many tokens have the longest n-grams that the answer counts; 0: it counts none.
        gram_rows: of the table that these share.
        own_scale: whether each number is also read by the scale of its own sequence.
        filling: what a missing number is read as: the `mean`, or by `decay` what was last seen.
    """

    cell: str
    units: int
    layers: int
    patch: int
    pooling: str
    bidirectional: bool
    lookback: int = 0
    scaling: str = "none"
    transform: str = "none"
    differencing: str = "none"
    frame: str = "absolute"
    attention: str = "none"
    vectors: str = "none"
    convolution: int = 0
    ngrams: int = 0
    gram_rows: int = 0
    own_scale: bool = False
    filling: str = "mean"


def features_of(
    encoders: Encoders[Any], *, outputs: int, per_timestep: bool, made: int | None = None
) -> Features:
    """What the networks read of the columns that have these encoders.

    Args:
        made: channels that are made, not read, after those of the columns; None: those of times and
            positions.
    """
    return Features(
        numbers=len(encoders.numbers) + (len(encoders.made) if made is None else made),
        missing=with_missing(encoders.numbers),
        vocabularies=(
            *vocabulary_sizes(encoders.categories),
            *((len(encoders.moments) + RESERVED,) if encoders.moments else ()),
        ),
        static_numbers=len(encoders.static_numbers),
        static_missing=with_missing(encoders.static_numbers),
        static_vocabularies=vocabulary_sizes(encoders.static_categories),
        outputs=outputs,
        per_timestep=per_timestep,
        words=words_of(encoders),
        vectors=next(
            (
                (at, RESERVED + encoder.learnt, encoder.vector_width)
                for at, encoder in enumerate(encoders.categories)
                if encoder.learnt is not None
            ),
            None,
        ),
        sized=(
            *sized_entries(encoders.categories),
            *((len(encoders.moments) + RESERVED,) if encoders.moments else ()),
        ),
        static_sized=sized_entries(encoders.static_categories),
        gap=gap_of(encoders),
    )


def gap_of(encoders: Encoders[Any]) -> tuple[int, float, float] | None:
    """Find the number that tells the time since the last timestep, and its scale."""
    if encoders.gaps is None:
        return None
    place = len(encoders.numbers) + 2 * len(encoders.calendar)
    return (place, encoders.gaps.mean[0], encoders.gaps.deviation[0])


def vocabulary_sizes(encoders: tuple[CategoryEncoder, ...]) -> tuple[int, ...]:
    return tuple(len(encoder.vocabulary) + RESERVED for encoder in encoders)


def sized_entries(encoders: tuple[CategoryEncoder, ...]) -> tuple[int, ...]:
    """Count of each vocabulary the entries that its table is as wide as one of."""
    learnt = [len(each.vocabulary) if each.learnt is None else each.learnt for each in encoders]
    return tuple(
        RESERVED + (count if each.sized is None else each.sized)
        for each, count in zip(encoders, learnt, strict=True)
    )


def words_of(encoders: Encoders[Any]) -> tuple[int, ...]:
    viewed = {encoder.name for encoder in encoders.categories if encoder.view != "whole"}
    return tuple(
        at
        for at, encoder in enumerate(encoders.categories)
        if encoder.view == "whole" and (encoder.name in viewed or encoder.learnt is not None)
    )


def with_missing(encoders: tuple[NumberEncoder, ...]) -> tuple[int, ...]:
    return tuple(at for at, encoder in enumerate(encoders) if encoder.missing)
