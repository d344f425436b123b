"""Read dates by the pattern of Java's SimpleDateFormat that an ARFF file declares."""

import re

import polars as pl

from rnnauto.errors import DataError

# how Java writes the parts of a date, by letter and least count, and how polars does
JAVA = (
    ("yyy", "%Y"),
    ("yy", "%y"),
    ("y", "%Y"),
    ("MMMM", "%B"),
    ("MMM", "%b"),
    ("M", "%m"),
    ("D", "%j"),
    ("d", "%d"),
    ("EEEE", "%A"),
    ("E", "%a"),
    ("a", "%p"),
    ("H", "%H"),
    ("h", "%I"),
    ("m", "%M"),
    ("SSSSSSSSS", "%9f"),
    ("SSSSSS", "%6f"),
    ("SSS", "%3f"),
    ("s", "%S"),
    ("Z", "%#z"),
    ("X", "%#z"),
)
HOUR = re.compile("%[HI]")
CLOCK = re.compile("%[HIMSz369]")
DAY = re.compile("%[YymdbBjaA]")
JAVA_PART = re.compile(r"'([^']*)'|([A-Za-z])\2*|%")


def dates_of(texts: pl.Series, pattern: str, where: str) -> pl.Series:
    """Read dates, or times where the pattern has a time of day, null where a text is none; those
    with a zone as UTC.

    Raises: DataError for a pattern that cannot be read by.
    """
    try:
        ours = strptime_pattern(pattern)
        if HOUR.search(ours) and "%M" not in ours:  # polars takes no hour without its minutes
            texts, ours = texts + "|00", f"{ours}|%M"
        dates = texts.str.to_datetime(ours, time_unit="us", strict=False)
    except (KeyError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"{where}: dates cannot be read by the pattern `{pattern[:60]}`",
            hint="write it of y, M, d, D, E, H, h with a, m, s, SSS, Z and X, "
            "or declare the attribute a `string`",
        ) from error
    moments = dates.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if not CLOCK.search(ours):
        return moments.cast(pl.Date)
    return moments if DAY.search(ours) else moments.dt.time()


def strptime_pattern(java: str) -> str:
    """Turn a pattern of Java's into one of polars. Raises: KeyError for a part that it has not."""

    def part(match: re.Match[str]) -> str:
        if match[0] == "%":
            return "%%"
        if match[1] is not None:
            return match[1].replace("%", "%%") or "'"
        for letters, ours in JAVA:
            if match[0].startswith(letters):
                return ours
        raise KeyError(match[0])

    return JAVA_PART.sub(part, java)
