"""Hold what is known before the search, and cut sequences into parts for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, splits_of
from rnnauto.data.sequences import Sequences, gather, targets_in
from rnnauto.data.targets import is_known
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.problem import Problem
from rnnauto.problems.required_columns import check_numbers, read_for, refuse
from rnnauto.reading.frames import Source as Source
from rnnauto.reading.points import nested
from rnnauto.reading.read import Table

if TYPE_CHECKING:  # what only a fit waits for
    from rnnauto.data.split import Parts
    from rnnauto.inference.infer import Inference
    from rnnauto.reading.vectors import Vectors
    from rnnauto.recipe import Recipe, Split


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
    """

    table: Table
    inference: Inference
    problems: tuple[Problem, ...]
    sequences: Sequences
    recipe: Recipe
    vectors: Vectors | None = None

    @property
    def layout(self) -> Layout:
        return self.inference.layout

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

    @property
    def layout(self) -> Layout:
        return self.inference.layout


AnyPrepared = Prepared[Any, Any, Any, Any]


@dataclass(frozen=True)
class SplitSequences:
    """Sequences cut into parts.

    Attributes:
        test: those of the test part.
        test_frame: the table that these are rows of.
        problems: all that is wrong up to here.
    """

    parts: Parts
    test: Sequences
    test_frame: pl.DataFrame
    problems: tuple[Problem, ...]

    def train_parts(self, *, per_timestep: bool) -> list[Sequences]:
        """List the train part of every fold."""
        development = self.parts.development
        return [development.take(train, per_timestep=per_timestep) for train, _ in self.parts.folds]


def split_sequences(
    told: Told,
    *,
    usable: Callable[[Sequences], Sequences],
    read_test: Callable[[str], Table],
    settings: Split,
    groups: Callable[[Sequences], Integers],
    classes: bool,
) -> SplitSequences:
    """Cut whole sequences into parts, or read the test part from a file of its own.

    Args:
        usable: those that can be learnt from or judged.
        groups: int64 [sequences]; those of equal number stay in one part.
        classes: stratify by the target.

    Raises: DataError where the test part is empty; LeakError where the recipe fails on leaks and
        the test file shares sequences with the training file.
    """
    from rnnauto.data.split import split
    from rnnauto.problems.allow import reported
    from rnnauto.problems.find import in_order, raise_if_leaks
    from rnnauto.problems.leaks_parts import shared_with_test

    layout, path = told.layout, told.recipe.data.test_path
    sequences = usable(told.sequences)
    parts = split(
        sequences,
        settings,
        groups=groups(sequences),
        per_timestep=layout.per_timestep,
        classes=classes,
        own_test=path is not None,
    )
    table = read_test(path) if path else told.table
    test = usable(gather(table.frame, layout)) if parts.test is None else parts.test
    if len(test) == 0:
        raise DataError(
            "the test part holds no sequence with a target",
            hint="give more data, or a test file of its own with `--test FILE`",
        )
    problems = told.problems
    if path is not None:
        shared = shared_with_test(parts.development, test, layout)
        problems = in_order([*problems, *shared])
        if told.recipe.judge.fail_on_leak:
            raise_if_leaks(reported(problems, told.recipe.data.allow), told.table.source)
    return SplitSequences(parts, test, table.frame, problems)


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
    if layout.per_timestep:
        known = np.diff(splits_of(known.astype(np.int64))[sequences.row_splits]) > 0
    usable = known & (sequences.lengths > 0)
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
    digest.update(frame.hash_rows(seed=0).to_numpy().tobytes())
    return digest.hexdigest()


def no_vectors(told: Told) -> None:
    """Raises: DataError where word vectors are given to networks that read none."""
    if told.vectors is not None:
        raise DataError(
            "`--vectors` is for words that are read; the networks of "
            f"{told.layout.task} read no word vectors",
            hint="leave it out",
        )


def fingerprint_of(told: Told) -> str:
    """Hash what is learnt from: the table, and word vectors where there are some."""
    table = hash_of_frame(told.table.frame)
    if told.vectors is None:
        return table
    return hashlib.sha256((table + told.vectors.digest).encode()).hexdigest()


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
