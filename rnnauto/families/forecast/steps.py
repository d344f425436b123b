"""Find the regular step of a time column, and reckon the times that come after its last."""

from typing import Literal

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.layout import Frozen

SHORTEST_MONTH = 28 * 86_400_000_000  # microseconds
TIMESTEP = "timestep"


class Step(Frozen):
    """From one timestep to the next.

    Attributes:
        unit: months, microseconds, or units of a column of numbers.
        count: how many of them.
        at_end: whether times are the last days of their months.
    """

    unit: Literal["month", "microsecond", "number"]
    count: float
    at_end: bool = False


def is_clock(dtype: pl.DataType) -> bool:
    """Say whether later times can be reckoned from a column of this type."""
    return dtype.is_numeric() or dtype == pl.Date or isinstance(dtype, pl.Datetime)


def find_step(times: pl.Series, row_splits: Integers) -> Step:
    """Find the most frequent step between the timesteps of a series.

    Args:
        times: in order inside every series, [timesteps]; missing ones are left out.
    """
    inside = np.ones(len(times), bool)
    inside[row_splits[:-1][np.diff(row_splits) > 0]] = False
    if times.dtype.is_numeric():
        step = usual(times.cast(pl.Float64).diff().filter(pl.Series(inside)))
        return Step(unit="number", count=step or 1.0)
    moments = times.cast(pl.Datetime("us"))
    step = usual(moments.cast(pl.Int64).diff().filter(pl.Series(inside)))
    known = moments.drop_nulls()
    at_end = bool((known.dt.month_end() == known).all())
    same_place = at_end or (known.dt.day().n_unique() == 1 and known.dt.time().n_unique() == 1)
    if step is not None and step >= SHORTEST_MONTH and same_place:
        months = months_of(moments).diff().filter(pl.Series(inside))
        return Step(unit="month", count=usual(months) or 1.0, at_end=at_end)
    return Step(unit="microsecond", count=step or 86_400e6)


def months_of(moments: pl.Series) -> pl.Series:
    return moments.dt.year().cast(pl.Int64) * 12 + moments.dt.month().cast(pl.Int64)


def usual(steps: pl.Series) -> float | None:
    """Find the most frequent step forward, the smallest of equals; None where there is none."""
    steps = steps.drop_nulls()
    ahead = steps.filter(steps > 0)
    if not len(ahead):
        return None
    return float(ahead.mode().min())  # type: ignore[arg-type]


def times_after(last: pl.Series, step: Step, horizon: int) -> pl.Series:
    """Reckon the next `horizon` times of every series, one series after the other, [series *
    horizon].

    Args:
        last: the last time of every series, [series].
    """
    ahead = pl.Series(np.tile(np.arange(1, horizon + 1), len(last)))
    base = last.gather(np.repeat(np.arange(len(last)), horizon))
    if step.unit == "number":
        later = base.cast(pl.Float64) + ahead * step.count
        whole = last.dtype.is_integer() and step.count % 1 == 0
        return later.cast(last.dtype if whole else pl.Float64).alias(last.name)
    if step.unit == "month":
        frame = pl.DataFrame({"base": base, "by": (ahead * int(step.count)).cast(pl.String) + "mo"})
        later = frame.select(pl.col("base").dt.offset_by(pl.col("by"))).to_series()
        return (later.dt.month_end() if step.at_end else later).alias(last.name)
    moved = base.cast(pl.Datetime("us")) + (ahead * int(step.count)).cast(pl.Duration("us"))
    return moved.cast(last.dtype).alias(last.name)
