"""Hold what is known before the search, and cut sequences into parts for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.sequences import Sequences, gather, targets_in
from rnnauto.data.targets import is_known
from rnnauto.errors import DataError, RecipeError
from rnnauto.layout import Layout
from rnnauto.mapped import give_all_back, mapped
from rnnauto.problem import Problem
from rnnauto.problems.required_columns import check_numbers, read_for, refuse
from rnnauto.reading.frames import Source as Source
from rnnauto.reading.points import nested
from rnnauto.reading.read import Table

if TYPE_CHECKING:  # what only a fit waits for
    from rnnauto.inference.infer import Inference
    from rnnauto.reading.vectors import Vectors
    from rnnauto.recipe import Recipe


HASHED_ROWS = 1 << 20  # of a table, at once


class Folds(Protocol):
    """What all ways to cut data into parts tell.

    Attributes:
        folds: pairs of numbers of what the development part holds: train, validation.
        rule: how it was cut, in words.
        unit: what is counted, in words.
    """

    @property
    def folds(self) -> tuple[tuple[Integers, Integers], ...]: ...

    @property
    def rule(self) -> str: ...

    @property
    def unit(self) -> str: ...


class Judged(Protocol):
    """What a model answers and is judged by: sequences, or windows of series."""

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> Integers: ...


@dataclass(frozen=True)
class Earlier:
    """The data that a model has learnt from, of which an update shows it some again.

    Attributes:
        test: what the model was tested on, where that is a file of its own.
    """

    table: Table
    test: Table | None = None


@dataclass(frozen=True)
class GoingOn:
    """What a fit goes on from, where it begins with a model.

    Attributes:
        encoders: those of the model.
        earlier: what it has learnt from, in this order, by its fit and by updates; empty where that
            is not at hand.
        replay: how many sequences, or windows, of that are shown again for one of the new data.
        folds: parts that its networks are validated on in turn, where `earlier` does not tell.
    """

    encoders: Any
    earlier: tuple[Earlier, ...]
    replay: float
    folds: int


Fitted = TypeVar("Fitted")
Encoders = TypeVar("Encoders")
Cut = TypeVar("Cut", bound=Folds)
Part = TypeVar("Part", bound=Judged)
Stored = TypeVar("Stored")


@dataclass(frozen=True)
class Told:
    """A table that can be learnt from, before it is cut into parts.

    Attributes:
        sequences: all of its rows, in order.
        vectors: of its words; None where the recipe names no file of them.
        going_on: what is gone on from; None where a fit begins afresh.
    """

    table: Table
    inference: Inference
    problems: tuple[Problem, ...]
    sequences: Sequences
    recipe: Recipe
    vectors: Vectors | None = None
    going_on: GoingOn | None = None

    @property
    def layout(self) -> Layout:
        return self.inference.layout

    def settled(self, fresh: Fitted, grown: Callable[[Any, Fitted], Fitted]) -> Fitted:
        """Give fresh encoders; of an update those of the model, grown by what only these know."""
        return fresh if self.going_on is None else grown(self.going_on.encoders, fresh)

    @property
    def words(self) -> dict[str, list[str]]:
        """The words of each column of categories."""
        columns = (*self.layout.features, *self.layout.static)
        named = [column.name for column in columns if column.kind == "category"]
        cells = [self.table.frame[name] for name in named if name in self.table.frame.columns]
        texts = [column for column in cells if column.dtype == pl.String]
        return {column.name: column.drop_nulls().unique().to_list() for column in texts}


@dataclass(frozen=True)
class Prepared(Generic[Encoders, Cut, Part, Stored]):
    """Data ready to learn from.

    Attributes:
        parts: which of it is to train on, to select by and to judge by.
        test: the part that a model is judged by, once.
        test_frame: the table that the test part's rows belong to.
        encoders: fitted on the train part of the first fold; `fold_encoders` on that of each.
        development: what trials learn from.
        fingerprint: a hash of the table.
        earlier: how many of the test part, the first, are of what a model had learnt from before.
    """

    table: Table
    inference: Inference
    problems: tuple[Problem, ...]
    parts: Cut
    test: Part
    test_frame: pl.DataFrame
    encoders: Encoders
    fold_encoders: tuple[Encoders, ...]
    development: Stored
    fingerprint: str
    earlier: int = 0

    @property
    def layout(self) -> Layout:
        return self.inference.layout


AnyPrepared = Prepared[Any, Any, Any, Any]


Ready = TypeVar("Ready", bound=AnyPrepared)


def with_rule(prepared: Ready, **rule: Any) -> Ready:
    """Have all encoders of a target answer by a rule, given by its name there."""

    def ruled(encoders: Any) -> Any:
        target = encoders.target.model_copy(update=rule)
        return encoders.model_copy(update={"target": target})

    encoders = ruled(prepared.encoders)
    return replace(
        prepared,
        encoders=encoders,
        fold_encoders=tuple(map(ruled, prepared.fold_encoders)),
        test=replace(prepared.test, encoders=encoders),
    )


def with_keys_alone(prepared: AnyPrepared) -> AnyPrepared:
    """Let go of what nobody reads once sequences are gathered and hashed: of a table of timesteps
    all but what stands beside predictions of the test part."""
    layout = prepared.layout
    if not layout.rows_are_timesteps or layout.horizon:
        return prepared
    features = [column.name for column in layout.features] if layout.form == "token-lines" else []
    names = [*layout.id, *([layout.time] if layout.time else []), *features]

    def keys(frame: pl.DataFrame) -> pl.DataFrame:
        kept = [name for name in names if name in frame.columns]
        return frame.select(kept) if kept else nothing_in(frame)

    test = prepared.test
    if isinstance(getattr(test, "frame", None), pl.DataFrame):
        test = replace(test, frame=keys(test.frame))
        if names and test.sequences.rows is not None:
            test = with_own_rows(test)
    table = replace(prepared.table, frame=nothing_in(prepared.table.frame))
    return replace(prepared, table=table, test=test, test_frame=nothing_in(prepared.test_frame))


def nothing_in(frame: pl.DataFrame) -> pl.DataFrame:
    """Give a frame of as many rows that holds nothing."""
    return pl.DataFrame({"nothing": pl.repeat(None, frame.height, dtype=pl.Null, eager=True)})


def with_own_rows(part: Any) -> Any:
    """Keep of the table of a part the rows that it has, in their order."""
    rows = part.sequences.rows
    kept = np.sort(rows)
    sequences = replace(part.sequences, rows=np.searchsorted(kept, rows))
    return replace(part, frame=mapped(part.frame[kept]), sequences=sequences)


def check_some_new(fresh: int, source: str) -> None:
    """Check that an update is of new data. Raises: DataError."""
    if not fresh:
        raise DataError(
            f"`{source}` holds nothing that is not in the files of before as well",
            hint="give new rows as the first file, and those of before with `--with`",
        )


def read_labelled(path: str, told: Told) -> Table:
    """Read the test file, its cells as those of the training file were."""
    targets = told.table.frame.select(told.layout.target)
    texts = {
        target.name: target.drop_nulls().unique().to_list()
        for target in targets
        if target.dtype == pl.String
    }
    classes = {**told.words, **texts}
    table = read_for(told.layout, path, target=True, text_targets=texts, classes=classes)
    for target in targets:
        if target.dtype.is_numeric():
            check_numbers(table, target.name)
    lists = [lists_like(table, target) for target in targets if target.dtype.is_nested()]
    return replace(table, frame=table.frame.with_columns(lists))


def lists_like(table: Table, target: pl.Series) -> pl.Series:
    """Take the lists of a test file for those of the training file: of numbers, or of texts."""
    lists = table.frame[target.name]
    items = lists.cast(target.dtype, strict=False)
    lost = items.list.eval(pl.element().is_null().sum()).list.first()
    had = lists.list.eval(pl.element().is_null().sum()).list.first()
    shown = lists if nested(lists.dtype) else lists.cast(pl.List(pl.String)).list.join(" ")
    refuse(table, shown, (lost != had).fill_null(False), "no list of numbers", "lists of numbers")
    return items


def with_targets(sequences: Sequences, layout: Layout) -> Sequences:
    """Keep the sequences that can be learnt from or scored: those with a timestep and a target.

    Where there is a target per timestep, one is enough and the missing ones are masked.
    """
    known = is_known(targets_in(sequences), held=layout.task == "regression")
    usable = sequences.lengths > 0
    if not layout.per_timestep:
        usable &= known
    elif usable.any():
        usable[usable] = np.logical_or.reduceat(known, sequences.row_splits[:-1][usable])
    if usable.all():
        return sequences
    return sequences.take(np.flatnonzero(usable), per_timestep=layout.per_timestep)


def to_be_judged(table: Table, layout: Layout) -> Sequences:
    """Gather the sequences that a model can be judged by. Raises: DataError where there is none."""
    sequences = with_targets(gather(table.frame, layout), layout)
    if not len(sequences):
        raise DataError(
            f"`{table.source}` holds no sequence with a target",
            hint="fill the target in, or ask for answers with `rnnauto predict`",
        )
    return sequences


def hash_of_frame(frame: pl.DataFrame) -> str:
    """Hash the names, types and values of the data."""
    digest = hashlib.sha256(repr(frame.schema).encode())
    for some in frame.iter_slices(HASHED_ROWS):
        digest.update(some.hash_rows(seed=0).to_numpy().tobytes())
        give_all_back()
    return digest.hexdigest()


def no_vectors(told: Told) -> None:
    """Raises: DataError where word vectors are given to networks that read none."""
    if told.vectors is not None:
        raise DataError(
            "`--vectors` is for words that are read; the networks of "
            f"{told.layout.task} read no word vectors",
            hint="leave it out",
        )


def fingerprint_of(told: Told, validation: pl.DataFrame | None = None) -> str:
    """Hash what is learnt from: the table, and the validation file's and word vectors where there
    are some."""
    hashed = hash_of_frame(told.table.frame)
    if validation is not None:
        hashed = hashlib.sha256((hashed + hash_of_frame(validation)).encode()).hexdigest()
    if told.vectors is None:
        return hashed
    return hashlib.sha256((hashed + told.vectors.digest).encode()).hexdigest()


def no_weights(told: Told) -> None:
    """Raises: RecipeError where rows or classes are to be weighed, or one network is to be taught
    by several, which only networks of values, classes and sets of labels do."""
    judge = told.recipe.judge
    asked = {
        "train.class_weight": isinstance(told.recipe.train.class_weight, dict),
        "judge.costs": bool(judge.costs),
        "judge.decide": judge.decide != "auto",
    }
    for key, wanted in asked.items():
        if wanted:
            raise RecipeError(
                f"`{key}` is for a target that is one of some classes", hint="leave it out"
            )
    if told.recipe.train.distil:
        raise RecipeError(
            "`--distil`: one network is taught by several for values, classes and sets of labels, "
            "not for forecasts, anomalies, language models, written texts and lists",
            hint="leave `--distil` out",
        )
    if told.recipe.data.weight is not None:
        raise RecipeError(
            f"`--weight {told.recipe.data.weight}`: rows are weighed for values, classes and sets "
            "of labels, not for forecasts, anomalies, language models, written texts and lists",
            hint="leave `--weight` out, or give `--ignore` the column",
        )


def never_early(prepared: AnyPrepared) -> None:
    """Refuse answers before the end, where no single class is given to a sequence. Raises:
    DataError."""
    layout = prepared.layout
    raise DataError(
        "`--early` is for one class per sequence, whose answer can come before its end; this is "
        f"{layout.rnn_type} {layout.task.replace('-', ' ')}",
        hint="leave `--early` out",
    )


def no_history(history: Source | None, layout: Layout) -> None:
    """Raises: DataError where earlier timesteps are given to a model that does not forecast."""
    if history is not None:
        raise DataError(
            f"`--history` is for forecasts; this model is of {layout.task}",
            hint="leave it out",
        )


def count(number: int, noun: str) -> str:
    """Write `1,000 sequences`, or `1 sequence`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
