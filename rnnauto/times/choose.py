"""Choose between ways to read times: the one that makes the steps even wins."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.times.grid import Evenness, evenness
from rnnauto.times.parse import MOMENT
from rnnauto.times.spelling import Spelling

DOTTED = ("%d.", "%-d.")
FEWEST_ROWS = 4  # whose order shows how dates are meant
MOST_ROWS = 50_000  # looked at, in one piece from the begin
MOST_GROUPS = 12  # columns that may tell series apart
NOT_EVEN = Evenness(0.0, 0.0)
FEW_TWICE = 0.05  # share of times that may occur twice in a series
CLEAR, BETTER = 0.9, 0.04  # regular, and more regular than another
TIMES_FEWER, FEWEST_ODD, FULLER = 4, 2, 3  # see `is_better`


@dataclass(frozen=True)
class Candidate:
    """A column read in one way.

    Attributes:
        even: how well one rule explains its steps, inside the series that it makes most regular.
        forward: whether its times never go back from row to row, or never forward.
    """

    spelling: Spelling
    times: pl.Series
    even: Evenness
    forward: bool


def is_better(one: Candidate, other: Candidate) -> bool:
    """Whether a reading makes steps clearly more even than another: fewer of them need another
    rule, or far fewer times are absent."""
    odd, others = 1 - one.even.steps, 1 - other.even.steps
    fewer = TIMES_FEWER * odd <= others and others * len(other.times) >= FEWEST_ODD
    fuller = one.even.taken >= FULLER * other.even.taken and others >= odd
    return one.even.steps >= CLEAR / 2 and (others - odd >= BETTER or fewer or fuller)


def judge(
    spelling: Spelling, times: pl.Series, frame: pl.DataFrame, clock: pl.Series | None
) -> Candidate:
    """Measure how regular a reading makes a column, by itself and inside what may be its series.

    Args: clock: the time of the day of every row, where another column has it.
    """
    known = times.head(MOST_ROWS)
    if clock is not None and times.dtype == pl.Date:
        known = (known.cast(MOMENT) + clock.head(MOST_ROWS)).alias(times.name)
    best = evenness_by(known, None)
    for name in groups_in(frame, [times.name, *([] if clock is None else [clock.name])]):
        if best.steps >= 1:
            break
        best = max(best, evenness_by(known, frame[name].head(MOST_ROWS)), key=strength)
    ordered = times.drop_nulls()
    forward = ordered.is_sorted() or ordered.is_sorted(descending=True)
    return Candidate(spelling, times, best, forward)


def groups_in(frame: pl.DataFrame, but: Collection[str]) -> list[str]:
    """List columns whose values repeat as those of ids do."""
    names = []
    head = frame.head(MOST_ROWS)
    for name, dtype in frame.schema.items():
        if name in but or not (dtype == pl.String or dtype.is_integer()):
            continue
        if 2 <= head[name].n_unique() <= max(head.height // 2, 2):
            names.append(name)
    return names[:MOST_GROUPS]


def strength(even: Evenness) -> float:
    return even.steps


def evenness_by(times: pl.Series, group: pl.Series | None) -> Evenness:
    """Measure how even times are inside the groups of another column; not where they repeat."""
    frame = pl.DataFrame({"time": times})
    frame = frame.with_columns(group=pl.lit(0) if group is None else group.rename("group"))
    frame = frame.drop_nulls().sort("group", "time")
    if frame.height < 2:
        return NOT_EVEN
    twice = frame.height - frame.n_unique()
    if twice > FEW_TWICE * frame.height:
        return NOT_EVEN
    return evenness(frame["time"], run_splits(frame["group"]))


def run_splits(column: pl.Series) -> Integers:
    """Find where runs of equal values begin, and the end."""
    changed = column.ne_missing(column.shift()).to_numpy().copy()
    changed[0] = True
    return np.append(np.flatnonzero(changed), len(column)).astype(np.int64)


def best_of(candidates: Sequence[Candidate]) -> tuple[Candidate, str] | None:
    """Choose a reading, and say what speaks for it; None where nothing decides.

    Readings that differ in the order of day, month and year need evidence; of others the first,
    which is the usual one, is meant where none is more regular.
    """
    if len(candidates) == 1:
        return candidates[0], ""
    forward = [each for each in candidates if each.forward]
    if len(forward) == 1 and len(forward[0].times) >= FEWEST_ROWS:
        return forward[0], "its rows are in the order of time only so"
    ranked = sorted(candidates, key=lambda each: -each.even.steps)
    first, second = ranked[:2]
    if is_better(first, second):
        return (
            first,
            f"{first.even.steps:.0%} of its steps are even, {second.even.steps:.0%} otherwise",
        )
    same = all((each.times == candidates[0].times).fill_null(True).all() for each in candidates)
    orders = {each.spelling.date_order for each in candidates}
    if same or "" in orders or len(orders) == 1:
        usual = next(each for each in candidates if each.even.steps + BETTER >= first.even.steps)
        return usual, ""
    dotted = [each for each in candidates if each.spelling.pattern.startswith(DOTTED)]
    if dotted and dotted[0].even.steps + BETTER >= first.even.steps:
        return dotted[0], "dates with dots have the day first"
    return None
