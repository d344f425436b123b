"""Encode sequences and their targets as arrays, and hold the part that a model answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.encode import (
    Encoded,
    Encoders,
    encode_sequences,
    fit_encoders,
    nothing_encoded,
)
from rnnauto.data.grown import grown_encoders, grown_target
from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
    encode_targets,
    ends_of,
    fit_target,
    label_texts,
    set_items,
)
from rnnauto.data.unanswered import Lost
from rnnauto.data.views import places_of, values_at
from rnnauto.errors import DataError
from rnnauto.layout import Layout, Style
from rnnauto.reading.read import Table

DirectEncoders = Encoders[TargetEncoder]


@dataclass(frozen=True)
class DirectPart:
    """Sequences that a model answers.

    Attributes:
        frame: the table whose rows they are.
        lost: what cannot be answered, where that was looked for.
        table: what was read, of a file that is to be answered or judged.
    """

    frame: pl.DataFrame
    sequences: Sequences
    layout: Layout
    encoders: DirectEncoders
    lost: Lost | None = None
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def lengths(self) -> Integers:
        return self.sequences.lengths

    def take(self, chosen: Integers) -> "DirectPart":
        """Keep the chosen sequences, in the order given."""
        per_timestep = self.layout.per_timestep
        sequences = self.sequences.take(chosen, per_timestep=per_timestep)
        return replace(self, sequences=sequences, lost=None)

    def encoded(self) -> Encoded:
        """Encode what a network reads of them, and their targets."""
        return encode(self.sequences, self.encoders, per_timestep=self.layout.per_timestep)


def fit_direct(train: Sequences, layout: Layout, *, classes: pl.Series) -> DirectEncoders:
    """Learn encoders from the train part.

    Args:
        classes: every target of the file, missing ones included: which classes exist is part of
            the question, not something learnt, so that no part can hold a class without a number.
    """
    target = fit_target(
        targets_in(train),
        every=classes,
        classification=layout.task == "classification",
        answers=len(train) if layout.answer_ends else 0,
        zeros=[target.zero for target in layout.targets],
    )
    if isinstance(target, LabelSetEncoder):
        style = layout.styles.get(layout.target[0], Style())
        target = target.model_copy(update={"separator": style.separator})
    texts = layout.tokens == "word" and not layout.per_timestep
    views = texts or (layout.per_timestep and layout.tokens is None)
    return fit_encoders(train, layout, target, views=views)


def grown(old: DirectEncoders, fresh: DirectEncoders) -> DirectEncoders:
    """Give encoders of before with the words and classes that only fresh ones know."""
    return grown_encoders(old, fresh, grown_target(old.target, fresh.target))


def encode(sequences: Sequences, encoders: DirectEncoders, *, per_timestep: bool) -> Encoded:
    """Apply fitted encoders; without targets every target counts as missing."""
    units = len(sequences.numbers) if per_timestep else len(sequences)
    targets = encode_targets(sequences.targets, encoders.target, units)
    if isinstance(encoders.target, EndingValue):
        values = np.asarray(targets, np.float32)
        targets = np.stack([values, ends_of(values, len(sequences))], axis=1)
    encoded = encode_sequences(sequences, encoders, targets, per_timestep=per_timestep)
    words = tuple(column for column in sequences.categories if column.dtype == pl.String)
    return replace(encoded, words=words, weights=sequences.weights)


def no_units(layout: Layout, encoders: DirectEncoders) -> Encoded:
    """Make what a network reads of no sequence at all: every array has its columns and no row."""
    return nothing_encoded(encoders, np.zeros(0, np.int32), per_timestep=layout.per_timestep)


def outputs_of(encoders: DirectEncoders) -> int:
    """Count the numbers that a network gives for each unit."""
    return sum(encoders.target.widths)


def each_target(target: TargetEncoder) -> Sequence[TargetEncoder]:
    """List the encoder of every target of the layout."""
    return target.each if isinstance(target, SeveralTargets) else (target,)


def text_targets(layout: Layout, encoders: DirectEncoders) -> dict[str, tuple[str, ...]]:
    """List the targets that are text in any table, whatever the cells of that one look like, with
    the classes of each."""
    return {
        column.name: encoder.classes
        for column, encoder in zip(layout.targets, each_target(encoders.target), strict=True)
        if isinstance(encoder, LabelEncoder) and encoder.kind == "text"
    }


def check_classes(part: DirectPart, source: str) -> None:
    """Check that the model knows every class of the targets. Raises: DataError where a target holds
    a class that the model does not know."""
    target, targets = part.encoders.target, targets_in(part.sequences)
    several = isinstance(target, SeveralTargets)
    columns = targets.struct.unnest().get_columns() if several else [targets]
    for column, encoder, labels in zip(
        part.layout.targets, each_target(target), columns, strict=True
    ):
        unknown = unknown_labels(labels, encoder)
        if len(unknown):
            first = unknown.unique(maintain_order=True).head(5)
            listed = ", ".join(f"`{label}`" for label in first)
            raise DataError(
                f"`{source}`, column `{column.name}`: the model knows no class {listed} "
                f"({len(unknown):,} targets)",
                hint="leave these rows out, or train again on data that holds the class",
            )


def unknown_labels(labels: pl.Series, encoder: TargetEncoder) -> pl.Series:
    """Find the labels, as texts, that an encoder lacks; none where it is of numbers."""
    match encoder:
        case LabelEncoder(classes=known):
            texts = label_texts(labels.drop_nulls())
        case LabelSetEncoder(labels=known):
            texts = label_texts(set_items(labels)[1].drop_nulls())
        case ValueEncoder() | EndingValue() | SeveralTargets():
            return pl.Series([], dtype=pl.String)
    return texts.filter(~texts.is_in(list(known)))


def answers_of(part: DirectPart, answers: NDArray[Any], chosen: Integers) -> NDArray[Any]:
    """Pick the answers to the chosen sequences of a part, [units, ...]."""
    if not part.layout.per_timestep:
        return answers[chosen]
    return values_at(answers, places_of(part.sequences.row_splits, chosen))
