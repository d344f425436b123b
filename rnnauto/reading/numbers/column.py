"""Read a column of written numbers: money, units, percent, grouped digits, powers of ten."""

import re
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from rnnauto.layout import Style
from rnnauto.reading.numbers import marks
from rnnauto.reading.numbers.marks import OTHER, Mark
from rnnauto.reading.numbers.parts import HARD, IS_MONEY, split_cells
from rnnauto.reading.numbers.units import Unit, unit_of

MOST_ODD = 0.05  # share of different cells that are no numbers
RARE = 0.01  # share of numbers with another decimal mark, which are faults then
FEWEST_GROUPED = 5  # numbers such as `1.234` that tell, beside `987`, that they are thousands
FAR = 30  # times that numbers with a unit may be larger than those without
# currencies of countries that write a point before cents, and commas between thousands
POINTED_MONEY = r"[$£¥₹]|^(USD|GBP|JPY|CNY|INR|AUD|CAD|NZD|Rs)\b"
LONGEST = 17  # digits from which float64 loses some
LONG_FRACTION = r"[.,]\d{4,}$"  # of a fraction it keeps what there is to keep


@dataclass(frozen=True)
class Marks:
    """What is known of a file's decimal marks, beside the column at hand.

    Attributes:
        said: what the user says.
        shown: what the other columns show, or those that a model was trained with.
        usual: what files separated like this one have.
    """

    said: Mark | Literal[""] = ""
    shown: Mark | Literal[""] = ""
    usual: Mark | Literal[""] = "."


@dataclass(frozen=True)
class Written:
    """A column of written numbers as it was read.

    Attributes:
        numbers: float64, null where a cell is none.
        unsure: how else they could be read, in words; empty where that is clear.
        note: what was done to read them, in words.
    """

    numbers: pl.Series
    style: Style
    unsure: str = ""
    note: str = ""


@dataclass(frozen=True)
class Beside:
    """What stands beside numbers.

    Attributes:
        money: whether it is money.
        unit: whether it is one of a country that may have decimal commas.
        pointed: whether it is money of a country that has decimal points.
    """

    money: bool
    unit: bool
    pointed: bool


@dataclass(frozen=True)
class Refused:
    """Why a column that looks like numbers is none; empty where it does not."""

    reason: str = ""


def read_written(known: pl.Series, given: Marks, *, certain: bool = False) -> Written | Refused:
    """Read the cells of a column, null where missing, as numbers that people write.

    The whole column decides: one unit, one decimal mark. `certain` is whether it is known to hold
    numbers, so that `(5)` is one.
    """
    cells = known.drop_nulls().unique(maintain_order=True)
    parts = split_cells(cells)
    bodies = parts["body"]
    numbers = bodies.is_not_null()
    if not len(cells) or int(numbers.sum()) < (1 - MOST_ODD) * len(cells):
        return Refused()
    whole = bodies.str.replace(LONG_FRACTION, "")
    if (whole.str.count_matches(r"\d") >= LONGEST).any():
        return Refused()
    unit = unit_of(parts)
    if unit.refused:
        return Refused(unit.refused if unit.speaks else "")
    if not (certain or is_amount(parts, unit)):
        return Refused()
    pointed = re.search(POINTED_MONEY, unit.name) is not None
    given = replace(given, usual=".") if pointed else given
    kind = Beside(has_money(parts), unit=bool(unit.name) and not pointed, pointed=pointed)
    decided = decide(bodies.drop_nulls(), given, kind)
    if isinstance(decided, Refused):
        return decided
    decimal, unsure = decided
    values = values_of(parts, unit, decimal)
    if values.null_count() > MOST_ODD * len(values):
        return Refused()
    if not alike(values, unit.present):
        return Refused(f"only some cells have the unit `{unit.name}`: the others are far from them")
    read = known.replace_strict(cells, values, default=None, return_dtype=pl.Float64)
    comma: Mark = "," if decimal == "," else "."
    note = "some numbers have a decimal point, others a decimal comma" * (decimal == "both")
    if unit.powers:
        note = f"{unit.powers} behind numbers multiply them"
    return Written(read, Style(decimal=comma, unit=unit.name), unsure, note)


def marks_of(sample: pl.Series) -> set[Mark]:
    """Tell which decimal marks some cells show for certain."""
    found = marks.votes(split_cells(sample)["body"].drop_nulls())
    return {mark for mark, number in found.items() if number}


def is_amount(parts: pl.DataFrame, unit: Unit) -> bool:
    """Whether cells are amounts by all that they have, and no codes, lists or numbering."""
    bodies = parts["body"].drop_nulls()
    if parts["parenthesised"].fill_null(True).all() and not has_money(parts):
        return False  # `(1)`, `(2)` number something
    if bodies.str.contains(" ", literal=True).any() and not (
        unit.name or bodies.str.contains(HARD).any() or marks.is_grouped_by_blanks(bodies)
    ):
        return False
    addresses = bodies.str.contains(r"^\d{1,3}(\.\d{1,3}){3}$")  # of the internet
    return not addresses.all()


def has_money(parts: pl.DataFrame) -> bool:
    behind = parts["suffix"].str.contains(IS_MONEY).fill_null(False)
    return bool((parts["prefix"].is_not_null() | behind).any())


def decide(bodies: pl.Series, given: Marks, beside: Beside) -> tuple[Mark | str, str] | Refused:
    """Choose the decimal mark of a column, `both` where either is one in some cells.

    Returns: the mark, and how else the numbers could be read, in words.
    """
    if given.said:
        return given.said, ""
    votes = marks.votes(bodies)
    if all(votes.values()):
        return among_both(bodies, votes)
    for mark, number in votes.items():
        if number:
            return mark, ""
    unclear = [mark for mark in OTHER if marks.count(bodies, marks.either(mark))]
    if not unclear:
        return ".", ""
    if len(unclear) > 1 and not given.shown:
        example = [bodies.filter(bodies.str.contains(marks.either(mark)))[0] for mark in unclear]
        return Refused(f"`{example[0]}` beside `{example[1]}` may be thousands or fractions")
    if given.shown:
        return given.shown, ""
    return guess(bodies, unclear[0], given, beside)


def among_both(bodies: pl.Series, votes: dict[Mark, int]) -> tuple[Mark | str, str] | Refused:
    simple = bodies.str.contains(r"^(\d*[.,])?\d*$").all()
    if simple and not any(marks.count(bodies, marks.either(mark)) for mark in OTHER):
        return "both", ""
    best = max(votes, key=lambda mark: votes[mark])
    if votes[OTHER[best]] <= RARE * votes[best]:
        return best, ""
    first = [bodies.filter(bodies.str.contains(marks.certain(mark)))[0] for mark in OTHER]
    return Refused(f"`{first[0]}` and `{first[1]}` have different decimal marks")


def guess(bodies: pl.Series, mark: Mark, given: Marks, beside: Beside) -> tuple[Mark | str, str]:
    """Choose what the only mark in a column means, where three digits follow it everywhere."""
    group, fraction = (OTHER[mark], "thousands"), (mark, "fractions")
    usual = mark == "," and given.usual == "."
    if not usual and marks.count(bodies, r"^\d{4,}$"):  # thousands without a mark
        return mark, ""
    grouped = marks.count(bodies, marks.either(mark))
    small = marks.count(bodies, r"^\d{1,3}$")
    thousands = (
        usual or (beside.money and not beside.pointed) or (small > 0 and grouped >= FEWEST_GROUPED)
    )
    unclear = thousands or small > 0 or mark == "," or given.usual == "," or beside.money
    if usual:  # beside commas; a unit may come from a country with decimal commas
        unclear = beside.unit and not small
    (chosen, what), (_, other) = (group, fraction) if thousands else (fraction, group)
    example = bodies.filter(bodies.str.contains(marks.either(mark)))[0]
    word = "comma" if OTHER[chosen] == "," else "point"
    said = f"numbers such as `{example}` are read as {what}; `--decimal {word}` reads {other}"
    return chosen, said if unclear else ""


def values_of(parts: pl.DataFrame, unit: Unit, decimal: Mark | str) -> pl.Series:
    body = pl.col("body")
    plain = [marks.plain_body(body, mark) for mark in OTHER if decimal in {mark, "both"}]
    exponent = pl.col("exponent").fill_null("") + unit.exponents
    text = pl.coalesce(plain) + exponent
    number = text.cast(pl.Float64, strict=False)
    return parts.select(
        pl.when(pl.col("negative")).then(-number).otherwise(number).alias("number")
    ).to_series()


def alike(values: pl.Series, present: pl.Series) -> bool:
    """Whether numbers with a unit and those without may be of one kind."""
    sizes = [values.filter(mask).drop_nulls().abs().median() for mask in (present, ~present)]
    if not all(isinstance(size, float) and size > 0 for size in sizes):
        return True
    low, high = sorted(float(size) for size in sizes)  # type: ignore[arg-type]
    return high <= FAR * low
