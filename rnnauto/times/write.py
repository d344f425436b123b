"""Write times as a file does."""

from collections.abc import Iterator

import polars as pl

from rnnauto.times.divide import divided
from rnnauto.times.parse import DAY, MOMENT
from rnnauto.times.spelling import DAYS_SINCE, EPOCH, PIECES, ROMAN, PatternPart, Spelling, parts_of

SECOND_OF_DAY = 6  # decimals of a day that tell seconds apart


def write_times(times: pl.Series, spelling: Spelling) -> pl.Series:
    """Write times as the file does that the spelling is of; text, or numbers where it is numeric.

    Args:
        times: in order inside each series, so that the end of a period is known by the next.
    """
    if spelling.is_duration:
        return durations(times, spelling)
    of_day = times.dtype == pl.Time
    moments = (times.cast(pl.Int64) // 1_000 if of_day else times).cast(MOMENT)
    if spelling.pattern in DAYS_SINCE:
        return days_since(moments, DAYS_SINCE[spelling.pattern][1]).alias(times.name)
    if spelling.is_epoch:
        return epoch_numbers(moments, EPOCH[spelling.pattern]).alias(times.name)
    local = moments + pl.Series([spelling.shift]).cast(pl.Duration("us"))
    frame = local.to_frame("t")
    text = frame.select(pl.concat_str(list(written(spelling)))).to_series()
    if spelling.dash:
        ends = ends_of(moments, spelling.gap) + pl.Series([spelling.shift]).cast(pl.Duration("us"))
        end = ends.to_frame("t").select(pl.concat_str(list(written(spelling)))).to_series()
        text = text + spelling.dash + end
    if spelling.numeric:
        dtype = pl.Float64 if "." in spelling.pattern else pl.Int64
        return text.cast(dtype).alias(times.name)
    return text.alias(times.name)


def ends_of(moments: pl.Series, gap: int) -> pl.Series:
    """Find where periods end: `gap` microseconds before the next begins, in the same series; the
    last of a series is as long as the one before."""
    frame = pl.DataFrame({"t": moments})
    step = pl.col("t").shift(-1) - pl.col("t")
    ahead = pl.when(step > pl.duration(microseconds=0)).then(step)
    return frame.select(
        pl.col("t")
        + ahead.forward_fill()
        .fill_null(strategy="backward")
        .fill_null(pl.duration(microseconds=gap))
        - pl.duration(microseconds=gap)
    ).to_series()


def durations(seconds: pl.Series, spelling: Spelling) -> pl.Series:
    """Write seconds as hours, minutes and seconds."""
    exact = pl.col("s").round().cast(pl.Int64)
    fields = {"K": exact // 3600, "M": exact // 60 % 60, "S": exact % 60, "f": None}
    pieces = []
    for part in parts_of(spelling.pattern):
        value = fields.get(part.name)
        if value is not None:
            pieces.append(value.cast(pl.String).str.zfill(2 if part.padded else 1))
        elif not part.name:
            pieces.append(pl.lit(part.text))
    return seconds.to_frame("s").select(pl.concat_str(pieces)).to_series().alias(seconds.name)


def days_since(moments: pl.Series, before: int) -> pl.Series:
    days = (moments.cast(pl.Int64) / DAY).round(SECOND_OF_DAY) + before
    return days.cast(pl.Int64) if (days.drop_nulls() % 1 == 0).all() else days


def epoch_numbers(moments: pl.Series, per_second: int) -> pl.Series:
    microseconds = moments.cast(pl.Int64)
    if per_second >= 10**6:
        return microseconds * (per_second // 10**6)
    scaled = divided(microseconds, 10**6 // per_second)
    whole = scaled.drop_nulls() % 1 == 0
    return scaled.cast(pl.Int64) if whole.all() else scaled


def written(spelling: Spelling) -> Iterator[pl.Expr]:
    time = pl.col("t")
    for part in parts_of(spelling.pattern):
        if not part.name:
            yield pl.lit(part.text)
            continue
        yield field_text(time, part, spelling)


def field_text(time: pl.Expr, part: PatternPart, spelling: Spelling) -> pl.Expr:
    """Write one field of times."""
    hour = time.dt.hour().cast(pl.Int64)
    name = part.name
    if name in {"b", "a"}:
        names = spelling.months if name == "b" else spelling.weekdays
        place = time.dt.month() if name == "b" else time.dt.weekday()
        return place.cast(pl.Int64).replace_strict(
            dict(enumerate(names, 1)), default=None, return_dtype=pl.String
        )
    if name == "p":
        early, late = spelling.halves or ("AM", "PM")
        return pl.when(hour >= 12).then(pl.lit(late)).otherwise(pl.lit(early))
    if name == "z":
        return pl.lit(spelling.offset or "Z")
    if name == "f":
        fraction = time.dt.to_string("%.6f").str.slice(0, 1 + spelling.decimals)
        if spelling.spare:
            fraction = pl.when(time.dt.microsecond() == 0).then(pl.lit("")).otherwise(fraction)
        return fraction if part.padded else fraction.str.replace(".", ",", literal=True)
    if name in {"R", "X"}:
        place = time.dt.quarter() if name == "R" else time.dt.month()
        numerals = dict(enumerate(ROMAN, 1))
        return place.cast(pl.Int64).replace_strict(numerals, return_dtype=pl.String)
    if name == "o":
        fields = {other.name for other in parts_of(spelling.pattern)}
        counted = next((field for field in "qhV" if field in fields), "d")
        return ordinal(field_number(time, counted)[0].cast(pl.Int64))
    if name in PIECES:
        since = (time - time.dt.truncate("1d")).dt.total_microseconds()
        value, width = since // (DAY // PIECES[name]) + 1, len(str(PIECES[name]))
    elif name in {"L", "e", "l"}:
        end = time + pl.duration(microseconds=spelling.span)
        value, width = (end.dt.minute() if name == "l" else end.dt.hour()).cast(pl.Int64), 2
        value = pl.when(value == 0).then(24).otherwise(value) if name == "L" else value
    else:
        value, width = field_number(time, name)
    text = value.cast(pl.String)
    return text.str.zfill(width) if part.padded or part.glued else text


def field_number(time: pl.Expr, name: str) -> tuple[pl.Expr, int]:
    """Take the number of a field from times, and tell how many digits it has with zeros."""
    year, month = time.dt.year().cast(pl.Int64), time.dt.month().cast(pl.Int64)
    hour = time.dt.hour().cast(pl.Int64)
    return {
        "Y": (year, 4),
        "y": (year % 100, 2),
        "N": ((year + 1) % 100, 2),
        "E": (year + 1, 4),
        "m": (month, 2),
        "d": (time.dt.day(), 2),
        "j": (time.dt.ordinal_day(), 3),
        "G": (time.dt.iso_year(), 4),
        "V": (time.dt.week(), 2),
        "u": (time.dt.weekday(), 1),
        "q": (time.dt.quarter(), 1),
        "h": ((month - 1) // 6 + 1, 1),
        "H": (hour, 2),
        "k": (hour + 1, 2),
        "C": (year // 100 - 19, 1),
        "t": (hour * 10_000 + time.dt.minute().cast(pl.Int64) * 100 + time.dt.second(), 6),
        "T": (hour * 100 + time.dt.minute(), 4),
        "I": ((hour + 11) % 12 + 1, 2),
        "M": (time.dt.minute(), 2),
        "S": (time.dt.second(), 2),
    }[name]


def ordinal(day: pl.Expr) -> pl.Expr:
    """Write the ending of a day: 1st, 2nd, 3rd, 11th."""
    endings = {1: "st", 2: "nd", 3: "rd"}
    usual = (day % 10).replace_strict(endings, default="th", return_dtype=pl.String)
    return pl.when(day.is_between(11, 13)).then(pl.lit("th")).otherwise(usual)
