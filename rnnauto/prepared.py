"""Hold what is known before the search, and cut sequences into parts for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, splits_of
from rnnauto.data.sequences import Sequences, gather, targets_in
from rnnauto.data.targets import is_known
from rnnauto.errors import DataError, RecipeError
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
        validation: those of a validation file; None where there is none.
        validation_frame: its table.
    """

    parts: Parts
    test: Sequences
    test_frame: pl.DataFrame
    problems: tuple[Problem, ...]
    validation: Sequences | None = None
    validation_frame: pl.DataFrame | None = None

    @property
    def others(self) -> tuple[Sequences, ...]:
        """The sequences that are not learnt from: those of the test part and of a validation
        file."""
        return (self.test,) if self.validation is None else (self.validation, self.test)

    def files(self, told: Told) -> Iterator[tuple[str, Sequences]]:
        """Give the path of each file that is a part, and its sequences."""
        data = told.recipe.data
        if data.validation_path is not None and self.validation is not None:
            yield data.validation_path, self.validation
        if data.test_path is not None:
            yield data.test_path, self.test

    def learned(self, *, per_timestep: bool) -> Sequences:
        """Give what is learnt from or selected by in the training file itself."""
        if self.validation is None:
            return self.parts.development
        return self.parts.development.take(self.parts.folds[0][0], per_timestep=per_timestep)

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
    """Cut whole sequences into parts, or read the validation or test part from a file of its own.

    Args:
        usable: those that can be learnt from or judged.
        groups: int64 [sequences]; those of equal number stay in one part.
        classes: stratify by the target.

    Raises: DataError where the validation or test part is empty; RecipeError where a validation
        file is to be several folds; LeakError where the recipe fails on leaks and a file shares
        sequences with the training file.
    """
    from rnnauto.data.split import split

    layout, path, held = told.layout, told.recipe.data.test_path, told.recipe.data.validation_path
    check_one_part(told.recipe)
    sequences = usable(told.sequences)
    held_table = read_test(held) if held else None
    validation = None if held_table is None else usable(gather(held_table.frame, layout))
    if validation is not None and not len(validation):
        raise DataError(
            f"`{held}`: the validation part holds no sequence with a target",
            hint="fill the target in, or leave `--validation` out",
        )
    parts = split(
        sequences,
        settings,
        groups=groups(sequences),
        per_timestep=layout.per_timestep,
        classes=classes,
        own_test=path is not None,
        validation=validation,
    )
    table = read_test(path) if path else told.table
    test = usable(gather(table.frame, layout)) if parts.test is None else parts.test
    if len(test) == 0:
        raise DataError(
            "the test part holds no sequence with a target",
            hint="give more data, or a test file of its own with `--test FILE`",
        )
    problems = shared_problems(told, sequences, validation, None if path is None else test)
    frame = None if held_table is None else held_table.frame
    return SplitSequences(parts, test, table.frame, problems, validation, frame)


def check_one_part(recipe: Recipe) -> None:
    """Raises: RecipeError where a validation file is to be several folds."""
    if recipe.data.validation_path is not None and recipe.split.folds not in {"auto", 1}:
        raise RecipeError(
            f"`--folds {recipe.split.folds}`: the validation part is a file of its own, which is "
            "not cut into folds",
            hint="leave out `--folds` or `--validation`",
        )


def shared_problems(
    told: Told, train: Sequences, validation: Sequences | None, test: Sequences | None
) -> tuple[Problem, ...]:
    """List all that is wrong, with what files share that should not: the validation file, and the
    test file, which are None where there are none. Raises: LeakError where the recipe fails on
    leaks."""
    from rnnauto.problems.allow import reported
    from rnnauto.problems.find import in_order, raise_if_leaks
    from rnnauto.problems.leaks_parts import shared_with

    if validation is None and test is None:
        return told.problems
    found: list[Problem] = []
    if validation is not None:
        found += shared_with(train, validation, told.layout, file="validation file")
    if test is not None:
        found += shared_with(train, test, told.layout, file="test file")
    if validation is not None and test is not None:
        pair = {"file": "test file", "other": "validation file"}
        found += shared_with(validation, test, told.layout, **pair)
    problems = in_order([*told.problems, *found])
    if told.recipe.judge.fail_on_leak:
        raise_if_leaks(reported(problems, told.recipe.data.allow), told.table.source)
    return problems


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
    """Raises: RecipeError where rows or classes are to be weighed, which only networks of values,
    classes and sets of labels do."""
    if isinstance(told.recipe.train.class_weight, dict):
        raise RecipeError(
            "`train.class_weight` names classes, and is for a target that is one of some classes",
            hint="leave it out",
        )
    if told.recipe.data.weight is not None:
        raise RecipeError(
            f"`--weight {told.recipe.data.weight}`: rows are weighed for values, classes and sets "
            "of labels, not for forecasts, anomalies, language models, written texts and lists",
            hint="leave `--weight` out, or give `--ignore` the column",
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
