"""Number the places that a frequency has in time, to see which are absent and which come next."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers, splits_of
from rnnauto.times.frequency import (
    DAY,
    LAST,
    MONDAY,
    WEEK,
    Frequency,
    Moments,
    days_of,
    find_frequency,
    first_business,
    last_business,
    nth_weekday,
    place_in_weeks,
    steps_of,
)
from rnnauto.times.parse import MOMENT

FEWEST_STEPS = 2  # that a rule is judged by
SPARSE = 20  # times as many timesteps absent as present make no regular series
FARTHEST = 2.0**61  # places: what lies further apart than whole numbers tell is no gap to fill


@dataclass(frozen=True)
class Anchors:
    """From where the places of every series are counted, [series] each.

    Attributes:
        first: the first time.
        months: that of the first time, from year 0.
        day: the usual day of the month.
        clock: the usual time of the day, in microseconds.
    """

    first: Moments
    months: Integers
    day: Integers
    clock: Integers


@dataclass(frozen=True)
class Filled:
    """Series with a timestep at every place of their frequency between first and last.

    Attributes:
        source: the row that each timestep was, -1 for one that was absent, [timesteps].
        row_splits: where series begin and end, [series + 1].
        times: of all timesteps.
    """

    source: Integers
    row_splits: Integers
    times: pl.Series

    @property
    def absent(self) -> int:
        """Count the timesteps that have no row."""
        return int((self.source < 0).sum())

    def take(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Give rows of nulls to the timesteps that have none; frame: rows in order."""
        if not self.absent:
            return frame
        places = pl.DataFrame({"at": self.source}).select(
            pl.when(pl.col("at") >= 0).then(pl.col("at"))
        )
        filled = frame.select(pl.all().gather(places.to_series()))
        name = self.times.name
        return filled.with_columns(self.times) if name in frame.columns else filled


def is_clock(dtype: pl.DataType) -> bool:
    """Say whether later times can be reckoned from a column of this type."""
    return dtype.is_numeric() or dtype == pl.Date or isinstance(dtype, pl.Datetime)


def to_moments(times: pl.Series) -> tuple[Moments, NDArray[np.bool_]]:
    """Turn times into numbers, and tell which are known, [timesteps] each."""
    known = times.is_not_null().to_numpy()
    if times.dtype.is_numeric():
        return times.cast(pl.Float64).fill_null(0).to_numpy(), known
    return times.cast(MOMENT).cast(pl.Int64).fill_null(0).to_numpy(), known


def to_times(moments: Moments, like: pl.Series) -> pl.Series:
    """Turn numbers back into times of a column's type."""
    dtype = like.dtype
    if dtype.is_numeric():
        whole = dtype.is_integer() and bool(np.all(np.asarray(moments) % 1 == 0))
        return pl.Series(like.name, moments).cast(dtype if whole else pl.Float64)
    return pl.Series(like.name, np.asarray(moments, np.int64)).cast(MOMENT).cast(dtype)


def anchors_of(moments: Moments, known: NDArray[np.bool_], row_splits: Integers) -> Anchors:
    """Find where each series begins, and its usual day of the month and time of the day."""
    count = len(row_splits) - 1
    owners = np.repeat(np.arange(count), np.diff(row_splits))[known]
    values = moments[known]
    first = np.zeros(count, values.dtype)
    places, begins = np.unique(owners, return_index=True)
    first[places] = values[begins]
    if values.dtype == np.float64:
        empty = np.zeros(count, np.int64)
        return Anchors(first, empty, empty, empty)
    days = days_of(values)
    frame = pl.DataFrame(
        {"owner": owners, "day": days.days, "clock": days.clocks, "end": days.days == days.lengths}
    )
    usual = frame.group_by("owner").agg(
        # a day that short months have not is clipped to their last
        inner=pl.col("day").filter(~pl.col("end")).mode().max(),
        day=pl.col("day").max(),
        clock=pl.col("clock").mode().min(),
    )
    usual = usual.with_columns(
        day=pl.when(pl.col("inner").is_null() | (pl.col("inner") >= pl.col("day")))
        .then("day")
        .otherwise(pl.when(pl.col("inner") >= 28).then("day").otherwise("inner"))
    )
    day, clock = np.ones(count, np.int64), np.zeros(count, np.int64)
    day[usual["owner"].to_numpy()] = usual["day"].to_numpy()
    clock[usual["owner"].to_numpy()] = usual["clock"].to_numpy()
    return Anchors(first, days_of(first).months, day, clock)


def places_of(
    moments: Moments, owners: Integers, frequency: Frequency, anchors: Anchors
) -> Integers:
    """Number the places of times, [timesteps]; beside the rule, take the one before or nearest."""
    if frequency.unit in {"number", "microsecond"}:
        places = np.round((moments - anchors.first[owners]) / frequency.count)
        return places.clip(-FARTHEST, FARTHEST).astype(np.int64)
    exact = np.asarray(moments, np.int64)
    if frequency.unit == "week":
        return place_in_weeks(exact, frequency.slots)
    days = days_of(exact)
    if not frequency.days:
        months = days.months - anchors.months[owners]
        return np.asarray(months // int(frequency.count), np.int64)
    ends = np.array([31 if day == LAST else day for day in frequency.days])
    reached = np.where(days.days == days.lengths, 31, days.days)
    return days.months * len(ends) + np.searchsorted(ends, reached, side="right") - 1


def moments_at(
    places: Integers, owners: Integers, frequency: Frequency, anchors: Anchors
) -> Moments:
    """Turn the numbers of places back into times, [timesteps]."""
    if frequency.unit in {"number", "microsecond"}:
        first = anchors.first[owners]
        if frequency.unit == "number":
            return np.asarray(first + places * frequency.count)
        return np.asarray(first, np.int64) + places * int(frequency.count)
    if frequency.unit == "week":
        slots = np.array(frequency.slots)
        return np.asarray(places // len(slots) * WEEK + MONDAY + slots[places % len(slots)])
    if frequency.days:
        months = places // len(frequency.days)
        wanted = np.array(frequency.days)[places % len(frequency.days)]
    else:
        months = anchors.months[owners] + places * int(frequency.count)
        wanted = anchors.day[owners]
    return in_months(months, wanted, frequency) + anchors.clock[owners]


def in_months(months: Integers, wanted: Integers, frequency: Frequency) -> Integers:
    """Find the days of months that a frequency has, in microseconds."""
    parts = pl.DataFrame({"year": months // 12, "month": months % 12 + 1})
    begins = parts.select(pl.date("year", "month", 1)).to_series()
    begin = begins.cast(MOMENT).cast(pl.Int64).to_numpy()
    first = days_of(begin)
    lengths = first.lengths
    if frequency.at and not frequency.days:
        weekday = (begin - MONDAY) // DAY % 7
        if frequency.at == "last":
            wanted = last_business(first, weekday) if frequency.business else lengths
        else:
            wanted = first_business(first, weekday)
    if frequency.nth:
        wanted = nth_weekday(lengths, (begin - MONDAY) // DAY % 7, frequency)
    day = np.where(wanted == LAST, lengths, np.minimum(wanted, lengths))
    return np.asarray(begin + (day - 1) * DAY, np.int64)


def absent_between(places: Integers, owners: Integers) -> Doubles:
    """Count the places between each and the next one of its series, 0 at the end of a series."""
    inside = owners[1:] == owners[:-1]
    # in float64: two times at the ends of time are further apart than a whole number tells
    return np.asarray(np.where(inside, np.diff(places.astype(np.float64)) - 1, 0).clip(0))


def absent_in_pairs(pairs: pl.Series, frequency: Frequency) -> Doubles:
    """Count the timesteps of a frequency that lie between two times of a series.

    Args: pairs: an earlier and a later time of one series after the other, all known, [2 * series].

    Returns: [series].
    """
    moments, known = to_moments(pairs)
    splits = np.arange(0, len(pairs) + 1, 2)
    if not frequency.even or not known.all() or not len(pairs):
        return np.zeros(len(pairs) // 2)
    owners = np.repeat(np.arange(len(pairs) // 2), 2)
    places = places_of(moments, owners, frequency, anchors_of(moments, known, splits))
    return absent_between(places, owners)[::2]


def fill(times: pl.Series, row_splits: Integers, frequency: Frequency) -> Filled:
    """Find the timesteps that are absent inside series, which a frequency has.

    Args:
        times: in order inside every series, [timesteps].
    """
    same = Filled(np.arange(len(times)), row_splits, times)
    moments, known = to_moments(times)
    if not frequency.even or not known.any():
        return same
    owners = np.repeat(np.arange(len(row_splits) - 1), np.diff(row_splits))
    anchors = anchors_of(moments, known, row_splits)
    rows = np.flatnonzero(known)
    places = places_of(moments[rows], owners[rows], frequency, anchors)
    apart = absent_between(places, owners[rows])
    if not apart.any() or apart.sum() > SPARSE * len(times):
        return same
    lost = apart.astype(np.int64)
    after = np.repeat(rows[:-1], lost)  # the row behind which each absent timestep stands
    number = np.arange(len(after)) - np.repeat(splits_of(lost)[:-1], lost) + 1
    absent = moments_at(np.repeat(places[:-1], lost) + number, owners[after], frequency, anchors)
    counts = np.ones(len(times), np.int64)
    np.add.at(counts, after, 1)
    begins = splits_of(counts)[:-1]
    source = np.full(int(counts.sum()), -1, np.int64)
    source[begins] = np.arange(len(times))
    order = np.empty(len(source), moments.dtype)
    order[begins] = moments
    order[begins[after] + number] = absent
    lengths = np.bincount(owners, weights=counts, minlength=len(row_splits) - 1).astype(np.int64)
    made = to_times(order, times)
    if times.null_count():
        gone = np.zeros(len(source), bool)
        gone[begins] = ~known
        made = pl.select(pl.when(pl.Series(~gone)).then(made)).to_series().alias(times.name)
    return Filled(source, splits_of(lengths), made)


def later(times: pl.Series, row_splits: Integers, frequency: Frequency, horizon: int) -> pl.Series:
    """Reckon the next `horizon` times of every series, one series after the other, [series *
    horizon]; null for a series without a time.

    Args:
        times: in order inside every series, [timesteps].
    """
    moments, known = to_moments(times)
    count = len(row_splits) - 1
    owners = np.repeat(np.arange(count), np.diff(row_splits))
    last = np.full(count, -1, np.int64)
    np.maximum.at(last, owners[known], np.flatnonzero(known))
    anchors = anchors_of(moments, known, row_splits)
    series = np.flatnonzero(last >= 0)
    at = places_of(moments[last[series]], series, frequency, anchors)
    ahead = np.repeat(series, horizon)
    steps = np.tile(np.arange(1, horizon + 1), len(series))
    reckoned = moments_at(np.repeat(at, horizon) + steps, ahead, frequency, anchors)
    if frequency.unit == "microsecond" or frequency.unit == "number":  # from where it stands
        shift = moments[last[series]] - moments_at(at, series, frequency, anchors)
        reckoned = reckoned + np.repeat(shift, horizon)
    every = np.zeros(count * horizon, np.asarray(reckoned).dtype)
    there = np.zeros(count * horizon, bool)
    target = (series[:, None] * horizon + np.arange(horizon)).reshape(-1)
    every[target], there[target] = reckoned, True
    made = to_times(every, times)
    if there.all():
        return made
    return pl.select(pl.when(pl.Series(there)).then(made)).to_series().alias(times.name)


@dataclass(frozen=True)
class Evenness:
    """How well one rule explains the times of series.

    Attributes:
        steps: the share of the steps that lead just to the next place of the rule.
        taken: the share of the places from first to last time that have a time.
    """

    steps: float
    taken: float


def evenness(times: pl.Series, row_splits: Integers) -> Evenness:
    """Measure how well the rule that is found in times explains them; by 0 where there are hardly
    any steps.

    Args:
        times: in order inside every series, [timesteps].
    """
    steps = steps_of(times, row_splits)
    if len(steps.before) < FEWEST_STEPS:
        return Evenness(0.0, 0.0)
    frequency = find_frequency(times, row_splits)
    moments, known = to_moments(times)
    owners = np.repeat(np.arange(len(row_splits) - 1), np.diff(row_splits))[known]
    anchors = anchors_of(moments, known, row_splits)
    places = places_of(steps.moments, owners, frequency, anchors)
    exact = np.asarray(moments_at(places, owners, frequency, anchors), float)
    on_rule = np.isclose(exact, np.asarray(steps.moments, float), rtol=0, atol=1)
    ahead = places[steps.after] - places[steps.before]
    share = float(((ahead == 1) & on_rule[steps.after]).mean())
    return Evenness(share, len(ahead) / max(float(np.maximum(ahead, 1).sum()), 1.0))
