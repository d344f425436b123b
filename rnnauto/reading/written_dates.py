"""Turn dates with the name of a month, quarters and months of a year into dates of ISO 8601."""

import polars as pl

SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
MONTHS = {name: number for names in (SHORT, LONG) for number, name in enumerate(names, 1)}
MONTHS["sept"] = 9
MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
YEAR, DAY = r"(?P<year>[12]\d{3})", r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
WEEKDAY = r"(?:[A-Za-z]{3,9},? +)?"
CLOCK = r"(?P<clock>[ T]\d{1,2}:\d{2}.*)?"
PATTERNS = (
    rf"^{WEEKDAY}{DAY}[ -]{MONTH}[ -]{YEAR}{CLOCK}$",  # 1 Jan 2000, 01-Jan-2000 12:30
    rf"^{WEEKDAY}{MONTH} {DAY},? {YEAR}{CLOCK}$",  # January 1, 2000
    rf"^{YEAR}[ -]{MONTH}[ -]{DAY}{CLOCK}$",  # 2000-Jan-01
    rf"^{YEAR}[ -]{MONTH}$",  # 2000 Jan
    rf"^{MONTH}[ -]{YEAR}$",  # Jan 2000
    rf"^{YEAR}[ :-]?Q(?P<quarter>[1-4])$",  # 2000 Q1, 2000Q1
    rf"^Q(?P<quarter>[1-4])[ /-]{YEAR}$",  # Q1 2000
    rf"^{YEAR}M(?P<number>\d{{1,2}})$",  # 2000M01
)
# dates of these patterns that do not begin with a digit
BEGINS_WITH_NAME = (
    rf"^({'|'.join(SHORT)})[a-z.]*[ -]\d|^q[1-4][ /-]\d|"
    r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +(\d|[a-z.]+ \d)"
)


def as_iso(cells: pl.Series) -> pl.Series:
    """Turn such dates into ISO's, months and quarters into their first day; leave other cells."""
    for pattern in PATTERNS:
        if not cells.str.contains(pattern).any():
            continue
        parts = cells.str.extract_groups(pattern).struct.unnest()
        cells = iso_of(parts).fill_null(cells).alias(cells.name)
    return cells


def iso_of(parts: pl.DataFrame) -> pl.Series:
    """Write `year-month-day clock`; null where the cells are not of the pattern."""
    if "quarter" in parts.columns:
        month = pl.col("quarter").cast(pl.Int64) * 3 - 2
    elif "number" in parts.columns:
        month = pl.col("number").cast(pl.Int64)
    else:
        month = (
            pl.col("month")
            .str.to_lowercase()
            .replace_strict(MONTHS, default=None, return_dtype=pl.Int64)
        )
    day = pl.col("day") if "day" in parts.columns else pl.lit("1")
    clock = pl.col("clock").fill_null("") if "clock" in parts.columns else pl.lit("")
    date = [pl.col("year"), month.cast(pl.String).str.zfill(2), day.str.zfill(2)]
    return parts.select(pl.concat_str(date, separator="-") + clock).to_series()
