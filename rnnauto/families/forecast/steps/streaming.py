"""Say how rows are read on by forecasts: what counts is the last rows of each series."""

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Flags
from rnnauto.deploy.row_cells import Cells
from rnnauto.deploy.runner import Run
from rnnauto.deploy.streaming import Columns, SeriesStreaming
from rnnauto.deploy.table import times_as_texts
from rnnauto.families.forecast.answer import answer, forecast_table, to_predict
from rnnauto.families.forecast.series import SeriesEncoders, reach_of
from rnnauto.layout import Column, Layout
from rnnauto.problems.required_columns import has_dates

SERIES = "series"
ZONED = re.compile(r"\d[+-]\d\d:\d\d$")  # at the end of a time, as standards have it


def streaming(layout: Layout, encoders: SeriesEncoders) -> SeriesStreaming:
    """Say how rows become series. Rows without a target may tell what is known ahead, so that a
    horizon of them counts beside the lookback."""
    lookback, horizon = reach_of(layout)
    names = [name for name in layout.input_columns() if name not in layout.id]
    number = next(name for name in (*layout.id, SERIES, f"{SERIES}_") if name not in names)
    numbered = layout.model_copy(update={"id": (number,)})

    def ask(run: Run, frame: pl.DataFrame) -> pl.DataFrame:
        windows = to_predict(frame, numbered, encoders, history=None)
        table = forecast_table(windows, answer(run, windows), origins=False)
        return times_as_texts(table, numbered).drop(number)

    def look(columns: Columns, cells: Cells) -> tuple[Doubles | None, Flags]:
        return times_in(columns, cells, layout), with_target(columns, cells, layout)

    return SeriesStreaming(
        columns=tuple(names),
        statics=tuple(column.name for column in layout.static),
        number=number,
        keep=lookback + horizon,
        ahead=horizon,
        look=look,
        ask=ask,
    )


def times_in(columns: Columns, cells: Cells, layout: Layout) -> Doubles | None:
    """Read when rows are, [rows]: seconds, or numbers; None where they have no time."""
    if layout.time is None:
        return None
    values = columns[layout.time]
    if has_dates(layout):
        times = cells.seconds([in_utc(value) for value in values], layout.time)
    else:
        times = cells.numbers(values, Column(name=layout.time, kind="number"))
    for row in np.flatnonzero(~np.isfinite(times)).tolist():
        missing = values[row] is None or values[row] == ""
        if missing:
            cells.faults.setdefault(row, f"it has no `{layout.time}`")
        else:
            cells.fault(row, layout.time, values[row], "no time")
    return times


def in_utc(cell: Any) -> Any:
    """Write a time of a zone as one of none, to compare it with others."""
    if isinstance(cell, str) and ZONED.search(cell):
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return cell
    if isinstance(cell, datetime) and cell.tzinfo is not None:
        return cell.astimezone(UTC).replace(tzinfo=None)
    return cell


def with_target(columns: Columns, cells: Cells, layout: Layout) -> Flags:
    """Say which rows have a target, [rows]; cells of any column that cannot be read are faults."""
    known = np.zeros(len(next(iter(columns.values()))), bool)
    for column in layout.targets:
        with np.errstate(over="ignore"):  # what float32 has no room for is no value
            known |= np.isfinite(cells.numbers(columns[column.name], column).astype(np.float32))
    for column in (*layout.features, *layout.static):
        for name in column.columns or (column.name,):
            if column.kind in {"number", "boolean"}:
                cells.numbers(columns[name], column.model_copy(update={"name": name}))
            elif column.kind in {"category", "text"}:
                cells.words(columns[name], name, frozenset(), spelled=False)
    return known
