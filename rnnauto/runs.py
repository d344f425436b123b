"""Find runs of rows that are alike.

Most long tables hold the rows of a sequence one after the other, in the order of time; to see that
costs a comparison per row, where grouping and sorting cost many.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from weakref import finalize

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Flags, Integers
from rnnauto.cores import on_all_cores

BLOCK_ROWS = 1 << 18  # compared in one go, to keep the masks small
FIRST_ROWS = 1 << 12
Found = TypeVar("Found")
FOUND: dict[int, dict[Any, Any]] = {}  # of each frame that is in use


@dataclass(frozen=True)
class Runs:
    """The first row of every run of rows with the same id, and how many different ids there are."""

    starts: Integers
    distinct: int

    @property
    def whole(self) -> bool:
        """Whether the rows of each id stand together."""
        return self.distinct == len(self.starts)


def once_a_frame(look: Callable[..., Found]) -> Callable[..., Found]:
    """Look once at columns of a frame, however many ask: frames are never changed in place.

    What is found is forgotten with the frame, and not kept where it would fill memory: runs that
    are hardly longer than a row.
    """

    @wraps(look)
    def looked(frame: pl.DataFrame, names: Sequence[str], *more: Hashable) -> Found:
        if id(frame) not in FOUND:
            finalize(frame, FOUND.pop, id(frame), None)
        known = FOUND.setdefault(id(frame), {})
        key = (look.__name__, tuple(names), *more)
        found: Found = known[key] if key in known else look(frame, names, *more)
        if not isinstance(found, Runs) or 2 * len(found.starts) < frame.height:
            known[key] = found
        return found

    return looked


def changed_rows(column: pl.Series) -> Flags:
    """Compare each row with the one before; the first row of all counts as changed, [rows]."""
    changed = np.ones(len(column), bool)

    def compare(start: int) -> None:
        after = column.slice(start, BLOCK_ROWS)
        before = column.slice(start - 1, len(after))
        changed[start : start + len(after)] = after.ne_missing(before).to_numpy()

    on_all_cores(compare, range(1, len(column), BLOCK_ROWS))
    return changed


def run_starts(frame: pl.DataFrame, names: Sequence[str]) -> Integers:
    """Find the first row of every run of rows with the same values in all of `names`."""
    changed = np.zeros(frame.height, bool)
    for name in names:
        changed |= changed_rows(frame[name])
    return np.flatnonzero(changed)


def heads(column: pl.Series) -> pl.Series:
    """Leave out the cells that repeat the cell before; the distinct values stay the same."""
    return column.gather(run_starts(column.to_frame(), [column.name]))


@once_a_frame
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
    for some in (column.head(FIRST_ROWS), column):  # most that change do so at once
        changed = changed_rows(some)
        changed[starts[: np.searchsorted(starts, len(some))]] = False
        if changed.any():
            return False
    return True


@once_a_frame
def ordered_runs(frame: pl.DataFrame, names: Sequence[str], time: str) -> Integers | None:
    """Do as `whole_runs`, where moreover every time is known and later than the one before."""
    times = frame[time]
    if times.null_count() or times.dtype.is_nested():
        return None
    runs = find_runs(frame, names)
    if not runs.whole:
        return None
    late = np.ones(len(times), bool)

    def compare(start: int) -> None:
        after = times.slice(start, BLOCK_ROWS)
        before = times.slice(start - 1, len(after))
        late[start : start + len(after)] = (after > before).to_numpy()

    on_all_cores(compare, range(1, len(times), BLOCK_ROWS))
    late[runs.starts] = True
    return runs.starts if late.all() else None


@once_a_frame
def steps_alike(frame: pl.DataFrame, names: Sequence[str], time: str) -> bool:
    """Whether the rows are in order, as `ordered_runs` says, and all steps from a time to the next
    of its sequence are equal."""
    starts = ordered_runs(frame, names, time)
    if starts is None or not frame.height:
        return False
    ticks = frame[time].to_physical()
    ends: set[float] = set()
    for start in range(0, len(ticks), BLOCK_ROWS):
        steps = steps_inside(ticks.slice(start, BLOCK_ROWS + 1), starts - start)
        ends |= {steps.min(), steps.max()} if len(steps) else set()
        if len(ends) > 1:  # a step that is no number equals none
            return False
    return True


def steps_inside(ticks: pl.Series, starts: Integers) -> Integers | Doubles:
    """List the steps between neighbours, but for those to the first of a run."""
    whole = ticks.dtype == pl.Int64
    steps = np.diff((ticks if whole else ticks.cast(pl.Float64)).to_numpy())
    first, last = np.searchsorted(starts, [1, len(ticks)])
    return np.delete(steps, starts[first:last] - 1)
