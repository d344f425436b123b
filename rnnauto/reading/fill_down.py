"""Fill down what stands on the first row of each sequence only, as merged cells do."""

from collections.abc import Sequence

import polars as pl

from rnnauto.names import named_id

LEAST_EMPTY = 0.5  # share of empty cells


def fill_down(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Repeat such ids, and what stands where the times begin anew, in the rows below them.

    Returns: the frame, and a note for each column.
    """
    ids = [name for name in frame.columns if named_id(name) and stands_once(frame[name])]
    names = [*ids, *(name for name in stand_where_times_begin(frame) if name not in ids)]
    if not names:
        return frame, []
    notes = [
        f"`{name}` stands on the first row of each sequence only: filled down" for name in names
    ]
    return frame.with_columns(pl.col(name).forward_fill() for name in names), notes


def fill_down_known(frame: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Repeat the ids of a layout that is known, where they stand once in a table."""
    names = [name for name in ids if name in frame.columns and stands_once(frame[name])]
    return frame.with_columns(pl.col(name).forward_fill() for name in names)


def stands_once(column: pl.Series) -> bool:
    return is_mostly_empty(column) and bool(column.drop_nulls().is_unique().all())


def is_mostly_empty(column: pl.Series) -> bool:
    """Whether a column has a value on the first row, and few others."""
    empty = column.null_count()
    if column.dtype.is_nested() or empty < LEAST_EMPTY * len(column) or empty == len(column):
        return False
    return column[0] is not None


def stand_where_times_begin(frame: pl.DataFrame) -> list[str]:
    """Find columns of words, or whole numbers, that have a value only where a time begins anew, if
    one of them has it wherever it does."""
    clocks = [name for name, dtype in frame.schema.items() if dtype in (pl.Date, pl.Datetime)]
    few = [
        name
        for name, dtype in frame.schema.items()
        if (dtype == pl.String or dtype.is_integer()) and is_mostly_empty(frame[name])
    ]
    for clock in clocks if few else ():
        steps = frame[clock].cast(pl.Int64).diff()
        down = int((steps < 0).sum()) > int((steps > 0).sum())
        anew = ((steps > 0) if down else (steps < 0)).fill_null(True)
        held = {name: frame[name].is_not_null() for name in few}
        within = [name for name, known in held.items() if not (known & ~anew).any()]
        if anew.sum() > 1 and any((held[name] == anew).all() for name in within):
            return within
    return []
