"""Join a time in several columns into one: year, month and day, or a date and a clock."""

from collections.abc import Sequence

import polars as pl

from rnnauto.reading.written_dates import SHORT

# the parts of a time in order, by the names of their columns, with the values they may have
QUARTERS = ("quarter", "qtr", "quartal")
Part = tuple[tuple[str, ...], int, int]
PARTS: tuple[Part, ...] = (
    (("year", "yr", "jahr"), 1000, 2999),
    (("month", "mon", "mo", "monat", *QUARTERS), 1, 12),  # of quarters: their first month
    (("day", "dy", "tag", "dayofmonth", "day_of_month"), 1, 31),
    (("hour", "hr", "stunde"), 0, 23),
    (("minute",), 0, 59),
)
CALENDAR = 3  # of the parts make up a date
FEWEST = 2  # parts: a year is a time by itself
MOST_LOST = 0.01  # share of rows whose parts are no day of the calendar


def join_time(frame: pl.DataFrame, *, wanted: str | None = None) -> pl.DataFrame:
    """Put a column `year-month-day` before its parts, where no other column holds times.

    Whether it orders anything is for inference to decide; `wanted` is the joined column of a
    layout that is known.
    """
    parts = time_parts(frame)
    if wanted is not None:
        named = tuple(wanted.split("-"))
        parts = named if set(named) <= set(frame.columns) else ()
    name = "-".join(parts)
    if len(parts) < FEWEST or name in frame.columns:
        return frame
    joined = join_parts(frame, parts)
    if wanted is None and joined.null_count() > MOST_LOST * frame.height:
        return frame
    return frame.insert_column(frame.columns.index(parts[0]), joined.alias(name))


def join_parts(frame: pl.DataFrame, parts: tuple[str, ...]) -> pl.Series:
    """Make dates, or times where the time of day is known; null where the parts are no day."""
    if frame.schema[parts[1]] == pl.Time:
        return frame.select(pl.col(parts[0]).dt.combine(pl.col(parts[1]))).to_series()
    if frame.schema[parts[0]] == pl.Date:
        return with_clock(frame[parts[0]], frame, parts[1:])
    first = pl.Series(["01"]).new_from_index(0, frame.height)
    texts = [two_digits(frame[name]) for name in parts[:CALENDAR]]
    texts += [first] * (CALENDAR - len(texts))
    days = pl.select(pl.concat_str(texts, separator="-")).to_series()
    dates = days.str.strptime(pl.Date, "%Y-%m-%d", strict=False)
    return with_clock(dates, frame, parts[CALENDAR:]) if parts[CALENDAR:] else dates


def with_clock(dates: pl.Series, frame: pl.DataFrame, parts: tuple[str, ...]) -> pl.Series:
    """Add the hours, and minutes, of other columns to dates."""
    times = frame.select(
        day=dates.cast(pl.Datetime("us")),
        hour=part_numbers(frame[parts[0]]),
        minute=part_numbers(frame[parts[1]]) if len(parts) > 1 else pl.lit(0),
    )
    return times.select(pl.col("day") + pl.duration(hours="hour", minutes="minute")).to_series()


def two_digits(column: pl.Series) -> pl.Series:
    numbers = part_numbers(column)
    return column.cast(pl.String) if numbers is None else numbers.cast(pl.String).str.zfill(2)


def joined_name(frame: pl.DataFrame) -> str:
    """Tell what the joined column is called; empty where there is none."""
    name = "-".join(time_parts(frame))
    return name if name in frame.columns else ""


def time_parts(frame: pl.DataFrame) -> tuple[str, ...]:
    """Find the columns that are a time only together, largest unit first; empty where none are."""
    times = {name: dtype for name, dtype in frame.schema.items() if dtype.is_temporal()}
    parts = date_and_clock(times) or date_and_hour(frame, times) or year_and_less(frame)
    return () if set(times) - {*parts, "-".join(parts)} else parts


def date_and_clock(times: dict[str, pl.DataType]) -> tuple[str, ...]:
    dates = [name for name, dtype in times.items() if dtype == pl.Date]
    clocks = [name for name, dtype in times.items() if dtype == pl.Time]
    return (dates[0], clocks[0]) if len(dates) == len(clocks) == 1 else ()


def date_and_hour(frame: pl.DataFrame, times: dict[str, pl.DataType]) -> tuple[str, ...]:
    """Find one column of dates, and the hours and minutes beside it."""
    dates = [name for name, dtype in times.items() if dtype == pl.Date]
    hours = numbered_parts(frame, PARTS[CALENDAR:]) if len(dates) == 1 else ()
    return (dates[0], *hours) if hours else ()


def year_and_less(frame: pl.DataFrame) -> tuple[str, ...]:
    parts = numbered_parts(frame, PARTS)
    return parts if len(parts) >= FEWEST else ()


def numbered_parts(frame: pl.DataFrame, wanted: Sequence[Part]) -> tuple[str, ...]:
    """Find year, month, day and so on, as far down as there are columns and the last one varies."""
    names = {name.lower(): name for name in frame.columns}
    parts: list[str] = []
    varying = 0
    for words, low, high in wanted:
        name = next((names[word] for word in words if word in names), None)
        numbers = None if name is None else part_numbers(frame[name])
        if name is None or numbers is None:
            break
        if numbers.null_count() > MOST_LOST * len(numbers):
            break
        least, most = numbers.min(), numbers.max()
        if not (isinstance(least, int) and isinstance(most, int) and low <= least <= most <= high):
            break
        parts.append(name)
        varying = len(parts) if least < most else varying
    return tuple(parts[:varying])


def part_numbers(column: pl.Series) -> pl.Series | None:
    """Read whole numbers, also of the names of months, and the first months of quarters; None for
    a column that holds none of these."""
    quarters = column.name.lower() in QUARTERS
    if column.dtype.is_integer():
        numbers = column.cast(pl.Int64)
        return 3 * numbers - 2 if quarters else numbers
    if column.dtype != pl.String:
        return None
    if quarters:
        return 3 * column.str.extract(r"^[Qq]?([1-4])$").cast(pl.Int64) - 2
    short = column.str.slice(0, 3).str.to_lowercase()
    return short.replace_strict(
        list(SHORT), list(range(1, 13)), default=None, return_dtype=pl.Int64
    )
