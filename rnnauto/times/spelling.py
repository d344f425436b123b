"""Say how a column writes times: a pattern of fields, as strftime has it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

# what a field of a pattern looks like; a field that touches another has all its digits
FIELDS = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
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
    "h": r"[12]",
    "H": r"\d{1,2}",
    "k": r"\d{1,2}",  # the hour that ends: 1 to 24
    "K": r"\d+",  # hours of a duration
    "T": r"\d{1,4}",  # hours and minutes, as 1345
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"[.,]\d{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?",
    "z": r"Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?",
    "o": r"st|nd|rd|th",
}
WIDTHS = {"m": 2, "d": 2, "V": 2, "H": 2, "k": 2, "I": 2, "j": 3, "T": 4}
CLOCK_FIELDS = frozenset("HIMSkT")
EPOCH = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # units of a second


class Spelling(BaseModel):
    """How a column writes times.

    Attributes:
        pattern: as strftime has it, `%-m` for numbers without zeros before them; `%q` is a quarter,
            `%h` a half-year, `%N` and `%E` the year after, `%o` the ending of `1st`, `%k` the hour
            from 1 to 24 that ends, `%T` hours and minutes in one number, `%K` the hours of a
            duration. A unit of `EPOCH` for columns of seconds and the like since the start of 1970.
        months, weekdays: their names in order, where the pattern has them.
        dash: what stands between begin and end of a period; empty where there is none.
        gap: microseconds from the end of a period to the begin of the next.
        offset: what is written after UTC's times.
        shift: microseconds that the written times are ahead of UTC.
        numeric: whether the cells are numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    months: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    dash: str = ""
    gap: int = 0
    offset: str = ""
    shift: int = 0
    numeric: bool = False

    @property
    def is_epoch(self) -> bool:
        return self.pattern in EPOCH

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
    def date_order(self) -> str:
        """Tell the order of day, month and year, as `dmy`; empty where they are not all numbers."""
        order = "".join(part.name for part in parts_of(self.pattern) if part.name in set("Yymd"))
        return order.lower() if sorted(order.lower()) == ["d", "m", "y"] else ""

    @property
    def shown(self) -> str:
        """Write the pattern as people do, `DD.MM.YYYY`."""
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
    digits = set(FIELDS) - set("bapzof")
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
        pieces.append(f"(?P<{part.name}>{inside})")
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
    )
