"""Take the weights of a table: how much a sequence, or a timestep, counts."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from rnnauto.arrays import LARGEST, Doubles, Floats, Integers
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.visible import visible

if TYPE_CHECKING:  # workers wait for what this imports, and read no tables
    from rnnauto.reading.read import Table

HINT = "a weight is a number from 0 on, and 1 counts as one row; leave out what is not to count"


def check_weights(table: "Table", layout: Layout) -> None:
    """Check the column of weights. Raises: DataError for the first cell that is no weight: missing,
    no number, below 0 or beyond float32; where a sequence with one target has several weights; and
    where all are 0."""
    name = layout.weight
    if name is None or layout.horizon is not None:  # forecasts are refused weights, whatever these
        return
    cells = table.frame[name]
    weights = numbers_of(cells)
    bad = ~(np.isfinite(weights) & (weights >= 0) & (weights <= LARGEST))
    if bad.any():
        at = int(bad.argmax())
        what = "the weight is missing"
        if cells[at] is not None:
            what = f"{written(cells[at])} is no weight"
        raise DataError(f"{place_of(table, name, at)}: {what}", hint=HINT)
    if len(weights) and not weights.any():
        raise DataError(f"`{table.source}`, column `{name}`: every weight is 0", hint=HINT)
    if layout.rows_are_timesteps and not layout.per_timestep:
        check_alike(table, layout, name)


def written(cell: object) -> str:
    """Write a cell as a message shows it."""
    if isinstance(cell, pl.Series):
        return f"a list of {len(cell)} values"
    return "a record" if isinstance(cell, dict) else f"`{visible(str(cell))}`"


def check_alike(table: "Table", layout: Layout, name: str) -> None:
    """Raises: DataError where the rows of a sequence, which has one target, have several
    weights."""
    weight = pl.col(name)
    first = weight.first().over(list(layout.id)) if layout.id else weight.first()
    other = table.frame.select(first.ne(weight)).to_series()
    if other.any():
        at = int(other.arg_max() or 0)
        wanted = table.frame.select(first).to_series()[at]
        raise DataError(
            f"{place_of(table, name, at)}: the weight is {table.frame[name][at]:g}, and "
            f"{wanted:g} in the first row of its sequence",
            hint="a sequence with one target has one weight: give all of its rows the same",
        )


def place_of(table: "Table", name: str, row: int) -> str:
    return f"`{table.source}`, column `{name}`, line {table.line(row)}"


def numbers_of(cells: pl.Series) -> Doubles:
    """The numbers of a column, NaN for a cell that is none."""
    if cells.dtype == pl.Boolean or cells.dtype.is_nested():
        return np.full(len(cells), np.nan)
    numbers = cells.cast(pl.Float64, strict=False).fill_null(float("nan"))
    return np.asarray(numbers.to_numpy(), np.float64)


def unit_weights(
    frame: pl.DataFrame, layout: Layout, *, rows: Integers | None, row_splits: Integers
) -> Floats | None:
    """Take the weight of every sequence, or of every timestep where each has a target, float32
    [units]; None where rows are not weighed.

    Args:
        rows: of the table, [timesteps]; None where a row holds a whole sequence: its weight is
            then that of each of its timesteps.
    """
    if layout.weight is None or layout.weight not in frame.columns:
        return None
    weights = numbers_of(frame[layout.weight]).astype(np.float32)
    if rows is None:
        return np.repeat(weights, np.diff(row_splits)) if layout.per_timestep else weights
    of_timesteps = weights[rows]
    return of_timesteps if layout.per_timestep else of_timesteps[row_splits[:-1]]


def relative(weights: Floats | None) -> Doubles | None:
    """Bring weights to a mean of 1, so that what is learnt does not depend on their unit."""
    if weights is None:
        return None
    mean = float(weights.mean(dtype=np.float64)) if len(weights) else 1.0
    return weights.astype(np.float64) / (mean or 1.0)
