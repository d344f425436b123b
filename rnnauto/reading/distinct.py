"""Work on the different cells of a column instead of on all: times and words repeat."""

from collections.abc import Callable

import polars as pl

MOST = 0.5  # share of different cells above which all are worked on
FEWEST = 20_000  # cells from which it pays to look for equal ones


def by_distinct(cells: pl.Series, work: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Do to each cell what `work` does to each cell of any column, once for equal ones."""
    if len(cells) < FEWEST:
        return work(cells)
    distinct = cells.unique()
    if len(distinct) > MOST * len(cells):
        return work(cells)
    made = pl.DataFrame({"cell": distinct, "made": work(distinct)})
    every = cells.to_frame("cell").join(
        made, on="cell", how="left", maintain_order="left", nulls_equal=True
    )
    return every["made"].alias(cells.name)
