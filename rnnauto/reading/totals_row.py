"""Leave out a last row that adds up the rows above it, as spreadsheets have it."""

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.problem import Example, Kind, Problem, numbered

WORDS = """
total totals sum sums subtotal summe gesamt insgesamt gesamtsumme somme totaux totale totali suma
totales итого всего 合计 总计 合計
"""
TOTALS = frozenset({*WORDS.split(), "grand total", "total general", "total général"})
LEAST = 0.9  # share of the other cells that hold a digit, in a column where a word is odd
FEWEST_ROWS = 3

TOTALS_ROW = Kind(
    code="totals-row",
    severity="note",
    title="the last row adds up the rows above",
    finds="A last row that begins with `Total`, or the word for it in a few other languages, in a "
    "column of numbers or with cells left empty.",
    harm="A sum is no observation: it would be a value far from all others. It is left out.",
    remedy="Nothing.",
    example=Example(numbered("day,sold,y", "#,3,up", "#,2,down", times=8) + "Total,40,\n"),
)
KINDS = (TOTALS_ROW,)


def without_totals(
    frame: pl.DataFrame, lines: Integers | None
) -> tuple[pl.DataFrame, Integers | None, list[Problem]]:
    """Leave a last row of totals out. `lines` are the file lines of the rows."""
    last = frame.height - 1
    if last < FEWEST_ROWS:
        return frame, lines, []
    cells = (
        (name, frame[name][last]) for name, dtype in frame.schema.items() if dtype == pl.String
    )
    word = next(((name, cell) for name, cell in cells if (cell or "").strip()), None)
    if word is None or word[1].strip(" :.").lower() not in TOTALS:
        return frame, lines, []
    name, total = word
    above = frame.head(last)
    if not (digits_share(above[name]) >= LEAST or lacks_a_cell(frame, last)):
        return frame, lines, []
    line = last + 2 if lines is None else int(lines[last])
    problem = TOTALS_ROW.problem(
        f"the last row is a total (`{total.strip()}` in `{name}`): left out",
        name,
        [line],
        remedy="nothing to do",
    )
    return above, None if lines is None else lines[:last], [problem]


def digits_share(column: pl.Series) -> float:
    known = column.drop_nulls()
    return int(known.str.contains(r"\d").sum()) / len(known) if len(known) else 0.0


def lacks_a_cell(frame: pl.DataFrame, row: int) -> bool:
    """Whether the row has an empty cell in a column that is full above."""
    for column in frame.get_columns():
        cell = column[row]
        empty = cell is None or (isinstance(cell, str) and not cell.strip())
        if empty and not column.head(row).null_count():
            filled = column.head(row)
            if filled.dtype != pl.String or (filled.str.strip_chars() != "").all():
                return True
    return False
