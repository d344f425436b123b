"""Find series by how rows go on, not by names: side by side at every time (`date, shop, family,
sales`), or one below the other in a file without a header."""

import re
from collections.abc import Sequence
from itertools import combinations

import polars as pl

from rnnauto.inference.kinds import Profile
from rnnauto.names import ROW_WORDS, named_id, named_time
from rnnauto.reading.joined_time import time_parts

FULL = 0.5  # share of the places of series and times that have a row
FEWEST_TIMES = 5
FEWEST_ROWS = 4  # rows of a series, on average
MOST_NAMES = 8  # columns that are tried together
MOST_TOGETHER = 3
LOOKED_AT = 3  # times whose rows are looked at first
COUNTERS = 3  # first columns that may name and count rows where none has a name
FEWEST_SERIES = 10
NUMBERED = re.compile(r"column_\d+")


def crossed_names(
    frame: pl.DataFrame, profiles: dict[str, Profile], clock: str
) -> list[tuple[str, ...]]:
    """Find the fewest columns of which each combination has one row for most times, and no two.

    By chance, features hardly ever do: the rows of a time would have to differ in them, and
    nearly the same combinations would have to come again at every time.
    """
    parts = time_parts(frame)  # a date whose hours are rows of their own is no clock
    if clock in parts or clock.lower() in ROW_WORDS:
        return []
    times = frame[clock].n_unique()
    if frame[clock].null_count() or not FEWEST_TIMES <= times <= frame.height // 2:
        return []
    free = [name for name in naming(profiles, clock) if name not in parts]
    names = sorted(free, key=lambda name: not named_id(name))[:MOST_NAMES]
    some = rows_of_some_times(frame, clock)
    for size in range(1, MOST_TOGETHER + 1):
        found = [
            several
            for several in combinations(names, size)
            if some.select(clock, *several).is_unique().all()
            and fill_a_grid(frame, several, clock, times)
        ]
        if found:
            return found
    return []


def naming(profiles: dict[str, Profile], clock: str, *, rows: float = FEWEST_ROWS) -> list[str]:
    """List the columns that may name series: categories or whole numbers, without gaps, each in so
    many rows on average."""
    return [
        name
        for name, column in profiles.items()
        if name != clock
        and (column.kind == "category" or (column.kind == "number" and column.whole))
        and column.known == column.rows >= rows * column.distinct
        and not (column.constant or named_time(name))
    ]


def rows_of_some_times(frame: pl.DataFrame, clock: str) -> pl.DataFrame:
    places = [at * (frame.height - 1) // (LOOKED_AT - 1) for at in range(LOOKED_AT)]
    return frame.filter(pl.col(clock).is_in(frame[clock].gather(places).unique().implode()))


def fill_a_grid(frame: pl.DataFrame, names: Sequence[str], clock: str, times: int) -> bool:
    series = frame.select(names).n_unique()
    if series < 2 or frame.height < max(FEWEST_ROWS * series, FULL * series * times):
        return False
    return frame.select(clock, *names).n_unique() == frame.height


def rank_of_crossed(
    frame: pl.DataFrame, profiles: dict[str, Profile], names: Sequence[str], clock: str
) -> int:
    """Rank it as groupings are: a date, or a name, leaves no doubt, nor do rows in its order."""
    if profiles[clock].kind == "time" or any(map(named_id, names)):
        return 3
    return 2 if frame[clock].is_sorted() else 1


def counted_names(frame: pl.DataFrame, profiles: dict[str, Profile]) -> tuple[str, str] | None:
    """Find, in a file without a header, a first column whose rows stand together and another that
    counts them from 0 or 1, as in `1 1`, `1 2`, ..., `2 1`."""
    names = [name for name in frame.columns[:COUNTERS] if name in profiles]
    if not names or not all(map(NUMBERED.fullmatch, frame.columns)):
        return None
    name, *counters = names
    column = profiles[name]
    enough = FEWEST_SERIES <= column.distinct <= frame.height // FEWEST_ROWS
    if not (enough and (column.whole or column.kind == "category")) or column.known < column.rows:
        return None
    if frame[name].rle_id().n_unique() != column.distinct:
        return None
    place = pl.int_range(pl.len()).over(name)
    for counter in counters:
        if profiles[counter].whole and profiles[counter].first in {0, 1}:
            ahead = frame.select((pl.col(counter) - place).n_unique()).item()
            if ahead == 1:
                return name, counter
    return None
