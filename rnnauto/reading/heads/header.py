"""Tell whether the first line of a table names its columns, or is data already."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rnnauto.reading import cells
from rnnauto.reading.content import whole
from rnnauto.reading.dialect import Text, head_records
from rnnauto.reading.rules import MISSING_NUMBER

LOOKED_AT = 50  # rows below the first line
LONGEST_NAME = 120  # characters; a longer cell of a first line is data
MOST = 0.8  # share of cells that have to look like the first one
PHRASE = 3  # words of a first cell, all of which stand below it, that show it to be data
TWICE = 2  # times that a first cell has to come back below it, to be data
SENTENCE_END = re.compile(r"[.!?\u2026\u3002][\"')\]]*$")
NAME = re.compile(r"[^\W\d][\w.:-]*( [\w.:-]+){0,2}")  # what a column is called
DATE = re.compile(cells.DATE_LIKE)
MONTHS, DAYS = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
CALENDAR = [re.compile(rf"(1[5-9]|2[01])[0-9]{{2}}{part}") for part in ("", MONTHS, MONTHS + DAYS)]


def with_header(text: Text) -> tuple[Text, list[str]]:
    """Number the columns of a table without a header line."""
    rows = head_records(text.content, text.separator, LOOKED_AT)
    cell = first_data_cell(text.header, [row for row in rows[1:] if row != rows[0]])
    if cell is None:
        return text, []
    names = tuple(f"column_{number}" for number in range(1, len(text.header) + 1))
    line = text.separator.join(names).encode() + b"\n"
    span = f"`{names[0]}` to `{names[-1]}`" if len(names) > 1 else f"`{names[0]}`"
    shown = cell if len(cell) <= 40 else cell[:40] + "..."
    note = f"no header: the first line looks like data (`{shown}`), the columns are called {span}"
    # the line that is put above it is line 0
    headed = text.with_content(line + whole(text.content))
    return replace(headed, header=names, skipped=text.skipped - 1), [note]


def first_data_cell(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str | None:
    """Find a cell of the first line that shows it to be data; None where it may be a header."""
    names = [name.strip() for name in header]
    full = [[cell.strip() for cell in row] for row in rows if len(row) == len(names)]
    if not full:
        return None
    columns = [list(column) for column in zip(*full, strict=True)]
    numbers = [at for at, name in enumerate(names) if cells.is_number(name)]
    if (
        numbers
        and not running([names[at] for at in numbers])
        and all(are_numbers(columns[at]) for at in numbers)
    ):
        return names[numbers[0]]
    headed = any(map(heads_numbers, names, columns))
    for name, column in zip(names, columns, strict=True):
        # `y` above y and n is a name where `week` stands above numbers
        if is_like_the_cells_below(name, column) and not (headed and NAME.fullmatch(name)):
            return name
    return None


def heads_numbers(name: str, column: Sequence[str]) -> bool:
    """Whether a name stands above numbers alone."""
    numbers = sum(map(cells.is_number, column))
    named = NAME.fullmatch(name) is not None and name not in MISSING_NUMBER
    return named and numbers >= TWICE and are_numbers(column)


def is_like_the_cells_below(name: str, column: Sequence[str]) -> bool:
    if len(name) > LONGEST_NAME:
        return True
    if name and not cells.is_number(name) and column.count(name) >= TWICE:
        return True
    words = name.split()
    if len(words) >= PHRASE and set(words) <= {word for cell in column for word in cell.split()}:
        return True
    # 52.3 looks like a day of a year
    dates = [cell for cell in column if DATE.search(cell) and not cells.is_number(cell)]
    if DATE.search(name) and not cells.is_number(name) and len(dates) >= MOST * len(column):
        return True
    ends = sum(map(bool, map(SENTENCE_END.search, column)))
    return SENTENCE_END.search(name) is not None and ends >= MOST * len(column)


def are_numbers(column: Sequence[str]) -> bool:
    return all(cells.is_number(cell) or cell in MISSING_NUMBER for cell in column)


def running(names: Sequence[str]) -> bool:
    """Whether numbers in a header are names after all: whole, and one step apart."""
    if not all(name.isdecimal() for name in names):
        return False
    if len(names) > 2 and calendar_numbers(names):
        return True
    values = [int(name) for name in names]
    steps = {after - before for before, after in zip(values, values[1:], strict=False)}
    return len(steps) <= 1 and 0 not in steps and (len(values) > 1 or values[0] == 0)


def calendar_numbers(names: Sequence[str]) -> bool:
    """Whether numbers are years, months such as 202012, or days, one after the other."""
    for pattern in CALENDAR:
        if all(map(pattern.fullmatch, names)):
            return all(before < after for before, after in zip(names, names[1:], strict=False))
    return False
