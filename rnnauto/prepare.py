"""Prepare a table for the search: read, infer, find problems, split, encode. No TensorFlow."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.columns import float_columns
from rnnauto.data.sequences import Sequences, gather
from rnnauto.data.split import IN_TIME
from rnnauto.data.vectors import MOST_FURTHER
from rnnauto.errors import DataError, RecipeError
from rnnauto.families.families import family_of
from rnnauto.families.family import AnyFamily
from rnnauto.inference.infer import Inference
from rnnauto.inspection import Inspection, inferred
from rnnauto.layout import Layout
from rnnauto.prepared import AnyPrepared, Source, Told, count
from rnnauto.problem import Problem
from rnnauto.problems.allow import allowed_notes, check_allowed, reported
from rnnauto.problems.find import find_problems, raise_if_errors, raise_if_leaks
from rnnauto.problems.unbuilt import refuse_unbuilt, without_network
from rnnauto.reading.read import read_to_learn
from rnnauto.reading.vectors import Vectors, read_vectors
from rnnauto.recipe import Recipe
from rnnauto.recipe.unused import unused

Say = Callable[[str], None]
MOST_BYTES = 8 << 20  # of a table that `inspect` cuts into parts and encodes


def prepare(data: Source, recipe: Recipe, *, say: Say = lambda text: None) -> AnyPrepared:
    """Do all that comes before the search; `say` is told what was done.

    Raises: DataError, listing every problem that stands in the way of learning; LeakError, where
        the recipe fails on leaks.
    """
    allow = recipe.data.allow
    check_allowed(allow)
    table, inference = inferred(read_to_learn(data, recipe.data), recipe)
    layout = inference.layout
    refuse_unbuilt(layout)
    sequences = gather(table.frame, layout, numbers=float_columns)
    problems = find_problems(table, layout, sequences)
    check_problems(problems, recipe, table.source)
    vectors = vectors_for(sequences, layout, recipe)
    if vectors is not None:
        table = replace(table, notes=(*table.notes, known_words(vectors, recipe)))
    told = Told(table, inference, problems, sequences, recipe, vectors)
    prepared = allowing(family_of(layout).prepare(told), allow)
    if recipe.judge.fail_on_leak:
        raise_if_leaks(prepared.problems, table.source)
    check_cut(prepared, recipe)
    describe(prepared, sequences.lengths, say)
    for text in unused(recipe):
        say(text)
    return prepared


def check_cut(prepared: AnyPrepared, recipe: Recipe) -> None:
    """Raises: RecipeError where the data are not cut as they are to be, or several parts select
    where one is to do so with several seeds."""
    by, seeds = recipe.split.by, recipe.search.seeds
    rule, folds = prepared.parts.rule, len(prepared.parts.folds)
    if by != "auto" and rule.startswith(IN_TIME) != (by == "time"):
        raise RecipeError(
            f"`split.by: {by}` has no place here: these data are split {rule}", hint="leave it out"
        )
    if seeds > 1 and folds > 1:
        raise RecipeError(
            f"`--seeds {seeds}` trains finalists again where one part selects, and here {folds} "
            "folds do",
            hint="leave `--seeds` out, or have one part with `--folds 1`",
        )


def check_searched(family: AnyFamily, prepared: AnyPrepared, recipe: Recipe) -> None:
    """Check that there are networks of the kind that is searched for. Raises: DataError."""
    if recipe.search.early:
        family.early(prepared)
    if recipe.search.streamable:
        check_streamable(family, prepared)


def check_streamable(family: AnyFamily, prepared: AnyPrepared) -> None:
    """Check that a model of this kind can read on. Raises: DataError."""
    try:
        family.streaming(prepared.layout, prepared.encoders)
    except DataError as error:
        raise DataError(
            f"`--streamable`: {error.message}", hint="leave `--streamable` out"
        ) from error


def check_problems(found: Sequence[Problem], recipe: Recipe, source: str) -> None:
    """Raises: DataError for problems that nothing can be learnt with; LeakError where the recipe
    fails on leaks."""
    open_problems = reported(found, recipe.data.allow)
    if recipe.judge.fail_on_leak:
        raise_if_leaks(open_problems, source)
    raise_if_errors(open_problems, source)


def vectors_for(sequences: Sequences, layout: Layout, recipe: Recipe) -> Vectors | None:
    """Read the word vectors that a recipe names, those of the data's words first. Raises:
    DataError."""
    if recipe.data.vectors is None:
        return None
    if layout.tokens == "character":
        raise DataError(
            "`--vectors` is for words, and this text is read by its characters",
            hint="leave it out, or read words with `--tokens word`",
        )
    columns = [column for column in sequences.categories if column.dtype == pl.String]
    words = pl.concat([column.rename("word") for column in columns]) if columns else pl.Series([])
    wanted = words.cast(pl.String).unique().drop_nulls().sort().to_list()
    return read_vectors(Path(recipe.data.vectors), wanted, others=MOST_FURTHER)


def known_words(vectors: Vectors, recipe: Recipe) -> str:
    """Say how many words have a vector."""
    further = len(vectors.words) - vectors.asked
    return (
        f"`{recipe.data.vectors}`: {vectors.asked:,} of the data's words have a vector of "
        f"{vectors.width:,} numbers, and up to {further:,} further words are known by theirs"
    )


def check_to_learn(inspection: Inspection, recipe: Recipe) -> None:
    """Go as far as the encoders with a table that `inspect` finds no fault with, as `fit` will; a
    large one is taken at its word. Raises: DataError or RecipeError where that fails."""
    layout, table = inspection.layout, inspection.table
    if without_network(layout) or table.frame.estimated_size() > MOST_BYTES:
        return
    sequences, inference = gather(table.frame, layout), Inference(layout, inspection.evidence)
    judge = recipe.judge.model_copy(update={"fail_on_leak": False})
    wanted = recipe.model_copy(update={"judge": judge})
    told = Told(table, inference, inspection.problems, sequences, wanted)
    check_cut(family_of(layout).prepare(told), recipe)


def allowing(prepared: AnyPrepared, allow: Sequence[str]) -> AnyPrepared:
    """Leave out the problems that are allowed, and count them in a note of the table."""
    notes = (*prepared.table.notes, *allowed_notes(prepared.problems, allow))
    return replace(
        prepared,
        table=replace(prepared.table, notes=notes),
        problems=reported(prepared.problems, allow),
    )


def describe(prepared: AnyPrepared, lengths: Integers, say: Say) -> None:
    """Say what was read, what is wrong with it, what it is and how it was split."""
    layout, parts = prepared.layout, prepared.parts
    for note in prepared.table.notes:
        say(note)
    for problem in prepared.problems:
        if problem.severity != "note":  # the table's notes say so
            say(f"{problem.label}: {problem.message}; {problem.remedy}")
    kinds = f"{layout.rnn_type} {layout.task}, {layout.form.replace('-', ' ')}"
    least, most = int(lengths.min()), int(lengths.max())
    long = count(most, "timestep")
    if least < most:
        long = f"{least:,} to {long} (median {int(np.median(lengths)):,})"
    say(f"{kinds}: {count(len(lengths), 'sequence')} of {long}")
    train, validation = parts.folds[0]
    folds = f", {len(parts.folds)} folds" if len(parts.folds) > 1 else ""
    unit = "" if parts.unit == "sequences" else f" {parts.unit}"
    say(
        f"split {parts.rule}: train {len(train):,}, validation {len(validation):,}, "
        f"test {len(prepared.test):,}{unit}{folds}"
    )
