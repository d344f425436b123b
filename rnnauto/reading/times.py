"""Read the columns that hold times, however they are written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.names import named_date, named_time
from rnnauto.reading.cells import NO_RULES, fault_shown, spread, without_missing
from rnnauto.reading.distinct import by_distinct
from rnnauto.reading.joined_time import field_of, has_seconds, part_numbers
from rnnauto.reading.rules import Rules
from rnnauto.times.choose import CLEAR, Candidate, best_of, judge
from rnnauto.times.clocks import look_like_clocks, read_clocks, read_durations
from rnnauto.times.numbers import number_readings
from rnnauto.times.parse import DAY, read_times
from rnnauto.times.pieces import piece_of_day
from rnnauto.times.shapes import MOSTLY, Reading, readings_of
from rnnauto.times.spelling import PIECES, Spelling, parts_of

MOST_LOST = 0.01  # share of the cells that are no times in a column of times, at most
HOUR, MINUTE = 3_600 * 10**6, 60 * 10**6  # microseconds
CLOCK_LIKE = r"^\d{1,2}[:.]\d{2}"
YEARLESS = ({"m", "y"}, {"b", "y"})  # or a month and a day
DAYS_OF_YEAR, MOST_DAYS = 366, 31
FEWEST = 8  # even steps that show that cells which may be times are
POSSIBLE = r"^[\p{L}\d\s\-/.,:+_()'’–—年月日년월일]*\d[\p{L}\d\s\-/.,:+_()'’–—年月日년월일]*$"


@dataclass(frozen=True)
class Unsure:
    """A column of dates that can be read in more than one order.

    Attributes:
        example: one of its cells.
        orders: what may be meant, as `dmy`.
    """

    column: str
    example: str
    orders: tuple[str, ...]

    @property
    def note(self) -> str:
        return (
            f"`{self.column}` holds dates that may have the day or the month first "
            f"(`{self.example}`): read as text; `--date-order` says which is meant"
        )


@dataclass(frozen=True)
class Times:
    """The columns of times of a table.

    Attributes:
        columns: those that were read.
        spellings: how each was written, by name.
        unsure: those that may be read in two ways, and were left as text.
    """

    columns: tuple[pl.Series, ...] = ()
    spellings: Mapping[str, Spelling] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unsure: tuple[Unsure, ...] = ()


def find_times(
    frame: pl.DataFrame,
    *,
    keep: Collection[str],
    rules: Rules = NO_RULES,
    lines: Integers | None = None,
) -> Times:
    """Find the columns of a table that hold times, and read them.

    Args:
        keep: columns that stay as they are.
        rules: what is known of how cells, and so times, are written.
        lines: the file lines of the rows, for notes.
    """
    columns: list[pl.Series] = []
    spellings: dict[str, Spelling] = {}
    notes: list[str] = []
    unsure: list[Unsure] = []
    clock = clock_in(frame, rules)
    for column in frame.get_columns():
        if column.name in rules.times:
            times = read_known(column, rules.times[column.name], rules)
            if times is not None:
                columns.append(times)
                spellings[column.name] = rules.times[column.name]
                continue
        elif column.name in keep:
            continue
        looked = look_at(column, frame, clock, rules=rules, lines=lines)
        if isinstance(looked, Unsure):
            unsure.append(looked)
            notes.append(looked.note)
        elif isinstance(looked, str):
            notes.append(looked)
        elif looked is not None:
            columns.append(looked.times)
            notes += [looked.note] if looked.note else []
            if looked.spelling is not None:
                spellings[column.name] = looked.spelling
    return Times(tuple(columns), spellings, tuple(notes), tuple(unsure))


def looks_timed(cells: pl.Series) -> bool:
    """Whether cells can hardly be anything but dates or times."""
    return any(reading.certain for reading in readings_of(cells.drop_nulls()))


def times_alone(column: pl.Series) -> pl.Series | None:
    """Read a column by itself, of which no other column can tell how it is meant; None where it is
    none of times, or its order of day and month is not clear."""
    looked = look_at(column, pl.DataFrame({column.name: column}), None, rules=NO_RULES, lines=None)
    clear = isinstance(looked, Looked) and looked.times.dtype in (pl.Date, pl.Datetime)
    return looked.times if isinstance(looked, Looked) and clear else None


def clock_in(frame: pl.DataFrame, rules: Rules) -> pl.Series | None:
    """Find the time of the day of every row, of a table that has it in a column of its own."""
    for column in frame.get_columns():
        if column.dtype == pl.Time:
            return since_midnight(column)
        if column.dtype.is_integer() and field_of(column.name) == "H":
            return (column.cast(pl.Int64) * HOUR).cast(pl.Duration("us"))
        numbers = part_numbers(column) if field_of(column.name) == "T" else None
        if numbers is not None and not numbers.null_count():
            numbers = numbers // 100 if has_seconds(numbers) else numbers
            return (numbers // 100 * HOUR + numbers % 100 * MINUTE).cast(pl.Duration("us"))
        piece = piece_of_day(column)
        if piece:
            return ((column.cast(pl.Int64) - 1) * (DAY // PIECES[piece])).cast(pl.Duration("us"))
        if column.dtype == pl.String:
            sample = spread(column).str.strip_chars()
            if len(sample) and sample.str.contains(CLOCK_LIKE).all():
                clocks = read_clocks(known_cells(column, rules), sample)
                if clocks is not None and clocks.times.dtype == pl.Time:
                    return since_midnight(clocks.times)
    return None


def since_midnight(clock: pl.Series) -> pl.Series:
    return (clock.cast(pl.Int64) // 1_000).cast(pl.Duration("us"))


@dataclass(frozen=True)
class Looked:
    """A column read as times, and what a reader should know of it."""

    times: pl.Series
    spelling: Spelling | None = None
    note: str = ""


def read_known(column: pl.Series, spelling: Spelling, rules: Rules) -> pl.Series | None:
    """Read a column by a spelling that is known; None where its cells are written otherwise."""
    if column.dtype.is_temporal() or (column.dtype.is_numeric() and not spelling.numeric):
        return None
    if not spelling.has_date and not spelling.is_duration:
        return None  # times of the day are read alike in every file
    cells = known_cells(column, rules)
    if not len(cells.drop_nulls()):
        return None
    times = read_durations(cells) if spelling.is_duration else read_times(cells, spelling)
    lost = times.null_count() - cells.null_count()
    return times if lost <= MOST_LOST * len(cells) else None


def known_cells(column: pl.Series, rules: Rules) -> pl.Series:
    if column.dtype != pl.String:
        return column
    wanted = without_missing(pl.col(column.name), rules.among_numbers)
    return column.to_frame().select(wanted).to_series()


def look_at(
    column: pl.Series,
    frame: pl.DataFrame,
    clock: pl.Series | None,
    *,
    rules: Rules,
    lines: Integers | None,
) -> Looked | Unsure | str | None:
    """Read a column as times: the times, what is unclear about it, why it is none, or nothing."""
    if column.dtype == pl.String:
        sample = spread(column).str.strip_chars()
        sample = sample.filter(~sample.is_in(list(rules.among_numbers)))
        possible = int(sample.str.contains(POSSIBLE).sum())
        if not len(sample) or possible < MOSTLY * len(sample):
            return None
        seen = look_like_clocks(sample)
        clocks = read_clocks(known_cells(column, rules), sample) if seen else None
        if clocks is not None:
            return Looked(clocks.times, clocks.spelling, clocks.note)
        readings = readings_of(sample)
    elif column.dtype.is_numeric() and named_time(column.name):
        readings = number_readings(spread(column), dated=named_date(column.name))
    else:
        return None
    if rules.date_order != "auto":
        orders = {"", rules.date_order}
        wanted = [each for each in readings if each.spelling.date_order in orders]
        readings = wanted or readings
    return chosen_of(column, readings, frame, clock, rules=rules, lines=lines) if readings else None


def chosen_of(
    column: pl.Series,
    readings: list[Reading],
    frame: pl.DataFrame,
    clock: pl.Series | None,
    *,
    rules: Rules,
    lines: Integers | None,
) -> Looked | Unsure | str | None:
    """Choose between the ways to read a column, by the whole of it."""
    cells = known_cells(column, rules)
    whole: list[tuple[Reading, pl.Series]] = []
    fault = ""
    for reading in readings:
        times = by_distinct(cells, partial(read_all, spelling=reading.spelling))
        lost = times.is_null() & cells.is_not_null()
        if lost.sum() <= MOST_LOST * len(cells):
            whole.append((reading, times))
        elif not fault:
            shown = fault_shown(cells, lost, "times", lines)
            fault = f"{shown}; the column is read as text"
    if not whole:
        return fault if readings[0].certain else None
    if cells.dtype == pl.String and any(
        lacks_year(cells, of.spelling, times) for of, times in whole
    ):
        shown = str(cells.drop_nulls()[0])
        return f"the dates of `{column.name}` have no year (`{shown}`): read as text"
    if len(whole) == 1 and whole[0][0].certain:
        reading, times = whole[0]
        return Looked(times, reading.spelling, note_of(column.name, reading.spelling, ""))
    candidates = [judge(reading.spelling, times, frame, clock) for reading, times in whole]
    if not any(reading.certain for reading, _ in whole) and not believable(column, candidates):
        return None
    best = best_of(candidates)
    if best is None:
        orders = tuple(dict.fromkeys(each.spelling.date_order for each in candidates))
        return Unsure(column.name, str(cells.drop_nulls()[0]), orders)
    candidate, why = best
    return Looked(
        candidate.times, candidate.spelling, note_of(column.name, candidate.spelling, why)
    )


def lacks_year(cells: pl.Series, spelling: Spelling, times: pl.Series) -> bool:
    """Whether what was read as months of two-digit years is days: rows go on from day to day."""
    read, known = times.drop_nulls(), cells.drop_nulls()
    fields = {part.name for part in parts_of(spelling.pattern)} & set("Yydmb")
    if fields not in YEARLESS or read.is_sorted() or read.is_sorted(descending=True):
        return False
    day = spelling.pattern.replace("%-y", "%y").replace("%y", "%d") + "|%Y"
    days = read_times(known + "|2000", spelling.model_copy(update={"pattern": day}))
    steps = days.cast(pl.Date).dt.ordinal_day().cast(pl.Int64).diff().drop_nulls() % DAYS_OF_YEAR
    on, back = int((steps <= MOST_DAYS).sum()), int((steps >= DAYS_OF_YEAR - MOST_DAYS).sum())
    return days.null_count() == 0 and max(on, back) >= MOSTLY * len(steps)


def believable(column: pl.Series, candidates: list[Candidate]) -> bool:
    """Whether cells that may be times are some: by their name, and by even steps."""
    regular = max(each.even.steps for each in candidates)
    if named_time(column.name):
        return regular >= CLEAR / 2 or len(column) < FEWEST
    if not all(each.spelling.date_order or each.spelling.runs_on for each in candidates):
        return False  # 2015-001, 2015-002: numbers of invoices rather than days
    return column.dtype == pl.String and regular >= CLEAR and len(column) >= FEWEST


def read_all(cells: pl.Series, *, spelling: Spelling) -> pl.Series:
    return with_iso(read_times(cells, spelling), cells, spelling)


def with_iso(times: pl.Series, cells: pl.Series, spelling: Spelling) -> pl.Series:
    """Read the cells that are written as ISO 8601 has it too: no other order is meant by them."""
    if not spelling.date_order or times.null_count() == cells.null_count():
        return times
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        plain = cells.str.replace("T", " ", literal=True)
        times = times.fill_null(read_times(plain, Spelling(pattern=pattern)).cast(times.dtype))
    return times


def note_of(name: str, spelling: Spelling, why: str) -> str:
    """Say how a column was read, where that is a question."""
    if spelling.is_epoch:
        return f"`{name}` is read as {spelling.shown}"
    apart = spelling.offset.strip("+-:0") or spelling.shift
    if "%z" in spelling.pattern and apart and not spelling.offset.isalpha():
        return f"the offsets of `{name}` are taken off: its times are UTC"
    if why:
        return f"`{name}` is read as {spelling.shown}: {why}"
    if spelling.dash:
        return f"`{name}` holds periods, read as their begin"
    if spelling.numeric:
        return f"`{name}` is read as {spelling.shown}"
    return ""
