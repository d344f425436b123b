"""Everything about a table that would spoil a fit, found before anything slow starts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from rnnauto.data.case import flag, named
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.layout import Column, Layout
from rnnauto.data.leaks import find_leaks
from rnnauto.data.read import Table
from rnnauto.data.sequences import Integers, Sequences
from rnnauto.errors import DataError

FEWEST_PER_CLASS = 3  # one for each part
FEWEST_SEQUENCES = 10
FEWEST_TIMESTEPS = 30  # with a target for each
FEW_TWICE = 0.01  # share of rows with a time that occurs twice, above which the id must be wrong
LARGEST = float(np.finfo(np.float32).max)
SHOWN = 5
NETWORKS = (
    "there are networks for one-to-one, many-to-one and (in a table with a row for each timestep) "
    "many-to-many, with one target; see `--type`"
)


@dataclass(frozen=True)
class Problem:
    """`row` is the line in the file, where the header is line 1."""

    severity: Literal["error", "warning"]
    message: str
    column: str | None
    row: int | None
    remedy: str


def find_problems(table: Table, layout: Layout, sequences: Sequences) -> tuple[Problem, ...]:
    """Every problem at once, errors first."""
    lack = without_network(layout)
    if lack:
        return (Problem("error", lack, None, None, NETWORKS),)
    found = [
        *target_problems(table, layout, sequences),
        *size_problems(layout, sequences),
        *time_problems(table, layout),
        *content_problems(table, layout, sequences),
        *feature_problems(table, layout),
        *(
            Problem(
                "error",
                leak.message,
                leak.column,
                None,
                f"leave it out with `{flag('--ignore', leak.column)}`",
            )
            for leak in find_leaks(table.frame, layout, sequences)
        ),
    ]
    return tuple(sorted(found, key=lambda problem: problem.severity))


def without_network(layout: Layout) -> str:
    """Why there is no network for a layout yet; empty where there is one."""
    per_row = layout.rnn_type == "many-to-many" and layout.rows_are_timesteps
    one_answer = layout.rnn_type in {"one-to-one", "many-to-one"}
    single = len(layout.target) == 1 and layout.target_kind not in {"text", "list"}
    learned = layout.task in {"classification", "regression"}
    if learned and single and (per_row or one_answer):
        return ""
    what = f"{layout.rnn_type} {layout.task}"
    if layout.rnn_type == "many-to-many" and not per_row:
        what += " with the target beside the sequence in a row"
    return f"there is no network for {what} yet"


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


def described(problem: Problem) -> str:
    return problem.message + (f" (line {problem.row})" if problem.row is not None else "")


def target_problems(table: Table, layout: Layout, sequences: Sequences) -> Iterator[Problem]:
    targets = sequences.targets
    if targets is None:
        return
    name = layout.target[0]
    known = targets.drop_nulls()
    unit = "timesteps" if layout.per_timestep else "sequences"
    if len(known) < len(targets):
        missing = int(targets.is_null().arg_max() or 0)
        yield Problem(
            "warning",
            f"{len(targets) - len(known)} of {len(targets)} {unit} have no `{name}`: they are "
            "left out of training and scores",
            name,
            line_of_target(table, layout, sequences, missing),
            "fill the target in, or drop the rows",
        )
    if known.n_unique() <= 1:
        value = f"`{known[0]}`" if len(known) else "missing"
        yield Problem(
            "error",
            f"the target `{name}` is always {value}: there is nothing to learn",
            name,
            None,
            "name another target, or add rows with other values",
        )
    elif layout.task == "classification":
        yield from class_problems(layout, known, unit)
    if layout.form == "long-table" and not layout.per_timestep:
        yield from conflicts(table, layout, sequences)
    if layout.task == "regression":
        yield from beyond_float32(table, [name])


def class_problems(layout: Layout, known: pl.Series, unit: str) -> Iterator[Problem]:
    name = layout.target[0]
    counts = known.cast(pl.String).rename("class").value_counts(sort=True)
    yield from spelt_alike(counts, name)
    rare = counts.filter(pl.col("count") < FEWEST_PER_CLASS).sort("class")
    if not rare.height:
        return
    classes = [f"{label} ({count})" for label, count in rare.iter_rows()]
    # tags that stand once in a text are usual, and the parts are cut by sequence there anyway
    severity: Literal["error", "warning"] = "warning" if layout.per_timestep else "error"
    plural = "class has" if len(classes) == 1 else "classes have"
    yield Problem(
        severity,
        f"{rare.height} {plural} fewer than {FEWEST_PER_CLASS} {unit}: {named(classes)}",
        name,
        None,
        "drop these rows, merge the classes, or collect more: train, validation and test each "
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


def conflicts(table: Table, layout: Layout, sequences: Sequences) -> Iterator[Problem]:
    """Sequences of a long table whose target is not the same in all rows."""
    name = layout.target[0]
    first = pl.col(name).drop_nulls().first().over(layout.id)
    numbered = table.frame.with_row_index("__row")
    odd = numbered.filter((pl.col(name) != first).fill_null(False))
    if not odd.height:
        return
    ids = odd.select(layout.id).unique(maintain_order=True)
    yield Problem(
        "error",
        f"`{name}` differs inside {ids.height} of {len(sequences)} sequences: {ids_shown(ids)}",
        name,
        table.line(int(odd["__row"][0])),
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


def time_problems(table: Table, layout: Layout) -> Iterator[Problem]:
    if layout.time is None or not layout.rows_are_timesteps:
        return
    time, ids = layout.time, list(layout.id)
    rows = table.frame.select(*ids, time).with_row_index("__row")
    missing = rows.filter(pl.col(time).is_null())
    if missing.height:
        yield Problem(
            "warning",
            f"{missing.height} rows have no `{time}`: they are put before the others",
            time,
            table.line(int(missing["__row"][0])),
            "fill the times in, or drop the rows",
        )
    previous = pl.col(time).shift().over(ids) if ids else pl.col(time).shift()
    back = rows.filter((pl.col(time) < previous).fill_null(False))
    if back.height:
        yield Problem(
            "warning",
            f"`{time}` goes back in {back.height} rows: the timesteps are sorted by it",
            time,
            table.line(int(back["__row"][0])),
            "nothing to do, unless the order of the file is right: then leave the column out with "
            f"`{flag('--ignore', time)}`",
        )
    yield from times_twice(table, layout, rows.filter(pl.col(time).is_not_null()))


def times_twice(table: Table, layout: Layout, rows: pl.DataFrame) -> Iterator[Problem]:
    """A few are faults of the file, and rows in file order do no harm; many show a wrong id."""
    keys = [*layout.id, str(layout.time)]
    twice = rows.filter(~pl.struct(keys).is_first_distinct())
    if not twice.height:
        return
    many = twice.height > FEW_TWICE * rows.height
    what = "id and time" if layout.id else "time"
    yield Problem(
        "error" if many else "warning",
        f"{twice.height} rows repeat the {what} ({named(keys)}) of another row",
        layout.time,
        table.line(int(twice["__row"][0])),
        "name every column that tells sequences apart (`--id` may be repeated), or keep one row "
        "for each time"
        if many
        else "keep one row for each time; as it is they stay, in the order of the file",
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
    filled = groups[sequences.lengths > 0]
    distinct, first, counts = np.unique(groups, return_index=True, return_counts=True)
    repeats = len(filled) - len(np.unique(filled))
    if repeats:
        kept = (counts > 1) & (sequences.lengths[first] > 0)
        yield Problem(
            "warning",
            f"{repeats} sequences repeat another: all of a kind are kept in the same part",
            None,
            line_of_sequence(table, sequences, second_of(groups, int(distinct[kept][0]))),
            "nothing to do, or drop the repeats",
        )


def second_of(groups: Integers, group: int) -> int:
    return int(np.flatnonzero(groups == group)[1])


def line_of_sequence(table: Table, sequences: Sequences, number: int) -> int | None:
    if sequences.rows is None:
        return table.line(number)
    start = int(sequences.row_splits[number])
    return table.line(int(sequences.rows[start])) if start < len(sequences.rows) else None


def line_of_target(table: Table, layout: Layout, sequences: Sequences, number: int) -> int | None:
    if layout.per_timestep and sequences.rows is not None:
        return table.line(int(sequences.rows[number]))
    return line_of_sequence(table, sequences, number)


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
    if constant:
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
    if not names:
        return
    floats = table.frame.select(names)
    # nan fails every comparison, so that only infinite and large values are counted
    odd = floats.select((pl.all().cast(pl.Float64).abs() > LARGEST).sum()).row(0)
    for name, count in zip(names, odd, strict=True):
        if count:
            row = int((floats[name].cast(pl.Float64).abs() > LARGEST).arg_max() or 0)
            values = "value is" if count == 1 else "values are"
            yield Problem(
                "warning",
                f"{count} {values} infinite or beyond float32 in `{name}`: read as missing",
                name,
                table.line(row),
                "correct the values, or scale the column",
            )
