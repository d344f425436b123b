"""Encode for language modelling: a sequence's targets are its own timesteps, one later.

A token's input is the token before it, the start token before the first; texts that are rows of a
table are followed by an end token, which a single corpus is not. A set of labels is predicted from
the sets before it, the first one not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from rnnauto.arrays import Codes, Floats, Integers, splits_of
from rnnauto.data.encode import END, RESERVED, START, UNKNOWN, Encoded, Encoders, fit_categories
from rnnauto.data.grown import grown_encoders, with_new
from rnnauto.data.misfits import repeated, vocabulary_misfits
from rnnauto.data.sequences import Sequences
from rnnauto.data.split import FEW_SEQUENCES
from rnnauto.data.targets import look_up, set_items
from rnnauto.data.unanswered import Lost
from rnnauto.errors import DataError
from rnnauto.layout import Frozen, Layout
from rnnauto.reading.read import Table

if TYPE_CHECKING:
    from rnnauto.recipe import Split

MOST_VALIDATION = 1 << 15  # timesteps of a corpus
FEWEST_TOKENS = 1
FEWEST_SETS = 2  # one to see and one to predict


class NextToken(Frozen):
    """The token that follows.

    Attributes:
        outputs: counts the ids.
        ends: whether an end token follows every text.
    """

    outputs: int = Field(ge=1)
    ends: bool

    @property
    def unknown_output(self) -> int:
        """The output that stands for whatever is not in the vocabulary."""
        return UNKNOWN

    @property
    def widths(self) -> tuple[int, ...]:
        """Count the outputs of the network that belong to the token."""
        return (self.outputs,)


class NextSet(Frozen):
    """The set of labels that follows, in the order of the network's outputs."""

    labels: tuple[str, ...] = Field(min_length=1)

    @property
    def widths(self) -> tuple[int, ...]:
        """Count the outputs of the network that belong to the set."""
        return (len(self.labels),)


LanguageEncoders = Encoders[NextToken | NextSet]


@dataclass(frozen=True)
class LanguagePart:
    """Texts, or sequences of sets of labels, whose next timesteps a model tells.

    Attributes:
        lost: what cannot be answered, where that was looked for.
        table: what was read, of a file that is to be answered or judged.
    """

    sequences: Sequences
    layout: Layout
    encoders: LanguageEncoders
    lost: Lost | None = None
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def lengths(self) -> Integers:
        return self.sequences.lengths

    def take(self, chosen: Integers) -> "LanguagePart":
        """Keep the chosen sequences, in the order given."""
        return replace(self, sequences=self.sequences.take(chosen, per_timestep=True), lost=None)

    def encoded(self) -> Encoded:
        """Encode what a network reads of them, and what follows."""
        return encode_language(self.sequences, self.encoders)


def outputs_of(encoders: LanguageEncoders) -> int:
    """Count the numbers that a network gives for each timestep."""
    return sum(encoders.target.widths)


def usable(sequences: Sequences, layout: Layout) -> Sequences:
    """Take the sequences in which there is something to predict."""
    fewest = FEWEST_SETS if layout.label_sets else FEWEST_TOKENS
    long = np.flatnonzero(sequences.lengths >= fewest)
    if len(long) == len(sequences):
        return sequences
    return sequences.take(long, per_timestep=True)


def split_settings(wanted: "Split", sequences: Sequences) -> "Split":
    """Cut a corpus once: its head to learn from, then validation, its tail for the test.

    Of a long one no more is held out for validation than tells trials apart: what stands next to
    the tail is what the tail is most like, and to learn from.
    """
    if len(sequences) >= FEW_SEQUENCES or wanted.folds not in {"auto", 1}:
        return wanted
    share = MOST_VALIDATION / max(1, int(sequences.lengths.sum()))
    return wanted.model_copy(update={"folds": 1, "validation": min(wanted.validation, share)})


def fit_language(train: Sequences, layout: Layout, *, labels: tuple[str, ...]) -> LanguageEncoders:
    """Fit the vocabulary of the train part.

    Args:
        labels: every label of the file: which exist is part of the question; without label sets ().
    """
    categories = (
        () if layout.label_sets else fit_categories([layout.features[0].name], train.categories)
    )
    return Encoders(
        numbers=(),
        categories=categories,
        static_numbers=(),
        static_categories=(),
        target=NextSet(labels=labels)
        if layout.label_sets
        else NextToken(
            outputs=len(categories[0].vocabulary) + RESERVED, ends=layout.form != "text-corpus"
        ),
    )


def grown(old: LanguageEncoders, fresh: LanguageEncoders) -> LanguageEncoders:
    """Give encoders of before with the tokens or labels that only fresh ones know."""
    match old.target, fresh.target:
        case NextSet(labels=labels), NextSet(labels=others):
            return old.model_copy(update={"target": NextSet(labels=with_new(labels, others))})
        case NextToken() as target, _:
            encoders = grown_encoders(old, fresh, target)
            outputs = len(encoders.categories[0].vocabulary) + RESERVED
            return encoders.model_copy(
                update={"target": target.model_copy(update={"outputs": outputs})}
            )
    raise ValueError("a model of sets stays one")


def labels_of(*parts: Sequences) -> tuple[str, ...]:
    """List every label that the sets of some parts hold, numbers in their order."""
    labels = pl.concat([part.categories[0].explode().drop_nulls() for part in parts]).unique()
    as_numbers = labels.cast(pl.Float64, strict=False)
    order = labels.sort() if as_numbers.null_count() else labels.gather(as_numbers.arg_sort())
    return tuple(order.to_list())


def check_labels(sequences: Sequences, encoders: LanguageEncoders, source: str) -> None:
    """Check the labels of sets. Raises: DataError where a set holds a label that the model does not
    know, and so could not predict."""
    if not isinstance(encoders.target, NextSet):
        return
    unknown = [label for label in labels_of(sequences) if label not in encoders.target.labels]
    if unknown:
        listed = ", ".join(f"`{label}`" for label in unknown[:5])
        raise DataError(
            f"`{source}`: the model knows no label {listed}",
            hint="leave these labels out, or train again on data that holds them",
        )


def encode_language(sequences: Sequences, encoders: LanguageEncoders) -> Encoded:
    """Encode inputs and targets of every timestep; labels that the encoder lacks are left out."""
    match encoders.target:
        case NextSet(labels=labels):
            return encode_sets(sequences, labels)
        case NextToken(ends=ends):
            ids = token_ids(sequences, encoders)
            return encode_tokens(ids, sequences.row_splits, ends=ends)


def token_ids(sequences: Sequences, encoders: LanguageEncoders) -> Codes:
    """Look up the ids of tokens, int32 [timesteps]."""
    vocabulary = encoders.categories[0].vocabulary
    return look_up(sequences.categories[0], vocabulary, offset=RESERVED, absent=UNKNOWN)


def encode_tokens(ids: Codes, row_splits: Integers, *, ends: bool) -> Encoded:
    """Encode texts: `encode_tokens([7, 8], [0, 2], ends=True)` reads start, 7, 8 and predicts 7, 8,
    end."""
    if ends:
        ids = np.insert(ids, row_splits[1:], np.int32(END))
        row_splits = row_splits + np.arange(len(row_splits))
    before = np.roll(ids, 1)
    before[row_splits[:-1][np.diff(row_splits) > 0]] = START
    return plain_encoded(row_splits, codes=before[:, None], targets=ids)


def encode_sets(sequences: Sequences, labels: tuple[str, ...]) -> Encoded:
    """Encode sets as columns of 0 and 1: numbers float32 and targets int32, [timesteps, labels]."""
    there = multi_hot(sequences.categories[0], labels)
    first, last = sequences.row_splits[:-1], sequences.row_splits[1:] - 1
    some = sequences.lengths > 0
    is_input, is_target = np.ones(len(there), bool), np.ones(len(there), bool)
    is_input[last[some]] = False
    is_target[first[some]] = False
    lengths = np.maximum(sequences.lengths - 1, 0)
    return replace(
        plain_encoded(
            splits_of(lengths),
            codes=np.zeros((int(lengths.sum()), 0), np.int32),
            targets=there[is_target].astype(np.int32),
        ),
        numbers=there[is_input],
    )


def multi_hot(sets: pl.Series, labels: tuple[str, ...]) -> Floats:
    """Mark the labels of sets by 0 and 1, float32 [timesteps, labels]."""
    owner, items = set_items(sets)
    column = look_up(items, labels, offset=0, absent=-1)
    there = np.zeros((len(sets), len(labels)), np.float32)
    there[owner[column >= 0], column[column >= 0]] = 1.0
    return there


def plain_encoded(row_splits: Integers, *, codes: Codes, targets: NDArray[np.int32]) -> Encoded:
    sequences = len(row_splits) - 1
    return Encoded(
        row_splits=row_splits,
        numbers=np.zeros((len(targets), 0), np.float32),
        codes=codes,
        static_numbers=np.zeros((sequences, 0), np.float32),
        static_codes=np.zeros((sequences, 0), np.int32),
        targets=targets,
        per_timestep=True,
    )


def misfits(layout: Layout, encoders: LanguageEncoders) -> Iterator[str]:
    """List what of a layout and its encoders does not go together."""
    names = [column.name for column in layout.features]
    if len(names) != 1 or layout.static or list(layout.target) != names:
        yield "`layout` has other columns than the one that is read and predicted"
    if [encoder.name for encoder in encoders.categories] not in (names, []):
        yield f"`encoders.categories` are of another column than {names}"
    if encoders.numbers or encoders.static_numbers or encoders.static_categories:
        yield "`encoders` are of other columns than the one that is read and predicted"
    if encoders.calendar or encoders.moments or encoders.timed:
        yield "`encoders` read times, which a language model does not"
    yield from vocabulary_misfits("categories", encoders.categories)
    match encoders.target:
        case NextSet(labels=labels):
            yield from repeated("encoders.target", labels)
            if not layout.label_sets or encoders.categories:
                yield "`encoders.target` is of sets, and the layout is not"
        case NextToken(outputs=outputs):
            ids = [len(each.vocabulary) + RESERVED for each in encoders.categories]
            if layout.label_sets or ids != [outputs]:
                yield f"`encoders.target` has {outputs} outputs, the vocabulary {ids}"
