"""Leave out rows that say nothing: empty ones, blank lines, and repeats of the header."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.reading.dialect import Text
from rnnauto.reading.parse import Parsed
from rnnauto.visible import some

FEW = 100  # rows around which a frame is cut into slices
UPS = numbered("x,y", "#,up", "#.5,down", times=8)

EMPTY_ROW = Kind(
    code="empty-row",
    severity="note",
    title="a row is empty",
    finds="Rows without anything in any cell, such as `,,,`, and blank lines. In token lines a "
    "blank line ends a sequence, and is none of these.",
    harm="They would be timesteps, or sequences, of missing values. They are left out; the lines "
    "that are named count them.",
    remedy="Nothing.",
    example=Example(UPS + ",\n,\n" + "9,up\n"),
)
REPEATED_HEADER = Kind(
    code="repeated-header",
    severity="note",
    title="the header stands in the file again",
    finds="Rows whose every cell is the name of its column, as files that were joined have them.",
    harm="One such row makes text of every column of numbers. They are left out.",
    remedy="Nothing.",
    example=Example(UPS + UPS),
)
KINDS = (EMPTY_ROW, REPEATED_HEADER)


@dataclass(frozen=True)
class Kept:
    """The rows that say something.

    Attributes:
        lines: their file lines, where they are not simply row + 2.
        notes: what was left out, in words.
        left_out: the rows that were, counted from 0; blank lines are none, unless a row is one cell
            that may well be empty.
    """

    frame: pl.DataFrame
    lines: Integers | None
    notes: list[str]
    problems: list[Problem]
    left_out: Integers


def drop_idle_rows(parsed: Parsed, text: Text, known: Collection[int]) -> Kept:
    """Leave out empty rows and repeats of the header, as joined files have them.

    `known` are blank lines that have been spoken of already.
    """
    frame, lines = parsed.frame, parsed.lines
    found = {EMPTY_ROW: ("empty row", empty_rows(frame))}
    if set(frame.dtypes) == {pl.String}:
        found[REPEATED_HEADER] = ("repeat of the header", headers_again(frame))
    notes: list[str] = []
    problems = []
    for kind, (what, places) in found.items():
        at = places + 2 if lines is None else lines[places]
        rows = [line for line in at.tolist() if line not in known]
        notes += counted(len(rows), what)
        if rows:
            problems.append(kind.problem(notes[-1], None, rows, remedy="nothing to do"))
    blank = blank_lines(text, lines)
    if len(blank):
        blank = blank[~np.isin(blank, list(known))]
    if len(blank):
        said = counted(len(blank), "blank line")[0]
        problems.append(EMPTY_ROW.problem(said, None, blank.tolist(), remedy="nothing to do"))
    idle = np.concatenate([places for _, places in found.values()])
    if not len(idle):
        return Kept(frame, lines, [], problems, idle)
    idle = np.unique(idle)
    kept = np.delete(np.arange(2, frame.height + 2) if lines is None else lines, idle)
    left_out = rows_among(idle, parsed)
    return Kept(without_places(frame, idle), kept, notes, problems, left_out)


def rows_among(idle: Integers, parsed: Parsed) -> Integers:
    """Tell which rows of the file idle ones are, once blank lines do not count."""
    blank = parsed.blank
    if parsed.frame.width == 1:  # only those at the end are none
        last = np.setdiff1d(np.arange(parsed.frame.height), blank).max(initial=-1)
        blank = blank[blank > last]
    rows = np.setdiff1d(idle, blank)
    return np.asarray(rows - np.searchsorted(blank, rows))


def empty_rows(frame: pl.DataFrame) -> Integers:
    """Find the rows without anything in any cell; a look at the last column leaves few."""
    last = frame.to_series(frame.width - 1)
    empty = last.is_null() | (last == "" if last.dtype == pl.String else False)
    places = np.flatnonzero(empty.fill_null(True).to_numpy())
    for position in range(frame.width - 2, -1, -1):
        if not len(places):
            break
        cells = frame.to_series(position).gather(places)
        empty = cells.is_null()
        if cells.dtype == pl.String:
            empty |= cells.str.strip_chars() == ""
        places = places[empty.fill_null(True).to_numpy()]
    return places


def headers_again(frame: pl.DataFrame) -> Integers:
    """Find the rows whose every cell is the name of its column."""
    last = frame.to_series(frame.width - 1)
    places = np.flatnonzero((last.str.strip_chars() == last.name).fill_null(False).to_numpy())
    if not len(places):
        return places
    same = pl.all_horizontal(pl.col(name).str.strip_chars() == name for name in frame.columns)
    again = frame[places].select(same.fill_null(False)).to_series()
    return places[rows_where(again)]


def without_places(frame: pl.DataFrame, places: Integers) -> pl.DataFrame:
    """Leave some rows out: around a few by slices, which copy nothing."""
    if len(places) > FEW:
        return frame.filter(~pl.int_range(pl.len()).is_in(pl.Series(places).implode()))
    begins, ends = np.append(0, places + 1), np.append(places, frame.height)
    slices = [
        frame.slice(begin, end - begin)
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        if begin < end
    ]
    return pl.concat(slices) if slices else frame.clear()


def blank_lines(text: Text, lines: Integers | None) -> Integers:
    """List the lines between rows that are none themselves. `lines` are those of the rows."""
    if lines is None or text.quotes != "none":
        return np.zeros(0, np.int64)
    steps = np.diff(lines, prepend=1 + text.skipped)
    jumps = np.flatnonzero(steps > 1)
    absent = [np.arange(lines[at] - steps[at] + 1, lines[at]) for at in jumps]
    return np.concatenate([*absent, np.zeros(0, np.int64)])


def counted(count: int, what: str) -> list[str]:
    if not count:
        return []
    return [f"{count} {some(count, what)} left out"]
