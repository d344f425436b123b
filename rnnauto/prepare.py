"""Everything before the search: read, infer, find problems, split, encode. No TensorFlow."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, splits_of
from rnnauto.data.cut_series import cut_series
from rnnauto.data.encode import Encoded, Encoders, encode, fit_encoders
from rnnauto.data.language import encode_language, fit_language, labels_of, split_settings, usable
from rnnauto.data.origins import WindowParts
from rnnauto.data.pairs import EncodedPairs, encode_pairs, groups_to_split_by
from rnnauto.data.sequences import Sequences, gather, is_struct
from rnnauto.data.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.data.split import Parts, split
from rnnauto.data.targets import is_known
from rnnauto.errors import DataError
from rnnauto.inference.infer import Inference, infer
from rnnauto.layout import Layout
from rnnauto.problem import Problem
from rnnauto.problems.find import find_problems, in_order, raise_if_errors, raise_if_leaks
from rnnauto.problems.leaks_parts import seen_again, shared_with_test
from rnnauto.problems.required_columns import check_numbers, read_for
from rnnauto.problems.unbuilt import refuse_unbuilt
from rnnauto.problems.unseen_classes import unseen_classes
from rnnauto.reading.read import Table, read_table
from rnnauto.recipe import Recipe

Say = Callable[[str], None]
Source = Path | str | pl.DataFrame


@dataclass(frozen=True)
class Prepared:
    """Data ready to learn from.

    `encoders` are fitted on the train part of the first fold, `fold_encoders` on that of each;
    `test_frame` is the table that the test part's rows belong to.
    """

    table: Table
    inference: Inference
    problems: tuple[Problem, ...]
    parts: Parts | WindowParts
    test: Sequences | SeriesWindows
    test_frame: pl.DataFrame
    encoders: Encoders | SeriesEncoders
    fold_encoders: tuple[Encoders, ...] | tuple[SeriesEncoders, ...]
    development: Encoded | EncodedPairs | EncodedSeries
    fingerprint: str

    @property
    def layout(self) -> Layout:
        return self.inference.layout


def prepare(data: Source, recipe: Recipe, *, say: Say = lambda text: None) -> Prepared:
    """Raises: DataError listing every problem that stands in the way of learning."""
    table = read_table(data, has_target=bool(recipe.data.target), set_aside=True)
    inference = infer(table, recipe)
    layout = inference.layout
    refuse_unbuilt(layout)
    language = layout.task == "language-modelling"
    sequences = gather(table.frame, layout)
    problems = find_problems(table, layout, sequences)
    if recipe.judge.fail_on_leak:
        raise_if_leaks(problems, table.source)
    raise_if_errors(problems, table.source)
    if layout.task == "forecasting":
        prepared = prepare_forecast(table, inference, problems, recipe)
        if recipe.judge.fail_on_leak:
            raise_if_leaks(prepared.problems, table.source)
        describe(prepared, sequences.lengths, say)
        return prepared
    sequences = to_learn_from(sequences, layout)
    own_test = recipe.data.test_path is not None
    parts = split(
        sequences,
        split_settings(recipe.split, sequences) if language else recipe.split,
        groups=groups_to_split_by(sequences, layout),
        per_timestep=layout.per_timestep,
        classes=layout.task == "classification" and not layout.writes,
        own_test=own_test,
    )
    test_table = read_test(recipe.data.test_path, layout, table) if recipe.data.test_path else table
    test = parts.test
    if test is None:
        test = to_learn_from(gather(test_table.frame, layout), layout)
    if len(test) == 0:
        raise DataError(
            "the test part holds no sequence with a target",
            hint="give more data, or a test file of its own with `--test FILE`",
        )
    if own_test:
        shared = shared_with_test(parts.development, test, layout)
        problems = in_order([*problems, *(leak.problem() for leak in shared)])
        if recipe.judge.fail_on_leak:
            raise_if_leaks(problems, table.source)
    problems = in_order([*problems, *unseen_classes(parts, test, layout, own_test=own_test)])
    fold_encoders = encoders_of_folds(parts, sequences, test, layout)
    prepared = Prepared(
        table=table,
        inference=inference,
        problems=problems,
        parts=parts,
        test=test,
        test_frame=test_table.frame,
        encoders=fold_encoders[0],
        fold_encoders=fold_encoders,
        development=encoded_for(parts.development, fold_encoders[0], layout),
        fingerprint=fingerprint(table.frame),
    )
    describe(prepared, sequences.lengths, say)
    return prepared


def prepare_forecast(
    table: Table, inference: Inference, problems: tuple[Problem, ...], recipe: Recipe
) -> Prepared:
    layout, path = inference.layout, recipe.data.test_path
    test_table = read_for(layout, path, target=True, text_targets=()) if path else None
    if test_table is not None:
        again = seen_again(table.frame, test_table.frame, layout)
        problems = in_order([*problems, *(leak.problem() for leak in again)])
    cut = cut_series(table, test_table, layout, recipe)
    return Prepared(
        table=table,
        inference=inference,
        problems=problems,
        parts=cut.parts,
        test=cut.test,
        test_frame=cut.frame,
        encoders=cut.fold_encoders[0],
        fold_encoders=cut.fold_encoders,
        development=cut.development,
        fingerprint=fingerprint(table.frame),
    )


def to_learn_from(sequences: Sequences, layout: Layout) -> Sequences:
    if layout.task == "language-modelling":
        return usable(sequences, layout)
    return with_targets(sequences, layout)


def encoders_of_folds(
    parts: Parts, sequences: Sequences, test: Sequences, layout: Layout
) -> tuple[Encoders, ...]:
    """Encoders of the train part of every fold."""
    trains = [
        parts.development.take(train, per_timestep=layout.per_timestep) for train, _ in parts.folds
    ]
    if layout.task == "language-modelling":
        labels = labels_of(sequences, test) if layout.label_sets else ()
        # one vocabulary for all folds: their networks are averaged
        return (fit_language(trains[0], layout, labels=labels),) * len(trains)
    classes = all_targets(sequences, test)
    return tuple(fit_encoders(train, layout, classes=classes) for train in trains)


def encoded_for(sequences: Sequences, encoders: Encoders, layout: Layout) -> Encoded | EncodedPairs:
    """Sequences as the networks of a layout read them."""
    if layout.writes:
        return encode_pairs(sequences, encoders)
    if layout.task == "language-modelling":
        return encode_language(sequences, encoders)
    return encode(sequences, encoders, per_timestep=layout.per_timestep)


def read_test(path: str, layout: Layout, train: Table) -> Table:
    """The test file, its cells read as those of the training file were."""
    if layout.task == "language-modelling":  # what is predicted is what is read
        return read_for(layout, path, target=False, text_targets=())
    targets = train.frame.select(layout.target)
    texts = [target.name for target in targets if target.dtype == pl.String]
    table = read_for(layout, path, target=True, text_targets=texts)
    for target in targets:
        if target.dtype.is_numeric():
            check_numbers(table, target.name)
    return table


def with_targets(sequences: Sequences, layout: Layout) -> Sequences:
    """Sequences that can be learnt from or scored: those with a timestep and a target; where there
    is one target per timestep, one is enough and the missing ones are masked."""
    assert sequences.targets is not None
    known = is_known(sequences.targets)
    if layout.per_timestep:
        known = np.diff(splits_of(known.astype(np.int64))[sequences.row_splits]) > 0
    usable = known & (sequences.lengths > 0)
    if usable.all():
        return sequences
    return sequences.take(np.flatnonzero(usable), per_timestep=layout.per_timestep)


def all_targets(sequences: Sequences, test: Sequences) -> pl.Series:
    """Targets of every part. A class that only a test file holds is an answer that can't be right,
    but it is one of the question's classes."""
    assert sequences.targets is not None and test.targets is not None
    parts = [sequences.targets, test.targets]
    if is_struct(sequences.targets):
        frames = [part.struct.unnest() for part in parts]
        return pl.concat(frames, how="vertical_relaxed").to_struct()
    if isinstance(sequences.targets.dtype, pl.List):  # items of a test file are read as texts
        parts[1] = parts[1].cast(sequences.targets.dtype, strict=False)
    return pl.concat([part.to_frame() for part in parts], how="vertical_relaxed").to_series()


def fingerprint(frame: pl.DataFrame) -> str:
    """A hash of the data's names, types and values."""
    digest = hashlib.sha256(repr(frame.schema).encode())
    digest.update(frame.hash_rows(seed=0).to_numpy().tobytes())
    return digest.hexdigest()


def describe(prepared: Prepared, lengths: Integers, say: Say) -> None:
    layout, parts = prepared.layout, prepared.parts
    for note in prepared.table.notes:
        say(note)
    for problem in prepared.problems:
        if problem.severity != "note":  # the table's notes say so
            say(f"{problem.severity}: {problem.message}; {problem.remedy}")
    kinds = f"{layout.rnn_type} {layout.task}, {layout.form.replace('-', ' ')}"
    least, most = int(lengths.min()), int(lengths.max())
    long = count(most, "timestep")
    if least < most:
        long = f"{least:,} to {long} (median {int(np.median(lengths)):,})"
    say(f"{kinds}: {count(len(lengths), 'sequence')} of {long}")
    train, validation = parts.folds[0]
    folds = f", {len(parts.folds)} folds" if len(parts.folds) > 1 else ""
    unit = " pieces" if parts.rule == "in time" else ""
    unit = " windows" if isinstance(parts, WindowParts) else unit
    say(
        f"split {parts.rule}: train {len(train):,}, validation {len(validation):,}, "
        f"test {len(prepared.test):,}{unit}{folds}"
    )


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
