"""Tell tables whose rows hold a stretch of a recording each: what was read, and what comes."""

import polars as pl

from rnnauto.inference.case import Case
from rnnauto.inference.wide_table import target_stems, wide_stems
from rnnauto.reading.points import innermost


def rows_hold_walks(case: Case) -> bool:
    """Whether every row has numbers in order, as lists or as the columns of stems, beside such
    targets of another length: then an id that repeats names no sequences of rows."""
    stems = target_stems(case)
    if stems:
        counts = {len(stem.columns) for stem in wide_stems(case)}
        return bool(counts) and counts != {len(stem.columns) for stem in stems}
    lists = [name for name in case.target if holds_numbers(case.frame[name])]
    read = [name for name in case.chosen() if holds_numbers(case.frame[name])]
    if not lists or len(lists) < len(case.target) or not read:
        return False
    lengths = case.frame[read[0]].list.len()
    return not all(lengths.equals(case.frame[name].list.len()) for name in lists)


def holds_numbers(column: pl.Series) -> bool:
    dtype = column.dtype
    return (
        isinstance(dtype, pl.List) and dtype.inner == innermost(dtype) and dtype.inner.is_numeric()
    )
