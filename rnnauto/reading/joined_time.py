"""Join a time in several columns into one: year, month and day, or a date and a clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from rnnauto.runs import once_a_frame
from rnnauto.times.month_names import MONTH_NUMBERS, month_number, names_like
from rnnauto.times.parse import PIVOT, day_of, first_of, monday_of
from rnnauto.times.pieces import piece_of_day, plain_name, with_piece
from rnnauto.times.spelling import PIECES, Spelling, parts_of

# what the columns of a part are called
QUARTERS = ("quarter", "qtr", "quartal", "qrt")
HOURS = 24
PERIOD = "period"  # may be a month, or anything


@dataclass(frozen=True)
class Part:
    """A part of a time that has a column of its own.

    Attributes:
        field: its letter in the pattern of a spelling.
        names: what its column is called.
        low, high: the values that it may have.
    """

    field: str
    names: tuple[str, ...]
    low: int
    high: int


YEAR = Part("Y", ("year", "yr", "yyyy", "yy", "jahr", "annee", "ano", "anno"), 1000, 2999)
MONTH = Part("m", ("month", "mon", "mo", "mnth", "mm", "monat", "mois", "mes", PERIOD), 1, 12)
QUARTER = Part("q", QUARTERS, 1, 4)
HALF = Part("h", ("half", "halfyear", "semester", "halbjahr", "hy"), 1, 2)
WEEK = Part("V", ("week", "wk", "isoweek", "weeknum", "weeknumber", "kw"), 1, 53)
DAY = Part("d", ("day", "dy", "dd", "tag", "dayofmonth", "jour", "dia"), 1, 31)
DAY_OF_YEAR = Part("j", ("doy", "yday", "dayofyear", "julian", "julianday", "jday"), 1, 366)
HOUR = Part("H", ("hour", "hr", "hh", "stunde", "hourending", "he", "hourofday"), 0, 24)
MINUTE = Part("M", ("minute", "min", "mi"), 0, 59)
# both in one number, as 1345; the names are those of clocks that are written otherwise, too
NUMBERED = ("hhmm", "hrmn", "hrmin", "time", "clock", "uhrzeit", "hhmmss", "erzet", "uzeit")
HOUR_MINUTE = Part("T", NUMBERED, 0, 240_000)  # or with seconds, as 134500
CLOCK, CLOCK_NUMBER = (HOUR, MINUTE), (HOUR_MINUTE,)
# the ways to write a date in parts, the first that a table has
CALENDARS = (
    (YEAR, MONTH, DAY, *CLOCK),
    (YEAR, MONTH, DAY, *CLOCK_NUMBER),
    (YEAR, DAY_OF_YEAR, *CLOCK),
    (YEAR, DAY_OF_YEAR, *CLOCK_NUMBER),
    (YEAR, WEEK),
    (YEAR, QUARTER),
    (YEAR, HALF),
)
# what may stand before the number of a part
MARKS = {"q": "q|qtr", "V": "w|kw|wk", "h": "h|s|hy", "m": "m", "H": "he|h"}
MARKED = r"^(?<mark>\p{L}*)(?<digits>\d+)$"
MINUTES = 60
LAST_MINUTE = 2400  # of a day, as hours and minutes; more has seconds too
FIRST_BARE = 10  # year of two digits without a zero
SHORT = 100  # years below have two digits
MORE_THAN_DAYS = 32  # what years of two digits reach, and other small numbers do not
FEWEST = 2  # parts: a year is a time by itself
MOST_LOST = 0.01  # share of rows whose parts are no day of the calendar


def join_time(
    frame: pl.DataFrame, *, wanted: str | None = None, spelling: Spelling | None = None
) -> pl.DataFrame:
    """Put a column `year-month-day` before its parts, where no other column holds times.

    Whether it orders anything is for inference to decide; `wanted` is the joined column of a
    layout that is known, and `spelling` how its file writes it.
    """
    others = [name for name in frame.columns if name != wanted]
    parts = time_parts(frame) if wanted is None else columns_in(wanted, others)
    name = "-".join(parts)
    field = number_field(spelling)
    if field and name in frame.columns and len(parts) >= FEWEST:
        frame = frame.drop(name)  # of fewer rows one may think of other numbers
    if len(parts) < FEWEST or name in frame.columns:
        return frame
    joined = join_parts(frame, parts, field=field)
    if wanted is None and joined.null_count() > MOST_LOST * frame.height:
        return frame
    return frame.insert_column(frame.columns.index(parts[0]), joined.alias(name))


def columns_in(joined: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Find the columns that are joined to one, of which each may have a `-` in its own name; empty
    where they are not there."""
    for name in columns:
        if joined == name:
            return (name,)
        if joined.startswith(f"{name}-"):
            rest = columns_in(joined.removeprefix(f"{name}-"), columns)
            if rest:
                return (name, *rest)
    return ()


def number_field(spelling: Spelling | None) -> str:
    """Tell which field a number has that is a time of day; empty for none."""
    fields = parts_of(spelling.pattern) if spelling is not None else ()
    return next((part.name for part in fields if part.name in {*PIECES, "T", "t"}), "")


def join_parts(frame: pl.DataFrame, parts: tuple[str, ...], *, field: str = "") -> pl.Series:
    """Make dates, or times where the time of day is known; null where the parts are no day.

    Args: field: of a number that is a time of day, where that is known.
    """
    second = frame.schema[parts[1]]
    if second == pl.Time:
        return frame.select(pl.col(parts[0]).dt.combine(pl.col(parts[1]))).to_series()
    if second == pl.Duration:
        return frame.select(pl.col(parts[0]).cast(pl.Datetime("us")) + pl.col(parts[1])).to_series()
    if frame.schema[parts[0]] == pl.Date:
        field = field or piece_of_day(frame[parts[1]])
        if field in PIECES:
            return with_piece(frame[parts[0]], frame[parts[1]], field)
        return with_clock(frame[parts[0]], frame, parts[1:], field=field)
    fields = [field_of(name) for name in parts]
    numbers = pl.DataFrame(
        {
            field: column.cast(pl.String)
            for field, name in zip(fields, parts, strict=True)
            if (column := part_numbers(frame[name])) is not None
        }
    )
    dates = numbers.select(date_in(set(fields))).to_series()
    clock = tuple(name for name, field in zip(parts, fields, strict=True) if field in "HMT")
    return with_clock(dates, frame, clock, field=field) if clock else dates


def date_in(fields: set[str]) -> pl.Expr:
    """Make a date of columns that are named by the fields of a pattern."""
    written = pl.col("Y").cast(pl.Int64)
    short = pl.when(written < PIVOT).then(written + 2000).otherwise(written + 1900)
    year = pl.when(written < SHORT).then(short).otherwise(written)
    one = pl.lit(1, pl.Int64)
    if "V" in fields:
        return monday_of({"G", "V"}, year=year)
    if "j" in fields:
        return first_of(year) + pl.duration(days=pl.col("j").cast(pl.Int64) - 1)
    if "q" in fields:
        return day_of(year, pl.col("q").cast(pl.Int64) * 3 - 2, one)
    if "h" in fields:
        return day_of(year, pl.col("h").cast(pl.Int64) * 6 - 5, one)
    day = pl.col("d").cast(pl.Int64) if "d" in fields else one
    return day_of(year, pl.col("m").cast(pl.Int64), day)


def with_clock(
    dates: pl.Series, frame: pl.DataFrame, parts: tuple[str, ...], *, field: str = ""
) -> pl.Series:
    """Add the hours, and minutes, of other columns to dates; hour 24 is the end of the day."""
    first = part_numbers(frame[parts[0]])
    times = pl.DataFrame({"day": dates.cast(pl.Datetime("us")), "hour": first})
    times = times.with_columns(second=pl.lit(0))
    if field_of(parts[0]) == "T":
        seconds = field == "t" if field else has_seconds(times["hour"])
        if seconds:
            times = times.with_columns(hour=pl.col("hour") // 100, second=pl.col("hour") % 100)
        times = times.with_columns(hour=pl.col("hour") // 100, minute=pl.col("hour") % 100)
    else:
        minutes = part_numbers(frame[parts[1]]) if len(parts) > 1 else pl.lit(0)
        times = times.with_columns(pl.col("hour").clip(upper_bound=HOURS), minute=minutes)
    since = pl.duration(hours="hour", minutes="minute", seconds="second")
    return times.select(pl.col("day") + since).to_series()


def has_seconds(numbers: pl.Series) -> bool:
    """Whether numbers are hours, minutes and seconds, as 134500, and not 1345."""
    most = numbers.max()
    return isinstance(most, int) and most > LAST_MINUTE


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
    clocks = [name for name, dtype in times.items() if dtype in (pl.Time, pl.Duration)]
    return (dates[0], clocks[0]) if len(dates) == len(clocks) == 1 else ()


def date_and_hour(frame: pl.DataFrame, times: dict[str, pl.DataType]) -> tuple[str, ...]:
    """Find one column of dates, and the hours and minutes beside it."""
    dates = [name for name, dtype in times.items() if dtype == pl.Date]
    ways = (CLOCK, CLOCK_NUMBER) if len(dates) == 1 else ()
    hours = next((found for way in ways if (found := numbered_parts(frame, way))), ())
    if len(dates) == 1 and not hours:
        hours = tuple(name for name in frame.columns if piece_of_day(frame[name]))[:1]
    return (dates[0], *hours) if hours else ()


def year_and_less(frame: pl.DataFrame) -> tuple[str, ...]:
    """Find a year and smaller units: of the ways to write a date that there are columns for, the
    one with most of them."""
    every = [numbered_parts(frame, calendar) for calendar in CALENDARS]
    most = max(every, key=len)
    return most if len(most) >= FEWEST else ()


def numbered_parts(frame: pl.DataFrame, wanted: Sequence[Part]) -> tuple[str, ...]:
    """Find year, month, day and so on, as far down as there are columns and the last one varies."""
    parts: list[str] = []
    varying = 0
    for part in wanted:
        found = part_in(frame, part.names, part)
        if found is None:
            break
        name, varies = found
        parts.append(name)
        varying = len(parts) if varies else varying
    return tuple(parts[:varying])


@once_a_frame
def part_in(frame: pl.DataFrame, words: Sequence[str], part: Part) -> tuple[str, bool] | None:
    """Find the column of a part, called by one of its words, and whether it varies; None where
    there is none, or one that holds other things."""
    names = {plain_name(name): name for name in frame.columns}
    name = next((names[word] for word in words if word in names), None)
    numbers = None if name is None else part_numbers(frame[name])
    if name is None or numbers is None or numbers.null_count() > MOST_LOST * len(numbers):
        return None
    least, most = numbers.min(), numbers.max()
    if not (isinstance(least, int) and isinstance(most, int)):
        return None
    if not may_be(part, frame[name], least, most) or (most == HOURS and least == 0):
        return None
    return name, least < most


def part_beyond(frame: pl.DataFrame) -> tuple[str, str] | None:
    """Find a part of a year that has numbers beyond those of one, as week 0, where rows are in the
    order of both. Returns: the columns of the year and the part."""
    names = {plain_name(name): name for name in frame.columns}
    year = next((names[word] for word in YEAR.names if word in names), None)
    if year is None or not frame[year].dtype.is_integer():
        return None
    for part in (MONTH, WEEK, QUARTER, HALF, DAY_OF_YEAR):
        for name in (names[word] for word in part.names if word in names):
            column = frame[name]
            beyond = column.dtype.is_integer() and not column.is_between(part.low, part.high).all()
            if beyond and frame.select(pl.struct(year, name).is_sorted()).item():
                return year, name
    return None


def may_be(part: Part, column: pl.Series, least: int, most: int) -> bool:
    """Whether a column whose numbers go from `least` to `most` may be a part."""
    if part is YEAR and most < SHORT:  # of a text both digits are there
        told = column.dtype == pl.String or most >= MORE_THAN_DAYS or column.name.lower() == "yy"
        return told and least >= (0 if column.dtype == pl.String else FIRST_BARE)
    if part is HOUR_MINUTE and (most <= HOURS or not ends_in_minutes(column)):
        return False
    longest = part.high + (part is HOUR and least >= 1)  # hours, of the day that summer time ends
    return part.low <= least <= most <= longest


def ends_in_minutes(column: pl.Series) -> bool:
    """Whether the last two digits of every number are minutes, or seconds behind minutes."""
    numbers = part_numbers(column)
    if numbers is None or not (numbers % 100 < MINUTES).all():
        return False
    return not has_seconds(numbers) or bool((numbers // 100 % 100 < MINUTES).all())


def field_of(name: str) -> str:
    """Tell which field of a pattern a column is named like; empty for none."""
    parts = {part for calendar in CALENDARS for part in calendar}
    return next((part.field for part in parts if plain_name(name) in part.names), "")


def part_numbers(column: pl.Series) -> pl.Series | None:
    """Read whole numbers, also of the names of months and of quarters and weeks; None for a column
    that holds none of these."""
    if column.name.lower() == PERIOD and not is_months(column):
        return None
    if column.dtype.is_integer():
        return column.cast(pl.Int64)
    if column.dtype != pl.String:
        return None
    field = field_of(column.name)
    cells = column.str.strip_chars()
    if field == "Y" and not cells.str.contains(r"^(\d{2}|\d{4})$").all():
        return None
    if field not in MARKS:
        return cells.cast(pl.Int64, strict=False)  # `01`, of a column with zeros
    numbers = cells.str.extract(rf"(?i)^(?:{MARKS[field]})?(\d{{1,2}})$").cast(pl.Int64)
    if field != "m":
        return numbers
    return pl.select(pl.coalesce(month_number(pl.lit(cells)), numbers)).to_series()


def is_months(column: pl.Series) -> bool:
    """Whether periods are marked as months, `M01`."""
    return column.dtype == pl.String and bool(column.str.contains(r"^\s*M\d{1,2}\s*$").all())


def joined_spelling(frame: pl.DataFrame, spellings: Mapping[str, Spelling]) -> Spelling | None:
    """Say how the parts of a joined time are written, side by side with `|` between them; None
    where they cannot be written so again."""
    pieces: list[str] = []
    update: dict[str, object] = {}
    parts = time_parts(frame)
    for name in parts:
        dtype = frame.schema[name]
        if name in spellings:
            piece = spellings[name]
            update |= {"months": piece.months} if piece.months else {}
            update |= {"span": piece.span} if piece.span else {}
            pieces.append(piece.pattern)
        elif dtype == pl.Date:
            pieces.append("%Y-%m-%d")
        elif frame.schema[parts[0]] == pl.Date and (numbered := piece_of_day(frame[name])):
            pieces.append(f"%-{numbered}")
        elif (piece_of := numbered_piece(frame[name])) is not None:
            pieces.append(piece_of)
            if piece_of.endswith("k"):
                update["shift"] = -3600 * 10**6
        elif field_of(name) == "m" and frame[name].str.contains(r"^\p{L}").all():
            words = frame[name].drop_nulls().unique().to_list()
            update["months"] = names_like(words, numbers=MONTH_NUMBERS, count=12)
            pieces.append("%b")
        else:
            return None
    pattern = "|".join(pieces)
    pattern = re.sub(r"%(-?)Y(\|[^\W\d_]*%-?V)", r"%\1G\2", pattern)
    return Spelling(pattern=pattern, **update) if pieces else None


def numbered_piece(column: pl.Series) -> str | None:
    """Write the pattern of a part that is a number, perhaps with a mark before it; None for
    another."""
    numbers, field = part_numbers(column), field_of(column.name)
    if numbers is None:
        return None
    if field == "Y" and (numbers.max() or 0) < SHORT:  # type: ignore[operator]
        field = "y"
    if field == "H" and (numbers.max() or 0) >= HOURS:  # type: ignore[operator]
        field = "k"
    if field == "T" and has_seconds(numbers):
        field = "t"
    if column.dtype.is_integer():
        return f"%-{field}"
    cells = column.drop_nulls().str.strip_chars().str.extract_groups(MARKED).struct.unnest()
    if cells["digits"].null_count() or cells["mark"].n_unique() != 1:
        return None
    bare = cells["digits"].str.len_chars().n_unique() > 1
    return f"{cells['mark'][0]}%{'-' * bare}{field}"
