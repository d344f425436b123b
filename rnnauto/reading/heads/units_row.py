"""Take off a line of units below the header, as measuring instruments write it."""

from collections.abc import Sequence
from dataclasses import replace

from rnnauto.reading import cells
from rnnauto.reading.content import whole
from rnnauto.reading.dialect import Text, head_records
from rnnauto.reading.rules import MISSING_NUMBER

LOOKED_AT = 50  # rows below the first line
FEWEST_ROWS = 3  # that show what a column holds
LONGEST_UNIT = 12  # characters
SHOWN = 4


def without_units(text: Text) -> tuple[Text, list[str]]:
    """Take the line of units off, or two as data loggers write them, and say so in a note."""
    records = head_records(text.content, text.separator, LOOKED_AT)
    count = unit_lines(records)
    if not count:
        return text, []
    content = whole(text.content)
    begin = end = content.find(b"\n") + 1
    for _ in range(count):
        end = content.find(b"\n", end) + 1
    units = ", ".join(f"`{cell.strip()}`" for cell in records[1] if cell.strip())
    shown = ", ".join(units.split(", ")[:SHOWN])
    # the rows are further down than they are in what is left
    left = text.with_content(content[:begin] + content[end:])
    lines = "the line below the header holds" if count == 1 else "2 lines below the header hold"
    return replace(left, skipped=text.skipped + count), [f"{lines} units ({shown}): left out"]


def unit_lines(records: Sequence[Sequence[str]]) -> int:
    """Count the lines of units below a header."""
    for count in (2, 1):
        rows = records[1 + count :]
        if len(rows) >= FEWEST_ROWS and all(
            are_units(line, rows) for line in records[1 : 1 + count]
        ):
            return count
    return 0


def are_units(line: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a line is words or nothing, where all rows below hold numbers, in most of them."""
    line = [cell.strip() for cell in line]
    rows = [[cell.strip() for cell in row] for row in rows if len(row) == len(line)]
    if len(rows) < FEWEST_ROWS or any(len(cell) > LONGEST_UNIT or "\n" in cell for cell in line):
        return False
    if any(cells.is_number(cell) or cell in MISSING_NUMBER[1:] for cell in line):
        return False
    columns = list(zip(*rows, strict=True))
    numeric = [
        unit
        for unit, column in zip(line, columns, strict=True)
        if any(map(cells.is_number, column))
        and all(cells.is_number(cell) or cell in MISSING_NUMBER for cell in column)
    ]
    others = [
        unit
        for unit, column in zip(line, columns, strict=True)
        if unit and unit in column  # one of the column's values
    ]
    return not others and 2 * sum(map(bool, numeric)) > len(numeric) > 0
