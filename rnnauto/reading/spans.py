"""Find the least and the greatest value of columns of numbers: most faults show in these alone."""

import polars as pl

from rnnauto.cores import on_all_cores
from rnnauto.mapped import give_all_back

BLOCK_ROWS = 1 << 16  # looked through in one go: they stay in the processor's cache
Span = tuple[float, float] | tuple[None, None]  # whole numbers stay such


def spans_of(frame: pl.DataFrame) -> dict[str, Span]:
    """Find the span of every column of numbers; of one without a value it is None twice."""
    columns = [column for column in frame.get_columns() if column.dtype.is_numeric()]
    return dict(
        zip((column.name for column in columns), on_all_cores(span_of, columns), strict=True)
    )


def span_of(column: pl.Series) -> Span:
    """Find the least and the greatest value of a column of numbers; NaN is no value."""
    least: list[float] = []
    most: list[float] = []
    for start in range(0, len(column), BLOCK_ROWS):
        block = column.slice(start, BLOCK_ROWS)
        low, high = block.min(), block.max()
        if isinstance(low, int | float) and isinstance(high, int | float) and low == low:
            least.append(low)
            most.append(high)
    give_all_back()
    return (min(least), max(most)) if least else (None, None)
