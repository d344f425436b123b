"""Read times of the day, and durations."""

from dataclasses import dataclass

import polars as pl

from rnnauto.names import named_time
from rnnauto.times.parse import clock_of
from rnnauto.times.shapes import FRACTION, HOURS_OF_DAY, span_update, with_padding
from rnnauto.times.spelling import Spelling, regex_of

CLOCKS = ("%H:%M:%S%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p", "%I %p")
DOTTED = "%H.%M.%S"  # or a date, a version: only of columns that are called so
CLOCK_NAMES = frozenset(["time", "clock", "uhrzeit", "zeit", "hora", "heure", "ora", "tijd", "tid"])
DAY = 86_400
PERIOD = r"^(\d{1,2}:\d{2}(?::\d{2})?) ?(?:-|–|to) ?\d{1,2}:\d{2}(?::\d{2})?$"  # `09:00-10:00`
# the same where all periods take equally long: `09:00-10:00`, `9 - 10`, `9h-10h`
FROM_TO = r"^\d{1,2}(:\d{2})?( ?(?:h|Uhr))?( ?(?:-|–|to) ?)\d{1,2}(?::\d{2})?(?: ?(?:h|Uhr))?$"
HOURS = (
    r"^-?(?:(?P<days>\d+) ?(?:days?|d),? +)?"
    r"(?P<hours>\d+):(?P<minutes>\d{2})(?::(?P<seconds>\d{2}(?:\.\d+)?))?$"
)
ISO = (
    r"^P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)
SPOKEN = (
    r"^(?:(?P<days>\d+) ?d(?:ays?)?,? ?)?(?:(?P<hours>\d+) ?h(?:ours?|rs?)?,? ?)?"
    r"(?:(?P<minutes>\d+) ?m(?:in(?:utes?)?)?,? ?)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?) ?s(?:ec(?:onds?)?)?)?$"
)
# hours and minutes may be a ratio, `5 m` metres: what leaves no doubt
SURE = {HOURS: r":\d{2}:|\d ?d", ISO: r"^PT?\d", SPOKEN: r"\d ?[a-z]+,? ?\d|\d ?[a-z]{3}"}
UNITS = {"weeks": 7 * DAY, "days": DAY, "hours": 3600, "minutes": 60, "seconds": 1}  # seconds
MOSTLY = 0.95
FEWEST_HOURS = 12  # that tell `9 - 10` from any two numbers
MOST_LOST = 0.01


@dataclass(frozen=True)
class Clocks:
    """A column of times of the day, or of durations in seconds.

    Attributes:
        spelling: how they are written; None where they cannot be written so again.
    """

    times: pl.Series
    spelling: Spelling | None = None
    note: str = ""


def read_clocks(cells: pl.Series, sample: pl.Series) -> Clocks | None:
    """Read a column of times of the day, or of durations; None for others.

    Returns: `Time`, where no hour is above 23; `Duration` of at most 24 hours, where midnight is
        written 24:00; else seconds, as numbers.
    """
    fractions = bool(sample.str.contains(FRACTION).any())
    for pattern in CLOCKS:
        if fits(sample, regex_of(pattern)) and (fractions or "%f" not in pattern):
            return read_by_clock(cells, pattern)
    if cells.name.lower() in CLOCK_NAMES and fits(sample, regex_of(DOTTED)):
        read = read_by_clock(cells, DOTTED)
        return read if read is not None and read.times.dtype == pl.Time else None
    ending = read_from_to(cells, sample) if fits(sample, FROM_TO) else None
    if ending is not None:
        return ending
    if fits(sample, PERIOD):
        starts = (each.str.extract(PERIOD, 1).alias(each.name) for each in (cells, sample))
        read = read_clocks(*starts)
        note = f"`{cells.name}` holds periods, read as their begin"
        return None if read is None else Clocks(read.times, None, note)
    for pattern in (HOURS, ISO, SPOKEN):
        if fits(sample, pattern) and fits(sample, SURE[pattern]):
            seconds = seconds_of(cells, pattern)
            if lost(cells, seconds) <= MOST_LOST * len(cells):
                note = f"`{cells.name}` holds durations, read as seconds"
                return Clocks(whole(seconds), note=note)
    return None


def read_from_to(cells: pl.Series, sample: pl.Series) -> Clocks | None:
    """Read periods of a day that take equally long by their begin; None for others."""
    first = str(sample[0])
    minutes, unit, dash = sample.str.extract_groups(FROM_TO).struct.unnest().row(0)
    unit = unit or ""
    end = unit if first.endswith(unit) else ""
    pattern = f"%H:%M{unit}{dash}%L:%l{end}" if minutes else f"%H{unit}{dash}%L{end}"
    groups = sample.str.extract_groups(regex_of(pattern)).struct.unnest().drop_nulls()
    if groups.height < MOSTLY * len(sample):
        return None
    told = span_update(with_padding(pattern, groups), groups)
    read = None if told is None else read_by_clock(cells, str(told["pattern"]))
    if told is None or read is None or read.times.dtype != pl.Time:
        return None
    sure = minutes or unit or named_time(cells.name)
    if not sure and read.times.n_unique() < FEWEST_HOURS:
        return None
    note = f"`{cells.name}` holds periods, read as their begin"
    return Clocks(read.times, Spelling(**told), note)


def look_like_clocks(sample: pl.Series) -> bool:
    """Whether cells may be times of the day or durations: a look at a few of them."""
    patterns = [*map(regex_of, (*CLOCKS, DOTTED)), PERIOD, FROM_TO, HOURS, ISO, SPOKEN]
    return any(fits(sample, pattern) for pattern in patterns)


def fits(sample: pl.Series, pattern: str) -> bool:
    return float(sample.str.contains(pattern).mean() or 0) >= MOSTLY  # type: ignore[arg-type]


def lost(cells: pl.Series, times: pl.Series) -> int:
    return int((times.is_null() & cells.is_not_null()).sum())


def read_by_clock(cells: pl.Series, pattern: str) -> Clocks | None:
    """Read hours, minutes and seconds."""
    groups = cells.str.extract_groups(regex_of(pattern)).struct.unnest()
    top = groups["H"].cast(pl.Int64, strict=False).max() if "H" in groups.columns else 0
    if isinstance(top, int) and top > HOURS_OF_DAY:
        seconds = read_durations(cells)
        if lost(cells, seconds) > MOST_LOST * len(cells):
            return None
        return Clocks(
            seconds,
            Spelling(pattern=pattern.replace("%H", "%K")),
            f"`{cells.name}` goes beyond 24 hours: durations, read as seconds",
        )
    times = groups.select(clock_of(set(groups.columns)).alias(cells.name)).to_series()
    if lost(cells, times) > MOST_LOST * len(cells):
        return None
    if top == HOURS_OF_DAY:
        return Clocks(times, Spelling(pattern=pattern))
    of_day = (times.dt.total_microseconds() * 1000).cast(pl.Time)
    return Clocks(of_day, Spelling(pattern=pattern))


def read_durations(cells: pl.Series) -> pl.Series:
    """Read hours, minutes and seconds, of any number of hours, as seconds."""
    return whole(seconds_of(cells, HOURS))


def seconds_of(cells: pl.Series, pattern: str) -> pl.Series:
    """Add up the units of durations, in seconds; null for what is no duration."""
    groups = cells.str.extract_groups(pattern).struct.unnest()
    parts = [
        pl.col(name).cast(pl.Float64).fill_null(0) * size
        for name, size in UNITS.items()
        if name in groups.columns
    ]
    some = pl.any_horizontal(pl.col(name).is_not_null() for name in groups.columns)
    seconds = groups.select(pl.when(some).then(pl.sum_horizontal(parts)).alias(cells.name))
    negative = cells.str.starts_with("-")
    return seconds.select(
        pl.when(negative).then(-pl.col(cells.name)).otherwise(cells.name).alias(cells.name)
    ).to_series()


def whole(seconds: pl.Series) -> pl.Series:
    known = seconds.drop_nulls()
    return seconds.cast(pl.Int64) if (known % 1 == 0).all() else seconds
