"""Take columns of a table as arrays: numbers side by side, categories as texts, items of lists."""

from collections.abc import Sequence

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


def to_floats(frame: pl.DataFrame, names: Sequence[str]) -> Floats:
    """float32 [rows, columns], NaN where missing or infinite."""
    matrix = np.empty((frame.height, len(names)), np.float32)
    columns = [frame[name] for name in names]
    # some rows at a time: writing a column through the whole matrix touches every line of memory
    on_all_cores(
        lambda start: fill_block(matrix[start : start + BLOCK_ROWS], columns, start),
        range(0, frame.height if columns else 0, BLOCK_ROWS),
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
