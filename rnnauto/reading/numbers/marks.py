"""Tell what the marks in a column of written numbers mean: a fraction, or groups of digits."""

from typing import Literal

import polars as pl

Mark = Literal[".", ","]
OTHER: dict[Mark, Mark] = {".": ",", ",": "."}
ESCAPED: dict[Mark, str] = {".": r"\.", ",": ","}
FIRST = r"[1-9]\d{0,2}"
INDIAN = r"[1-9]\d?(?:,\d{2})+,\d{3}"  # 12,34,567: thousands, then hundreds of them
HARD = r"\x{a0}"
UNCLEAR_MARK = rf"^[^\d.,]*{FIRST}[.,]\d{{3}}[^\d.,]*$"


def whole(decimal: Mark) -> str:
    """The pattern of whole numbers, grouped or not, in a column with this decimal mark."""
    group = ESCAPED[OTHER[decimal]]
    grouped = [rf"{FIRST}(?:{sign}\d{{3}})+" for sign in (group, "'", f"[ {HARD}]")]
    if decimal == ".":
        grouped.append(INDIAN)
    return rf"(?:\d+|{'|'.join(grouped)})"


def shape(decimal: Mark) -> str:
    """The pattern of all numbers in a column with this decimal mark."""
    mark = ESCAPED[decimal]
    return rf"^(?:{whole(decimal)}(?:{mark}\d*)?|{mark}\d+)$"


def certain(decimal: Mark) -> str:
    """The pattern of numbers that can only be read with this decimal mark."""
    mark, group = ESCAPED[decimal], ESCAPED[OTHER[decimal]]
    several = rf"{FIRST}(?:{group}\d{{3}}){{2,}}"
    mixed = rf"{FIRST}(?:(?:{group}|'|[ {HARD}])\d{{3}})+{mark}\d*"
    single = rf"(?:0\d*|\d{{4,}})?{mark}\d*|\d{{1,3}}{mark}(?:\d{{0,2}}|\d{{4,}})"
    indian = rf"|{INDIAN}(?:\.\d*)?" if decimal == "." else ""
    return rf"^(?:{several}|{mixed}|{single}{indian})$"


def either(mark: Mark) -> str:
    """The pattern of numbers that may be thousands, or have three decimals."""
    return rf"^[+-]?{FIRST}{ESCAPED[mark]}\d{{3}}$"


def count(bodies: pl.Series, pattern: str) -> int:
    return int(bodies.str.contains(pattern).sum())


def votes(bodies: pl.Series) -> dict[Mark, int]:
    """How many numbers can only be read with each decimal mark."""
    return {mark: count(bodies, certain(mark)) for mark in OTHER}


def is_grouped_by_blanks(bodies: pl.Series) -> bool:
    """Whether blanks group digits, and do not stand between the numbers of a list: a group after
    the first begins with 0 sooner or later, which a number of a list does not."""
    spaced = bodies.filter(bodies.str.contains(" ", literal=True))
    if not spaced.str.contains(shape(".")).all() and not spaced.str.contains(shape(",")).all():
        return False
    return bool(spaced.str.contains(r" 0\d\d|,").any())


def plain_body(body: pl.Expr, decimal: Mark) -> pl.Expr:
    """Digits with a decimal point and no groups; null for what cannot be read so."""
    bare = body.str.replace_all(rf"[' {HARD}{ESCAPED[OTHER[decimal]]}]", "")
    point = bare.str.replace(",", ".", literal=True) if decimal == "," else bare
    return pl.when(body.str.contains(shape(decimal))).then(point)
