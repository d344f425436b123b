"""Collect the sequences of a table that is to be answered, and those that hold nothing to answer.

Whoever asks gets as many predictions as there are rows, or sequences of rows: the ones that hold
nothing have an empty one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from typing import Protocol

import numpy as np
import polars as pl

from rnnauto.arrays import Flags, Integers
from rnnauto.data.sequences import Sequences, gather
from rnnauto.layout import Layout
from rnnauto.reading.read import Table

SHOWN = 10  # rows listed one by one


@dataclass(frozen=True)
class Lost:
    """What cannot be answered.

    Attributes:
        flags: the sequences, [sequences].
        rows: the rows that hold nothing to read, counted from 1.
        nameless: the rows without an id, where ids tell sequences apart.
        total: how many rows there are.
    """

    flags: Flags
    rows: Integers
    nameless: Integers
    total: int

    @property
    def unanswered(self) -> "tuple[Unanswered, ...]":
        """How many rows have no prediction, and why."""
        return tuple(
            Unanswered(len(rows), self.total, "rows", why, "their prediction is empty", rows)
            for rows, why in (
                (self.rows, "hold nothing to read"),
                (self.nameless, "have no id"),
            )
        )


@dataclass(frozen=True)
class Unanswered:
    """How many of the rows, series or timesteps of a table have no answer, and why.

    Attributes:
        count: how many; 0 where all have one.
        total: of how many.
        noun: what is counted.
        why: what keeps them from being answered, in words.
        so: what that means for their answers, in words.
        rows: which rows they are, counted from 1; None of what are no rows.
    """

    count: int
    total: int
    noun: str
    why: str
    so: str
    rows: Integers | None = None

    @property
    def words(self) -> str:
        where = "" if self.rows is None else f" ({listed(self.rows)})"
        return f"{self.count:,} of {self.total:,} {self.noun} {self.why}{where}"


def words_of(unanswered: Iterable[Unanswered]) -> str:
    """Say how many answers are empty, and why; empty where none is."""
    by_end: dict[str, list[str]] = {}
    for each in unanswered:
        if each.count:
            by_end.setdefault(each.so, []).append(each.words)
    return "; ".join(f"{' and '.join(parts)}: {end}" for end, parts in by_end.items())


def together(
    first: Sequence[Unanswered], second: Sequence[Unanswered], *, height: int
) -> tuple[Unanswered, ...]:
    """Add up what two parts of a table leave unanswered; the rows of the second are counted on from
    the `height` of the first."""

    def both(one: Unanswered, other: Unanswered) -> Unanswered:
        rows = None
        if one.rows is not None and other.rows is not None:
            rows = np.concatenate([one.rows, other.rows + height])
        count, total = one.count + other.count, one.total + other.total
        return replace(one, count=count, total=total, rows=rows)

    return tuple(starmap(both, zip(first, second, strict=True)))


class WithLost(Protocol):
    """Sequences to answer, which know what cannot be."""

    @property
    def lost(self) -> Lost | None: ...


def lost_of(part: WithLost, answers: object) -> tuple[Unanswered, ...]:
    """Count the answers that are empty, by why they are."""
    return () if part.lost is None else part.lost.unanswered


def listed(rows: Integers) -> str:
    """Write `row 3`, or `rows 3, 4, 9 and 12 more`."""
    shown = ", ".join(f"{row:,}" for row in rows[:SHOWN].tolist())
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


@dataclass(frozen=True)
class Asked:
    """A table that is to be answered.

    Attributes:
        frame: all of its rows; the ones that hold nothing are missing throughout.
        sequences: what is read of it; `rows` are those of the frame.
    """

    frame: pl.DataFrame
    sequences: Sequences
    lost: Lost


def gather_to_answer(table: Table, layout: Layout, *, unseen: Sequence[str] = ()) -> Asked:
    """Collect the sequences of a table to answer.

    Where rows are timesteps, the ones that hold nothing belong to no sequence, and those without an
    id to one that has none.

    Args: unseen: columns that are not to be read.
    """
    frame = with_left_out(table)
    blank = blank_rows(frame)
    read = frame.drop(unseen, strict=False)
    none = np.zeros(0, np.int64)
    if not layout.rows_are_timesteps:
        sequences = gather(read, layout)
        lost = np.asarray((sequences.lengths == 0) | blank)
        where = np.flatnonzero(lost) + 1
        return Asked(frame, sequences, Lost(lost, where, none, frame.height))
    nameless = np.zeros(frame.height, bool)
    if layout.id:
        without = frame.select(pl.all_horizontal(pl.col(layout.id).is_null())).to_series()
        nameless = without.to_numpy() & ~blank
    kept = np.flatnonzero(~blank)
    sequences = gather(read[kept] if blank.any() else read, layout)
    if sequences.rows is not None:
        sequences = replace(sequences, rows=kept[sequences.rows])
    lost = np.zeros(len(sequences), bool)
    if nameless.any():
        unnamed = sequences.ids.select(pl.all_horizontal(pl.all().is_null())).to_series()
        lost = unnamed.to_numpy()
    where = np.flatnonzero(blank) + 1
    return Asked(frame, sequences, Lost(lost, where, np.flatnonzero(nameless) + 1, frame.height))


def with_left_out(table: Table) -> pl.DataFrame:
    """Put rows of missing values where reading left rows of the file out."""
    left_out = table.left_out
    if left_out is None or not len(left_out):
        return table.frame
    there = np.ones(table.frame.height + len(left_out), bool)
    there[left_out] = False
    return pl.DataFrame(among_missing(table.frame.get_columns(), there))


def among_missing(columns: list[pl.Series], there: Flags) -> list[pl.Series]:
    """Put the values of columns where they belong, and missing ones elsewhere, [rows] each."""
    if there.all():
        return columns
    places = pl.Series(np.cumsum(there) - 1)
    index = pl.select(pl.when(pl.Series(there)).then(places)).to_series()
    if not there.any():
        return [column.clear(len(there)) for column in columns]
    return pl.DataFrame(columns).select(pl.all().gather(index)).get_columns()


def blank_rows(frame: pl.DataFrame) -> Flags:
    """Find the rows in which every cell is missing, [rows]."""
    if not frame.width or not frame.height:
        return np.zeros(frame.height, bool)
    return frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()


def emptied(columns: list[pl.Series], lost: Flags) -> list[pl.Series]:
    """Take the answers of what cannot be answered out of columns, [rows] each."""
    if not lost.any():
        return columns
    mask = pl.Series(lost)
    return [
        pl.select(pl.when(~mask).then(column).alias(column.name)).to_series() for column in columns
    ]
