"""Give the columns of a table their types: numbers, times, truth values, lists, or text."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.layout import Style
from rnnauto.mapped import give_all_back
from rnnauto.names import named_id, named_time
from rnnauto.reading.cells import (
    HEAD,
    INEXACT,
    LEADING_ZERO,
    MOSTLY,
    NO_RULES,
    NOT_PLAIN,
    as_booleans,
    as_lists,
    fault_shown,
    is_number,
    is_whole,
    known_text,
    parsed,
    share,
    spread,
    whole_numbers,
)
from rnnauto.reading.numbers.column import Marks, Refused, marks_of, read_written
from rnnauto.reading.numbers.marks import UNCLEAR_MARK, Mark, either
from rnnauto.reading.numbers.parts import STARTS_WRITTEN
from rnnauto.reading.numbers.units import is_money
from rnnauto.reading.rules import SHEET_ERRORS, Rules
from rnnauto.reading.words import words_among
from rnnauto.times.numbers import are_months
from rnnauto.times.shapes import readings_of

MOST_PLAIN = 0.5  # share of plain numbers from which a column is not one of times
SHOWN = 5  # units
MOST_LABELS = 100  # different values that may be classes
MANY_NUMBERS = 20  # different numbers beyond this are no classes


@dataclass(frozen=True)
class Typed:
    """A column as it was read.

    Attributes:
        note: what was odd about it, in words.
        style: how its cells are written, where not plainly.
        unsure: how else its numbers could be read, in words.
        refused: why it is text though it looks like numbers, in words.
        mixed: which cells of a column of text are none of its many numbers, in words.
        taken: the words of a column of text that were taken for missing.
        cells: the text that it was read from, where its values do not show how they are written.
    """

    column: pl.Series
    note: str = ""
    style: Style | None = None
    unsure: str = ""
    refused: str = ""
    mixed: str = ""
    taken: tuple[str, ...] = ()
    cells: pl.Series | None = None

    @property
    def labels(self) -> pl.DataFrame | None:
        """How the file writes each value, where these are few: `value` and `text`."""
        if self.cells is None:
            return None
        pairs = pl.DataFrame({"value": self.column, "text": self.cells}).drop_nulls()
        firsts = pairs.unique("value", keep="first", maintain_order=True)
        return firsts if firsts.height <= MOST_LABELS else None


def type_columns(
    frame: pl.DataFrame,
    *,
    text: Collection[str],
    usual: Mark | Literal[""],
    lines: Integers | None,
    rules: Rules = NO_RULES,
) -> list[Typed]:
    """Type every column but those to stay `text`.

    Args:
        usual: the decimal mark of files separated like this one.
        lines: the rows' file lines, for notes.
    """
    columns = frame.get_columns()
    del frame
    shown = "" if rules.decimal else shown_mark(columns, text)
    given = Marks(rules.decimal, shown, usual)
    typed: list[Typed] = []
    while columns:  # one after the other lets go of its cells
        column = columns.pop(0)
        if column.dtype != pl.String:
            typed.append(Typed(whole_numbers(without_named(column, rules))))
        elif column.name in text:
            typed.append(Typed(known_text(column, rules.missing_in(column.name))))
        else:
            each = type_text(column, given=given, lines=lines, rules=rules)
            typed.append(replace(each, column=whole_numbers(each.column)))
        give_all_back()
    return typed


def without_named(column: pl.Series, rules: Rules) -> pl.Series:
    """Take the numbers out that the user names as spellings of a missing value, such as -999."""
    named = [float(word) for word in rules.missing or () if is_number(word)]
    if not named or not column.dtype.is_numeric():
        return column
    if column.dtype.is_integer():
        named = [int(number) for number in named if number.is_integer()]
    return column.set(column.is_in(named), None)


def shown_mark(columns: Sequence[pl.Series], text: Collection[str]) -> Mark | Literal[""]:
    """Tell which decimal mark the columns of a file show, where one of them does not show it
    itself."""
    texts = [column for column in columns if column.dtype == pl.String and column.name not in text]
    samples = [spread(column) for column in texts]
    samples = [sample for sample in samples if sample.str.contains(r"\d[.,]\d").any()]
    if not any(sample.str.contains(UNCLEAR_MARK).any() for sample in samples):
        return ""
    shown = {mark for sample in samples for mark in marks_of(sample)}
    fractions = (column for column in columns if column.dtype == pl.Float64)
    if any(not is_whole(column.head(HEAD)) for column in fractions):
        shown.add(".")
    return shown.pop() if len(shown) == 1 else ""


def type_text(
    column: pl.Series, *, given: Marks, lines: Integers | None, rules: Rules = NO_RULES
) -> Typed:
    text = known_text(column, rules.missing_in(column.name))
    typed = type_known(text, given=given, lines=lines, rules=rules)
    lost = text.null_count() > column.null_count()
    asked = rules.learns and rules.missing is None
    return with_words(typed, column, rules) if lost and asked and is_text(typed) else typed


def is_text(typed: Typed) -> bool:
    return typed.column.dtype == pl.String


def with_words(typed: Typed, column: pl.Series, rules: Rules) -> Typed:
    """Keep words that mean missing elsewhere where they are one value among others."""
    cells = column.str.strip_chars()
    words, taken = words_among(cells, rules.everywhere)
    if not words:
        return replace(typed, taken=tuple(taken))
    name = column.name
    kept = replace(rules, words={name: tuple(words)})
    shown = ", ".join(f"`{word}` ({count} cells)" for word, count in words.items())
    note = (
        f"{shown} in `{name}`: read as a value among others; "
        f"`--na-values {next(iter(words))}` reads it as missing"
    )
    text = known_text(column, kept.missing_in(name))
    return replace(
        typed, column=text, note=note, style=Style(words=tuple(words)), taken=tuple(taken)
    )


def type_known(text: pl.Series, *, given: Marks, lines: Integers | None, rules: Rules) -> Typed:
    sample = spread(text)
    if not (sample.str.contains(NOT_PLAIN) | sample.str.contains(STARTS_WRITTEN)).any():
        return Typed(text)
    if named_time(text.name) and are_months(text):
        return Typed(text)  # times are read with the whole table in view
    plain = share(parsed(sample, rules.among_numbers)) >= MOST_PLAIN
    known = known_text(text, rules.among_numbers)
    numbers = as_numbers(text, known, given, lines=lines) if plain else Typed(text)
    if numbers.column.dtype != pl.String:
        return numbers
    listed = sample.str.starts_with("[").all()  # a series in a cell
    if text.name in rules.numbers and not listed and as_booleans(text, sample) is None:
        return as_written(text, known, given, lines=lines)
    if any(reading.certain for reading in readings_of(sample)):
        return Typed(text)  # times are read with the whole table in view
    if not plain:
        numbers = as_written(text, known, given, lines=lines)
        if numbers.column.dtype != pl.String:
            return numbers
    for attempt in (as_booleans, as_lists):
        typed = attempt(text, sample)
        if typed is not None:
            plain_words = typed.dtype != pl.Boolean or sample.is_in(["true", "false"]).all()
            return Typed(typed, cells=None if plain_words else text)
    return numbers


def as_numbers(text: pl.Series, known: pl.Series, given: Marks, *, lines: Integers | None) -> Typed:
    """Read cells most of which are plain numbers; they stay text where too many are none.

    Args: known: the cells without what is missing among numbers.
    """
    if known.str.contains(LEADING_ZERO).any() or known.str.contains("_", literal=True).any():
        return Typed(text)  # an identifier: its zeros count
    whole = known.cast(pl.Int64, strict=False)
    if whole.null_count() == known.null_count():
        return Typed(whole)
    if known.str.contains(INEXACT).any():
        return Typed(text)
    numbers = known.cast(pl.Float64, strict=False)
    if numbers.null_count() == known.null_count() and not may_be_grouped(known, given):
        return Typed(numbers)
    written = as_written(text, known, given, lines=lines)
    if written.column.dtype != pl.String or written.refused:
        return written
    return without_faults(text, known, numbers, lines=lines)


def may_be_grouped(known: pl.Series, given: Marks) -> bool:
    """Whether points in a column may stand between thousands: `1.234` beside `987`."""
    if given.said == "." or given.shown == ".":
        return False
    pointed = known.filter(known.str.contains(".", literal=True))
    if not len(pointed) or not pointed.str.contains(either(".")).all():
        return False
    return bool(given.said or given.shown) or known.str.contains(r"^[+-]?\d{1,3}$").any()


def as_written(text: pl.Series, known: pl.Series, given: Marks, *, lines: Integers | None) -> Typed:
    """Read cells as numbers that people write, where the whole column is written so."""
    read = read_written(known, given)
    if isinstance(read, Refused):
        return Typed(text, refused=read.reason)
    if named_id(text.name) and read.style.unit and not is_money(read.style.unit):
        return Typed(text)  # the `12 A` of a house or a seat
    typed = without_faults(text, known, read.numbers, lines=lines)
    if typed.column.dtype == pl.String:
        return typed
    style = read.style if read.style != Style() else None
    note = "; ".join(part for part in (typed.note, f"`{text.name}`: {read.note}") if part)
    note = note if read.note else typed.note
    return replace(typed, style=style, unsure=read.unsure, note=note, cells=known)


def read_known(column: pl.Series, style: Style, rules: Rules) -> Typed:
    """Read cells that are known to be numbers, written in a way that is known."""
    known = known_text(column, rules.among_numbers)
    plain = known.cast(pl.Float64, strict=False)
    lost = plain.null_count() - known.null_count()
    if not lost and (style.decimal == "." or known.null_count() == len(known)):
        return Typed(plain)
    read = read_written(known, Marks(shown=style.decimal), certain=True)
    if isinstance(read, Refused):
        return Typed(column, refused=read.reason)
    return replace(without_faults(column, known, read.numbers, lines=None), style=read.style)


def without_faults(
    text: pl.Series, known: pl.Series, numbers: pl.Series, *, lines: Integers | None
) -> Typed:
    """Take numbers where nearly all cells are some; few others are read as missing."""
    faults = numbers.is_null() & known.is_not_null()
    if not faults.any():
        return Typed(numbers)
    shown = fault_shown(known, faults, "numbers", lines)
    words = faults & ~known.is_in(SHEET_ERRORS)
    many = numbers.n_unique() > MANY_NUMBERS and not named_id(text.name)
    if words.sum() > (1 - MOSTLY) * (len(known) - known.null_count()):
        return Typed(text, mixed=shown if many else "")
    if many:
        return Typed(numbers, f"{shown}; they are read as missing")
    return Typed(text, f"{shown}; the column is read as text")


def styles_of(columns: Sequence[Typed]) -> dict[str, Style]:
    return {each.column.name: each.style for each in columns if each.style is not None}


def unit_notes_of(columns: Sequence[Typed]) -> list[str]:
    """Say which numbers were read without the unit that stands beside them."""
    units = [
        f"`{name}` in `{style.unit}`" for name, style in styles_of(columns).items() if style.unit
    ]
    shown = ", ".join(units[:SHOWN]) + (f" and {len(units) - SHOWN} more" if units[SHOWN:] else "")
    return [f"numbers are read without their units: {shown}"] if units else []


def labels_of(columns: Sequence[Typed]) -> dict[str, pl.DataFrame]:
    return {each.column.name: each.labels for each in columns if each.labels is not None}
