"""Find what is wrong with the order of timesteps: times absent, going back, occurring twice."""

from collections.abc import Iterator

import polars as pl

from rnnauto.inference.case import flag, named
from rnnauto.layout import Layout
from rnnauto.problem import MOST_ROWS, Example, Kind, Problem, numbered
from rnnauto.problems.layouts import has_timed_rows
from rnnauto.problems.rule import Laid, Rule
from rnnauto.reading.read import Table
from rnnauto.runs import ordered_runs
from rnnauto.visible import counted

FEW_TWICE = 0.01  # share of rows with a time that occurs twice, above which the id must be wrong
ROOM = tuple(f"r{room},{t},{t * room % 7}.5,up" for room in range(1, 13) for t in range(1, 11))
FLAGS = "--target y --id room --time t"

MISSING_TIME = Kind(
    code="missing-time",
    severity="warning",
    title="a timestep has no time",
    finds="Rows whose time is empty, where rows are timesteps.",
    harm="Nobody knows where in the sequence they belong: they are put before the others.",
    remedy="Fill the times in, or drop the rows.",
    example=Example(numbered("room,t,x,y", *ROOM).replace("r1,4,", "r1,,"), FLAGS),
)
TIME_GOES_BACK = Kind(
    code="time-goes-back",
    severity="warning",
    title="the rows of a sequence are not in the order of their times",
    finds="Rows with an earlier time than the row before them in the same sequence.",
    harm="An RNN reads the timesteps in order. They are sorted by the time, which is wrong if the "
    "order of the file is right: times with a two-digit year, or numbers that begin again.",
    remedy="Nothing, unless the order of the file is right: then leave the column out with "
    "`--ignore`.",
    example=Example(
        numbered("room,t,x,y", *ROOM).replace(
            "r1,4,4.5,up\nr1,5,5.5,up", "r1,5,5.5,up\nr1,4,4.5,up"
        ),
        FLAGS,
    ),
)
NEWEST_FIRST = Kind(
    code="newest-first",
    severity="note",
    title="the newest row comes first",
    finds="Times that go down from row to row, in every sequence.",
    harm="None: the timesteps are sorted by the time, and read from the oldest to the newest.",
    remedy="Nothing.",
    example=Example(
        numbered("t,y", *(f"2024-01-{day:02},{day}.5" for day in range(28, 0, -1))), "--target y"
    ),
)
DUPLICATE_TIMESTEP = Kind(
    code="duplicate-timestep",
    severity="error",
    or_severity="warning",
    title="a time occurs twice in a sequence",
    finds="Rows with the same id and time as another row. A warning where they are at most "
    f"{FEW_TWICE:.0%} of the rows.",
    harm="Many show that the id is wrong: two series are mixed into one, and the network reads a "
    "zigzag. A few are faults of the file, such as a line that was saved twice.",
    remedy="Name every column that tells sequences apart (`--id` may be repeated), or keep one row "
    "for each time.",
    example=Example(numbered("room,t,x,y", *ROOM).replace("r1,4,", "r1,3,"), FLAGS),
)


def time_problems(look: Laid) -> Iterator[Problem]:
    table, layout = look.table, look.layout
    time, ids = str(layout.time), list(layout.id)
    if ordered_runs(table.frame, ids, time) is not None:
        return
    rows = table.frame.select(*ids, time).with_row_index("__row")
    missing = rows.filter(pl.col(time).is_null())
    if missing.height:
        yield MISSING_TIME.problem(
            f"{counted(missing.height, 'row', 'have')} no `{time}`: put before the others",
            time,
            [table.line(int(row)) for row in missing["__row"]],
            remedy="fill the times in, or drop the rows",
        )
    previous = pl.col(time).shift().over(ids) if ids else pl.col(time).shift()
    back = rows.filter((pl.col(time) < previous).fill_null(False))
    ahead = rows.filter((pl.col(time) > previous).fill_null(False))
    if back.height and not ahead.height:
        yield NEWEST_FIRST.problem(
            f"`{time}` goes down from row to row: the timesteps are sorted, the oldest first",
            time,
            remedy="nothing to do",
        )
    elif back.height:
        yield TIME_GOES_BACK.problem(
            f"`{time}` goes back in {counted(back.height, 'row')}: the timesteps are sorted by it",
            time,
            moved_lines(table, rows, ids, time),
            remedy="nothing to do, unless the order of the file is right: then leave the column "
            f"out with `{flag('--ignore', time)}`",
            row=table.line(int(back["__row"][0])),
        )
    yield from times_twice(table, layout, rows.filter(pl.col(time).is_not_null()))


def moved_lines(table: Table, rows: pl.DataFrame, ids: list[str], time: str) -> list[int]:
    """Find the lines of rows that sorting by time moves to another place inside their id."""
    place = pl.int_range(pl.len())
    known = rows.filter(pl.col(time).is_not_null())
    here = known.with_columns(here=place.over(ids) if ids else place)
    there = pl.col("here").sort_by(time, maintain_order=True)
    moved = here.with_columns(there=there.over(ids) if ids else there)
    moved = moved.filter(pl.col("here") != pl.col("there"))
    return [table.line(int(row)) for row in moved["__row"].head(MOST_ROWS)]


def times_twice(table: Table, layout: Layout, rows: pl.DataFrame) -> Iterator[Problem]:
    """Find times that occur twice: a few are faults of the file, and do no harm in the order of its
    rows; many show a wrong id."""
    keys = layout.timestep_keys()
    twice = rows.filter(~pl.struct(keys).is_first_distinct())
    if not twice.height:
        return
    again = rows.filter(pl.struct(keys).is_duplicated())
    many = twice.height > FEW_TWICE * rows.height
    what = "id and time" if layout.id else "time"
    yield DUPLICATE_TIMESTEP.problem(
        f"{counted(twice.height, 'row', 'repeat')} the {what} ({named(keys)}) of another row",
        layout.time,
        [table.line(int(row)) for row in again["__row"]],
        remedy="name every column that tells sequences apart (`--id` may be repeated), or keep one "
        "row for each time"
        if many
        else "keep one row for each time; as it is they stay, in the order of the file",
        row=table.line(int(twice["__row"][0])),
        severity="error" if many else "warning",
    )


RULES = (
    Rule(
        (MISSING_TIME, TIME_GOES_BACK, NEWEST_FIRST, DUPLICATE_TIMESTEP),
        time_problems,
        has_timed_rows,
    ),
)
