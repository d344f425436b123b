"""Find columns of times that nobody could read, or that order nothing."""

from collections.abc import Iterator, Sequence

import polars as pl

from rnnauto.inference.case import flag
from rnnauto.names import named_time
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.layouts import gives_numbers
from rnnauto.problems.rule import Laid, Rule
from rnnauto.reading.joined_time import part_beyond
from rnnauto.times.choose import groups_in
from rnnauto.times.patterns import patterns_of
from rnnauto.times.shapes import misread
from rnnauto.times.spelling import regex_of
from rnnauto.visible import visible

FEWEST_ROWS = 20
SHOWN = 3  # cells
COUNTED = r"^(?<word>\p{L}[\p{L} ]*?)[ _.#-]{0,2}(?<number>\d{1,6})$"
MOSTLY = 0.8  # of the rows of a series have a time of their own

UNREAD_TIME = Kind(
    code="unread-time",
    severity="warning",
    or_severity="error",
    title="a column of times cannot be read",
    finds="Columns of text that are named like times and hold another one in nearly every row of a "
    "series, with a number in each, in a way that no rule reads; no other column is the time. So "
    "are those that count timesteps behind a word (`visit 1`, `visit 2`), whatever they are "
    "called, where rows do not stand in the order of their numbers. "
    "An error where such a column is all that a number is predicted from.",
    harm="Rows are taken in the order of the file: where the newest comes first the past is "
    "forecast. And a number that is told from the letters of its date is told from nothing.",
    remedy="Write them as `2021-01-31` or `2021-01-31 10:00`, and counts as numbers alone; or "
    "leave the column out with `--ignore`.",
    example=Example(
        numbered(
            "quarter,y",
            *(
                f"{year} {part},{(7 * year) % 5}.5"
                for year in range(2001, 2011)
                for part in ("spring", "summer", "autumn", "winter")
            ),
        ),
        "--target y",
    ),
)


UNUSED_TIME = Kind(
    code="unused-time",
    severity="warning",
    title="rows are in the order of a time that is left out",
    finds="Dates and times that go on from row to row where rows are taken one by one, or in the "
    "order of the file, for times occur more than once in whatever might be a series.",
    harm="What came before is not read. Most often a column that tells series apart has not been "
    "named, or a time has several rows.",
    remedy="Name every column that tells series apart with `--id`, or keep one row for each time.",
    example=Example(
        numbered(
            "day,shop,sold",
            *(
                f"2024-01-{day:02},{shop},{(day * 7 + shop + again) % 13}.5"
                for day in range(1, 29)
                for shop in (1, 2)
                for again in (0, 1)
            ),
        ),
        "--target sold",
    ),
)


def unread_times(look: Laid) -> Iterator[Problem]:
    frame, layout = look.table.frame, look.layout
    if layout.time is not None or frame.height < FEWEST_ROWS:
        return
    beyond = part_beyond(frame)
    if beyond is not None:
        year, part = beyond
        low, high = look.table.spans[part]
        yield UNREAD_TIME.problem(
            f"`{year}` and `{part}` are not read as a time: `{part}` goes from {low} to {high}",
            part,
            remedy="count weeks from 1 to 53 as ISO 8601 does, months from 1 to 12, quarters from "
            "1 to 4",
        )
    ids = layout.id if layout.rows_are_timesteps else ()
    only = layout.features[0].name if len(layout.features) == 1 and not layout.static else None
    for name in (*layout.ignored, *(column.name for column in layout.features)):
        other = frame.schema.get(name) != pl.String or name in look.table.told
        if other:
            continue
        if ids and counts_timesteps(frame, name, ids) and not counts_on(frame, name, ids):
            yield out_of_order(frame, name, ids)
            continue
        if not named_time(name):
            continue
        cells = frame[name].drop_nulls()
        with_number = int(cells.str.contains(r"\d").sum())
        if with_number < MOSTLY * frame.height or not tells_apart(frame, name, ids):
            continue
        told = name == only and gives_numbers(layout)
        odd = odd_cells(frame[name])
        if odd.any():
            rows = rows_where(odd)
            yield UNREAD_TIME.problem(
                f"`{name}` is text, for {len(rows):,} of its cells are no times "
                f"(`{visible(frame[name][rows[0]])}`): rows stay in the order of the file",
                name,
                look.table.lines_at(rows),
                remedy="leave these rows out, or empty the cells",
                severity="error" if told else "warning",
            )
            continue
        yield UNREAD_TIME.problem(
            f"`{name}` is named like a time, and how it is written (`{visible(cells[0])}`) is not "
            + (
                "known: it is all that numbers are to be told from"
                if told
                else "known: rows stay in the order of the file"
            ),
            name,
            remedy="write it as `2021-01-31` or `2021-01-31 10:00`, with the year, or leave it out "
            f"with `{flag('--ignore', name)}`",
            severity="error" if told else "warning",
        )


def counts_timesteps(frame: pl.DataFrame, name: str, ids: Sequence[str]) -> bool:
    """Whether all cells are numbers behind one word (`t1`, `Week 12`, `V07`), of which sequences
    have nearly the same ones; products in baskets are many more than a basket holds."""
    counts = frame[name].drop_nulls().unique()
    parts = counts.str.extract_groups(COUNTED).struct.unnest()
    if parts["word"].null_count() or parts["word"].n_unique() != 1 or len(counts) < SHOWN:
        return False
    longest = frame.select(pl.len().over(ids).max()).item()
    return len(counts) <= 2 * longest and tells_apart(frame, name, ids)


def counts_on(frame: pl.DataFrame, name: str, ids: Sequence[str]) -> bool:
    """Whether these numbers go up, or down, from row to row of each sequence."""
    step = pl.col(name).str.extract(r"(\d+)$").cast(pl.Float64).diff().over(ids)
    steps = frame.select(step).to_series().drop_nulls()
    return bool((steps > 0).all() or (steps < 0).all())


def out_of_order(frame: pl.DataFrame, name: str, ids: Sequence[str]) -> Problem:
    first = frame.filter(pl.struct(ids) == frame.select(pl.struct(ids)).to_series()[0])
    shown = ", ".join(visible(cell) for cell in first[name].drop_nulls()[:SHOWN])
    return UNREAD_TIME.problem(
        f"`{name}` counts timesteps, and the rows of a sequence do not stand in the order of its "
        f"numbers ({shown}, ...): they are read in the order of the file",
        name,
        remedy="write the numbers alone, without the word before them, or sort the rows by them",
    )


def tells_apart(frame: pl.DataFrame, name: str, ids: Sequence[str]) -> bool:
    """Whether a column tells most rows of a series apart; of series that are not known, of those
    that another column makes."""
    groups = [[]] if ids else [[], *([group] for group in groups_in(frame, [name]))]
    return any(
        frame.select(*ids, *group, name).n_unique() >= MOSTLY * frame.height for group in groups
    )


def odd_cells(column: pl.Series) -> pl.Series:
    """Mark the cells that are no times in a column where more than half are."""
    odd = misread(column, None)
    if odd.any():
        return odd
    cells = column.str.strip_chars()
    for pattern, _ in patterns_of(str(cells.drop_nulls()[0])):
        fits = cells.str.contains(regex_of(pattern)).fill_null(True)
        if 2 * int(fits.sum()) > len(cells):
            return ~fits
    return odd


def unused_times(look: Laid) -> Iterator[Problem]:
    """Find times that go on from row to row, where rows are taken one by one or in the order of the
    file."""
    frame, layout = look.table.frame, look.layout
    if layout.time is not None or frame.height < FEWEST_ROWS:
        return
    ids = layout.id if layout.rows_are_timesteps else ()
    for name in layout.ignored:
        times = frame[name] if name in frame.columns else None
        if times is None or times.dtype not in (pl.Date, pl.Datetime) or times.n_unique() < 3:
            continue
        if not goes_on(frame, name, ids):
            continue
        if layout.rows_are_timesteps:
            yield UNUSED_TIME.problem(
                f"`{name}` goes on from row to row of a sequence and is left out, for times occur "
                "more than once in it: timesteps stay in the order of the file",
                name,
                remedy="name every column that tells sequences apart (`--id` may be repeated), or "
                f"take its times as they are with `{flag('--time', name)}`",
            )
            continue
        yield UNUSED_TIME.problem(
            f"`{name}` goes on from row to row and is left out: no column tells series apart "
            "in which each time occurs once, and rows are taken one by one",
            name,
            remedy="name every column that tells series apart (`--id` may be repeated), or add "
            "up the rows of a time; nothing, if rows have nothing to do with each other",
        )


def goes_on(frame: pl.DataFrame, name: str, ids: Sequence[str]) -> bool:
    """Whether the times of a column never go back from row to row of a sequence, or never on."""
    step = pl.col(name).cast(pl.Int64).diff()
    steps = frame.select(step.over(ids) if ids else step).to_series()
    return bool((steps >= 0).all() or (steps <= 0).all())


RULES = (
    Rule((UNREAD_TIME,), unread_times),
    Rule((UNUSED_TIME,), unused_times),
)
