"""Write the times of the rows of a series alike, so that they are read together."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles
from rnnauto.data.calendar import seconds_of
from rnnauto.deploy.row_cells import Cells
from rnnauto.deploy.table import as_written
from rnnauto.layout import Layout
from rnnauto.problems.required_columns import has_dates
from rnnauto.times.parse import read_times

SPACED = re.compile(r"(?<=^\d{4}-\d\d-\d\d) ")  # between a date and a time of day


def plain_times(values: Sequence[Any], times: Doubles, cells: Cells, name: str) -> list[Any]:
    """Write times as the file of the model has them: as texts, or numbers. One that it has no way
    to write is left as a fault with the cells."""
    layout = cells.layout
    if not has_dates(layout):
        return [
            (int(at) if at.is_integer() else at) if isinstance(value, str) and at == at else value
            for value, at in zip(values, times.tolist(), strict=True)
        ]
    texts = [value.isoformat() if isinstance(value, date) else value for value in values]
    if layout.spelling is None:
        return [SPACED.sub("T", text) if isinstance(text, str) else text for text in texts]
    rows = [at for at, text in enumerate(texts) if isinstance(text, str) and np.isfinite(times[at])]
    own = seconds_in([texts[at] for at in rows], layout)
    odd = [at for at, seconds in zip(rows, own, strict=True) if not np.isfinite(seconds)]
    if odd:
        moments = pl.Series(name, (times[odd] * 1e6).round().astype(np.int64)).cast(pl.Datetime)
        written = as_written(pl.DataFrame([moments]), name, layout.spelling).to_series(0)
        again = written.cast(pl.String).to_list()
        for at, text, seconds in zip(odd, again, seconds_in(again, layout), strict=True):
            if seconds == times[at]:
                texts[at] = text
            else:
                cells.fault(at, name, values[at], "no date as the model's file has them")
    return texts


def seconds_in(texts: Sequence[str], layout: Layout) -> Doubles:
    """Read texts as times by the spelling of a model's file, [texts]; NaN where it is another."""
    if layout.spelling is None or not texts:
        return np.full(len(texts), np.nan)
    return seconds_of(read_times(pl.Series(texts, dtype=pl.String), layout.spelling))
