"""Read the first sheet of a spreadsheet as the CSV file that it would be saved as."""

from typing import Any

import polars as pl

from rnnauto.errors import DataError

INSTALL = "pip install 'rnnauto[excel]'"
DAY = r"^\d{4}-\d\d-\d\d"
MIDNIGHT = r"^(\d{4}-\d\d-\d\d)(?: 00:00:00)?$"
NO_DAY = r"^1899-12-3[01] "  # which spreadsheets put before a time of day
LONG_AGO = r"^(?:1899-12-3[01]|1900-\d\d-\d\d) "  # what more than 24 hours look like
HOURS = 3600


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
    """Read the cells of the first sheet that is not hidden as texts, with the rows above the
    table."""
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
        at = next((at for at in range(len(names)) if sheet(book, at).visible == "visible"), 0)
        cells = sheet(book, at).to_polars()
        cells = with_hours(with_every_digit(cells, book, at), book, at)
    except Exception as error:  # the reader's own, pyo3's among them
        first = (str(error).strip().splitlines() or [""])[0][:120]
        raise DataError(
            f"`{source}` is no spreadsheet that can be read: {first}",
            hint="save the sheet as a CSV file in UTF-8",
        ) from error
    place = "the first" if at == 0 else "the first that is shown"
    others = f", {place} of {len(names)}" if len(names) > 1 else ""
    return cells, f"a spreadsheet: the sheet `{names[at]}`{others}"


def sheet(book: Any, at: int, dtype: str = "string") -> Any:
    """Read all cells of a sheet as one type; of another they are missing."""
    return book.load_sheet(at, header_row=None, skip_rows=0, dtypes=dtype)


def with_every_digit(cells: pl.DataFrame, book: Any, at: int) -> pl.DataFrame:
    """Write numbers with all their digits: the reader's texts have nine decimals, 0 of 1e-10."""
    numbers = sheet(book, at, "float").to_polars()
    columns = []
    for text, number in zip(cells.get_columns(), numbers.get_columns(), strict=True):
        shown = text.cast(pl.Float64, strict=False)
        frame = pl.DataFrame({"text": text, "number": number, "shown": shown})
        cut = pl.col("shown").is_not_null() & (pl.col("number") != pl.col("shown"))
        whole = pl.when(cut).then(pl.col("number").cast(pl.String)).otherwise("text")
        columns.append(frame.select(whole.alias(text.name)).to_series())
    return pl.DataFrame(columns)


def with_hours(cells: pl.DataFrame, book: Any, at: int) -> pl.DataFrame:
    """Write durations beyond 24 hours as such: the reader's texts are times of 1900."""
    spans: pl.DataFrame | None = None
    columns = []
    for place, text in enumerate(cells.get_columns()):
        old = text.str.contains(LONG_AGO)
        if are_hours(text, old):
            spans = sheet(book, at, "duration").to_polars() if spans is None else spans
            seconds = spans.to_series(place).dt.total_seconds()
            parts = [seconds // HOURS, seconds // 60 % 60, seconds % 60]
            texts = [part.cast(pl.String).str.zfill(2) for part in parts]
            hours = pl.select(pl.concat_str(texts, separator=":")).to_series()
            text = hours.zip_with(old.fill_null(False), text).alias(text.name)
        columns.append(text)
    return pl.DataFrame(columns)


def are_hours(text: pl.Series, old: pl.Series) -> bool:
    """Whether cells are durations, some of more than 24 hours; not days of 1900."""
    within = text.str.contains(NO_DAY) & ~text.str.contains(MIDNIGHT)
    beyond = old & ~text.str.contains(NO_DAY)
    return bool(within.any() and beyond.any() and (old == text.str.contains(DAY)).all())


def plain_times(column: pl.Series) -> pl.Series:
    """Write days without midnight, and times of day without a day, as they are shown in a sheet."""
    if column.dtype != pl.String:
        return column.cast(pl.String)
    days = column.str.contains(DAY)
    if days.any() and column.filter(days).str.contains(MIDNIGHT).all():
        column = column.str.replace(MIDNIGHT, "$1")
    return column.str.replace(NO_DAY, "")
