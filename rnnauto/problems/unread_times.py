"""Find a column of times that nobody could read: rows without it are in the order of the file."""

from collections.abc import Iterator

import polars as pl

from rnnauto.inference.case import flag
from rnnauto.names import named_time
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import gives_numbers
from rnnauto.problems.rule import Laid, Rule
from rnnauto.visible import visible

FEWEST_ROWS = 20
MOSTLY = 0.9  # of the rows of a series have a time of their own

UNREAD_TIME = Kind(
    code="unread-time",
    severity="warning",
    or_severity="error",
    title="a column of times cannot be read",
    finds="Columns of text that are named like times and hold another one in nearly every row of a "
    "series, with a number in each, in a way that no rule reads; no other column is the time. "
    "An error where such a column is all that a number is predicted from.",
    harm="Rows are taken in the order of the file: where the newest comes first the past is "
    "forecast. And a number that is told from the letters of its date is told from nothing.",
    remedy="Write them as `2021-01-31` or `2021-01-31 10:00`, or leave the column out with "
    "`--ignore`.",
    example=Example(
        numbered(
            "quarter,y",
            *(
                f"{year} {part},{(7 * year) % 5}.5"
                for year in range(2001, 2011)
                for part in ("I", "II", "III", "IV")
            ),
        ),
        "--target y",
    ),
)


def unread_times(look: Laid) -> Iterator[Problem]:
    frame, layout = look.table.frame, look.layout
    if layout.time is not None or frame.height < FEWEST_ROWS:
        return
    ids = layout.id if layout.rows_are_timesteps else ()
    only = layout.features[0].name if len(layout.features) == 1 and not layout.static else None
    for name in (*layout.ignored, *(column.name for column in layout.features)):
        if frame.schema.get(name) != pl.String or not named_time(name):
            continue
        cells = frame[name].drop_nulls()
        with_number = int(cells.str.contains(r"\d").sum())
        if min(with_number, frame.select(*ids, name).n_unique()) < MOSTLY * frame.height:
            continue
        told = name == only and gives_numbers(layout)
        yield UNREAD_TIME.problem(
            f"`{name}` is named like a time, and how it is written (`{visible(cells[0])}`) is not "
            + (
                "known: it is all that numbers are to be told from"
                if told
                else "known: rows stay in the order of the file"
            ),
            name,
            remedy="write it as `2021-01-31` or `2021-01-31 10:00`, or leave it out with "
            f"`{flag('--ignore', name)}`",
            severity="error" if told else "warning",
        )


RULES = (Rule((UNREAD_TIME,), unread_times),)
