"""Read the cells of rows, as `predict` reads those of a file: what a column holds is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles
from rnnauto.data.calendar import seconds_of
from rnnauto.layout import Column, Layout, Style
from rnnauto.problems.known_labels import as_classes
from rnnauto.reading.numbers.units import same_unit
from rnnauto.reading.pandas_frames import is_missing
from rnnauto.reading.rules import Rules, known_rules
from rnnauto.reading.typed import read_known
from rnnauto.times.parse import read_times
from rnnauto.visible import visible

LONGEST_CELL = 60  # characters of a cell that a message shows
PLAIN = frozenset({int, float, type(None)})
TEXT = frozenset({str, type(None)})
TRUTHS = {"true": 1.0, "false": 0.0, "": float("nan")}
ISO = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
Faults = dict[int, str]  # what is wrong with rows, by their place


@dataclass
class Cells:
    """Read the columns of some rows.

    Attributes:
        layout: of the model.
        as_text: whether every cell is text, as in CSV: then some words mean missing.
        faults: what was wrong with rows so far, by their place.
    """

    layout: Layout
    as_text: bool = False
    faults: Faults = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        return known_rules(self.layout)

    def fault(self, row: int, name: str, cell: object, what: str) -> None:
        text = visible(str(cell))
        shown = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}..."
        self.faults.setdefault(row, f"`{name}`: `{shown}` is {what}")

    def numbers(self, values: Sequence[Any], column: Column) -> Doubles:
        """Read numbers, [rows], NaN where missing or at fault."""
        kinds = set(map(type, values))
        if kinds <= PLAIN:
            try:
                return np.array(values, np.float64)
            except OverflowError:  # a whole number of hundreds of digits
                kinds = {object}
        style = self.layout.styles.get(column.name, Style())
        if kinds <= TEXT and column.kind != "boolean" and style == Style():
            plain = pl.Series(values, dtype=pl.String).cast(pl.Float64, strict=False)
            if plain.null_count() == sum(value is None for value in values):
                return plain.fill_null(float("nan")).to_numpy()
        return np.array([self.number(row, cell, column) for row, cell in enumerate(values)])

    def number(self, row: int, cell: Any, column: Column) -> float:
        """Read one number, by whatever it may be written as."""
        name, missing = column.name, float("nan")
        if is_missing(cell):
            return missing
        if column.kind == "boolean" and isinstance(cell, bool | str):
            found = TRUTHS.get(str(cell).strip().lower())
            if found is not None:
                return found
        elif isinstance(cell, str):
            style = self.layout.styles.get(name, Style())
            typed = read_known(pl.Series(name, [cell]), style, self.rules)
            unit = (typed.style or Style()).unit
            if typed.column.dtype.is_numeric() and (not unit or same_unit(unit, style.unit)):
                value = typed.column.cast(pl.Float64)[0]
                return missing if value is None else float(value)
        elif isinstance(cell, Real | Decimal) and not isinstance(cell, bool):
            try:
                return float(cell)
            except OverflowError:
                return missing
        self.fault(row, name, cell, "no number")
        return missing

    def words(
        self, values: Sequence[Any], name: str, known: frozenset[str], *, spelled: bool
    ) -> list[str]:
        """Read words, "" where missing; where `spelled`, those that are not known are written as
        the one that is and has the same value."""
        words = self.texts(values, name)
        if self.as_text:
            missing = self.rules.missing_in(name)
            words = ["" if word.strip() in missing else word.strip() for word in words]
        unknown = {word for word in words if word not in known and word} if spelled else set()
        if not unknown:
            return words
        labels = pl.Series(name, sorted(unknown), dtype=pl.String)
        unit = self.layout.styles.get(name, Style()).unit
        meant = dict(zip(labels, as_classes(labels, sorted(known), unit=unit), strict=True))
        return [meant.get(word, word) for word in words]

    def texts(self, values: Sequence[Any], name: str) -> list[str]:
        """Read texts as they stand: a piece of one may be a blank, or `NA`."""
        if set(map(type, values)) <= TEXT:
            return [value or "" for value in values]
        return [self.word(row, cell, name) for row, cell in enumerate(values)]

    def word(self, row: int, cell: Any, name: str) -> str:
        if is_missing(cell):
            return ""
        if isinstance(cell, str):
            return cell
        if isinstance(cell, bool):
            return str(cell).lower()
        if isinstance(cell, Integral):  # NumPy's scalars among them
            return str(int(cell))
        if isinstance(cell, Real | Decimal):
            number = float(cell)
            return str(int(number)) if number.is_integer() else str(number)
        self.fault(row, name, cell, "no text")
        return ""

    def seconds(self, values: Sequence[Any], name: str) -> Doubles:
        """Read dates and times, as seconds [rows], NaN where missing or at fault."""
        cells: list[Any] = [
            cell.isoformat() if isinstance(cell, date | datetime) else cell
            for cell in (None if is_missing(cell) else cell for cell in values)
        ]
        kinds = set(map(type, cells))
        if not (kinds <= TEXT or kinds <= PLAIN):
            cells = [None if cell is None else str(cell) for cell in cells]
        known = [cell is not None and cell != "" for cell in cells]
        column = pl.Series(name, [cell if cell != "" else None for cell in cells])
        spelling = self.layout.spelling
        times = None if spelling is None else read_times(column, spelling)
        seconds = np.full(len(cells), np.nan) if times is None else seconds_of(times)
        lost = np.isnan(seconds) & np.array(known, bool)
        if lost.any() and column.dtype == pl.String:  # as standards have them
            for pattern in ISO:
                read = column.str.strptime(pl.Datetime("us"), pattern, strict=False)
                seconds = np.where(np.isnan(seconds), seconds_of(read), seconds)
        for row in np.flatnonzero(np.isnan(seconds) & np.array(known, bool)).tolist():
            self.fault(row, name, values[row], "no date")
        return seconds


def is_spelled(layout: Layout, column: Column) -> bool:
    """Say whether texts of a column are compared by value with those that are known."""
    among_features = column in layout.features
    if among_features and (layout.form == "token-lines" or layout.list_columns()):
        return False
    return column.kind == "category"
