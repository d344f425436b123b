"""What is wrong with the order of the timesteps: times absent, going back, or occurring twice."""

from collections.abc import Iterator

import polars as pl

from rnnauto.inference.case import flag, named
from rnnauto.layout import Layout
from rnnauto.problem import MOST_ROWS, Problem, problem_at
from rnnauto.reading.read import Table
from rnnauto.runs import ordered_runs

FEW_TWICE = 0.01  # share of rows with a time that occurs twice, above which the id must be wrong


def time_problems(table: Table, layout: Layout) -> Iterator[Problem]:
    if layout.time is None or not layout.rows_are_timesteps:
        return
    time, ids = layout.time, list(layout.id)
    if ordered_runs(table.frame, ids, time) is not None:
        return
    rows = table.frame.select(*ids, time).with_row_index("__row")
    missing = rows.filter(pl.col(time).is_null())
    if missing.height:
        yield problem_at(
            "warning",
            f"{missing.height} rows have no `{time}`: they are put before the others",
            time,
            [table.line(int(row)) for row in missing["__row"]],
            "fill the times in, or drop the rows",
        )
    previous = pl.col(time).shift().over(ids) if ids else pl.col(time).shift()
    back = rows.filter((pl.col(time) < previous).fill_null(False))
    if back.height:
        yield problem_at(
            "warning",
            f"`{time}` goes back in {back.height} rows: the timesteps are sorted by it",
            time,
            moved_lines(table, rows, ids, time),
            "nothing to do, unless the order of the file is right: then leave the column out with "
            f"`{flag('--ignore', time)}`",
            row=table.line(int(back["__row"][0])),
        )
    yield from times_twice(table, layout, rows.filter(pl.col(time).is_not_null()))


def moved_lines(table: Table, rows: pl.DataFrame, ids: list[str], time: str) -> list[int]:
    """The lines of rows that sorting by time moves to another place among those of their id."""
    place = pl.int_range(pl.len())
    known = rows.filter(pl.col(time).is_not_null())
    here = known.with_columns(here=place.over(ids) if ids else place)
    there = pl.col("here").sort_by(time, maintain_order=True)
    moved = here.with_columns(there=there.over(ids) if ids else there)
    moved = moved.filter(pl.col("here") != pl.col("there"))
    return [table.line(int(row)) for row in moved["__row"].head(MOST_ROWS)]


def times_twice(table: Table, layout: Layout, rows: pl.DataFrame) -> Iterator[Problem]:
    """A few are faults of the file, and rows in file order do no harm; many show a wrong id."""
    keys = [*layout.id, str(layout.time)]
    twice = rows.filter(~pl.struct(keys).is_first_distinct())
    if not twice.height:
        return
    again = rows.filter(pl.struct(keys).is_duplicated())
    many = twice.height > FEW_TWICE * rows.height
    what = "id and time" if layout.id else "time"
    yield problem_at(
        "error" if many else "warning",
        f"{twice.height} rows repeat the {what} ({named(keys)}) of another row",
        layout.time,
        [table.line(int(row)) for row in again["__row"]],
        "name every column that tells sequences apart (`--id` may be repeated), or keep one row "
        "for each time"
        if many
        else "keep one row for each time; as it is they stay, in the order of the file",
        row=table.line(int(twice["__row"][0])),
    )
