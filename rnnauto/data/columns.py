"""Take columns of a table as arrays: numbers side by side, categories as texts, items of lists."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import polars as pl

from rnnauto.arrays import Floats
from rnnauto.cores import on_all_cores
from rnnauto.layout import Column

BLOCK_ROWS = 1 << 16


def flatten(cells: pl.Series) -> pl.Series:
    """The items of a list column, one after the other; empty and missing cells give none."""
    return cells.filter(cells.list.len().fill_null(0) > 0).explode()


def number_names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.kind in {"number", "boolean", "list"}]


def category_names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.kind in {"category", "text"}]


def number_matrix(frame: pl.DataFrame, columns: Sequence[Column]) -> Floats:
    return to_floats(frame, number_names(columns))


class FloatColumns:
    """Stand for `number_matrix` where little of it is looked at: rows become numbers when they are
    asked for, and a large table is not held twice."""

    def __init__(self, frame: pl.DataFrame, names: Sequence[str]) -> None:
        self.columns = [frame[name] for name in names]
        self.shape = (frame.height, len(self.columns))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, at: Any) -> Floats:
        """Index as an array: by a row, a slice or numbers of rows, or `[slice, column]`."""
        if isinstance(at, tuple):
            return floats_of([self.columns[at[1]][at[0]]])[:, 0]
        if isinstance(at, slice):
            return floats_of([column[at] for column in self.columns])
        if isinstance(at, np.ndarray):
            return floats_of([column.gather(at) for column in self.columns])
        row: Floats = self[slice(at, at + 1)][0]
        return row


def float_columns(frame: pl.DataFrame, columns: Sequence[Column]) -> Floats:
    """Do as `number_matrix`, row by row as they are asked for."""
    names = number_names(columns)
    return cast(Floats, FloatColumns(frame, names)) if names else to_floats(frame, names)


def to_floats(frame: pl.DataFrame, names: Sequence[str]) -> Floats:
    """float32 [rows, columns], NaN where missing or infinite."""
    return floats_of([frame[name] for name in names], rows=frame.height)


def floats_of(columns: Sequence[pl.Series], *, rows: int | None = None) -> Floats:
    """Do as `to_floats`, with columns of a frame; `rows` where there may be none."""
    count = len(columns[0]) if rows is None else rows
    matrix = np.empty((count, len(columns)), np.float32)
    # some rows at a time: writing a column through the whole matrix touches every line of memory
    on_all_cores(
        lambda start: fill_block(matrix[start : start + BLOCK_ROWS], columns, start),
        range(0, count if columns else 0, BLOCK_ROWS),
    )
    return matrix


def fill_block(block: Floats, columns: Sequence[pl.Series], start: int) -> None:
    """Write the rows of columns from `start` on into a part of a matrix."""
    for position, column in enumerate(columns):
        values = column.slice(start, len(block))
        if values.dtype != pl.Float64:
            # through float64: text such as "1e400" must become missing, not an error
            values = values.cast(pl.Float64, strict=False)
        if values.null_count():
            values = values.fill_null(float("nan"))
        with np.errstate(over="ignore"):
            block[:, position] = values.to_numpy()
    finite = np.isfinite(block)
    if not finite.all():
        block[~finite] = np.nan


def category_series(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[pl.Series, ...]:
    """The category columns as text, "" where missing."""
    return tuple(frame[name].cast(pl.String).fill_null("") for name in category_names(columns))
