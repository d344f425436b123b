"""Join a header of two or three lines into one name for each column."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

from rnnauto.names import named_id, named_time
from rnnauto.reading import cells
from rnnauto.reading.content import whole
from rnnauto.reading.dialect import Text, head_records
from rnnauto.reading.heads.header import DATE
from rnnauto.reading.rules import MISSING_NUMBER

LOOKED_AT = 50  # rows
FEWEST_ROWS = 2  # below the header
SHOWN = 4


def with_joined_header(text: Text) -> tuple[Text, list[str]]:
    """Put one line in place of the lines of groups, names, and the name of an index."""
    rows = [[cell.strip() for cell in row] for row in records_of(text)]
    names = joined_names(rows)
    if names is None:
        return text, []
    count = header_lines(rows)
    header = io.StringIO()
    csv.writer(header, delimiter=text.separator, lineterminator="\n").writerow(names)
    content = whole(text.content)
    begin = 0
    for row in rows[:count]:
        for _ in range(1 + sum(cell.count("\n") for cell in row)):
            begin = content.find(b"\n", begin) + 1
    made = text.with_content(header.getvalue().encode() + content[begin:])
    quotes = "regular" if '"' in header.getvalue() and text.quotes == "none" else text.quotes
    left = replace(made, header=tuple(names), skipped=text.skipped + count - 1, quotes=quotes)
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    return left, [f"the header has {count} lines, joined into one: {shown}, ..."]


def records_of(text: Text) -> list[list[str]]:
    return head_records(text.content, text.separator, LOOKED_AT)


def header_lines(rows: Sequence[Sequence[str]]) -> int:
    """Count the lines of a header: one, or one of groups above names, or one more for an index."""
    width = len(rows[0])
    if width < 2 or len(rows) < 2 + FEWEST_ROWS or any(len(row) != width for row in rows[:3]):
        return 1
    if names_index(rows[1], rows[2:]) and not holds_number(rows[0]):
        return 2
    if not are_names(rows[1], rows[2:]) or holds_number(rows[0]):
        return 1
    if len(rows) > 2 + FEWEST_ROWS and names_index(rows[2], rows[3:]):
        return 3
    return 2 if are_groups(rows[0]) else 1


def joined_names(rows: Sequence[Sequence[str]]) -> list[str] | None:
    """Make a name for each column of a header of several lines; None for one of a single line."""
    count = header_lines(rows)
    if count == 1:
        return None
    index = rows[count - 1] if names_index(rows[count - 1], rows[count:]) else None
    groups = filled_right(rows[0], rows[1]) if rows[1] is not index else list(rows[0])
    below = rows[1] if rows[1] is not index else [""] * len(rows[0])
    names = []
    for at, (group, name) in enumerate(zip(groups, below, strict=True)):
        if index is not None and index[at]:
            names.append(index[at])
        else:
            names.append("_".join(dict.fromkeys(part for part in (group, name) if part)))
    return names if len(set(names)) == len(names) else None


def holds_number(row: Sequence[str]) -> bool:
    return any(cells.is_number(cell) for cell in row)


def are_groups(row: Sequence[str]) -> bool:
    """Whether a line names groups of columns: with gaps, or one name for several columns."""
    filled = [cell for cell in row if cell]
    gaps = sum(not cell for cell in row[1:])
    return bool(filled) and (gaps > 1 or len(set(filled)) < len(filled))


def are_names(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line is words above numbers, in most columns of numbers."""
    if holds_number(row) or any(DATE.search(cell) for cell in row):
        return False
    numeric = [
        name
        for name, column in zip(row, columns_of(row, below), strict=True)
        if are_numbers(column)
    ]
    words = [name for name in numeric if name and name not in MISSING_NUMBER]
    return len(numeric) > 0 and 2 * len(words) > len(numeric)


def names_index(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a line names the index of a table of pandas, and nothing else: `Date,,,`."""
    first = row[0]
    if not first or any(row[1:]) or cells.is_number(first) or DATE.search(first):
        return False
    columns = columns_of(row, below)
    index = [cell for cell in columns[0] if cell]
    tells = all(cells.is_number(cell) or DATE.search(cell) for cell in index)
    numeric = [are_numbers(column) for column in columns[1:]]
    unique = len(set(index)) == len(index)
    named = tells or (unique and (named_time(first) or named_id(first)))
    return bool(index) and named and first not in index and all(numeric)


def columns_of(row: Sequence[str], below: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    full = [each for each in below if len(each) == len(row)]
    return list(zip(*full, strict=True)) if full else [()] * len(row)


def are_numbers(column: Sequence[str]) -> bool:
    known = [cell for cell in column if cell not in MISSING_NUMBER]
    return bool(known) and all(map(cells.is_number, known))


def filled_right(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """Repeat the name of a group in the columns that it spans.

    A merged cell does not say how far it reaches: it ends at the next group, and where names recur
    from group to group, before a name that stands once.
    """
    recurring = {name for name in names if names.count(name) > 1}
    filled, group = [], ""
    for at, (own, name) in enumerate(zip(groups, names, strict=True)):
        group = own or group
        last = not any(groups[at + 1 :])
        alone = not own and last and bool(recurring) and name not in recurring
        filled.append("" if alone else group)
    return filled
