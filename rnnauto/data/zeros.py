"""Choose what is taken off numbers before they become float32, in which networks calculate.

float32 has 24 bits: of counters, epochs and coordinates such as 400000000 and 400000003 it makes
one value. Less a number amid them they stay apart.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import LARGEST, Doubles
from rnnauto.data.columns import doubles_of, flatten
from rnnauto.layout import Column, Layout
from rnnauto.mapped import give_all_back

FAR = 1024.0  # spreads from 0, beyond which float32 keeps fewer than 14 bits of the differences
MOST_ROWS = 4096  # looked at: the first, and as many spread over the column
ENOUGH = 0.99  # share of the different numbers that float32 has to tell apart as they are
SPANS = ((0.25, 0.75), (0.05, 0.95), (0.0, 1.0))  # the first that is no single value is the spread


def with_zeros(layout: Layout, frame: pl.DataFrame) -> Layout:
    """Give the numbers of a layout the zeros that a table shows; a target that goes on from a
    feature has that feature's."""
    if layout.continues:
        return layout  # numbers are labels
    features = tuple(with_zero(column, frame) for column in layout.features)
    static = tuple(with_zero(column, frame) for column in layout.static)
    targets = layout.targets
    if not layout.of_classes and layout.target_kind in {"number", "list"}:
        zeros = {column.name: column.zero for column in features}
        continued = layout.continued or ("",) * len(targets)
        targets = tuple(
            target.model_copy(update={"zero": zeros[feature]})
            if feature
            else with_zero(target, frame)
            for target, feature in zip(targets, continued, strict=True)
        )
    found = {"features": features, "static": static, "targets": targets}
    return layout.model_copy(update=found)


def with_zero(column: Column, frame: pl.DataFrame) -> Column:
    """Give a column the zero that a table shows; only columns of numbers have one."""
    if column.kind not in {"number", "list"}:
        return column
    zero = zero_of(some_numbers(frame, column))
    give_all_back()
    return column.model_copy(update={"zero": zero}) if zero else column


def zero_of(numbers: Doubles) -> float:
    """Take a number amid those that lie close together and far from 0, or that float32 tells apart
    better less it; 0 of all others."""
    known = np.sort(numbers[np.abs(numbers) <= LARGEST])  # nan is none of them
    if not known.size:
        return 0.0
    middle, last = float(known[len(known) // 2]), len(known) - 1
    for first, second in SPANS:
        low, high = float(known[int(first * last)]), float(known[int(second * last)])
        if low < high:
            if abs(middle) / FAR > high - low:
                return middle
            break
    apart = told_apart(known, 0.0)
    enough = apart >= ENOUGH * len(np.unique(known))
    return 0.0 if enough or told_apart(known, middle) <= apart else middle


def told_apart(numbers: Doubles, zero: float) -> int:
    """Count the different numbers that float32 makes of some less a zero."""
    return len(np.unique((numbers - zero).astype(np.float32)))


def some_numbers(frame: pl.DataFrame, column: Column) -> Doubles:
    """Take some of a column's numbers: the first, where neighbours stand, and others from all over
    it; none of what holds no numbers."""
    there = set(frame.columns)
    names = [name for name in column.columns or (column.name,) if name in there]
    parts = [numbers_in(some_rows(frame[name], MOST_ROWS // len(names))) for name in names]
    return np.concatenate([np.zeros(0), *parts])


def some_rows(cells: pl.Series, most: int) -> pl.Series:
    if len(cells) <= 2 * most:
        return cells
    return pl.concat([cells.head(most), cells.gather_every(len(cells) // max(most, 1))])


def numbers_in(cells: pl.Series) -> NDArray[np.float64]:
    if isinstance(cells.dtype, pl.List):
        cells = flatten(cells)
        cells = cells.gather_every(max(1, len(cells) // (2 * MOST_ROWS)))
    if cells.dtype.is_nested() or cells.dtype.is_temporal():
        return np.zeros(0)
    return doubles_of(cells)
