"""Encoders: fitted on the train part, stored in `model.json`, applied to every part alike.

Numbers stay raw here: the network itself standardises them, so that training and the SavedModel
share one piece of arithmetic.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from rnnauto.data.answer_tokens import TokensEncoder, fit_tokens
from rnnauto.data.layout import Frozen, Layout
from rnnauto.data.sequences import (
    Floats,
    Integers,
    Sequences,
    category_names,
    number_names,
    splits_of,
    timestep_index,
)

Codes = NDArray[np.int32]
RESERVED = 4  # pad, unknown, start, end: ids 0, 1, 2, 3
UNKNOWN = 1
START = 2
END = 3
MOST_ENTRIES = 20_000
MISSING_TARGET = -1


class NumberEncoder(Frozen):
    """Standardises one feature; `missing` adds an indicator for the values that are absent."""

    name: str
    mean: float
    deviation: float = Field(gt=0)
    missing: bool


class CategoryEncoder(Frozen):
    """Entry `i` of the vocabulary has id `RESERVED + i`; whatever is not in it is unknown."""

    name: str
    vocabulary: tuple[str, ...]


class LabelEncoder(Frozen):
    """Classes as text, in the order of the network's outputs; `kind` is how the file wrote them."""

    classes: tuple[str, ...] = Field(min_length=2)
    kind: Literal["text", "integer", "boolean", "number"]


class ValueEncoder(Frozen):
    """Standardises the target of a regression."""

    mean: float
    deviation: float = Field(gt=0)


class Encoders(Frozen):
    numbers: tuple[NumberEncoder, ...]
    categories: tuple[CategoryEncoder, ...]
    static_numbers: tuple[NumberEncoder, ...]
    static_categories: tuple[CategoryEncoder, ...]
    target: LabelEncoder | ValueEncoder | TokensEncoder

    @property
    def outputs(self) -> int:
        if isinstance(self.target, TokensEncoder):
            return RESERVED + len(self.target.vocabulary)
        return len(self.target.classes) if isinstance(self.target, LabelEncoder) else 1


@dataclass(frozen=True)
class Encoded:
    """What the network reads.

    Shapes: row_splits [sequences + 1]; numbers float32 [timesteps, features], raw, NaN where
    missing; codes int32 [timesteps, categories]; static_numbers float32 [sequences, features];
    static_codes int32 [sequences, categories]; targets int32 (MISSING_TARGET where absent) or
    float32 in data units (NaN where absent), [sequences] or, per timestep, [timesteps].
    """

    row_splits: Integers
    numbers: Floats
    codes: Codes
    static_numbers: Floats
    static_codes: Codes
    targets: NDArray[np.int32] | Floats
    per_timestep: bool

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> Integers:
        return np.diff(self.row_splits)

    def take(self, chosen: Integers) -> "Encoded":
        timesteps = timestep_index(self.row_splits, chosen)
        return replace(
            self,
            row_splits=splits_of(self.lengths[chosen]),
            numbers=self.numbers[timesteps],
            codes=self.codes[timesteps],
            static_numbers=self.static_numbers[chosen],
            static_codes=self.static_codes[chosen],
            targets=self.targets[timesteps if self.per_timestep else chosen],
        )


def fit_encoders(train: Sequences, layout: Layout, *, classes: pl.Series) -> Encoders:
    """Learn scales and vocabularies from the train part.

    Args:
        classes: every target of the file, missing ones included: which classes exist is part of
            the question, not something learnt, so that no part can hold a class without a number.
    """
    assert train.targets is not None
    return Encoders(
        numbers=fit_numbers(number_names(layout.features), train.numbers),
        categories=fit_categories(category_names(layout.features), train.categories),
        static_numbers=fit_numbers(number_names(layout.static), train.static_numbers),
        static_categories=fit_categories(category_names(layout.static), train.static_categories),
        target=fit_target(train.targets, layout, classes=classes),
    )


def fit_target(
    targets: pl.Series, layout: Layout, *, classes: pl.Series
) -> LabelEncoder | ValueEncoder | TokensEncoder:
    if layout.target_tokens is not None:
        return fit_tokens(targets, layout.target_tokens)
    if layout.task == "classification":
        return fit_labels(classes)
    return fit_values(target_floats(targets))


def fit_numbers(names: list[str], matrix: Floats) -> tuple[NumberEncoder, ...]:
    encoders = []
    for position, name in enumerate(names):
        known = matrix[:, position].astype(np.float64)
        known = known[~np.isnan(known)]
        mean = float(known.mean()) if known.size else 0.0
        deviation = float(known.std()) if known.size else 1.0
        # a constant leaves rounding noise of about 1e-7 of its size in float32
        if not deviation > 1e-6 * max(abs(mean), 1e-30):
            deviation = max(abs(mean), 1.0)
        missing = known.size < len(matrix)
        encoders.append(NumberEncoder(name=name, mean=mean, deviation=deviation, missing=missing))
    return tuple(encoders)


def fit_categories(names: list[str], columns: tuple[pl.Series, ...]) -> tuple[CategoryEncoder, ...]:
    """Vocabularies, most frequent entry first.

    Entries seen once become the unknown entry where there are many of them: its embedding is
    trained on what it will stand for.
    """
    encoders = []
    for name, column in zip(names, columns, strict=True):
        counts = (
            pl.DataFrame({"entry": column})
            .group_by("entry")
            .len()
            .sort(["len", "entry"], descending=[True, False])
        )
        if counts.height > 20:
            counts = counts.filter(pl.col("len") > 1)
        vocabulary = tuple(counts["entry"].head(MOST_ENTRIES).to_list())
        encoders.append(CategoryEncoder(name=name, vocabulary=vocabulary))
    return tuple(encoders)


def fit_labels(targets: pl.Series) -> LabelEncoder:
    kind: Literal["text", "integer", "boolean", "number"] = "text"
    if targets.dtype.is_integer():
        kind = "integer"
    elif targets.dtype == pl.Boolean:
        kind = "boolean"
    elif targets.dtype.is_float():
        kind = "number"
    classes = targets.drop_nulls().unique().sort()
    return LabelEncoder(classes=tuple(label_texts(classes).to_list()), kind=kind)


def label_texts(targets: pl.Series) -> pl.Series:
    """Labels as text, one spelling a class: 1.0 and 1 are the same."""
    if targets.dtype.is_float() and bool((targets.drop_nulls() % 1 == 0).all()):
        targets = targets.cast(pl.Int64)
    return targets.cast(pl.String)


def fit_values(values: Floats) -> ValueEncoder:
    known = values[~np.isnan(values)].astype(np.float64)
    deviation = float(known.std()) if known.size else 1.0
    return ValueEncoder(mean=float(known.mean()) if known.size else 0.0, deviation=deviation or 1.0)


def target_floats(targets: pl.Series) -> Floats:
    values = targets.cast(pl.Float64, strict=False).cast(pl.Float32, strict=False)
    return values.fill_null(float("nan")).to_numpy().astype(np.float32)


def encode(sequences: Sequences, encoders: Encoders, *, per_timestep: bool) -> Encoded:
    """Apply fitted encoders; without targets every target counts as missing."""
    units = len(sequences.numbers) if per_timestep else len(sequences)
    return Encoded(
        row_splits=sequences.row_splits,
        numbers=sequences.numbers,
        codes=encode_categories(sequences.categories, encoders.categories, len(sequences.numbers)),
        static_numbers=sequences.static_numbers,
        static_codes=encode_categories(
            sequences.static_categories, encoders.static_categories, len(sequences)
        ),
        targets=encode_targets(sequences.targets, encoders.target, units),
        per_timestep=per_timestep,
    )


def encode_categories(
    columns: tuple[pl.Series, ...], encoders: tuple[CategoryEncoder, ...], rows: int
) -> Codes:
    codes = np.empty((rows, len(columns)), np.int32)
    for position, (column, encoder) in enumerate(zip(columns, encoders, strict=True)):
        codes[:, position] = look_up(column, encoder.vocabulary, offset=RESERVED, absent=UNKNOWN)
    return codes


def encode_targets(
    targets: pl.Series | None, encoder: LabelEncoder | ValueEncoder | TokensEncoder, units: int
) -> NDArray[np.int32] | Floats:
    if isinstance(encoder, LabelEncoder):
        if targets is None:
            return np.full(units, MISSING_TARGET, np.int32)
        return look_up(label_texts(targets), encoder.classes, offset=0, absent=MISSING_TARGET)
    if isinstance(encoder, TokensEncoder):  # answers stand beside, see data/pairs.py
        return np.full(units, MISSING_TARGET, np.int32)
    if targets is None:
        return np.full(units, np.nan, np.float32)
    return target_floats(targets)


def look_up(column: pl.Series, entries: tuple[str, ...], *, offset: int, absent: int) -> Codes:
    """Position of every value among the entries, plus `offset`; `absent` where it is none."""
    codes = column.replace_strict(
        pl.Series(entries, dtype=pl.String),
        pl.Series(np.arange(len(entries), dtype=np.int32) + offset),
        default=absent,
        return_dtype=pl.Int32,
    )
    return codes.to_numpy()
