"""Reckon the times of series from where each starts and a frequency by name."""

import re
from dataclasses import dataclass
from datetime import time as time_of_day

import numpy as np
import polars as pl

from rnnauto.arrays import Integers

# what the Monash archive and pandas (old and new) call a step, as polars writes it
UNITS = {
    "1y": "yearly annual annually year years y ye ys a as",
    "1q": "quarterly quarter quarters q qe qs",
    "1mo": "monthly month months m me ms mo",
    "1w": "weekly week weeks w",
    "1d": "daily day days d",
    "1h": "hourly hour hours h",
    "1m": "minutely minute minutes min t",
    "1s": "secondly second seconds s sec",
    "1ms": "l millisecond milliseconds",
    "1us": "u us microsecond microseconds",
    "30m": "half_hourly",
    "1bd": "b business",
}
UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words.split()}
ENDS = frozenset({"m", "me", "q", "qe", "y", "ye", "a"})  # of pandas: the last day of a period
# `10_minutes`, `15min`, `W-SUN`, `QS-DEC`
FREQUENCY = re.compile(r"(\d{0,6})[_ ]?([A-Za-z]+(?:_[A-Za-z]+)?)(?:-[A-Za-z]{3})?")
LAST_YEAR = 9999  # that everything which shows a date can write


@dataclass(frozen=True)
class Pace:
    """From one timestep to the next, as a file names it.

    Attributes:
        unit: as polars writes it; `1bd` for business days.
        count: how many of them.
        at_end: whether times that are the last days of their months stay so.
    """

    unit: str
    count: int
    at_end: bool = False


def pace_of(name: str) -> Pace | None:
    """Read a frequency by name; None for a name that is not known."""
    match = FREQUENCY.fullmatch(name.strip())
    word = match[2].lower() if match else ""
    if match is None or word not in UNIT_OF:
        return None
    # of all names only this one means another thing in capitals: the starts of months
    unit = "1ms" if match[2] == "ms" else UNIT_OF[word]
    return Pace(unit, int(match[1] or 1), at_end=word in ENDS)


def times_from(starts: pl.Series, pace: Pace, lengths: Integers) -> pl.Series | None:
    """Reckon the time of every timestep, one series after the other.

    Args:
        starts: Datetime, [series].
        lengths: the timesteps of each, [series].

    Returns: times, [timesteps]; None where they would go beyond what a date can be.
    """
    splits = np.repeat(np.cumsum(lengths) - lengths, lengths)
    steps = pl.Series("step", (np.arange(len(splits)) - splits) * pace.count)
    start = starts.gather(np.repeat(np.arange(len(starts)), lengths))
    frame = pl.DataFrame({"start": start, "step": steps})
    time = moved(pace.unit)
    if pace.at_end:
        ends = pl.col("start") == pl.col("start").dt.month_end()
        time = pl.when(ends).then(time.dt.month_end()).otherwise(time)
    times = frame.select(time.alias("time")).to_series()
    if int(times.dt.year().max() or 0) > LAST_YEAR:  # type: ignore[arg-type]
        return None
    by_day = pace.unit in {"1y", "1q", "1mo", "1w", "1d", "1bd"}
    at_midnight = by_day and bool((starts.dt.time() == time_of_day(0)).all())
    return times.cast(pl.Date) if at_midnight else times


def moved(unit: str) -> pl.Expr:
    """Move `start` on by `step` units."""
    start, step = pl.col("start"), pl.col("step")
    months = {"1y": 12, "1q": 3, "1mo": 1}
    if unit in months:
        return start.dt.offset_by(pl.format("{}mo", step * months[unit]))
    if unit == "1bd":
        return start.dt.add_business_days(step, roll="forward")
    microseconds = {"1w": 604_800_000_000, "1d": 86_400_000_000, "1h": 3_600_000_000} | {
        "30m": 1_800_000_000,
        "1m": 60_000_000,
        "1s": 1_000_000,
        "1ms": 1000,
        "1us": 1,
    }
    return start + pl.duration(microseconds=step * microseconds[unit])
