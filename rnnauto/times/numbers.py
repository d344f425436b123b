"""Find in how many ways a column of numbers can be read as times: 202101, or seconds since 1970."""

import polars as pl

from rnnauto.times.parse import read_times
from rnnauto.times.patterns import compact_patterns
from rnnauto.times.shapes import MOSTLY, Reading, known_share, without_makeshifts
from rnnauto.times.spelling import DAYS_SINCE, EPOCH, Spelling

# what numbers since 1970 are, in seconds: from 1980 to 2100
EARLIEST, LATEST = 315_532_800, 4_102_444_800
FIRST_YEAR, LAST_YEAR = 1800, 2199  # that whole numbers of many digits may begin with
# 2010.10 and 10.2010, which as numbers would lose a zero
MONTHS = (
    r"^(?:1[89]|20|21)\d\d\.(?:0[1-9]|1[0-2])$",
    r"^(?:0?[1-9]|1[0-2])\.(?:1[89]|20|21)\d\d$",
)
DAYS_OF = (10_957, 22_280)  # days since 1970 from 2000 to 2030, of columns that count days
OFTEN = 3  # different days in a year of `yyddd`, where no name says that it is one
FEWEST = 3  # different numbers that a fraction of a year is told from


def number_readings(sample: pl.Series, *, dated: bool) -> list[Reading]:
    """List the ways to read numbers as times, the likelier first.

    Args:
        sample: known numbers of a column that is named like a time.
        dated: whether it is named like a date.
    """
    if not len(sample):
        return []
    days = days_since_readings(sample) if dated else []
    if sample.dtype.is_float():
        whole = (sample % 1 == 0).all()
        parts = [] if whole else [*months_behind_years(sample), *quarters_behind_years(sample)]
        return epoch_readings(sample) or parts or days
    compact = compact_readings(sample, dated=dated)
    if any(reading.spelling.pattern == "excel" for reading in days):  # no days of 2036 to 2046
        compact = [reading for reading in compact if reading.spelling.pattern != "%y%j"]
    return [*compact, *days] or epoch_readings(sample)


def days_since_readings(sample: pl.Series) -> list[Reading]:
    """Read numbers of days, as Excel, R and Matlab have them."""
    least, most = sample.min(), sample.max()
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return []
    for pattern, (_, before) in DAYS_SINCE.items():
        if DAYS_OF[0] + before <= least and most <= DAYS_OF[1] + before:
            return [Reading(Spelling(pattern=pattern, numeric=True), certain=False)]
    return []


def epoch_readings(sample: pl.Series) -> list[Reading]:
    least, most = sample.min(), sample.max()
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return []
    for unit, per_second in EPOCH.items():
        if EARLIEST * per_second <= least and most <= LATEST * per_second:
            return [Reading(Spelling(pattern=unit, numeric=True), certain=True)]
    return []


def compact_readings(sample: pl.Series, *, dated: bool) -> list[Reading]:
    """Read 20210831 and its like, whose digits are all there."""
    digits = sample.cast(pl.String)
    sizes = digits.str.len_chars()
    if sizes.min() != sizes.max():
        return []
    readings = []
    for pattern in compact_patterns(int(sizes[0])):
        spelling = Spelling(pattern=pattern, numeric=True)
        times = read_times(sample, spelling)
        years = times.dt.year().drop_nulls()
        likely = years.is_between(FIRST_YEAR, LAST_YEAR).all()
        told = (
            dated
            or not pattern.endswith("%y%j")
            or sample.n_unique() >= OFTEN * years.n_unique() > OFTEN
        )
        if known_share(times) >= MOSTLY and likely and told:
            readings.append(Reading(spelling, certain=dated and pattern == "%Y%m%d"))
    return without_makeshifts(readings)


def months_behind_years(sample: pl.Series) -> list[Reading]:
    """Read 2010.01 to 2010.12: months, where they are written as fractions of a year."""
    spelling = Spelling(pattern="%Y.%m", numeric=True)
    times = read_times(sample, spelling)
    if known_share(times) < 1 or sample.n_unique() < FEWEST:
        return []
    return [Reading(spelling, certain=False)]


def quarters_behind_years(sample: pl.Series) -> list[Reading]:
    """Read 2010.1 to 2010.4: quarters, where they are written as fractions of a year."""
    spelling = Spelling(pattern="%Y.%q", numeric=True)
    times = read_times(sample, spelling)
    if known_share(times) < 1 or sample.n_unique() < FEWEST:
        return []
    return [Reading(spelling, certain=False)]


def are_months(cells: pl.Series) -> bool:
    """Whether texts that could be numbers are months and years with a point between them."""
    known = cells.drop_nulls()
    shown = known.head(FEWEST)
    return any(
        bool(shown.str.contains(months).all() and known.str.contains(months).all())
        and known.n_unique() >= FEWEST
        for months in MONTHS
    )
