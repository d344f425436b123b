"""Take columns of a table as arrays: numbers side by side, categories as texts, items of lists."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats
from rnnauto.cores import on_all_cores
from rnnauto.layout import Column

BLOCK_ROWS = 1 << 16


def flatten(cells: pl.Series) -> pl.Series:
    """The items of a list column, one after the other; empty and missing cells give none."""
    return cells.filter(cells.list.len().fill_null(0) > 0).explode()


def number_columns(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.kind in {"number", "boolean", "list"}]


def number_names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in number_columns(columns)]


def zeros_of(columns: Sequence[Column]) -> Doubles:
    """What is taken off each column of numbers, [numbers]."""
    return np.array([column.zero for column in number_columns(columns)], np.float64)


def category_names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.kind in {"category", "text"}]


def number_matrix(frame: pl.DataFrame, columns: Sequence[Column]) -> Floats:
    """The numbers of columns less the zero of each, float32 [rows, numbers], NaN where missing or
    infinite."""
    return to_floats(frame, number_names(columns), zeros_of(columns))


def data_units(values: Floats, zeros: Doubles) -> Floats | Doubles:
    """Add what was taken off again: values [..., numbers] as the file has them, in float64; as they
    are where nothing was."""
    return values + zeros if zeros.any() else values


def less_zeros(values: NDArray[Any], zeros: Doubles) -> Floats:
    """Take zeros off values [..., numbers] in float64; float32."""
    return np.asarray(values - zeros if zeros.any() else values, np.float32)


class FloatColumns:
    """Stand for `number_matrix` where little of it is looked at: rows become numbers when they are
    asked for, and a large table is not held twice."""

    def __init__(self, frame: pl.DataFrame, columns: Sequence[Column]) -> None:
        self.columns = [frame[name] for name in number_names(columns)]
        self.zeros = zeros_of(columns)
        self.shape = (frame.height, len(self.columns))
        self.dtype = np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    def __getitem__(self, at: Any) -> Floats:
        """Index as an array: by a row, a slice, flags or numbers of rows, or `[rows, column]`, or
        `[rows, slice]`, where rows are a slice or numbers."""
        if isinstance(at, tuple):
            rows, chosen = at
            if isinstance(chosen, slice):
                columns = [column[rows] for column in self.columns[chosen]]
                return floats_of(columns, self.zeros[chosen])
            return floats_of([self.columns[chosen][rows]], self.zeros[chosen : chosen + 1])[:, 0]
        if isinstance(at, slice):
            return floats_of([column[at] for column in self.columns], self.zeros)
        if isinstance(at, np.ndarray):
            at = np.flatnonzero(at) if at.dtype == bool else at
            return floats_of([column.gather(at) for column in self.columns], self.zeros)
        row: Floats = self[slice(at, at + 1)][0]
        return row


def float_columns(frame: pl.DataFrame, columns: Sequence[Column]) -> Floats:
    """Do as `number_matrix`, row by row as they are asked for."""
    if not number_names(columns):
        return number_matrix(frame, columns)
    return cast(Floats, FloatColumns(frame, columns))


def to_floats(frame: pl.DataFrame, names: Sequence[str], zeros: Doubles | None = None) -> Floats:
    """Columns less the zero of each, float32 [rows, columns], NaN where missing or infinite."""
    zeros = np.zeros(len(names)) if zeros is None else zeros
    return floats_of([frame[name] for name in names], zeros, rows=frame.height)


def to_doubles(frame: pl.DataFrame, names: Sequence[str]) -> Doubles:
    """Columns as float64 [rows, columns], NaN where missing or infinite."""
    doubles = np.empty((frame.height, len(names)), np.float64)
    for position, name in enumerate(names):
        doubles[:, position] = doubles_of(frame[name])
    doubles[~np.isfinite(doubles)] = np.nan
    return doubles


def doubles_of(column: pl.Series) -> Doubles:
    """A column as float64 [rows], NaN where missing; text such as "1e400" is infinite or
    missing."""
    if column.dtype != pl.Float64:
        column = column.cast(pl.Float64, strict=False)
    if column.null_count():
        column = column.fill_null(float("nan"))
    return column.to_numpy()


def floats_of(columns: Sequence[pl.Series], zeros: Doubles, *, rows: int | None = None) -> Floats:
    """Do as `to_floats`, with columns of a frame; `rows` where there may be none."""
    count = len(columns[0]) if rows is None else rows
    matrix = np.empty((count, len(columns)), np.float32)
    # some rows at a time: writing a column through the whole matrix touches every line of memory
    on_all_cores(
        lambda start: fill_block(matrix[start : start + BLOCK_ROWS], columns, zeros, start),
        range(0, count if columns else 0, BLOCK_ROWS),
    )
    return matrix


def fill_block(block: Floats, columns: Sequence[pl.Series], zeros: Doubles, start: int) -> None:
    """Write the rows of columns from `start` on into a part of a matrix."""
    for position, column in enumerate(columns):
        values = doubles_of(column.slice(start, len(block)))
        zero = zeros[position]
        with np.errstate(over="ignore"):
            block[:, position] = values - zero if zero else values
    finite = np.isfinite(block)
    if not finite.all():
        block[~finite] = np.nan


def category_series(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[pl.Series, ...]:
    """The category columns as text, "" where missing."""
    return tuple(frame[name].cast(pl.String).fill_null("") for name in category_names(columns))
