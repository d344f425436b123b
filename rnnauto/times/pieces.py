"""Know the pieces of a day that are numbered from 1: half-hours, quarters of an hour."""

import re

import polars as pl

from rnnauto.times.parse import MOMENT, clock_of
from rnnauto.times.spelling import LONGEST_PIECES, PIECES

# what columns of them are called; of others only their number tells which they are
HALF_HOURS = frozenset({"settlementperiod", "tradingperiod", "halfhour", "halfhourly"})
QUARTER_HOURS = frozenset({"viertelstunde", "quarterhour", "ptu"})
PIECE_WORDS = frozenset(
    {"period", "interval", "block", "timeblock", "slot", "timeslot", "sp", "isp", "qh", "mtu"}
)
MOSTLY = 0.9  # share of the numbers that occur


def piece_of_day(column: pl.Series) -> str:
    """Tell which piece of a day a column numbers, as a field of a pattern; empty for none."""
    name = plain_name(column.name)
    known = "P" * (name in HALF_HOURS) + "Q" * (name in QUARTER_HOURS)
    if not (known or name in PIECE_WORDS) or not column.dtype.is_integer():
        return ""
    least, most = column.min(), column.max()
    if not (isinstance(least, int) and isinstance(most, int)) or least < 1:
        return ""
    if known:
        return known if most <= LONGEST_PIECES[known] else ""
    whole = column.n_unique() >= MOSTLY * most
    fits = (field for field, count in PIECES.items() if count <= most <= LONGEST_PIECES[field])
    return next(fits, "") if whole else ""


def with_piece(dates: pl.Series, numbers: pl.Series, field: str) -> pl.Series:
    """Add the begin of a piece of the day, by its number; null for what is none. What a day of 25
    hours has more of has the time of the last, and stays behind it."""
    times = pl.DataFrame({"day": dates.cast(MOMENT), field: numbers})
    return times.select(pl.col("day") + clock_of({field})).to_series()


def plain_name(name: str) -> str:
    """Write the name of a column small, and its words as one."""
    return re.sub(r"[\s_]+", "", name).lower()
