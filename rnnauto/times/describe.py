"""Call frequencies what pandas calls them, and say them in words."""

import numpy as np
import polars as pl

from rnnauto.times.frequency import DAY, LAST, WEEK, Frequency

UNITS = (
    (WEEK, "W", "week"),
    (DAY, "D", "day"),
    (3_600 * 10**6, "h", "hour"),
    (60 * 10**6, "min", "minute"),
    (10**6, "s", "second"),
    (10**3, "ms", "millisecond"),
    (1, "us", "microsecond"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
LETTERS = {1: "M", 3: "Q", 12: "Y"}
WORKING = 5  # days
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", LAST: "last"}


def alias_of(frequency: Frequency, times: pl.Series) -> str:
    """Name a frequency as pandas does: `MS`, `W-SUN`, `B`, `15min`; a step of numbers is itself.

    Args: times: some of it, for the day of the month or week.
    """
    match frequency.unit:
        case "number":
            return f"{frequency.count:g}"
        case "month":
            return alias_of_months(frequency, times)
        case "week":
            days, clocks = days_and_clocks(frequency)
            if clocks == 1 and days == list(range(WORKING)):
                return "B"
            return f"{len(frequency.slots)} times a week"
    count = int(frequency.count)
    size, letter, _ = next(unit for unit in UNITS if count % unit[0] == 0)
    number = count // size
    if letter == "W" and len(times.drop_nulls()):
        letter = f"W-{WEEKDAYS[int(times.drop_nulls().dt.weekday()[0]) - 1][:3].upper()}"
    return f"{number if number > 1 else ''}{letter}"


def alias_of_months(frequency: Frequency, times: pl.Series) -> str:
    if frequency.days:
        named: dict[tuple[int, ...], str] = {(1, 15): "SMS", (15, LAST): "SME"}
        return named.get(frequency.days, f"{len(frequency.days)} times a month")
    count = int(frequency.count)
    if frequency.nth:
        which = "LWOM-" if frequency.nth == LAST else f"WOM-{frequency.nth}"
        return f"{count if count > 1 else ''}{which}{WEEKDAYS[frequency.weekday][:3].upper()}"
    known = times.drop_nulls()
    letter, number = LETTERS.get(count, "M"), count if count not in LETTERS else 1
    start = frequency.at == "first" or (not frequency.at and (known.dt.day() == 1).all())
    if not frequency.at and not start:
        return f"{count}mo"
    side = "S" if start else "E"
    month = int(known.dt.month()[0]) if len(known) else 1
    ending = f"-{MONTHS[month - 1]}" if letter in "QY" else ""
    return f"{number if number > 1 else ''}{'B' * frequency.business}{letter}{side}{ending}"


def words_of(frequency: Frequency, times: pl.Series) -> str:
    """Say a frequency in words."""
    match frequency.unit:
        case "number":
            return f"steps of {frequency.count:g}"
        case "month":
            return words_of_months(frequency, times)
        case "week":
            days, clocks = days_and_clocks(frequency)
            names = ", ".join(WEEKDAYS[day] for day in days)
            if days == list(range(days[0], days[-1] + 1)) and len(days) > 2:
                names = f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
            return names if clocks == 1 else f"{names}, {clocks} times a day at most"
    count = int(frequency.count)
    size, _, word = next(unit for unit in UNITS if count % unit[0] == 0)
    number = count // size
    return f"every {word}" if number == 1 else f"every {number} {word}s"


def words_of_months(frequency: Frequency, times: pl.Series) -> str:
    if frequency.days:
        names = ["the last" if day == LAST else str(day) for day in frequency.days]
        return f"every month on {', '.join(names)}"
    period = {1: "every month", 3: "every quarter", 12: "every year"}.get(
        int(frequency.count), f"every {int(frequency.count)} months"
    )
    if frequency.nth:
        return f"{period} on the {NTH[frequency.nth]} {WEEKDAYS[frequency.weekday]} of the month"
    if frequency.at:
        return f"{period} on the {frequency.at} {'business ' * frequency.business}day of the month"
    days = times.drop_nulls().dt.day().unique()
    return f"{period} on day {days[0]}" if len(days) == 1 else f"{period} on the same day"


def days_and_clocks(frequency: Frequency) -> tuple[list[int], int]:
    """List the weekdays that a pattern has, from 0, and the most places that one of them has."""
    days, counts = np.unique(np.array(frequency.slots) // DAY, return_counts=True)
    return days.tolist(), int(counts.max())


def steps_per(frequency: Frequency) -> dict[str, float]:
    """Count the timesteps of a frequency in a minute, an hour, a day, a week and a year; what is
    less than one is left out."""
    spans = {
        "a minute": 60e6,
        "an hour": 3600e6,
        "a day": DAY,
        "a week": WEEK,
        "a year": 365.25 * DAY,
    }
    if frequency.unit == "month":
        per_year = 12 / frequency.count * max(len(frequency.days), 1)
        return {"a year": per_year}
    if frequency.unit == "week":
        days, clocks = days_and_clocks(frequency)
        counts = {"a week": float(len(frequency.slots))}
        counts["a year"] = counts["a week"] * spans["a year"] / WEEK
        if clocks > 1:
            counts = {"a day": len(frequency.slots) / len(days), **counts}
            if frequency.count < spans["an hour"]:
                counts = {"an hour": spans["an hour"] / frequency.count, **counts}
        return counts
    return {name: span / frequency.count for name, span in spans.items() if span >= frequency.count}
