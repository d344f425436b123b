"""Say how a column writes times: a pattern of fields, as strftime has it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

# what a field of a pattern looks like; a field that touches another has all its digits
FIELDS = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "C": r"[01]",  # the hundreds of years since 1900
    "N": r"\d{2}|\d{4}",  # the year after, as in 2014/15
    "E": r"\d{4}",  # the year after, as in 2014/2015
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "b": r"\p{L}{3,}",
    "a": r"\p{L}{2,}",
    "j": r"\d{1,3}",
    "G": r"\d{4}",
    "V": r"\d{1,2}",
    "u": r"[1-7]",
    "q": r"[1-4]",
    "R": r"I{1,3}|IV",  # a quarter in Roman numerals
    "X": r"I{1,3}|IV|VI{0,3}|IX|XI{0,2}",  # a month in Roman numerals
    "h": r"[12]",
    "H": r"\d{1,2}",
    "k": r"\d{1,2}",  # the hour that ends: 1 to 24
    "K": r"\d+",  # hours of a duration
    "L": r"\d{1,2}",  # the hour in which a period ends, 1 to 24
    "e": r"\d{1,2}",  # the same, 0 to 23
    "l": r"\d{2}",  # the minute in which it ends
    "T": r"\d{1,4}",  # hours and minutes, as 1345
    "t": r"\d{1,6}",  # and seconds, as 134500
    "P": r"\d{1,2}",  # the half-hour of the day, from 1
    "Q": r"\d{1,3}",  # the quarter of an hour of the day, from 1
    "D": r"\d{1,3}",  # the ten minutes of the day, from 1
    "F": r"\d{1,3}",  # the five minutes of the day, from 1
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"[.,]\d{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?",
    "z": r"Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?",
    "o": r"st|nd|rd|th",
}
WIDTHS = {"m": 2, "d": 2, "V": 2, "H": 2, "k": 2, "I": 2, "j": 3, "T": 4, "t": 6}
PIECES = {"P": 48, "Q": 96, "D": 144, "F": 288}  # of a day
LONGEST_PIECES = {name: count * 25 // 24 for name, count in PIECES.items()}  # as summer time ends
CLOCK_FIELDS = frozenset("HIMSkTt") | frozenset(PIECES)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
EPOCH = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # units of a second
# what counts days: from when, and how many days that is before 1970
DAYS_SINCE = {"excel": ("1899-12-30", 25_569), "days": ("1970", 0), "matlab": ("year 0", 719_529)}


class Spelling(BaseModel):
    """How a column writes times.

    Attributes:
        pattern: as strftime has it, `%-m` for numbers without zeros before them; `%q` is a quarter,
            `%h` a half-year, `%R` and `%X` a quarter and a month in Roman numerals, `%N` and `%E`
            the year after, `%C` the hundreds of years since 1900, `%o` the ending of `1st`, `%-f` a
            fraction behind a comma, `%k` the hour from 1 to 24 that ends, `%L`, `%e` and `%l` when
            a period ends, `%T` hours and minutes in one number, `%t` with seconds, `%P`, `%Q`, `%D`
            and `%F` a piece of a day by its number (`PIECES`), `%K` the hours of a duration. A unit
            of `EPOCH` for columns of seconds and the like since the start of 1970, a key of
            `DAYS_SINCE` for columns of days.
        months, weekdays, halves: their names in order, where the pattern has them.
        dash: what stands between begin and end of a period; empty where there is none.
        gap: microseconds from the end of a period to the begin of the next.
        span: microseconds that a period takes whose end is written as a time of day alone.
        offset: what is written after UTC's times.
        shift: microseconds that the written times are ahead of UTC.
        numeric: whether the cells are numbers.
        decimals: of a second, where the pattern has fractions.
        spare: whether a fraction is left out where it is zero.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    months: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    halves: tuple[str, ...] = ()
    dash: str = ""
    gap: int = 0
    span: int = 0
    offset: str = ""
    shift: int = 0
    numeric: bool = False
    decimals: int = Field(default=3, ge=1, le=6)
    spare: bool = False

    @property
    def is_epoch(self) -> bool:
        return self.pattern in EPOCH or self.pattern in DAYS_SINCE

    @property
    def runs_on(self) -> bool:
        """True for years that name the next one too, `2014/15`."""
        return "%N" in self.pattern or "%E" in self.pattern

    @property
    def is_duration(self) -> bool:
        return "%K" in self.pattern

    @property
    def has_clock(self) -> bool:
        """True where the times have a time of day."""
        return self.is_epoch or any(part.name in CLOCK_FIELDS for part in parts_of(self.pattern))

    @property
    def has_date(self) -> bool:
        """False where the times are times of the day alone, or durations."""
        fields = {part.name for part in parts_of(self.pattern)}
        return self.is_epoch or bool(fields & {"Y", "y", "G"})

    @property
    def date_order(self) -> str:
        """Tell the order of day, month and year, as `dmy`; empty where they are not all numbers."""
        order = "".join(part.name for part in parts_of(self.pattern) if part.name in set("Yymd"))
        return order.lower() if sorted(order.lower()) == ["d", "m", "y"] else ""

    @property
    def shown(self) -> str:
        """Write the pattern as people do, `DD.MM.YYYY`."""
        if self.pattern in DAYS_SINCE:
            return f"days since {DAYS_SINCE[self.pattern][0]}"
        if self.is_epoch:
            return f"{self.pattern} since 1970"
        start = "".join(shown_part(part) for part in parts_of(self.pattern))
        return f"{start}{self.dash}..." if self.dash else start


@dataclass(frozen=True)
class PatternPart:
    """A piece of a pattern.

    Attributes:
        name: the letter of a field; empty for literal text.
        text: the literal text.
        padded: whether numbers have zeros before them.
        glued: whether a digit of another field may stand beside it.
    """

    name: str
    text: str = ""
    padded: bool = True
    glued: bool = False


SHOWN = {
    **{"Y": "YYYY", "y": "YY", "m": "MM", "d": "DD", "b": "Mon", "j": "DDD", "G": "YYYY"},
    **{
        "V": "WW",
        "k": "hh",
        "K": "hh",
        "T": "hhmm",
        "t": "hhmmss",
        "C": "C",
        "L": "hh",
        "e": "hh",
        "l": "mm",
        "R": "Q",
        "X": "MM",
        "P": "1-48",
        "Q": "1-96",
        "D": "1-144",
        "F": "1-288",
        "q": "Q",
        "h": "H",
        "H": "hh",
        "I": "hh",
        "M": "mm",
        "S": "ss",
        "f": ".fff",
    },
    **{"N": "YY", "E": "YYYY", "a": "Day", "p": "AM", "z": "Z", "u": "D", "o": ""},
}


def shown_part(part: PatternPart) -> str:
    return SHOWN[part.name] if part.name else part.text


@lru_cache(maxsize=512)
def parts_of(pattern: str) -> tuple[PatternPart, ...]:
    """Cut a pattern into fields and the text between them."""
    raw = re.findall(r"%(-?)([A-Za-z])|([^%]+)", pattern)
    digits = set(FIELDS) - set("bapzofRX")
    parts = []
    for at, (bare, name, text) in enumerate(raw):
        beside = [raw[place][1] for place in (at - 1, at + 1) if 0 <= place < len(raw)]
        glued = name in digits and any(other in digits for other in beside)
        parts.append(PatternPart(name, text, padded=not bare, glued=glued))
    return tuple(parts)


@lru_cache(maxsize=512)
def regex_of(pattern: str) -> str:
    """Write the pattern as a regular expression with a group for each field."""
    pieces = []
    for part in parts_of(pattern):
        if not part.name:
            pieces.append(r"\s+" if part.text.isspace() else re.escape(part.text))
            continue
        inside = FIELDS[part.name]
        if part.glued and part.name in WIDTHS:
            inside = rf"\d{{{WIDTHS[part.name]}}}"
        # a second without a fraction is often written so: Python, Java and spreadsheets do
        pieces.append(f"(?P<{part.name}>{inside})" + "?" * (part.name == "f"))
    return f"^{''.join(pieces)}$"


def is_readable(spelling: Spelling) -> bool:
    """Say whether times can be written so: a pattern from a file may be anything."""
    names = [part.name for part in parts_of(spelling.pattern) if part.name]
    if spelling.is_epoch:
        return True
    return (
        bool(names)
        and len(set(names)) == len(names)
        and set(names) <= FIELDS.keys()
        and len(spelling.months) in {0, 12}
        and len(spelling.weekdays) in {0, 7}
        and len(spelling.halves) in {0, 2}
    )
