"""Gather what was seen in each of the files that together are one table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from rnnauto.errors import DataError
from rnnauto.layout import Style
from rnnauto.problem import Problem
from rnnauto.reading.folder import ending_of
from rnnauto.reading.numbers.units import same_unit

TYPED = frozenset({".parquet", ".arrow", ".feather", ".jsonl", ".ndjson"})  # numbers are no texts
GROUPED = "grouped-thousands"
SHOWN = 5  # notes of files


class Read(Protocol):
    """What is known of a file that was read, as a `Table` knows it."""

    @property
    def frame(self) -> pl.DataFrame: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def styles(self) -> Mapping[str, Style]: ...
    @property
    def doubts(self) -> Mapping[str, str]: ...
    @property
    def taken(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def labels(self) -> Mapping[str, pl.DataFrame]: ...


@dataclass
class Seen:
    """What was seen in the files of a table, up to the one that was read last.

    Attributes:
        tables: by file.
        styles: how the cells of each column are written in the first file that does not write
            them plainly.
        marks: by column and what stands before fractions there, the first file that shows it.
    """

    tables: dict[Path, Read] = field(default_factory=dict)
    styles: dict[str, Style] = field(default_factory=dict)
    marks: dict[str, dict[str, Path]] = field(default_factory=dict)

    def add(self, part: Path, table: Read) -> pl.DataFrame:
        """Take a file. Raises: DataError where it writes its numbers in another way."""
        for name, style in table.styles.items():
            first = self.styles.setdefault(name, style)
            if not same_unit(first.unit, style.unit):
                raise DataError(
                    f"`{part}`, column `{name}`: its numbers have the unit `{style.unit}`, those "
                    f"of the files before it `{first.unit}`",
                    hint="write the column in one unit in all files",
                )
        for name, mark in marks_of(part, table):
            known = self.marks.setdefault(name, {})
            known.setdefault(mark, part)
            if len(known) > 1:
                raise DataError(
                    f"column `{name}` is read with a decimal comma in `{known[',']}`, and with a "
                    f"decimal point in `{known['.']}`",
                    hint="say how all files are written with `--decimal comma` or `--decimal "
                    "point` (`data.decimal`), or write them alike",
                )
        self.tables[part] = table
        return table.frame

    def of_all(self, schema: Mapping[str, pl.DataType]) -> dict[str, Any]:
        """Make the fields of the table that the files are together, but for its frame."""
        tables = self.tables.values()
        return {
            "problems": tuple(problems_of(self.tables)),
            "styles": self.styles,
            "doubts": {name: why for table in tables for name, why in table.doubts.items()},
            "taken": taken_of(self.tables),
            "labels": labels_of(self.tables, schema),
        }

    @property
    def notes(self) -> list[str]:
        """What was done to read the files, of each that something was done to."""
        each = [f"`{part}`: {note}" for part, table in self.tables.items() for note in table.notes]
        more = [f"and {len(each) - SHOWN:,} more such notes"] if len(each) > SHOWN else []
        return each[:SHOWN] + more


def marks_of(part: Path, table: Read) -> Iterator[tuple[str, str]]:
    """Tell which mark stands before the fractions of columns, where a file of text shows it."""
    if ending_of(part) in TYPED:
        return
    grouped = {problem.column for problem in table.problems if problem.code == GROUPED}
    for column in table.frame:
        if not column.dtype.is_numeric():
            continue
        if table.styles.get(column.name, Style()).decimal == ",":
            yield column.name, ","
        elif column.name in grouped or has_fractions(column):
            yield column.name, "."


def has_fractions(column: pl.Series) -> bool:
    return column.dtype.is_float() and bool((column != column.round(0)).any())


def problems_of(tables: Mapping[Path, Read]) -> Iterator[Problem]:
    """Tell each kind of problem of a column once, by the first file that has it."""
    found: dict[tuple[str, str | None], list[tuple[Path, Problem]]] = {}
    for part, table in tables.items():
        for problem in table.problems:
            found.setdefault((problem.code, problem.column), []).append((part, problem))
    for (part, problem), *others in found.values():
        files = len({other for other, _ in others} - {part})
        more = f" and {files:,} more of the files" if files else ""
        yield replace(problem, message=f"{problem.message}, in `{part}`{more}")


def taken_of(tables: Mapping[Path, Read]) -> dict[str, tuple[str, ...]]:
    """Join the words that were taken for missing, by column."""
    taken: dict[str, dict[str, None]] = {}
    for table in tables.values():
        for name, words in table.taken.items():
            taken.setdefault(name, {}).update(dict.fromkeys(words))
    return {name: tuple(words) for name, words in taken.items()}


def labels_of(
    tables: Mapping[Path, Read], schema: Mapping[str, pl.DataType]
) -> dict[str, pl.DataFrame]:
    """Join how files write the values of columns; the first file that has a value says it."""
    names = dict.fromkeys(name for table in tables.values() for name in table.labels)
    return {
        name: pl.concat([labels_in(table, name, schema[name]) for table in tables.values()]).unique(
            "value", keep="first", maintain_order=True
        )
        for name in names
    }


def labels_in(table: Read, name: str, dtype: pl.DataType) -> pl.DataFrame:
    """Tell how a file writes the values of a column; plainly where it does not say."""
    plain = table.frame[name].drop_nulls().unique(maintain_order=True)
    labels = table.labels.get(name, pl.DataFrame({"value": plain, "text": plain.cast(pl.String)}))
    return labels.select(pl.col("value").cast(dtype), pl.col("text").cast(pl.String))
