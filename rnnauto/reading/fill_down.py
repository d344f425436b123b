"""Fill down an id that stands on the first row of each sequence only, as merged cells do."""

import polars as pl

from rnnauto.names import named_id

LEAST_EMPTY = 0.5  # share of empty cells


def fill_down(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Repeat such ids in the rows below them. Returns: the frame, and a note for each column."""
    ids = [name for name in frame.columns if named_id(name) and stands_once(frame[name])]
    if not ids:
        return frame, []
    notes = [f"`{name}` stands on the first row of each sequence only: filled down" for name in ids]
    return frame.with_columns(pl.col(name).forward_fill() for name in ids), notes


def stands_once(column: pl.Series) -> bool:
    empty = column.null_count()
    if column.dtype.is_nested() or empty < LEAST_EMPTY * len(column) or empty == len(column):
        return False
    return column[0] is not None and bool(column.drop_nulls().is_unique().all())
