"""Leave out rows that say nothing: empty ones, blank lines, and repeats of the header."""

from collections.abc import Collection

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.reading.content import whole
from rnnauto.reading.dialect import Text

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


def drop_idle_rows(
    frame: pl.DataFrame, lines: Integers | None, text: Text, known: Collection[int]
) -> tuple[pl.DataFrame, Integers | None, list[str], list[Problem]]:
    """Leave out empty rows and repeats of the header, as joined files have them.

    `known` are blank lines that have been spoken of already.
    """
    where = np.arange(2, frame.height + 2) if lines is None else lines
    last = frame.to_series(frame.width - 1)
    some = last.is_null() | (last == "" if last.dtype == pl.String else False)
    idle = pl.Series([False]).new_from_index(0, frame.height)
    masks: dict[Kind, tuple[str, pl.Series]] = {}
    if some.any():
        idle = frame.select(
            pl.all_horizontal(
                pl.col(name).fill_null("").str.strip_chars() == ""
                if dtype == pl.String
                else pl.col(name).is_null()
                for name, dtype in frame.schema.items()
            )
        ).to_series()
        masks[EMPTY_ROW] = ("empty row", idle)
    if set(frame.dtypes) == {pl.String} and (last.str.strip_chars() == last.name).any():
        headers = frame.select(
            pl.all_horizontal(pl.col(name).str.strip_chars() == name for name in frame.columns)
        ).to_series()
        headers = headers.fill_null(False)
        masks[REPEATED_HEADER] = ("repeat of the header", headers)
        idle |= headers
    notes: list[str] = []
    problems = []
    for kind, (what, mask) in masks.items():
        rows = [int(line) for line in where[mask.to_numpy()] if int(line) not in known]
        notes += counted(len(rows), what)
        if rows:
            problems.append(kind.problem(notes[-1], None, rows, remedy="nothing to do"))
    if not idle.any():
        return frame, lines, [], blank_lines(text, lines, known)
    kept = where[~idle.to_numpy()]
    spoken = {*known, *(line for problem in problems for line in problem.rows)}
    problems += blank_lines(text, kept, spoken)
    return frame.filter(~idle), kept, notes, problems


def blank_lines(text: Text, lines: Integers | None, known: Collection[int]) -> list[Problem]:
    """Tell of the lines between rows that hold nothing at all."""
    if lines is None or text.quotes != "none":
        return []
    raw = whole(text.content)
    if b"\n\n" not in raw.replace(b"\r", b""):
        return []
    content = raw.split(b"\n")
    first = 1 + text.skipped
    rows = [
        number
        for number, line in enumerate(content[:-1], start=first)
        if not line.strip() and number not in known
    ]
    inside = set(rows) & set(range(first, int(lines[-1]) if len(lines) else first))
    notes = counted(len(inside), "blank line")
    if not inside:
        return []
    return [EMPTY_ROW.problem(notes[0], None, list(inside), remedy="nothing to do")]


def counted(count: int, what: str) -> list[str]:
    if not count:
        return []
    first, _, rest = what.partition(" ")
    words = what if count == 1 else f"{first}s {rest}" if rest.startswith("of") else f"{what}s"
    return [f"{count} {words} left out"]
