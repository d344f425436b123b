"""Does a table have what a model reads? Used for test files and for every prediction."""

import difflib

import polars as pl

from rnnauto.data.layout import Layout
from rnnauto.data.read import Table
from rnnauto.errors import DataError


def check_columns(table: Table, layout: Layout, *, target: bool) -> None:
    """Raises: DataError naming every absent column, or the first cell that is no number."""
    wanted = layout.input_columns() + (list(layout.target) if target else [])
    absent = [name for name in wanted if name not in table.frame.columns]
    if absent:
        near = [difflib.get_close_matches(name, table.frame.columns, n=1) for name in absent]
        meant = ", ".join(
            f"`{found[0]}` for `{name}`" for name, found in zip(absent, near, strict=True) if found
        )
        listed = ", ".join(f"`{name}`" for name in absent[:8])
        more = f" and {len(absent) - 8} more" if len(absent) > 8 else ""
        raise DataError(
            f"`{table.source}` has no column {listed}{more}, which the model reads",
            hint=f"rename {meant}" if meant else "the model was trained with these columns",
        )
    for column in (*layout.features, *layout.static):
        if column.kind in {"number", "boolean"}:
            for name in column.columns or (column.name,):
                check_numbers(table, name)


def check_numbers(table: Table, name: str) -> None:
    series = table.frame[name]
    if series.dtype.is_numeric() or series.dtype in {pl.Boolean, pl.Null}:
        return
    bad = series.is_not_null() & series.cast(pl.Float64, strict=False).is_null()
    if bad.any():
        at = int(bad.arg_max() or 0)
        raise DataError(
            f"`{table.source}`, column `{name}`, line {at + 2}: {series[at]!r} is no number",
            hint="the model was trained with numbers in this column; mend the cell or empty it",
        )
