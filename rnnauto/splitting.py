"""Cut sequences into parts, or take a part from a file of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.joined import join_folds, join_frames, not_among
from rnnauto.data.sequences import Sequences, gather, joined
from rnnauto.errors import DataError, RecipeError
from rnnauto.prepared import GoingOn, Told, check_some_new
from rnnauto.problem import Problem
from rnnauto.reading.read import Table

if TYPE_CHECKING:
    from rnnauto.data.split import Parts
    from rnnauto.recipe import Recipe, Split


@dataclass(frozen=True)
class SplitSequences:
    """Sequences cut into parts.

    Attributes:
        test: those of the test part.
        test_frame: the table that these are rows of.
        problems: all that is wrong up to here.
        validation: those of a validation file; None where there is none.
        validation_frame: its table.
        earlier: as in `Prepared`.
    """

    parts: Parts
    test: Sequences
    test_frame: pl.DataFrame
    problems: tuple[Problem, ...]
    validation: Sequences | None = None
    validation_frame: pl.DataFrame | None = None
    earlier: int = 0

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

    def train_parts(self, *, per_timestep: bool) -> Iterator[Sequences]:
        """Give the train part of every fold, one after the other."""
        for train, _ in self.parts.folds:
            yield self.parts.development.take(train, per_timestep=per_timestep)


@dataclass(frozen=True)
class Cutting:
    """How the sequences of a table are cut.

    Attributes:
        usable: those that can be learnt from or judged.
        settings: how some are cut.
        groups: int64 [sequences]; those of equal number stay in one part.
        classes: stratify by the target.
    """

    told: Told
    usable: Callable[[Sequences], Sequences]
    settings: Callable[[Sequences], Split]
    groups: Callable[[Sequences], Integers]
    classes: bool

    def cut(
        self,
        sequences: Sequences,
        table: Table,
        test: Table | None,
        *,
        validation: Sequences | None = None,
        folds: int | None = None,
    ) -> SplitSequences:
        """Cut the sequences of a table.

        Args:
            test: the table of the test part; None: some of the sequences are that.
            validation: those of a validation file; None: some of the sequences are to validate on.
            folds: None: as the settings say.

        Raises: DataError where the test part is empty.
        """
        from rnnauto.data.split import split

        layout, wanted = self.told.layout, self.settings(sequences)
        groups = self.groups(sequences)
        parts = split(
            sequences,
            wanted if folds is None else wanted.model_copy(update={"folds": folds}),
            groups=groups,
            per_timestep=layout.per_timestep,
            classes=self.classes,
            own_test=test is not None,
            validation=validation,
        )
        table = test or table
        tested = self.gathered(table) if parts.test is None else parts.test
        if parts.test is not None and parts.unit == "sequences":
            check_some_differ(tested, groups, table.source)
        check_some_tested(tested, table.source)
        return SplitSequences(parts, tested, table.frame, self.told.problems, validation)

    def gathered(self, table: Table) -> Sequences:
        """Gather the usable sequences of a table."""
        return self.usable(gather(table.frame, self.told.layout))

    def cut_again(
        self, sequences: Sequences, going_on: GoingOn, test: Table | None
    ) -> SplitSequences:
        """Cut new sequences, and those of before by themselves, as they were.

        Raises: DataError where a test part is empty, or nothing is new.
        """
        told, seed = self.told, self.told.recipe.split.seed
        if not going_on.earlier:
            return self.cut(sequences, told.table, test, folds=going_on.folds)
        first, *later = going_on.earlier
        known = self.gathered(first.table)
        made = self.cut(known, first.table, first.test)
        folds = len(made.parts.folds)
        for each in later:
            more = self.not_yet(self.gathered(each.table), known, each.table.source)
            part = self.cut(more, each.table, each.test, folds=folds)
            made, known = join_splits(made, part, seed=seed), joined(known, more)
        fresh = self.not_yet(sequences, known, told.table.source)
        part = self.cut(fresh, told.table, test, folds=folds)
        return join_splits(made, part, replay=going_on.replay, seed=seed)

    def not_yet(self, sequences: Sequences, known: Sequences, source: str) -> Sequences:
        """Keep the sequences that are not known yet. Raises: DataError where all are."""
        per_timestep = self.told.layout.per_timestep
        kept = not_among(sequences, known, per_timestep=per_timestep)
        check_some_new(len(kept), source)
        return sequences.take(kept, per_timestep=per_timestep)


def split_sequences(
    told: Told,
    *,
    usable: Callable[[Sequences], Sequences],
    read_test: Callable[[str], Table],
    settings: Callable[[Sequences], Split],
    groups: Callable[[Sequences], Integers],
    classes: bool,
) -> SplitSequences:
    """Cut whole sequences into parts, or read the validation or test part from a file of its own.
    Of an update what was learnt from before is cut by itself, as it was.

    Args: usable, settings, groups, classes: as `Cutting` has them.

    Raises: DataError where the validation or test part is empty; RecipeError where a validation
        file is to be several folds; LeakError where the recipe fails on leaks and a file shares
        sequences with the training file.
    """
    path, held = told.recipe.data.test_path, told.recipe.data.validation_path
    check_one_part(told.recipe)
    cutting = Cutting(told, usable, settings, groups, classes)
    held_table, test_table = (read_test(each) if each else None for each in (held, path))
    validation = None if held_table is None else cutting.gathered(held_table)
    if validation is not None and not len(validation):
        raise DataError(
            f"`{held}`: the validation part holds no sequence with a target",
            hint="fill the target in, or leave `--validation` out",
        )
    sequences, going_on = usable(told.sequences), told.going_on
    if going_on is None:
        made = cutting.cut(sequences, told.table, test_table, validation=validation)
        check_some_validated(made, told.table.source)
    else:
        made = cutting.cut_again(sequences, going_on, test_table)
    own_test = None if test_table is None else made.test
    problems = shared_problems(told, sequences, validation, own_test)
    frame = None if held_table is None else held_table.frame
    return replace(made, problems=problems, validation_frame=frame)


def check_some_tested(test: Sequences, source: str) -> None:
    """Check that there is something to judge by. Raises: DataError."""
    if len(test) == 0:
        raise DataError(
            f"`{source}`: the test part holds no sequence with a target",
            hint="give more data, or a test file of its own with `--test FILE`",
        )


def check_some_differ(test: Sequences, groups: Integers, source: str) -> None:
    """Check that sequences that stay together leave something to judge by. Raises: DataError.

    Args: groups: int64 [sequences]; those of equal number stay in one part.
    """
    if len(test):
        return
    different = len(np.unique(groups))
    if different < len(groups):
        raise DataError(
            f"`{source}`: the test part holds no sequence: equal ones stay together, and of "
            f"{len(groups):,} no more than {different:,} differ, one of a class at most",
            hint="give data that differ, or a test file of its own with `--test FILE`",
        )


def check_some_validated(made: SplitSequences, source: str) -> None:
    """Check that there is something to select by. Raises: DataError."""
    if not all(len(validation) for _, validation in made.parts.folds):
        raise DataError(
            f"`{source}`: the validation part holds no sequence: equal ones stay together, and no "
            "class has two different ones beside those of the test part",
            hint="give more data, or a validation file of its own with `--validation FILE`",
        )


def join_splits(
    old: SplitSequences, new: SplitSequences, *, replay: float = math.inf, seed: int
) -> SplitSequences:
    """Put the parts of new data after those of what was learnt from before.

    Args: replay: how many of the latter, at random, are kept for one that is new.
    """
    count = len(old.parts.development)
    share = replay * len(new.parts.development) / max(1, count)
    folds = join_folds(old.parts.folds, new.parts.folds, begin=count, share=share, seed=seed)
    height = old.test_frame.height
    development = joined(old.parts.development, new.parts.development, height=height)
    return SplitSequences(
        parts=replace(new.parts, development=development, folds=folds),
        test=joined(old.test, new.test, height=height),
        test_frame=join_frames(old.test_frame, new.test_frame),
        problems=new.problems,
        earlier=len(old.test),
    )


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
