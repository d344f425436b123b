"""List the patterns that a cell may be written by, if it is a time."""

import re
from collections.abc import Iterator, Sequence

from rnnauto.times.month_names import is_month, is_weekday
from rnnauto.times.spelling import ROMAN, parts_of

CLOCK = re.compile(
    r"(?P<before>.*?)(?P<gap>[ T_]+|,\s*|:)?"
    r"(?P<hour>\d{1,2})(?P<colon>[:h]|(?<=\s\d)\.|(?<=\s\d\d)\.)(?P<minute>\d{2})"
    r"(?:(?P<again>[:.])(?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?"
    r"(?P<space>\s*)(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"(?P<room>\s*)(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
FIRST_CLOCK = re.compile(r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)(?P<gap>\s+)(?P<date>\S.*\d.*)")
# as Twitter and C write it: Wed Oct 10 20:19:24 2018
CLOCK_INSIDE = re.compile(
    r"(?P<before>.*\S\s+)(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)(?P<zone>\s+(?:UTC|GMT|[+-]\d{4}))?"
    r"(?P<year>\s+\d{4})"
)
BASIC_CLOCK = re.compile(r"(?P<date>\d{8})(?P<gap>[T:_-])(?P<clock>\d{4}(?:\d{2})?)(?P<zone>Z)?")
# what may stand before every date of a column
PREFIX = re.compile(
    r"(?P<words>(?:w/[ce]|(?:week|month|quarter|year|period)s? "
    r"(?:of|ending|ended|commencing|beginning|starting|from)):?\s+)(?P<date>.*\d.*)",
    re.IGNORECASE,
)
# a date and a period of its day: 31.01.2018 10:00 - 11:00, 31.01.2018 10 - 11
FROM_TO = re.compile(
    r"(?P<date>\S.*?)(?P<gap>,? +)(?P<start>\d{1,2}(?P<minutes>:\d{2})?)"
    r"(?P<dash> ?[-–] ?| to )\d{1,2}(?(minutes):\d{2})"
)
HOUR_ONLY = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})(?P<gap>[ T_-])(?P<hour>\d{2})")
QUARTERS = frozenset(
    {"q", "qtr", "quarter", "quartal", "t", "trimestre", "kwartaal", "kwartał", "kvartal"}
)
HALVES = frozenset({"h", "s", "hy", "hj", "halbjahr", "half", "semestre"})
WEEKS = frozenset({"w", "wk", "week", "kw", "cw", "semaine"})
MONTHS = frozenset({"m"})
YEARS = frozenset({"fy", "cy", "ay"})
ORDINALS = frozenset({"st", "nd", "rd", "th"})
SEPARATORS = re.compile(r"[\s\-/.,_:'’年月日년월일()]*")
TOKENS = re.compile(r"\d+|[^\W\d_年月日년월일]+|[\W_年月日년월일]+")


def patterns_of(example: str) -> Iterator[tuple[str, bool]]:
    """List the patterns that a cell may be written by, and whether each is certain.

    None has a field twice, as that of an address (`1500 W. 5th St.`) would have.
    """
    for pattern, certain in patterns_like(example):
        fields = [part.name for part in parts_of(pattern) if part.name]
        if len(set(fields)) == len(fields):
            yield pattern, certain


def patterns_like(example: str) -> Iterator[tuple[str, bool]]:
    """List what might be such patterns."""
    prefixed = PREFIX.fullmatch(example)
    if prefixed:
        for pattern, certain in patterns_like(prefixed["date"]):
            yield prefixed["words"] + pattern, certain
        return
    basic = BASIC_CLOCK.fullmatch(example)
    if basic:
        clock = "%H%M%S" if len(basic["clock"]) > len("hhmm") else "%H%M"
        yield f"%Y%m%d{basic['gap']}{clock}{'%z' if basic['zone'] else ''}", True
        return
    hours = HOUR_ONLY.fullmatch(example)
    if hours:
        yield f"%Y-%m-%d{hours['gap']}%H", True
    timed = list(timed_patterns(example))
    yield from timed or date_patterns(example)


def timed_patterns(example: str) -> Iterator[tuple[str, bool]]:
    """List the patterns of a cell that has a time of day beside, or in, its date."""
    clock_first = FIRST_CLOCK.fullmatch(example)
    inside = CLOCK_INSIDE.fullmatch(example)
    match = CLOCK.fullmatch(example)
    from_to = FROM_TO.fullmatch(example)
    if from_to:
        minutes = (":%M", ":%l") if from_to["minutes"] else ("", "")
        period = f"%H{minutes[0]}{from_to['dash']}%L{minutes[1]}"
        for date, certain in date_patterns(from_to["date"]):
            yield f"{date}{from_to['gap']}{period}", certain
    if clock_first:
        for date, certain in date_patterns(clock_first["date"]):
            yield f"{plain_clock(clock_first['clock'])} {date}", certain
    elif inside:
        clock = plain_clock(inside["clock"]) + (" %z" if inside["zone"] else "")
        for date, certain in date_patterns(inside["before"].strip() + inside["year"]):
            head, gap, year = date.rpartition(" ")
            yield f"{head}{gap}{clock} {year}", certain
    elif match and match["before"].strip():
        clock = clock_pattern(match)
        for date, certain in date_patterns(match["before"].strip()):
            yield date + clock, certain or len(match["before"]) > len("1.1.")


def plain_clock(text: str) -> str:
    return "%H:%M:%S" if text.count(":") > 1 else "%H:%M"


def clock_pattern(match: re.Match[str]) -> str:
    """Write the pattern of the time of day that a cell has behind its date."""
    gap = match["gap"] or ""
    pattern = f"{' ' if gap.isspace() else gap}{'%I' if match['half'] else '%H'}{match['colon']}%M"
    if match["second"]:
        fraction = match["fraction"] or ""
        pattern += f"{match['again']}%S" + (
            "%-f" if fraction.startswith(",") else "%f" if fraction else ""
        )
    if match["half"]:
        pattern += f"{match['space']}%p"
    if match["zone"]:
        room = match["room"] if match["half"] else match["space"]
        pattern += f"{room}%z"
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
    roman = [word for word in words if word in ROMAN]
    if len(roman) == 1 and {word.lower() for word in words if word not in ROMAN} <= QUARTERS:
        yield from roman_patterns(tokens, digits)
        return
    months = [word for word in words if is_month(word)]
    plain = [word.lower() for word in words]
    if len(months) == 1 and set(plain) - {months[0].lower()} <= ORDINALS:
        yield from month_patterns(tokens, digits)
    else:
        yield from marked_patterns(tokens, digits, plain)


def built(tokens: Sequence[str], fields: Sequence[str], *, numeral: str = "") -> str:
    """Put fields in place of the numbers among the tokens, of the name of a month, and of a Roman
    numeral."""
    left = list(fields)
    pieces = []
    for token in tokens:
        if token[0].isdigit():
            pieces.append(f"%{left.pop(0)}")
        elif numeral and token in ROMAN:
            pieces.append(f"%{numeral}")
        elif is_month(token):
            pieces.append("%b")
        elif token.lower() in ORDINALS:
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
        case [2, 3]:
            yield "yj"
        case [4, 4]:
            yield "YE"
        case [1 | 2, 2]:
            yield from ("my", "ym")


def compact_patterns(size: int) -> tuple[str, ...]:
    return {
        5: ("%y%j", "%Y%q"),
        6: ("%Y%m", "%G%V", "%y%m%d", "%d%m%y", "%m%d%y", "%C%y%j"),
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
        yield built(tokens, fields), True
    if sizes == [2]:  # Jan-10 is January 2010, while 10-Jan is the tenth of a year not said
        yield built(tokens, "y"), is_month(tokens[0])


def roman_patterns(tokens: list[str], digits: list[str]) -> Iterator[tuple[str, bool]]:
    """List the patterns of quarters and months in Roman numerals, `IV/2005` and `1.XII.2005`."""
    sizes = [len(token) for token in digits]
    marked = any(token.lower() in QUARTERS for token in tokens)
    if sizes == [4]:
        yield built(tokens, "Y", numeral="R"), marked
        if not marked:
            yield built(tokens, "Y", numeral="X"), False
    elif len(sizes) == 2 and sorted(sizes) in ([1, 4], [2, 4]) and not marked:
        yield built(tokens, "Yd" if sizes[0] == 4 else "dY", numeral="X"), True


def marked_patterns(
    tokens: list[str], digits: list[str], words: list[str]
) -> Iterator[tuple[str, bool]]:
    """List the patterns of years, quarters, half-years, months and weeks that letters mark."""
    sizes = [len(token) for token in digits]
    marks = [word for word in words if word not in YEARS | ORDINALS]
    if len(marks) > 1 or sum(word in YEARS for word in words) > 1:
        return
    if not marks:
        for fields in {(4,): ("Y",), (2,): ("y",), (4, 2): ("YN",), (4, 4): ("YE",)}.get(
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
