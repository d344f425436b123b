"""Find in how many ways cells can be read as times."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from rnnauto.times.month_names import (
    DAY_NUMBERS,
    MONTH_NUMBERS,
    is_month,
    is_weekday,
    names_like,
)
from rnnauto.times.parse import read_times
from rnnauto.times.spelling import Spelling, parts_of, regex_of

MOSTLY = 0.95  # share of the cells that a way to read them has to fit
LONGEST = 70  # characters
CLOCK = re.compile(
    r"(?P<before>.*?)(?P<gap>[ T_]+|,\s*|:)?"
    r"(?P<hour>\d{1,2})(?P<colon>[:h])(?P<minute>\d{2})"
    r"(?:(?P<again>:)(?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?"
    r"(?P<space>\s*)(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"(?P<room>\s*)(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
FIRST_CLOCK = re.compile(r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)(?P<gap>\s+)(?P<date>\S.*\d.*)")
BASIC_CLOCK = re.compile(r"(?P<date>\d{8})T(?P<clock>\d{4}(?:\d{2})?)(?P<zone>Z)?")
HOUR_ONLY = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})(?P<gap>[ T])(?P<hour>\d{2})")
DASHES = (" - ", " – ", " — ", " to ", "/", "–")
QUARTERS = frozenset({"q", "qtr", "quarter", "quartal", "t"})
HALVES = frozenset({"h", "s", "hy"})
WEEKS = frozenset({"w", "wk", "week", "kw", "cw", "semaine"})
MONTHS = frozenset({"m"})
YEARS = frozenset({"fy", "cy", "ay"})
SEPARATORS = re.compile(r"[\s\-/.,_:年月日년월일()]*")
TOKENS = re.compile(r"\d+|[^\W\d_年月日년월일]+|[\W_年月日년월일]+")


@dataclass(frozen=True)
class Reading:
    """One way to read cells.

    Attributes:
        certain: whether the cells can hardly be anything but times; else a name or even steps have
            to speak for it.
    """

    spelling: Spelling
    certain: bool


def readings_of(sample: pl.Series) -> list[Reading]:
    """List the ways to read cells as dates or times, the likelier first.

    Args: sample: known cells, without spaces around them.
    """
    if not len(sample) or int(sample.str.len_chars().median() or 0) > LONGEST:  # type: ignore[arg-type]
        return []
    first = str(sample[0])
    seen: dict[str, Reading] = {}
    for example in dict.fromkeys([first, str(sample[len(sample) // 2]), str(sample[-1])]):
        for reading in readings_like(example, sample):
            seen.setdefault(reading.spelling.pattern, reading)
        if seen:
            break
    return without_makeshifts(list(seen.values()))


def without_makeshifts(readings: list[Reading]) -> list[Reading]:
    """Leave out what is only meant where nothing likelier fits, as weeks that may be months."""
    running = [reading for reading in readings if reading.spelling.runs_on]
    if running:  # 2009/10, 2010/11: hardly months by chance
        return running
    likely = [reading for reading in readings if not is_makeshift(reading.spelling.pattern)]
    return likely or readings


def is_makeshift(pattern: str) -> bool:
    """Whether a pattern is one of weeks without a mark, of year, day and month, or of eight digits
    that do not begin with the year."""
    fields = "".join(part.name for part in parts_of(pattern))
    compact = all(part.name for part in parts_of(pattern))
    weeks = fields in {"GV", "VG"} and "W" not in pattern.upper().replace("%V", "")
    return fields.startswith("Ydm") or weeks or (compact and fields in {"dmY", "mdY"})


def readings_like(example: str, sample: pl.Series) -> Iterator[Reading]:
    """List the ways to read a cell that most of the others can be read by too."""
    for pattern, certain in patterns_of(example):
        spelling = fitted(Spelling(pattern=pattern), sample)
        if spelling is not None:
            yield Reading(spelling, certain)
    if any(character.isdigit() for character in example):
        yield from periods_like(example, sample)


def periods_like(example: str, sample: pl.Series) -> Iterator[Reading]:
    """Read `start - end` by the start."""
    for dash in DASHES:
        if example.count(dash) != 1:
            continue
        start, end = (part.strip() for part in example.split(dash))
        if len(start) < len("1/1/20") or not end:
            continue
        parts = sample.str.splitn(dash, 2)
        starts = parts.struct.field("field_0").str.strip_chars()
        ends = parts.struct.field("field_1").str.strip_chars()
        if ends.null_count() > (1 - MOSTLY) * len(ends):
            continue
        for pattern, _ in patterns_of(start):
            spelling = fitted(Spelling(pattern=pattern), starts)
            if spelling is None or known_share(read_times(ends, spelling)) < MOSTLY:
                continue
            gap = gap_between(read_times(starts, spelling), read_times(ends, spelling))
            yield Reading(spelling.model_copy(update={"dash": dash, "gap": gap}), True)
        return


def gap_between(starts: pl.Series, ends: pl.Series) -> int:
    """Measure the usual time from the end of a period to the next start, in microseconds."""
    frame = pl.DataFrame({"start": starts, "end": ends}).drop_nulls().unique().sort("start")
    gaps = frame.select(
        (pl.col("start").shift(-1) - pl.col("end")).dt.total_microseconds()
    ).to_series()
    gaps = gaps.drop_nulls()
    return int(gaps.mode().min()) if len(gaps) else 0  # type: ignore[arg-type]


def misread(cells: pl.Series, spelling: Spelling | None) -> pl.Series:
    """Mark the texts that are no times where most of a column are; none where few are.

    Args: spelling: how times are written, where that is known.
    """
    texts = cells.str.strip_chars()
    known = texts.drop_nulls()
    ways = [reading.spelling for reading in readings_of(known)] if spelling is None else [spelling]
    for way in ways:
        times = read_times(texts, way)
        if 2 * (len(times) - times.null_count()) > len(known):
            return texts.is_not_null() & times.is_null()
    return pl.Series([False] * len(texts), dtype=pl.Boolean)


def known_share(times: pl.Series) -> float:
    return 1 - times.null_count() / len(times) if len(times) else 0.0


def fitted(spelling: Spelling, sample: pl.Series) -> Spelling | None:
    """Complete a spelling by what the cells show; None where they are not written that way."""
    fields = {part.name for part in parts_of(spelling.pattern)}
    matching = sample.str.contains(regex_of(spelling.pattern))
    if matching.mean() < MOSTLY:  # type: ignore[operator]
        return None
    if known_share(read_times(sample, spelling)) < MOSTLY:
        return None
    groups = sample.filter(matching).str.extract_groups(regex_of(spelling.pattern)).struct.unnest()
    updates: dict[str, object] = {"pattern": with_padding(spelling.pattern, groups)}
    if "b" in fields:
        words = groups["b"].unique().to_list()
        updates["months"] = names_like(words, numbers=MONTH_NUMBERS, count=12)
    if "a" in fields:
        words = groups["a"].unique().to_list()
        updates["weekdays"] = names_like(words, numbers=DAY_NUMBERS, count=7)
    if "z" in fields:
        updates |= offset_update(groups["z"])
    return spelling.model_copy(update=updates)


def offset_update(zones: pl.Series) -> dict[str, object]:
    """Say how offsets are written back: the one that all cells have, or UTC's."""
    distinct = zones.unique().to_list()
    if len(distinct) > 1:
        style = "+00:00" if ":" in str(distinct[0]) else "+0000"
        return {"offset": style}
    zone = str(distinct[0])
    digits = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", zone)
    if digits is None:
        return {"offset": zone}
    minutes = int(digits[2]) * 60 + int(digits[3] or 0)
    return {"offset": zone, "shift": (1 if digits[1] == "+" else -1) * minutes * 60 * 10**6}


def with_padding(pattern: str, groups: pl.DataFrame) -> str:
    """Mark the numbers that are written without zeros before them."""
    pieces = []
    for part in parts_of(pattern):
        if not part.name:
            pieces.append(part.text)
            continue
        bare = False
        if part.name in {"m", "d", "V", "H", "I", "j"} and not part.glued:
            lengths = groups[part.name].str.len_chars()
            bare = lengths.min() != lengths.max() or lengths.min() == 1
        pieces.append(f"%{'-' * bare}{part.name}")
    return "".join(pieces)


def patterns_of(example: str) -> Iterator[tuple[str, bool]]:
    """List the patterns that a cell may be written by, and whether each is certain."""
    basic = BASIC_CLOCK.fullmatch(example)
    if basic:
        clock = "T%H%M%S" if len(basic["clock"]) > len("hhmm") else "T%H%M"
        yield f"%Y%m%d{clock}{'%z' if basic['zone'] else ''}", True
        return
    hours = HOUR_ONLY.fullmatch(example)
    if hours:
        yield f"%Y-%m-%d{hours['gap']}%H", True
    clock_first = FIRST_CLOCK.fullmatch(example)
    if clock_first:
        clock = "%H:%M:%S" if clock_first["clock"].count(":") > 1 else "%H:%M"
        for date, certain in date_patterns(clock_first["date"]):
            yield f"{clock} {date}", certain
        return
    match = CLOCK.fullmatch(example)
    if match is None:
        yield from date_patterns(example)
    elif match["before"].strip():
        clock = clock_pattern(match)
        for date, certain in date_patterns(match["before"].strip()):
            yield date + clock, certain or len(match["before"]) > len("1.1.")


def clock_pattern(match: re.Match[str]) -> str:
    """Write the pattern of the time of day that a cell has behind its date."""
    gap = match["gap"] or ""
    pattern = f"{' ' if gap.isspace() else gap}{'%I' if match['half'] else '%H'}{match['colon']}%M"
    if match["second"]:
        pattern += ":%S" + ("%f" if match["fraction"] else "")
    if match["half"]:
        pattern += f"{match['space']}%p"
    if match["zone"]:
        pattern += f"{match['room']}%z"
    return pattern


def date_patterns(text: str) -> Iterator[tuple[str, bool]]:
    """List the patterns that a date without a time of day may be written by."""
    tokens = TOKENS.findall(text)
    words = [
        token for token in tokens if token[0].isalpha() and SEPARATORS.fullmatch(token) is None
    ]
    digits = [token for token in tokens if token[0].isdigit()]
    others = [token for token in tokens if not (token[0].isalpha() or token[0].isdigit())]
    if not digits or any(not SEPARATORS.fullmatch(token) for token in others):
        return
    if words and is_weekday(words[0]) and not is_month(words[0]) and len(digits) > 1:
        head = text.index(words[0])
        rest = text[head + len(words[0]) :]
        gap = SEPARATORS.match(rest)
        for pattern, certain in date_patterns(rest[gap.end() :] if gap else rest):
            yield f"%a{gap[0] if gap else ''}{pattern}", certain
        return
    if not words:
        yield from number_patterns(tokens, digits)
        return
    months = [word for word in words if is_month(word)]
    plain = [word.lower() for word in words]
    if len(months) == 1 and set(plain) - {months[0].lower()} <= {"st", "nd", "rd", "th"}:
        yield from month_patterns(tokens, digits)
    else:
        yield from marked_patterns(tokens, digits, plain)


def built(tokens: Sequence[str], fields: Sequence[str], *, month: bool = False) -> str:
    """Put fields in place of the numbers among the tokens, and of the name of a month."""
    left = list(fields)
    pieces = []
    for token in tokens:
        if token[0].isdigit():
            pieces.append(f"%{left.pop(0)}")
        elif month and is_month(token):
            pieces.append("%b")
        elif month and token.lower() in {"st", "nd", "rd", "th"}:
            pieces.append("%o")
        else:
            pieces.append(token)
    return "".join(pieces)


def number_patterns(tokens: list[str], digits: list[str]) -> Iterator[tuple[str, bool]]:
    """List the patterns of dates of numbers alone."""
    sizes = [len(token) for token in digits]
    between = [token for token in tokens if not token[0].isdigit()]
    if not (tokens[0][0].isdigit() and all(token.strip() or len(digits) > 2 for token in between)):
        return
    if len(digits) == 3:
        for fields, certain in triple_fields(sizes, between):
            yield built(tokens, fields), certain
    elif len(digits) == 2:
        for fields in pair_fields(sizes):
            yield built(tokens, fields), sizes == [4, 2] and between[0] in "-/" and fields == "Ym"
    elif len(digits) == 1:
        for pattern in compact_patterns(sizes[0]):
            yield pattern, False


def triple_fields(sizes: list[int], between: list[str]) -> Iterator[tuple[str, bool]]:
    if sizes[0] == 4 and max(sizes[1:]) <= 2:
        yield "Ymd", True
        yield "Ydm", True
    elif sizes[2] == 4 and max(sizes[:2]) <= 2:
        yield "dmY", True
        yield "mdY", True
    elif max(sizes) <= 2:
        certain = between[0] == "/"
        for fields in ("mdy", "dmy", "ymd"):
            if sizes[fields.index("y")] == 2:
                yield fields, certain


def pair_fields(sizes: list[int]) -> Iterator[str]:
    match sizes:
        case [4, 1 | 2]:
            yield from ("Ym", "GV", "YN", "Yq")
        case [1 | 2, 4]:
            yield from ("mY", "VG", "qY")
        case [4, 3]:
            yield "Yj"
        case [4, 4]:
            yield "YN"
        case [1 | 2, 2]:
            yield from ("my", "ym")


def compact_patterns(size: int) -> tuple[str, ...]:
    return {
        6: ("%Y%m", "%G%V", "%y%m%d", "%d%m%y", "%m%d%y"),
        7: ("%Y%j",),
        8: ("%Y%m%d", "%d%m%Y", "%m%d%Y"),
        10: ("%Y%m%d%H",),
        12: ("%Y%m%d%H%M",),
        14: ("%Y%m%d%H%M%S",),
    }.get(size, ())


def month_patterns(tokens: list[str], digits: list[str]) -> Iterator[tuple[str, bool]]:
    """List the patterns of dates with the name of a month."""
    sizes = [len(token) for token in digits]
    orders = {
        (4, 1): ("Yd",),
        (4, 2): ("Yd",),
        (1, 4): ("dY",),
        (2, 4): ("dY",),
        (2, 2): ("dy", "yd"),
        (1, 2): ("dy",),
        (2, 1): ("yd",),
        (4,): ("Y",),
    }.get(tuple(sizes), ())
    for fields in orders:
        yield built(tokens, fields, month=True), True
    if sizes == [2]:  # Jan-10 is January 2010, while 10-Jan is the tenth of a year not said
        yield built(tokens, "y", month=True), is_month(tokens[0])


def marked_patterns(
    tokens: list[str], digits: list[str], words: list[str]
) -> Iterator[tuple[str, bool]]:
    """List the patterns of years, quarters, half-years, months and weeks that letters mark."""
    sizes = [len(token) for token in digits]
    marks = [word for word in words if word not in YEARS]
    if len(marks) > 1 or len(words) - len(marks) > 1:
        return
    if not marks:
        for fields in {(4,): ("Y",), (2,): ("y",), (4, 2): ("YN",), (4, 4): ("YN",)}.get(
            tuple(sizes), ()
        ):
            yield built(tokens, fields), True
        return
    mark = marks[0]
    place = tokens.index(next(token for token in tokens if token.lower() == mark))
    kinds = [(QUARTERS, "q"), (HALVES, "h"), (WEEKS, "V"), (MONTHS, "m")]
    field = next((letter for group, letter in kinds if mark in group), "")
    if not field or not sizes or len(sizes) > 3:
        return
    yield from marked_orders(tokens, sizes, place, field)


def marked_orders(
    tokens: list[str], sizes: list[int], place: int, field: str
) -> Iterator[tuple[str, bool]]:
    """List which of the numbers beside a mark is the year, and which the marked one."""
    year = {4: "G" if field == "V" else "Y", 2: "y"}
    if len(sizes) == 3 and field == "V":
        if sizes[0] == 4 and sizes[2] == 1:
            yield built(tokens, "GVu"), True
        return
    if len(sizes) != 2 or (field == "V" and 4 not in sizes):
        return
    before = [token for token in tokens[:place] if token[0].isdigit()]
    orders = ["first", "last"] if len(before) == 1 else ["last"]
    for order in orders:
        marked, other = (sizes[1], sizes[0]) if order == "first" else (sizes[0], sizes[1])
        if other not in year or marked > 2 or (field in "qh" and marked != 1):
            continue
        fields = year[other] + field if order == "first" else field + year[other]
        yield built(tokens, fields), other == 4 or field == "q"
