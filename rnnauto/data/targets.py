"""Fit encoders of the targets, and turn what is predicted into numbers and back.

They are stored in `model.json`.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from rnnauto.arrays import LARGEST, Codes, Doubles, Floats, Integers, splits_of
from rnnauto.data.columns import floats_of
from rnnauto.data.decisions import Decided, Matrix, decided
from rnnauto.data.settling import Early
from rnnauto.data.tag_order import Order, likeliest, order_of
from rnnauto.errors import RecipeError
from rnnauto.layout import Frozen

MISSING_TARGET = -1
SHOWN_CLASSES = 8
LabelKind = Literal["text", "integer", "boolean", "number"]


class LabelEncoder(Decided):
    """Classes as text, in the order of the network's outputs.

    Attributes:
        kind: how the file wrote them.
        early: how they are answered before a sequence ends; None: they are not.
        tags_in_order: whether they are tags of chunks that are answered in order, the likeliest way
            through a sequence (`data/tag_order.py`).
        follows: what is added to the log probability of each tag behind each other one, and, in the
            last row, at the begin, where tags are answered in order, [classes + 1, classes]; None:
            nothing is.
    """

    kind: LabelKind
    early: Early | None = None
    tags_in_order: bool = False
    follows: Matrix | None = None

    @model_validator(mode="after")
    def follows_is_of_the_classes(self) -> Self:
        count = len(self.classes)
        if self.follows is not None and (
            len(self.follows) != count + 1 or any(len(row) != count for row in self.follows)
        ):
            raise ValueError("`follows` is of other classes")
        return self

    @property
    def order(self) -> Order:
        """What each of the classes may follow, where they are tags that are answered in order."""
        return order_of(self.classes, self.follows)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to each target."""
        return (len(self.classes),)

    def answered(self, chances: NDArray[Any], row_splits: Integers | None) -> Integers:
        """Answer a class for each unit, [units].

        Args:
            chances: probabilities, [units, classes].
            row_splits: of the sequences of the units; None: each unit is answered by itself.
        """
        if self.tags_in_order and row_splits is not None:
            return likeliest(chances, row_splits, self.classes, self.follows)
        return decided(chances, self.worth)


class ValueEncoder(Frozen):
    """Standardises the target of a regression.

    Attributes:
        mean, deviation: of the values less `zero`.
        zero: what is taken off the values in float64, as of a column of the layout.
    """

    mean: float = Field(allow_inf_nan=False)
    zero: float = Field(default=0.0, allow_inf_nan=False)
    deviation: float = Field(gt=0, allow_inf_nan=False)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to each target."""
        return (1,)


class LabelSetEncoder(Frozen):
    """Labels of which any number can be right at once, in the order of the network's outputs;
    `separator` is what stands between them in the file, empty for JSON arrays."""

    labels: tuple[str, ...] = Field(min_length=1)
    kind: LabelKind
    separator: str = ""

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to each target."""
        return (len(self.labels),)


class SeveralTargets(Frozen):
    """One encoder per target, all of one kind; the network's outputs stand side by side."""

    names: tuple[str, ...] = Field(min_length=2)
    each: tuple[LabelEncoder | ValueEncoder, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to each target."""
        return tuple(width for target in self.each for width in target.widths)


class EndingValue(Frozen):
    """The numbers of an answer that ends by itself; `end` is that of 1.0 at its last, else 0.0."""

    value: ValueEncoder
    end: ValueEncoder

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to each target."""
        return (1, 1)


TargetEncoder = LabelEncoder | ValueEncoder | LabelSetEncoder | SeveralTargets | EndingValue


def early_of(encoder: TargetEncoder) -> Early | None:
    """How a class is answered before a sequence ends; None where it is not."""
    return encoder.early if isinstance(encoder, LabelEncoder) else None


def value_encoders(encoder: TargetEncoder) -> tuple[ValueEncoder, ...]:
    """The encoders of a regression's targets; none for a classification."""
    if isinstance(encoder, EndingValue):
        return encoder.value, encoder.end
    each = encoder.each if isinstance(encoder, SeveralTargets) else (encoder,)
    return tuple(target for target in each if isinstance(target, ValueEncoder))


def fit_target(
    train: pl.Series,
    *,
    every: pl.Series,
    classification: bool,
    answers: int = 0,
    zeros: Sequence[float] = (),
) -> TargetEncoder:
    """Learn how targets become numbers.

    Args:
        train: targets of the train part, [units]: a struct where there are several targets, lists
            where there are sets of labels.
        every: targets of all parts: which classes exist is part of the question, not something
            learnt, so that no part can hold a class without a number.
        answers: how many answers the targets belong to, where these end by themselves.
        zeros: what is taken off each target, where these are values; empty: nothing.
    """
    zero = zeros[0] if zeros else 0.0
    if answers:
        values = target_floats(train, zero)
        value = fit_values(values, zero)
        return EndingValue(value=value, end=fit_values(ends_of(values, answers)))
    if isinstance(train.dtype, pl.Struct):
        names = [field.name for field in train.dtype.fields]
        encoders = [
            fit_single(
                train.struct.field(name),
                every.struct.field(name),
                classes=classification,
                zero=zero,
            )
            for name, zero in zip(names, zeros or (0.0,) * len(names), strict=True)
        ]
        return SeveralTargets(names=tuple(names), each=tuple(encoders))
    if isinstance(train.dtype, pl.List):
        return fit_label_set(every)
    return fit_single(train, every, classes=classification, zero=zero)


def fit_single(
    train: pl.Series, every: pl.Series, *, classes: bool, zero: float
) -> LabelEncoder | ValueEncoder:
    return fit_labels(every) if classes else fit_values(target_floats(train, zero), zero)


def fit_labels(targets: pl.Series) -> LabelEncoder:
    classes = targets.drop_nulls().unique().sort()
    return LabelEncoder(classes=tuple(label_texts(classes).to_list()), kind=kind_of(targets.dtype))


def fit_label_set(targets: pl.Series) -> LabelSetEncoder:
    """Args: targets: lists of labels, [units]."""
    items = targets.drop_nulls().explode().drop_nulls()
    labels = label_texts(items.unique().sort())
    return LabelSetEncoder(labels=tuple(labels.to_list()), kind=kind_of(items.dtype))


def kind_of(dtype: pl.DataType) -> LabelKind:
    if dtype.is_integer():
        return "integer"
    if dtype == pl.Boolean:
        return "boolean"
    return "number" if dtype.is_float() else "text"


def label_texts(targets: pl.Series) -> pl.Series:
    """Labels as text, one spelling a class: 1.0 and 1 are the same."""
    if targets.dtype.is_float() and bool((targets.drop_nulls() % 1 == 0).all()):
        targets = targets.cast(pl.Int64)
    return targets.cast(pl.String)


def fit_values(values: Floats, zero: float = 0.0) -> ValueEncoder:
    """Args: values: less the zero."""
    known = values[~np.isnan(values)].astype(np.float64)
    mean, deviation = (float(known.mean()), float(known.std())) if known.size else (0.0, 1.0)
    return ValueEncoder(mean=mean, deviation=deviation or 1.0, zero=zero)


def target_floats(targets: pl.Series, zero: float = 0.0) -> Floats:
    """Values less their zero, float32 [units], NaN where missing or beyond float32."""
    return floats_of([targets], np.array([zero]))[:, 0]


def zeros_in(encoder: TargetEncoder) -> Doubles:
    """What is taken off each of a regression's targets, [targets]; the end of an answer has 0."""
    return np.array([value.zero for value in value_encoders(encoder)], np.float64)


def encode_targets(targets: pl.Series | None, encoder: TargetEncoder, units: int) -> Codes | Floats:
    """Targets as the losses take them; without any, all count as missing.

    Returns: classes int32 [units], MISSING_TARGET where absent or unknown; values float32 [units],
    less their zero, NaN where absent; labels int32 [units, labels], 1 where in the set, 0 where
    not, MISSING_TARGET where there is no set; several targets: [units, targets].
    """
    match encoder:
        case LabelEncoder():
            if targets is None:
                return np.full(units, MISSING_TARGET, np.int32)
            return look_up(label_texts(targets), encoder.classes, offset=0, absent=MISSING_TARGET)
        case ValueEncoder():
            if targets is None:
                return np.full(units, np.nan, np.float32)
            return target_floats(targets, encoder.zero)
        case LabelSetEncoder():
            return encode_label_sets(targets, encoder, units)
        case SeveralTargets():
            columns = [
                encode_targets(
                    None if targets is None else targets.struct.field(name), target, units
                )
                for name, target in zip(encoder.names, encoder.each, strict=True)
            ]
            stacked: NDArray[Any] = np.stack(columns, axis=1)
            return stacked
        case EndingValue():  # where they end: families/direct/encode.py
            return encode_targets(targets, encoder.value, units)


def encode_label_sets(targets: pl.Series | None, encoder: LabelSetEncoder, units: int) -> Codes:
    """Sets as 0 and 1 per label, int32 [units, labels]; labels that are not known are left out."""
    shape = (units, len(encoder.labels))
    if targets is None:
        return np.full(shape, MISSING_TARGET, np.int32)
    unit, items = set_items(targets)
    codes = look_up(label_texts(items), encoder.labels, offset=0, absent=MISSING_TARGET)
    there = np.zeros(shape, np.int32)
    there[unit[codes >= 0], codes[codes >= 0]] = 1
    there[targets.is_null().to_numpy()] = MISSING_TARGET
    return there


def set_items(sets: pl.Series) -> tuple[Integers, pl.Series]:
    """The items of all sets, one after the other, each with the number of its set."""
    counts = sets.list.len().fill_null(0)
    unit = np.repeat(np.arange(len(sets), dtype=np.int64), counts.to_numpy())
    items = sets.filter(counts > 0).explode()
    known = items.is_not_null()
    return unit[known.to_numpy()], items.filter(known)


def decode_label_sets(there: NDArray[np.bool_], encoder: LabelSetEncoder) -> pl.Series:
    """Lists of labels as text, [units], from whether each is in the set, [units, labels]."""
    unit, label = np.nonzero(there)
    texts = pl.Series(encoder.labels, dtype=pl.String).gather(label)
    counts = np.bincount(unit, minlength=len(there))
    return lists_of(texts, splits_of(counts))


def lists_of(items: pl.Series, row_splits: Integers) -> pl.Series:
    """Consecutive items as lists; the reverse of exploding."""
    lengths = np.diff(row_splits)
    numbered = pl.DataFrame({"item": items, "list": np.repeat(np.arange(len(lengths)), lengths)})
    grouped = numbered.group_by("list", maintain_order=True).agg("item")
    every = pl.DataFrame({"list": np.arange(len(lengths))}).join(grouped, on="list", how="left")
    return every.sort("list")["item"].fill_null([])


def check_labels(named: Iterable[str], classes: Sequence[str], where: str) -> None:
    """Raises: RecipeError where a setting names what is no class."""
    for label in named:
        if label not in classes:
            near = difflib.get_close_matches(label, classes, n=1)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            shown = ", ".join(f"`{name}`" for name in classes[:SHOWN_CLASSES])
            more = (
                f" and {len(classes) - SHOWN_CLASSES:,} more"
                if len(classes) > SHOWN_CLASSES
                else ""
            )
            raise RecipeError(
                f"`{where}`: `{label}` is no class of the target{meant}",
                hint=f"its classes are {shown}{more}",
            )


def ends_of(values: Floats, answers: int) -> Floats:
    """1.0 at the last known value of every answer, 0.0 before it and NaN after, [units].

    Args: values: of so many answers of equally many timesteps, NaN after their ends.
    """
    if not len(values):
        return values
    known = np.isfinite(values.reshape(answers, -1))
    after = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]  # known values from here on
    ends = np.where(after > 0, (known & (after == 1)).astype(np.float32), np.float32("nan"))
    return ends.reshape(-1).astype(np.float32)


def ended(end: Floats) -> Integers:
    """Lengths of answers: at each it is as likely as not that the answer is over by then.

    Args: end: how likely each timestep is the last, given that it is reached, [answers, timesteps].
    """
    going_on = np.cumprod(1.0 - np.clip(end, 0.0, 1.0), axis=1) >= 0.5
    return np.asarray(np.minimum(going_on.sum(axis=1) + 1, end.shape[1]), np.int64)


def is_known(targets: pl.Series, *, held: bool = False) -> NDArray[np.bool_]:
    """Where there is a target; of several, at least one. [units]

    Args:
        held: a number counts where float32 holds it, and is not infinite there.
    """
    if isinstance(targets.dtype, pl.Struct):
        fields = [targets.struct.field(field.name) for field in targets.dtype.fields]
        return np.asarray(np.any([is_known(field, held=held) for field in fields], axis=0))
    if held and targets.dtype.is_numeric():
        targets = targets.cast(pl.Float64).abs() <= LARGEST  # nan is above all
        return targets.fill_null(False).to_numpy()
    return targets.is_not_null().to_numpy()


def look_up(column: pl.Series, entries: tuple[str, ...], *, offset: int, absent: int) -> Codes:
    """Position of every value among the entries, plus `offset`; `absent` where it is none."""
    codes = column.replace_strict(
        pl.Series(entries, dtype=pl.String),
        pl.Series(np.arange(len(entries), dtype=np.int32) + offset),
        default=absent,
        return_dtype=pl.Int32,
    )
    return codes.to_numpy()
