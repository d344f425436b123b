"""A time in several columns: year, month and day, or a date and a clock, joined into one column."""

import polars as pl

# the parts of a time in order, by the names of their columns, with the values they may have
PARTS = (
    ({"year", "yr", "jahr"}, 1000, 2999),
    ({"month", "mon", "mo", "monat"}, 1, 12),
    ({"day", "dy", "tag", "dayofmonth", "day_of_month"}, 1, 31),
    ({"hour", "hr", "stunde"}, 0, 23),
    ({"minute"}, 0, 59),
)
FEWEST = 2  # parts: a year is a time by itself
WITH_CLOCK = 4  # parts, from which the time of day is known
MOST_LOST = 0.01  # share of rows whose parts are no day of the calendar
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


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
    if frame.schema[parts[0]] == pl.Date:
        joined = frame.select(pl.col(parts[0]).dt.combine(pl.col(parts[1]))).to_series()
    else:
        joined = from_numbers(frame, parts)
        if joined.null_count() > MOST_LOST * frame.height:
            return frame
    return frame.insert_column(frame.columns.index(parts[0]), joined.alias(name))


def joined_name(frame: pl.DataFrame) -> str:
    """What the joined column is called; empty where there is none."""
    name = "-".join(time_parts(frame))
    return name if name in frame.columns else ""


def time_parts(frame: pl.DataFrame) -> tuple[str, ...]:
    """The columns that make up a time only together, largest unit first; empty where none do."""
    parts = date_and_clock(frame) or year_and_less(frame)
    times = {name for name, dtype in frame.schema.items() if dtype.is_temporal()}
    return () if times - {*parts, "-".join(parts)} else parts


def date_and_clock(frame: pl.DataFrame) -> tuple[str, ...]:
    dates = [name for name, dtype in frame.schema.items() if dtype == pl.Date]
    clocks = [name for name, dtype in frame.schema.items() if dtype == pl.Time]
    return (dates[0], clocks[0]) if len(dates) == len(clocks) == 1 else ()


def year_and_less(frame: pl.DataFrame) -> tuple[str, ...]:
    """Year, month, day and so on, as far down as there are columns and the last one varies."""
    names = {name.lower(): name for name in frame.columns}
    found: list[str] = []
    varying = 0
    for known, low, high in PARTS:
        name = next((names[word] for word in names if word in known), None)
        numbers = None if name is None else part_numbers(frame[name])
        if name is None or numbers is None:
            break
        if numbers.null_count() > MOST_LOST * len(numbers):
            break
        least, most = numbers.min(), numbers.max()
        if not (isinstance(least, int) and isinstance(most, int) and low <= least <= most <= high):
            break
        found.append(name)
        varying = len(found) if least < most else varying
    return tuple(found[:varying]) if varying >= FEWEST else ()


def part_numbers(column: pl.Series) -> pl.Series | None:
    """Whole numbers, also of the names of months; None for a column that holds neither."""
    if column.dtype.is_integer():
        return column.cast(pl.Int64)
    if column.dtype != pl.String:
        return None
    short = column.str.slice(0, 3).str.to_lowercase()
    return short.replace_strict(
        list(MONTHS), list(range(1, 13)), default=None, return_dtype=pl.Int64
    )


def from_numbers(frame: pl.DataFrame, parts: tuple[str, ...]) -> pl.Series:
    """Dates, or times where the hour is known; null where the parts are no day."""
    numbers = [part_numbers(frame[name]) for name in parts]
    texts = [number.cast(pl.String).str.zfill(2) for number in numbers if number is not None]
    texts += [pl.Series(["01"]).new_from_index(0, frame.height)] * (3 - len(texts))
    clock = [*texts[3:], *([pl.Series(["00"]).new_from_index(0, frame.height)] * (5 - len(texts)))]
    days = pl.select(pl.concat_str(texts[:3], separator="-")).to_series()
    if len(parts) < WITH_CLOCK:
        return days.str.strptime(pl.Date, "%Y-%m-%d", strict=False)
    hours = pl.select(pl.concat_str(clock, separator=":")).to_series()
    both = pl.select(pl.concat_str([days, hours], separator=" ")).to_series()
    return both.str.strptime(pl.Datetime("us"), "%Y-%m-%d %H:%M", strict=False)
