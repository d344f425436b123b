"""Tell cells of text that are numbers, times, truth values or lists from others."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.reading.numbers.marks import Mark, either
from rnnauto.reading.rules import MISSING, Rules
from rnnauto.runs import heads

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
NOT_PLAIN = r"(?i)^[\[(+\-.,]*\s*\d|^\[|^(true|false|[+-]?inf(inity)?)$"
NUMBERS = r"^[\[(]?\s*[+-]?[\d.][\d.eE+-]*([\s;]+[+-]?[\d.][\d.eE+-]*)*\s*[\])]?$"
LEADING_ZERO = r"^[+-]?0\d+$"
INEXACT = r"^[+-]?\d{17,}$"  # more digits than float64 keeps
EXACT = 2**53  # whole numbers up to here are exact in float64
LONGEST_EXACT = 15  # digits
HEAD = 1000  # rows that show most columns of fractions
SAMPLE = 400  # cells that a guess is made from; the whole column then has to agree
SEVERAL = 0.8  # share of cells with two and more numbers that make a column of lists
MOSTLY = 0.95  # share of numbers above which other cells are faults
DATE_LIKE = (
    r"^\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?([T ]\d{1,2}:\d{2}.*)?$|^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$"
)
# strictest first: the last reads `[1]` as `[["1"]]`
LISTS = (
    *(pl.List(pl.Float64), pl.List(pl.String)),
    *(pl.List(pl.List(pl.Float64)), pl.List(pl.List(pl.String))),
)
Number = pl.Int64 | pl.Float64
NO_RULES = Rules()


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text.strip()) is not None


def is_missing(column: pl.Expr, spellings: Sequence[str]) -> pl.Expr:
    return column.is_in(list(spellings))


def without_missing(column: pl.Expr, spellings: Sequence[str]) -> pl.Expr:
    stripped = column.str.strip_chars()
    return pl.when(~is_missing(stripped, spellings)).then(stripped)


def safe_numbers(
    sample: pl.DataFrame, *, usual: Mark | Literal[""] = ".", rules: Rules = NO_RULES
) -> dict[str, Number]:
    """Find the columns whose sampled cells are numbers that float64 holds exactly as they are
    written, and say which of them are whole."""
    if not sample.height:
        return {}
    # one long column: thousands of columns cost as little as one
    cells = pl.concat([column.alias("cell") for column in sample.get_columns()])
    wanted = without_missing(pl.col("cell"), rules.among_numbers)
    known = cells.to_frame().select(wanted).to_series()
    odd = (
        known.str.contains(LEADING_ZERO)
        | known.str.contains("_", literal=True)
        | (known.str.len_bytes() > LONGEST_EXACT) & ~known.str.contains(r"[.eE]")
    ).fill_null(False)
    shape = (sample.width, sample.height)
    is_known = known.is_not_null().to_numpy().reshape(shape)
    is_float = known.cast(pl.Float64, strict=False).is_not_null().to_numpy().reshape(shape)
    is_odd = odd.to_numpy().reshape(shape)
    safe = is_known.any(axis=1) & (is_known == is_float).all(axis=1) & ~is_odd.any(axis=1)
    safe &= ~may_be_thousands(known, shape, usual, rules)
    is_whole = known.str.contains(r"^-?\d+$").fill_null(True).to_numpy().reshape(shape)
    whole = np.asarray(is_whole.all(axis=1))
    return {
        name: pl.Int64() if whole[position] else pl.Float64()
        for position, name in enumerate(sample.columns)
        if safe[position]
    }


def may_be_thousands(
    known: pl.Series, shape: tuple[int, int], usual: Mark | Literal[""], rules: Rules
) -> NDArray[np.bool_]:
    """Tell of which sampled columns each point may group thousands, as in `1.234` beside `987`, so
    that the whole column has to be looked at. [columns]

    Args: shape: columns and rows of the sample, of which `known` are the cells.
    """
    none = np.zeros(shape[0], bool)
    pointed = known.str.contains(".", literal=True).fill_null(False)
    if rules.decimal == "." or not pointed.any():
        return none
    grouped = known.str.contains(either(".")).fill_null(False)
    every = (pointed == grouped).to_numpy().reshape(shape).all(axis=1)
    every = np.asarray(every & grouped.to_numpy().reshape(shape).any(axis=1))
    if not every.any() or rules.decimal == "," or usual == ",":
        return every
    if known.str.contains(r"^[+-]?\d*,\d{1,2}$").any():  # another column has decimal commas
        return every
    short = known.str.contains(r"^[+-]?\d{1,3}$").fill_null(False)
    return np.asarray(every & short.to_numpy().reshape(shape).any(axis=1))


def whole_numbers(column: pl.Series) -> pl.Series:
    """Turn floats without a fraction into integers, so that a class 1.0 is the class 1."""
    if column.dtype != pl.Float64:
        return column
    if column.is_nan().any():
        column = column.fill_nan(None)
    # most columns of fractions show one in the first rows
    return column.cast(pl.Int64) if is_whole(column.head(HEAD)) and is_whole(column) else column


def as_texts(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Turn columns that are to be text, and have another type here, into text."""
    others = [name for name in frame.columns if name in names and frame[name].dtype != pl.String]
    flat = [name for name in others if not frame[name].dtype.is_nested()]
    return frame.with_columns(plainly(frame[name]) for name in flat)


def plainly(column: pl.Series) -> pl.Series:
    """Write values as texts, and numbers without a fraction as whole ones."""
    column = whole_numbers(column)
    texts = column.cast(pl.String)
    if column.dtype != pl.Float64:
        return texts
    whole = column.cast(pl.Int64, strict=False)
    return whole.cast(pl.String).zip_with((whole == column).fill_null(False), texts)


def is_whole(column: pl.Series) -> bool:
    values = column.drop_nulls().to_numpy()
    return bool(((np.floor(values) == values) & (np.abs(values) <= EXACT)).all())


def known_text(column: pl.Series, missing: Sequence[str] = MISSING) -> pl.Series:
    """Take spaces around cells and spellings of a missing value off a column."""
    wanted = without_missing(pl.col(column.name), missing)
    distinct = heads(column).to_frame()
    if distinct.select(wanted.eq_missing(pl.col(column.name)).all()).item():
        return column
    return column.to_frame().select(wanted).to_series()


def spread(cells: pl.Series, most: int = SAMPLE) -> pl.Series:
    """Sample known cells from all over a column, `most` of them."""
    known = cells.drop_nulls()
    if len(known) <= most:
        return known
    return known.gather(np.linspace(0, len(known) - 1, most).astype(np.int64))


def parsed(sample: pl.Series, missing: Sequence[str]) -> pl.Series:
    known = sample.filter(~sample.is_in(list(missing)))
    return known.cast(pl.Float64, strict=False)


def share(values: pl.Series) -> float:
    return 1 - values.null_count() / len(values) if len(values) else 0.0


def as_booleans(text: pl.Series, sample: pl.Series) -> pl.Series | None:
    words = ("true", "false")
    if not sample.str.to_lowercase().is_in(list(words)).all():
        return None
    lower = text.str.to_lowercase()
    if lower.is_in(list(words)).fill_null(True).all():
        return (lower == "true").rename(text.name)
    return None


def fault_shown(cells: pl.Series, faults: pl.Series, wanted: str, lines: Integers | None) -> str:
    row = int(faults.arg_max() or 0)
    line = int(lines[row]) if lines is not None else row + 2
    known = len(cells) - cells.null_count()
    shown = f"{faults.sum()} of {known} cells of `{cells.name}` are no {wanted}"
    return f"{shown} (line {line}: `{cells[row]}`)"


def as_lists(text: pl.Series, sample: pl.Series) -> pl.Series | None:
    """Read JSON arrays, or numbers side by side, two and more in most cells; None for others."""
    several = int(sample.str.contains(r"[\d.][\s;]+[+-]?[\d.]").sum()) >= SEVERAL * len(sample)
    if several and text.str.contains(NUMBERS).fill_null(True).all():
        items = text.str.strip_chars("[]() ").str.replace_all(r"[\s;]+", " ").str.split(" ")
        numbers = items.list.eval(pl.element().cast(pl.Float64, strict=False))
        lost = numbers.list.eval(pl.element().is_null().any()).list.first()
        return None if lost.any() else numbers
    if not sample.str.contains(r"^\[.*\]$").all():
        return None
    plain = text.str.replace_all(r"\b(NaN|nan|None)\b", "null")
    for cells in (plain, plain.str.replace_all("'", '"', literal=True)):  # Python's repr
        for dtype in LISTS:
            try:
                return cells.str.json_decode(dtype)
            except pl.exceptions.PolarsError:
                continue
    return None
