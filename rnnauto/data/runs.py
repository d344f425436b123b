"""Runs of rows that are alike. Most long tables hold the rows of a sequence one after the other, in
the order of time; to see that costs a comparison per row, where grouping and sorting cost many."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

Integers = NDArray[np.int64]
LOOKED_AT_FIRST = 10_000  # rows, which show most columns that change


def run_starts(frame: pl.DataFrame, names: Sequence[str]) -> Integers:
    """The first row of every run of rows with the same values in all of `names`."""
    if not frame.height:
        return np.zeros(0, np.int64)
    changed = np.zeros(frame.height, bool)
    for name in names:
        column = frame[name]
        changed |= column.ne_missing(column.shift()).to_numpy()
    changed[0] = True
    return np.flatnonzero(changed)


def heads(column: pl.Series) -> pl.Series:
    """A column without the cells that repeat the cell before: it has the same distinct values."""
    return column.gather(run_starts(column.to_frame(), [column.name]))


def count_distinct(frame: pl.DataFrame, names: Sequence[str]) -> int:
    """Distinct combinations of values, where missing is a value too."""
    return count_heads(frame, names, run_starts(frame, names))


def count_heads(frame: pl.DataFrame, names: Sequence[str], starts: Integers) -> int:
    chosen = frame.select(names)
    return (chosen[starts] if 2 * len(starts) < frame.height else chosen).n_unique()


def whole_runs(frame: pl.DataFrame, names: Sequence[str]) -> Integers | None:
    """The first row of every sequence, where the rows of each stand together; None elsewhere."""
    if not names:
        return np.zeros(min(frame.height, 1), np.int64)
    starts = run_starts(frame, names)
    return starts if count_heads(frame, names, starts) == len(starts) else None


def steady(column: pl.Series, starts: Integers) -> bool:
    """Whether a column keeps its value inside every run."""
    for rows in (LOOKED_AT_FIRST, len(column)):
        part = column.head(rows)
        changed = part.ne_missing(part.shift()).to_numpy().copy()
        changed[starts[: np.searchsorted(starts, len(part))]] = False
        if changed.any():
            return False
    return True


def ordered_runs(frame: pl.DataFrame, names: Sequence[str], time: str) -> Integers | None:
    """As `whole_runs`, where moreover no time is missing and each is later than the one before."""
    times = frame[time]
    if times.null_count() or times.dtype.is_nested():
        return None
    later = (times > times.shift()).fill_null(True).to_numpy()
    early = np.flatnonzero(~later)
    starts = whole_runs(frame, names)
    if starts is None or len(early) > len(starts):
        return None
    return starts if np.isin(early, starts, assume_unique=True).all() else None
