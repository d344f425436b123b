"""Find the rule by which the times of series follow one another."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from rnnauto.arrays import Integers
from rnnauto.times.parse import MOMENT

DAY = 86_400 * 10**6  # microseconds
WEEK = 7 * DAY
MONDAY = 4 * DAY  # the first Monday after the start of 1970 lies so long after it
SHORTEST_MONTH, HALF_MONTH = 27 * DAY, 8 * DAY
MOSTLY = 0.9  # share of the steps that a rule explains
HARDLY = 0.02  # share of the times that may lie beside a pattern of the week
FEW, FEW_DAYS = 0.25, 0.1  # share of usual steps below which times have no rule; of days
FREQUENT = 0.05  # share of the steps that are of one size
CLOSED, CHANCE = 0.05, 0.05  # of the usual takings; free places that chance explains
OFTEN = 0.4  # of the most frequent day of a month; share of the places of a pattern that are taken
ROUGH = 1e6  # numbers beyond have no nine decimals
MOST_SLOTS = 10_080  # the minutes of a week
MOST_DAYS = 4  # of a month
FEWEST_WEEKS = 2
FEWEST = 6  # timesteps that show which places of the week are used
LAST = -1  # as the day of a month
Anchor = Literal["", "first", "last"]
Moments = NDArray[Any]  # microseconds since 1970, or numbers


class Frequency(BaseModel):
    """The rule by which times follow one another.

    Attributes:
        unit: months, places of a week, microseconds, or units of a column of numbers.
        count: how many of them a step has; the months of a step.
        days: the days of the month that a month has more than one of; -1 is its last.
        at: in a month by itself: "" is the same day in each; "first" and "last" are its first and
            last days.
        business: whether these are the first and last business days.
        weekday, nth: where times are the second Tuesday and its like: the weekday from 0 and which
            one of the month it is, -1 the last; 0 elsewhere.
        slots: the places of the week, in microseconds from Monday on.
        even: whether times absent can be told: steps are whole numbers of `count`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["month", "week", "microsecond", "number"]
    count: float = 1
    days: tuple[int, ...] = ()
    at: Anchor = ""
    business: bool = False
    weekday: int = 0
    nth: int = 0
    slots: tuple[int, ...] = ()
    even: bool = True


@dataclass(frozen=True)
class Steps:
    """The times of series, and the steps between them.

    Attributes:
        moments: microseconds since 1970, or numbers, [timesteps].
        before, after: places of neighbours inside a series whose time moves on, [steps].
    """

    moments: Moments
    before: Integers
    after: Integers

    @property
    def sizes(self) -> Moments:
        return self.moments[self.after] - self.moments[self.before]


def steps_of(times: pl.Series, row_splits: Integers) -> Steps:
    """Pair every time with the next in its series; missing ones are left out, equal ones too."""
    numeric = times.dtype.is_numeric()
    values = times.cast(pl.Float64) if numeric else times.cast(MOMENT).cast(pl.Int64)
    owners = np.repeat(np.arange(len(row_splits) - 1), np.diff(row_splits))
    known = np.flatnonzero(values.is_not_null().to_numpy())
    filled = values.fill_null(0).to_numpy()
    moments = filled[known]
    inside = owners[known[1:]] == owners[known[:-1]]
    forward = moments[1:] > moments[:-1]
    before = np.flatnonzero(inside & forward)
    return Steps(moments, before, before + 1)


def find_frequency(times: pl.Series, row_splits: Integers) -> Frequency:
    """Find the rule that explains the steps between timesteps, judged inside every series.

    Args:
        times: numbers, dates or times in order inside every series, [timesteps].
        row_splits: where series begin and end, [series + 1].
    """
    steps = steps_of(times, row_splits)
    if times.dtype.is_numeric():
        return of_numbers(steps)
    if not len(steps.before):
        return Frequency(unit="microsecond", count=DAY, even=False)
    usual = float(mode(steps.sizes))
    if usual >= SHORTEST_MONTH:
        return of_months(steps)
    if usual >= HALF_MONTH:
        found = of_days_of_months(steps)
        if found is not None:
            return found
    return of_weeks(steps, usual) or of_equal_steps(steps, usual)


def mode(values: Moments) -> float:
    """Find the most frequent value, the smallest of equals."""
    distinct, counts = np.unique(values, return_counts=True)
    return float(distinct[np.argmax(counts)])


def of_numbers(steps: Steps) -> Frequency:
    if not len(steps.before):
        return Frequency(unit="number", count=1, even=False)
    sizes = np.where(steps.sizes < ROUGH, np.round(np.minimum(steps.sizes, ROUGH), 9), steps.sizes)
    usual = mode(sizes)
    return Frequency(unit="number", count=usual, even=multiples(sizes, usual) >= MOSTLY)


def multiples(sizes: Moments, usual: float) -> float:
    """Measure the share of the steps that are whole numbers of the usual one."""
    ratio = np.asarray(sizes, np.float64) / usual
    return float((np.abs(ratio - np.round(ratio)) < 1e-6).mean())


def of_equal_steps(steps: Steps, usual: float) -> Frequency:
    often = float((steps.sizes == usual).mean())
    even = multiples(steps.sizes, usual) >= MOSTLY and often >= (FEW if usual < DAY else FEW_DAYS)
    return Frequency(unit="microsecond", count=usual, even=even)


@dataclass(frozen=True)
class Days:
    """Where in their months times lie, [timesteps] each.

    Attributes:
        months: counted from year 0.
        days: from 1.
        lengths: the days that the month has.
        clocks: microseconds since midnight.
    """

    months: Integers
    days: Integers
    lengths: Integers
    clocks: Integers


def days_of(moments: Moments) -> Days:
    series = pl.Series("t", np.asarray(moments, np.int64)).cast(MOMENT)
    end = series.dt.month_end().dt.day()
    return Days(
        months=(
            series.dt.year().cast(pl.Int64) * 12 + series.dt.month().cast(pl.Int64) - 1
        ).to_numpy(),
        days=series.dt.day().cast(pl.Int64).to_numpy(),
        lengths=end.cast(pl.Int64).to_numpy(),
        clocks=np.asarray(moments, np.int64) % DAY,
    )


def of_months(steps: Steps) -> Frequency:
    """Find which day of its month each time is: the same, the first, the last, a business day."""
    days = days_of(steps.moments)
    sizes = days.months[steps.after] - days.months[steps.before]
    count = max(mode(sizes), 1.0)
    even = multiples(sizes, count) >= MOSTLY
    used = np.unique(np.concatenate([steps.before, steps.after]))
    at_end = (days.days == days.lengths)[used].mean()
    weekday = (np.asarray(steps.moments, np.int64) - MONDAY) // DAY % 7
    if at_end >= MOSTLY:
        return Frequency(unit="month", count=count, at="last", even=even)
    if same_days(days, steps) >= MOSTLY:
        return Frequency(unit="month", count=count, even=even)
    for at, wanted in (
        ("first", first_business(days, weekday)),
        ("last", last_business(days, weekday)),
    ):
        if (days.days == wanted)[used].mean() >= MOSTLY:
            return Frequency(unit="month", count=count, at=at, business=True, even=even)
    usual = int(mode(weekday[used]))
    if (weekday == usual)[used].mean() >= MOSTLY:
        for nth, found in (
            *((nth, (days.days - 1) // 7 == nth - 1) for nth in range(1, 5)),
            (LAST, days.days > days.lengths - 7),
        ):
            if found[used].mean() >= MOSTLY:
                return Frequency(unit="month", count=count, weekday=usual, nth=nth, even=even)
    equal = float(mode(steps.sizes))
    if multiples(steps.sizes, equal) >= MOSTLY:  # as the four weeks of retailers
        return of_equal_steps(steps, equal)
    return Frequency(unit="month", count=count, even=even)


def same_days(days: Days, steps: Steps) -> float:
    """Measure the share of the steps that end on the day of the month on which they began, or on
    the last where a month is too short."""
    one, other = days.days[steps.before], days.days[steps.after]
    clipped = np.minimum(one, other) == np.minimum(
        days.lengths[steps.before], days.lengths[steps.after]
    )
    clipped &= np.maximum(one, other) >= 29
    return float(((one == other) | clipped).mean())


def last_business(days: Days, weekday: Integers) -> Integers:
    """Find the day of the last business day of every month, given a day of it and its weekday."""
    at_end = (weekday + days.lengths - days.days) % 7  # 5 and 6 are Saturday and Sunday
    return np.asarray(days.lengths - np.maximum(at_end - 4, 0), np.int64)


def first_business(days: Days, weekday: Integers) -> Integers:
    at_begin = (weekday - days.days + 1) % 7
    return 1 + np.where(at_begin == 5, 2, np.where(at_begin == 6, 1, 0))


def nth_weekday(lengths: Integers, begins_on: Integers, frequency: Frequency) -> Integers:
    """Find the day that is the nth of its weekday in months, by the weekday that they begin on."""
    first = 1 + (frequency.weekday - begins_on) % 7
    if frequency.nth != LAST:
        return np.asarray(first + 7 * (frequency.nth - 1), np.int64)
    return np.asarray(first + (lengths - first) // 7 * 7, np.int64)


def of_days_of_months(steps: Steps) -> Frequency | None:
    """Find the few days of a month that times lie on, as the 15th and the last; None where there
    are more."""
    days = days_of(steps.moments)
    for at_end in (False, True):
        place = np.where((days.days == days.lengths) & at_end, LAST, days.days)
        distinct, counts = np.unique(place, return_counts=True)
        often = distinct[counts >= OFTEN * counts.max()]
        if not 2 <= len(often) <= MOST_DAYS or np.isin(place, often).mean() < 1 - HARDLY:
            continue
        ordered = tuple(sorted((int(day) for day in often), key=lambda day: day % 32))
        return Frequency(unit="month", days=ordered)
    return None


def of_weeks(steps: Steps, usual: float) -> Frequency | None:
    """Find a pattern of the week, such as business days or trading hours: places that are taken in
    many weeks, where others never are. None where all places are taken, or there is no pattern."""
    base = common_base(np.asarray(steps.sizes, np.int64), usual)
    if base > DAY or WEEK % base or WEEK // base > MOST_SLOTS:
        return None
    moments = np.unique(np.asarray(steps.moments, np.int64))
    if len(moments) < FEWEST or multiples(steps.sizes, base) < MOSTLY:
        return None
    weeks, places = (moments - MONDAY) // WEEK, (moments - MONDAY) % WEEK
    distinct, counts = np.unique(places, return_counts=True)
    span = (moments[-1] - moments[0]) / WEEK
    usually = float(np.median(counts))
    often = distinct[counts > CLOSED * usually]
    full = WEEK // base
    passed = len(np.unique(weeks))
    if len(often) >= full or span < 1 or passed < FEWEST_WEEKS:
        return None
    # how many places would stay free by chance
    if full * (1 - min(usually / passed, 1.0)) ** passed > CHANCE:
        return None
    if np.isin(places, often).mean() < 1 - HARDLY or not absent_weekly(often, base, moments):
        return None
    slots = tuple(int(place) for place in often)
    # a few places that no week has yet are holes, not a pattern
    expected = taken(slots, moments[0], moments[-1])
    return (
        Frequency(unit="week", count=base, slots=slots)
        if len(moments) >= OFTEN * expected
        else None
    )


def common_base(sizes: Integers, usual: float) -> int:
    """Find the greatest step that all frequent steps are whole numbers of, as a day of two and
    three days."""
    distinct, counts = np.unique(sizes, return_counts=True)
    frequent = distinct[counts >= FREQUENT * len(sizes)]
    return int(np.gcd.reduce(frequent)) if len(frequent) else int(usual)


def absent_weekly(often: Integers, base: int, moments: Integers) -> bool:
    """Whether the places that are not taken came by twice at least, or are the weekend."""
    full = np.arange(often[0] % base, WEEK, base)
    absent = full[~np.isin(full, often)]
    days = np.unique(absent // DAY)
    weekend = len(days) <= 2 and set(days.tolist()) <= {5, 6}
    passed = np.floor((moments[-1] - MONDAY - absent) / WEEK) - np.ceil(
        (moments[0] - MONDAY - absent) / WEEK
    )
    least = 1 if weekend else 2
    return bool((passed + 1 >= least).all())


def taken(slots: tuple[int, ...], first: int, last: int) -> int:
    """Count the places of a pattern from one time to another."""
    return (
        int(
            place_in_weeks(np.array([last]), slots)[0] - place_in_weeks(np.array([first]), slots)[0]
        )
        + 1
    )


def place_in_weeks(moments: Integers, slots: tuple[int, ...]) -> Integers:
    """Number the places of a pattern of the week through time; beside it, take the one before."""
    weeks, places = (moments - MONDAY) // WEEK, (moments - MONDAY) % WEEK
    return weeks * len(slots) + np.searchsorted(np.array(slots), places, side="right") - 1
