"""Read the first sheet of a spreadsheet as the CSV file that it would be saved as."""

from typing import Any

import polars as pl

from rnnauto.errors import DataError

INSTALL = "pip install 'rnnauto[excel]'"
DAY = r"^\d{4}-\d\d-\d\d"
MIDNIGHT = r"^(\d{4}-\d\d-\d\d) 00:00:00$"
NO_DAY = r"^1899-12-3[01] "  # which spreadsheets put before a time of day


def sheet_as_csv(raw: bytes, source: str) -> tuple[bytes, str]:
    """Write the first sheet as CSV; gives a note on which it is, too.

    Raises: DataError where the reader of spreadsheets is not installed, or cannot read it.
    """
    frame, note = first_sheet(raw, source)
    if not frame.width:
        raise DataError(f"the first sheet of `{source}` is empty", hint="move the table there")
    cells = [plain_times(column) for column in frame.get_columns()]
    return pl.DataFrame(cells).write_csv(include_header=False).encode(), note


def first_sheet(raw: bytes, source: str) -> tuple[pl.DataFrame, str]:
    """Read the cells of the first sheet as texts, the rows above the table included."""
    try:
        import fastexcel  # an extra: most tables are no spreadsheets
    except ImportError as error:
        raise DataError(
            f"`{source}` is a spreadsheet, no text",
            hint=f"save the sheet as a CSV file in UTF-8, or let it be read: {INSTALL}",
        ) from error
    try:
        book: Any = fastexcel.read_excel(raw)
        names = book.sheet_names
        sheet = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except Exception as error:  # the reader's own, pyo3's among them
        first = (str(error).strip().splitlines() or [""])[0][:120]
        raise DataError(
            f"`{source}` is no spreadsheet that can be read: {first}",
            hint="save the sheet as a CSV file in UTF-8",
        ) from error
    others = f", the first of {len(names)}" if len(names) > 1 else ""
    return sheet, f"a spreadsheet: the sheet `{names[0]}`{others}"


def plain_times(column: pl.Series) -> pl.Series:
    """Write days without midnight, and times of day without a day, as they are shown in a sheet."""
    if column.dtype != pl.String:
        return column.cast(pl.String)
    days = column.str.contains(DAY)
    if days.any() and column.filter(days).str.contains(MIDNIGHT).all():
        column = column.str.replace(MIDNIGHT, "$1")
    return column.str.replace(NO_DAY, "")
