"""Read times that are written in a known way."""

from functools import lru_cache

import polars as pl

from rnnauto.times.month_names import month_number
from rnnauto.times.spelling import (
    CLOCK_FIELDS,
    DAYS_SINCE,
    EPOCH,
    LONGEST_PIECES,
    PIECES,
    ROMAN,
    Spelling,
    parts_of,
    regex_of,
)

EARLIEST, LATEST = 1000, 2999  # years that are believed
PIVOT = 69  # of two-digit years, as POSIX has it: 69 is 1969, 68 is 2068
MOMENT = pl.Datetime("us")
CLOCK = pl.Duration("us")
DAY = 86_400 * 10**6  # microseconds
FAST_FIELDS = frozenset("YmdHMSf")  # what polars reads by itself, and just so


def read_times(cells: pl.Series, spelling: Spelling) -> pl.Series:
    """Read cells as dates, or as times where the spelling has a time of day; of a spelling without
    a date as times of the day.

    Args:
        cells: texts, or numbers of a spelling that is numeric.

    Returns: what is not written that way, or is no day of the calendar, is null.
    """
    if spelling.is_epoch:
        return read_epoch(cells, spelling)
    name = cells.name
    if spelling.numeric and cells.dtype.is_numeric():
        cells = as_digits(cells, spelling.pattern)
    if cells.dtype != pl.String:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Date)
    if not spelling.has_date:
        return read_of_day(cells, spelling)
    if spelling.dash:
        cells = cells.str.splitn(spelling.dash, 2).struct.field("field_0").str.strip_chars()
    fast = fast_pattern(spelling.pattern)
    if fast:
        dtype = MOMENT if spelling.has_clock else pl.Date()
        times = cells.str.strptime(dtype, fast, strict=False)
        if spelling.has_clock:
            times = with_midnights(times, cells, spelling.pattern)
    else:
        distinct = cells.unique()
        if 4 * len(distinct) > len(cells):
            times = read_by_fields(cells, spelling.pattern)
        else:  # panels repeat their times
            known = read_by_fields(distinct, spelling.pattern)
            pairs = pl.DataFrame({"cell": distinct, "time": known})
            joined = cells.to_frame("cell").join(
                pairs, on="cell", how="left", maintain_order="left", nulls_equal=True
            )
            times = joined["time"]
    return believed(times).alias(name)


def read_of_day(cells: pl.Series, spelling: Spelling) -> pl.Series:
    """Read cells as times of the day; null beyond midnight, and for durations."""
    if spelling.is_duration:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Time)
    fields = cells.str.extract_groups(regex_of(spelling.pattern)).struct.unnest()
    clock = fields.select(clock_of(set(fields.columns)).dt.total_microseconds().alias("at"))
    inside = pl.when(pl.col("at") < DAY).then(pl.col("at") * 1_000).cast(pl.Time)
    return clock.select(inside.alias(cells.name)).to_series()


def with_midnights(times: pl.Series, cells: pl.Series, pattern: str) -> pl.Series:
    """Read the cells that end a day at 24:00 too, which polars does not."""
    late = cells.str.contains("24:00", literal=True) & times.is_null()
    if not late.any():
        return times
    read = read_by_fields(cells.filter(late), pattern)
    return times.scatter(late.arg_true(), read)


def believed(times: pl.Series) -> pl.Series:
    """Take out times of years that nobody means."""
    years = times.dt.year()
    odd = (years < EARLIEST) | (years > LATEST)
    return (
        times if not odd.any() else times.to_frame("t").select(pl.when(~odd).then("t")).to_series()
    )


def as_digits(cells: pl.Series, pattern: str) -> pl.Series:
    """Write numbers as the digits that a pattern has: of months 2010.1 is `2010.10`."""
    if not cells.dtype.is_float():
        return cells.cast(pl.Int64).cast(pl.String)
    if "." not in pattern:
        return cells.cast(pl.Int64, strict=False).cast(pl.String)
    digits = 1 if "%q" in pattern else 2
    scale = 10**digits
    scaled = (cells * scale).round()
    whole = scaled.cast(pl.Int64, strict=False)
    exact = (cells * scale - scaled).abs() < 1e-6
    return pl.select(
        pl.when(exact).then(
            pl.concat_str(
                (whole // scale).cast(pl.String),
                (whole % scale).cast(pl.String).str.zfill(digits),
                separator=".",
            )
        )
    ).to_series()


@lru_cache(maxsize=512)
def fast_pattern(pattern: str) -> str:
    """Translate a pattern to one that polars reads by itself; empty where it cannot."""
    parts = parts_of(pattern)
    names = [part.name for part in parts if part.name]
    commas = any(part.name == "f" and not part.padded for part in parts)
    if not set(names) <= FAST_FIELDS or commas or any(part.glued for part in parts):
        return ""
    if not {"Y", "m", "d"} <= set(names) or ("H" in names) != ("M" in names):
        return ""
    text = "".join(
        {"f": "%.f"}.get(part.name, f"%{part.name}") if part.name else part.text for part in parts
    )
    return text if "," not in text else ""


def read_days(cells: pl.Series, before: int) -> pl.Series:
    """Read days since a day, as dates where all are whole. Args: before: days from it to 1970."""
    days = cells.cast(pl.Float64, strict=False) - before
    days = days.set(~days.is_between(-354_285, 376_200), None)  # years 1000 to 2999
    if ((days.drop_nulls() % 1) == 0).all():
        return days.cast(pl.Int32).cast(pl.Date).alias(cells.name)
    seconds = (days * (DAY // 10**6)).round().cast(pl.Int64)
    return (seconds * 10**6).cast(MOMENT).alias(cells.name)


def read_epoch(cells: pl.Series, spelling: Spelling) -> pl.Series:
    """Read seconds, or thousandths and so on, since the start of 1970."""
    if spelling.pattern in DAYS_SINCE:
        return read_days(cells, DAYS_SINCE[spelling.pattern][1])
    per_second = EPOCH[spelling.pattern]
    if not cells.dtype.is_numeric():
        cells = cells.cast(pl.Float64, strict=False)
    if cells.dtype.is_integer() and per_second >= 10**6:
        microseconds = cells.cast(pl.Int64) // (per_second // 10**6)
    else:
        microseconds = (cells.cast(pl.Float64) * (10**6 / per_second)).round()
    inside = microseconds.is_between(-30_610_224_000 * 10**6, 32_503_680_000 * 10**6)
    kept = pl.select(pl.when(inside).then(microseconds.cast(pl.Int64, strict=False))).to_series()
    return kept.cast(MOMENT).alias(cells.name)


def read_by_fields(cells: pl.Series, pattern: str) -> pl.Series:
    """Read cells by the numbers in them, field by field."""
    fields = cells.str.extract_groups(regex_of(pattern)).struct.unnest()
    date = fields.select(date_of(set(fields.columns)).alias("date")).to_series()
    if not CLOCK_FIELDS & set(fields.columns):
        return date
    times = fields.with_columns(date=date).select(
        pl.col("date").cast(MOMENT) + clock_of(set(fields.columns))
    )
    return times.to_series()


def number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64)


def date_of(fields: set[str]) -> pl.Expr:
    """Make the first day of what the fields name."""
    if "G" in fields:
        return monday_of(fields)
    year = year_of(fields)
    if "j" in fields:
        day = first_of(year) + pl.duration(days=number("j") - 1)
        return pl.when(number("j").is_between(1, 366) & (day.dt.year() == year)).then(day)
    if "b" in fields:
        month = month_number(pl.col("b"))
    elif "X" in fields:
        month = roman("X")
    elif "q" in fields or "R" in fields:
        month = (number("q") if "q" in fields else roman("R")) * 3 - 2
    elif "h" in fields:
        month = number("h") * 6 - 5
    else:
        month = number("m") if "m" in fields else pl.lit(1, pl.Int64)
    day = number("d") if "d" in fields else pl.lit(1, pl.Int64)
    made = day_of(year, month, day)
    if "N" in fields:
        after = pl.col("N").str.slice(-2).cast(pl.Int64)
        return pl.when((year + 1) % 100 == after).then(made)
    if "E" in fields:
        return pl.when(year + 1 == number("E")).then(made)
    return made


def roman(name: str) -> pl.Expr:
    numbers = {numeral: at for at, numeral in enumerate(ROMAN, 1)}
    return pl.col(name).replace_strict(numbers, default=None, return_dtype=pl.Int64)


def year_of(fields: set[str]) -> pl.Expr:
    if "Y" in fields:
        return number("Y")
    if "C" in fields:
        return 1900 + 100 * number("C") + number("y")
    return pl.when(number("y") < PIVOT).then(number("y") + 2000).otherwise(number("y") + 1900)


def day_of(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Make dates of numbers; null where the calendar has no such day."""
    texts = [
        year.cast(pl.String).str.zfill(4),
        month.cast(pl.String).str.zfill(2),
        day.cast(pl.String).str.zfill(2),
    ]
    return pl.concat_str(texts, separator="-").str.strptime(pl.Date, "%Y-%m-%d", strict=False)


def first_of(year: pl.Expr) -> pl.Expr:
    return day_of(year, pl.lit(1, pl.Int64), pl.lit(1, pl.Int64))


def monday_of(fields: set[str], *, year: pl.Expr | None = None) -> pl.Expr:
    """Make the first day of a week of ISO 8601, or the day of it that is named."""
    year, week = number("G") if year is None else year, number("V")
    fourth = day_of(year, pl.lit(1, pl.Int64), pl.lit(4, pl.Int64))  # always in the first week
    offset = (week - 1) * 7 - (fourth.dt.weekday().cast(pl.Int64) - 1)
    monday = fourth + pl.duration(days=offset)
    thursday = monday + pl.duration(days=3)
    inside = week.is_between(1, 53) & (thursday.dt.year() == year)
    day = monday + pl.duration(days=number("u") - 1) if "u" in fields else monday
    return pl.when(inside).then(day)


def clock_of(fields: set[str]) -> pl.Expr:
    """Make the time of day, with its offset from UTC taken off; 24:00 is the end of the day."""
    piece = next((name for name in PIECES if name in fields), None)
    if piece is not None:
        begin = (number(piece).clip(upper_bound=PIECES[piece]) - 1) * (DAY // PIECES[piece])
        return pl.when(number(piece).is_between(1, LONGEST_PIECES[piece])).then(begin).cast(CLOCK)
    if "T" in fields:
        hour, minute = number("T") // 100, number("T") % 100
    elif "t" in fields:
        hour, minute = number("t") // 10_000, number("t") // 100 % 100
    else:
        hour = number(next(name for name in ("H", "k", "I") if name in fields))
        minute = number("M") if "M" in fields else pl.lit(0, pl.Int64)
    second = number("S") if "S" in fields else pl.lit(0, pl.Int64)
    second = number("t") % 100 if "t" in fields else second
    legal = (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    if "p" in fields:
        late = pl.col("p").str.to_lowercase().str.starts_with("p")
        legal = hour.is_between(1, 12)
        hour = hour % 12 + pl.when(late).then(12).otherwise(0)
    seconds = hour * 3600 + minute * 60 + second
    microseconds = seconds * 10**6
    if "f" in fields:
        fraction = pl.concat_str(pl.lit("0."), pl.col("f").fill_null(".0").str.slice(1))
        microseconds += (fraction.cast(pl.Float64) * 1e6).round().cast(pl.Int64)
    if "z" in fields:
        microseconds -= offset_of(pl.col("z"))
    within = legal & (minute < 60) & (second < 61)
    return pl.when(within).then(microseconds).cast(CLOCK)


def offset_of(zone: pl.Expr) -> pl.Expr:
    """Tell how far a zone is ahead of UTC, in microseconds."""
    parts = zone.str.extract_groups(r"^(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?$")
    hours = parts.struct.field("hours").cast(pl.Int64).fill_null(0)
    minutes = parts.struct.field("minutes").cast(pl.Int64).fill_null(0)
    ahead = (hours * 3600 + minutes * 60) * 10**6
    return pl.when(parts.struct.field("sign") == "-").then(-ahead).otherwise(ahead)
