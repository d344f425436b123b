"""Find runs of rows that are alike.

Most long tables hold the rows of a sequence one after the other, in the order of time; to see that
costs a comparison per row, where grouping and sorting cost many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Flags, Integers

BLOCK_ROWS = 1 << 18  # compared in one go, to keep the masks small


@dataclass(frozen=True)
class Runs:
    """The first row of every run of rows with the same id, and how many different ids there are."""

    starts: Integers
    distinct: int

    @property
    def whole(self) -> bool:
        """Whether the rows of each id stand together."""
        return self.distinct == len(self.starts)


def changes(column: pl.Series) -> Iterator[tuple[int, Flags]]:
    """Compare each row with the one before, in blocks.

    Yields: where a block begins, and which of its rows differ from the row before; the first row
    of all does.
    """
    for start in range(0, len(column), BLOCK_ROWS):
        begin = max(start - 1, 0)
        block = column.slice(begin, start + BLOCK_ROWS - begin)
        changed = block.ne_missing(block.shift()).to_numpy().copy()
        changed[:1] |= start == 0
        yield start, changed[start - begin :]


def run_starts(frame: pl.DataFrame, names: Sequence[str]) -> Integers:
    """Find the first row of every run of rows with the same values in all of `names`."""
    changed = np.zeros(frame.height, bool)
    for name in names:
        for start, differs in changes(frame[name]):
            changed[start : start + len(differs)] |= differs
    return np.flatnonzero(changed)


def heads(column: pl.Series) -> pl.Series:
    """Leave out the cells that repeat the cell before; the distinct values stay the same."""
    return column.gather(run_starts(column.to_frame(), [column.name]))


def find_runs(frame: pl.DataFrame, names: Sequence[str]) -> Runs:
    """Find the runs of rows with the same values in all of `names`; without names there is one."""
    if not names:
        return Runs(np.zeros(min(frame.height, 1), np.int64), min(frame.height, 1))
    starts = run_starts(frame, names)
    chosen = frame.select(names)
    distinct = (chosen[starts] if 2 * len(starts) < frame.height else chosen).n_unique()
    return Runs(starts, distinct)


def whole_runs(frame: pl.DataFrame, names: Sequence[str]) -> Integers | None:
    """Find the first row of every sequence, where the rows of each stand together; else None."""
    runs = find_runs(frame, names)
    return runs.starts if runs.whole else None


def steady(column: pl.Series, starts: Integers) -> bool:
    """Whether a column keeps its value inside every run."""
    for start, changed in changes(column):
        first, last = np.searchsorted(starts, [start, start + len(changed)])
        changed[starts[first:last] - start] = False
        if changed.any():
            return False
    return True


def ordered_runs(
    frame: pl.DataFrame, names: Sequence[str], time: str, known: Runs | None = None
) -> Integers | None:
    """Do as `whole_runs`, where moreover no time is missing and each is later than the one before.

    Args: known: the runs of `names`, where they have been looked for already.
    """
    times = frame[time]
    if times.null_count() or times.dtype.is_nested():
        return None
    runs = known or find_runs(frame, names)
    if not runs.whole:
        return None
    starts = runs.starts
    for start in range(0, len(times), BLOCK_ROWS):
        begin = max(start - 1, 0)
        block = times.slice(begin, start + BLOCK_ROWS - begin)
        early = np.flatnonzero((block <= block.shift()).fill_null(False).to_numpy()) + begin
        place = np.minimum(np.searchsorted(starts, early), len(starts) - 1)
        if (starts[place] != early).any():
            return None
    return starts
