"""Everything about a table that would spoil a fit, found before anything slow starts."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, timestep_index
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.sequences import Sequences, is_struct
from rnnauto.data.tokens import SPACE
from rnnauto.errors import DataError, LeakError
from rnnauto.inference.case import flag, named
from rnnauto.layout import Column, Layout
from rnnauto.problem import Problem, constant_target, problem_at, rows_where
from rnnauto.problems.leaks import find_leaks
from rnnauto.problems.oddities import find_oddities
from rnnauto.problems.series import series_problems
from rnnauto.problems.times import time_problems
from rnnauto.reading.read import Table
from rnnauto.runs import steady, whole_runs

FEWEST_PER_CLASS = 3  # one for each part
FEWEST_SEQUENCES = 10
FEWEST_TIMESTEPS = 30  # with a target for each
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 5
ORDER = ("error", "warning", "note")


def find_problems(table: Table, layout: Layout, sequences: Sequences) -> tuple[Problem, ...]:
    """Every problem at once, errors first."""
    if layout.task == "forecasting":
        return in_order(
            [
                *(problem for name in layout.target for problem in series_problems(table, name)),
                *beyond_float32(table, list(layout.target)),
                *file_problems(table, layout),
                *feature_problems(table, layout),
                *leak_problems(table, layout, sequences),
            ]
        )
    found = [
        *target_problems(table, layout, sequences),
        *size_problems(layout, sequences),
        *spaced_labels(layout, sequences),
        *file_problems(table, layout),
        *content_problems(table, layout, sequences),
        *feature_problems(table, layout),
    ]
    found += leak_problems(table, layout, sequences)
    return in_order(found)


def leak_problems(table: Table, layout: Layout, sequences: Sequences) -> list[Problem]:
    return [leak.problem() for leak in find_leaks(table.frame, layout, sequences)]


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Errors first, then warnings, then notes."""
    return tuple(sorted(problems, key=lambda problem: ORDER.index(problem.severity)))


def file_problems(table: Table, layout: Layout) -> list[Problem]:
    """What is wrong whether there is a network for the layout or not."""
    return [*table.problems, *time_problems(table, layout), *find_oddities(table, layout)]


def raise_if_errors(problems: Sequence[Problem], source: str) -> None:
    """Raises: one DataError that lists every problem of severity error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        return
    if len(errors) == 1:
        raise DataError(f"`{source}`: {described(errors[0])}", hint=errors[0].remedy)
    listed = [f"{n}. {described(problem)}" for n, problem in enumerate(errors, start=1)]
    remedies = [f"{n}. {problem.remedy}" for n, problem in enumerate(errors, start=1)]
    raise DataError(
        f"`{source}` has {len(errors)} problems:\n" + "\n".join(listed), hint="\n".join(remedies)
    )


def raise_if_leaks(problems: Sequence[Problem], source: str) -> None:
    """Raises: one LeakError that lists every leak, unless there are other errors to mend first."""
    leaks = [problem for problem in problems if problem.leak]
    if not leaks or any(each.severity == "error" and not each.leak for each in problems):
        return
    many = f" has {len(leaks)} leaks" if len(leaks) > 1 else ""
    listed = [f"{n}. {leak.message}" for n, leak in enumerate(leaks, start=1)]
    raise LeakError(
        f"`{source}`{many}: " + ("\n" + "\n".join(listed) if many else leaks[0].message),
        hint="\n".join(dict.fromkeys(leak.remedy for leak in leaks)),
    )


def described(problem: Problem) -> str:
    return problem.message + (f" (line {problem.row})" if problem.row is not None else "")


def target_problems(table: Table, layout: Layout, sequences: Sequences) -> Iterator[Problem]:
    if sequences.targets is None:
        return
    for column, targets in zip(layout.targets, each_target(sequences.targets), strict=True):
        yield from problems_of_target(table, layout, sequences, column.name, targets)
    if layout.task == "regression":
        yield from beyond_float32(table, layout.target)


def each_target(targets: pl.Series) -> list[pl.Series]:
    return targets.struct.unnest().get_columns() if is_struct(targets) else [targets]


def problems_of_target(
    table: Table, layout: Layout, sequences: Sequences, name: str, targets: pl.Series
) -> Iterator[Problem]:
    if layout.answer_length:  # what is missing after the end of a list is no fault
        targets, layout = table.frame[name], layout.model_copy(update={"rnn_type": "many-to-one"})
    known = targets.drop_nulls()
    unit = "timesteps" if layout.per_timestep else "sequences"
    if len(known) < len(targets):
        missing = rows_where(targets.is_null())
        yield problem_at(
            "warning",
            f"{len(targets) - len(known)} of {len(targets)} {unit} have no `{name}`: they are "
            "left out of training and scores",
            name,
            lines_of_targets(table, layout, sequences, missing),
            "fill the target in, or drop the rows",
        )
    if isinstance(known.dtype, pl.List):
        known = known.explode().drop_nulls()
    if known.n_unique() <= 1:
        yield constant_target(name, known)
    elif layout.task == "classification" and not layout.writes:
        yield from class_problems(layout, name, known, unit)
    if layout.form == "long-table" and not layout.per_timestep:
        yield from conflicts(table, layout, sequences, name)


def class_problems(layout: Layout, name: str, known: pl.Series, unit: str) -> Iterator[Problem]:
    counts = known.cast(pl.String).rename("class").value_counts(sort=True)
    yield from spelt_alike(counts, name)
    rare = counts.filter(pl.col("count") < FEWEST_PER_CLASS).sort("class")
    if not rare.height:
        return
    classes = [f"{label} ({count})" for label, count in rare.iter_rows()]
    # tags that stand once in a text are usual, and the parts are cut by sequence there anyway
    several = len(layout.targets) > 1 or layout.target_kind == "list"
    severity: Literal["error", "warning"] = "warning" if layout.per_timestep or several else "error"
    plural = "class has" if len(classes) == 1 else "classes have"
    counted = f"`--task regression` where `{name}` is a quantity; else "
    yield Problem(
        severity,
        f"{rare.height} {plural} fewer than {FEWEST_PER_CLASS} {unit}: {named(classes)}",
        name,
        None,
        counted
        * known.dtype.is_numeric()
        + "drop these rows, merge the classes, or collect more: train, validation and test each "
        "need one",
    )


def spelt_alike(counts: pl.DataFrame, name: str) -> Iterator[Problem]:
    """Classes that differ in capitals and spaces only."""
    plain = counts.with_columns(plain=pl.col("class").str.to_lowercase().str.replace_all(r"\s", ""))
    alike = (
        plain.group_by("plain", maintain_order=True)
        .agg("class")
        .filter(pl.col("class").list.len() > 1)
    )
    for _, classes in alike.iter_rows():
        yield Problem(
            "warning",
            f"the classes {named(sorted(classes))} of `{name}` differ in spelling only",
            name,
            None,
            "spell them alike, unless they are different classes",
        )


def conflicts(table: Table, layout: Layout, sequences: Sequences, name: str) -> Iterator[Problem]:
    """Sequences of a long table whose target is not the same in all rows."""
    starts = whole_runs(table.frame, layout.id)
    if starts is not None and steady(table.frame[name], starts):
        return
    first = pl.col(name).drop_nulls().first().over(layout.id)
    numbered = table.frame.with_row_index("__row")
    odd = numbered.filter((pl.col(name) != first).fill_null(False))
    if not odd.height:
        return
    ids = odd.select(layout.id).unique(maintain_order=True)
    yield problem_at(
        "error",
        f"`{name}` differs inside {ids.height} of {len(sequences)} sequences: {ids_shown(ids)}",
        name,
        [table.line(int(row)) for row in odd["__row"]],
        f"correct `{name}`, or learn one per timestep with `--type many-to-many`",
    )


def ids_shown(ids: pl.DataFrame) -> str:
    values = [" ".join(map(str, row)) for row in ids.head(SHOWN + 1).iter_rows()]
    more = f" and {ids.height - SHOWN} more" if ids.height > SHOWN else ""
    return ", ".join(f"`{value}`" for value in values[:SHOWN]) + more


def size_problems(layout: Layout, sequences: Sequences) -> Iterator[Problem]:
    if layout.per_timestep and len(sequences) < FEWEST_SEQUENCES:
        timesteps = int(sequences.row_splits[-1])
        if timesteps < FEWEST_TIMESTEPS:
            yield Problem(
                "error",
                f"only {timesteps} timesteps in {len(sequences)} sequences",
                None,
                None,
                f"at least {FEWEST_TIMESTEPS} timesteps are needed for train, validation and test",
            )
    elif len(sequences) < FEWEST_SEQUENCES:
        yield Problem(
            "error",
            f"only {len(sequences)} sequences",
            None,
            None,
            f"at least {FEWEST_SEQUENCES} are needed for train, validation and test",
        )


def spaced_labels(layout: Layout, sequences: Sequences) -> Iterator[Problem]:
    """Labels of lists to continue that cannot be told apart where they are written in a row."""
    continued = layout.task == "language-modelling" and layout.tokens is None
    if not continued or layout.label_sets:
        return
    labels = sequences.categories[0].unique().sort()
    spaced = labels.filter(labels.str.contains(SPACE))
    if len(spaced):
        yield Problem(
            "error",
            f"`{layout.features[0].name}` holds the label `{spaced[0]}`, and white space stands "
            "between labels in what is generated",
            layout.features[0].name,
            None,
            f"write it in one piece, such as `{spaced.str.replace_all(SPACE, '_')[0]}`",
        )


def content_problems(table: Table, layout: Layout, sequences: Sequences) -> Iterator[Problem]:
    empty = np.flatnonzero(sequences.lengths == 0)
    if len(empty):
        yield Problem(
            "warning",
            f"{len(empty)} sequences have no timestep: they are left out of training and scores",
            None,
            line_of_sequence(table, sequences, int(empty[0])),
            "fill them in, or drop the rows",
        )
    if layout.form == "plain-table" or len(sequences) < 2:
        return
    groups = duplicate_groups(sequences)
    # groups are numbered in the order of their first sequence
    repeated = np.zeros(len(groups), bool)
    repeated[np.setdiff1d(np.arange(len(groups)), np.unique(groups, return_index=True)[1])] = True
    again = np.flatnonzero(repeated & (sequences.lengths > 0))
    if len(again):
        yield problem_at(
            "warning",
            f"{len(again)} sequences repeat another: all of a kind are kept in the same part",
            None,
            lines_of_sequences(table, sequences, again),
            "nothing to do, or drop the repeats",
        )


def line_of_sequence(table: Table, sequences: Sequences, number: int) -> int | None:
    if sequences.rows is None:
        return table.line(number)
    start = int(sequences.row_splits[number])
    return table.line(int(sequences.rows[start])) if start < len(sequences.rows) else None


def lines_of_sequences(table: Table, sequences: Sequences, numbers: Integers) -> list[int]:
    """The first lines of sequences that have timesteps."""
    rows = numbers if sequences.rows is None else sequences.rows[sequences.row_splits[numbers]]
    return [table.line(row) for row in rows.tolist()]


def lines_of_targets(
    table: Table, layout: Layout, sequences: Sequences, numbers: Sequence[int]
) -> list[int]:
    """The lines of timesteps, or of all rows of sequences."""
    rows = sequences.rows
    if rows is None:
        return [table.line(number) for number in numbers]
    if layout.per_timestep:
        return [table.line(int(rows[number])) for number in numbers]
    where = timestep_index(sequences.row_splits, np.asarray(numbers, np.int64))
    return [table.line(int(row)) for row in rows[where]]


def feature_problems(table: Table, layout: Layout) -> Iterator[Problem]:
    """Constant features, and numbers that a network cannot hold."""
    frame = table.frame
    columns = (*layout.features, *layout.static)
    numeric = {name for name, dtype in frame.schema.items() if dtype.is_numeric()}
    numbers = [
        name for column in columns for name in column.columns or (column.name,) if name in numeric
    ]
    yield from beyond_float32(table, numbers)
    constant = [column.name for column in columns if is_constant(frame, column)]
    if constant and layout.task != "language-modelling":
        plural = "feature has" if len(constant) == 1 else "features have"
        yield Problem(
            "warning",
            f"{len(constant)} {plural} the same value everywhere: {named(constant)}",
            constant[0],
            None,
            f"leave it out with `{flag('--ignore', constant[0])}`",
        )


def is_constant(frame: pl.DataFrame, column: Column) -> bool:
    names = list(column.columns or (column.name,))
    dtypes = {frame[name].dtype for name in names}
    if any(dtype.is_nested() for dtype in dtypes):
        return False
    if column.columns or all(dtype.is_numeric() for dtype in dtypes):
        numbers = frame.select(pl.col(names).cast(pl.Float64, strict=False))
        low, high = numbers.min().row(0), numbers.max().row(0)
        known = [value for value in (*low, *high) if value is not None]
        return len(set(known)) <= 1
    return frame[names[0]].drop_nulls().n_unique() <= 1


def beyond_float32(table: Table, names: Sequence[str]) -> Iterator[Problem]:
    names = [name for name in names if not table.frame.schema[name].is_nested()]
    if not names:
        return
    # what most tables show by their least and greatest values alone
    spans = table.frame.select(pl.col(names).cast(pl.Float64))
    low, high = spans.min().row(0), spans.max().row(0)
    names = [
        name
        for name, least, most in zip(names, low, high, strict=True)
        if least is not None and (least < -LARGEST or most > LARGEST)
    ]
    if not names:
        return
    floats = table.frame.select(names)
    # nan fails every comparison, so that only infinite and large values are counted
    odd = floats.select((pl.all().cast(pl.Float64).abs() > LARGEST).sum()).row(0)
    for name, count in zip(names, odd, strict=True):
        if count:
            rows = rows_where(floats[name].cast(pl.Float64).abs() > LARGEST)
            values = "value is" if count == 1 else "values are"
            yield problem_at(
                "warning",
                f"{count} {values} infinite or beyond float32 in `{name}`: read as missing",
                name,
                [table.line(row) for row in rows],
                "correct the values, or scale the column",
            )
