"""Make rows that a model can be asked about, from what its folder holds of its own data."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from rnnauto.errors import ModelFolderError
from rnnauto.files import read_file
from rnnauto.layout import Layout
from rnnauto.model import Model
from rnnauto.times.write import write_times

TIMESTEPS = 5
PREDICTED = "predictions_test.csv"
DAY = 86_400_000_000  # microseconds


def example_of(model: Model) -> pl.DataFrame:
    """Make one row, or the rows of one sequence where rows are timesteps, as texts: means of
    numbers, known words, and ids, times and past values of the test part."""
    layout = model.info.layout
    known = dict(known_values(model.info.encoders.model_dump()))
    own = first_of(tested(model.folder), layout.time)
    rows = TIMESTEPS if layout.rows_are_timesteps else 1
    if layout.time in own.columns:
        rows = min(rows, max(1, own.height))
    columns = {}
    for column in (*layout.features, *layout.static):
        for name in column.columns or (column.name,):
            columns[name] = values_of(column.kind, known.get(column.name), column.zero, rows)
    for target in layout.target if layout.horizon else ():
        columns[target] = past_of(target, own, rows)
    for name in layout.id:
        columns[name] = [text_of(own[name][0]) if name in own.columns and own.height else "1"]
        columns[name] *= rows
    if layout.time:
        columns[layout.time] = times_of(layout, own, rows)
    ordered = {name: columns.get(name, [""] * rows) for name in layout.input_columns()}
    return pl.DataFrame(ordered, schema=dict.fromkeys(ordered, pl.String))


def known_values(encoders: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """List the mean or the words of every column that encoders know."""
    for kind in encoders.values():
        for each in kind if isinstance(kind, tuple | list) else ():
            if isinstance(each, dict) and "name" in each:
                words = [word for word in each.get("vocabulary", ()) if word]
                yield each["name"], words or each.get("mean", 0.0)


def tested(folder: Path) -> pl.DataFrame:
    """Read what was predicted of the test part; nothing where that cannot be read."""
    try:
        content = read_file(folder, PREDICTED)
        return pl.read_csv(io.BytesIO(content), infer_schema=False, n_rows=TIMESTEPS)
    except (FileNotFoundError, ModelFolderError, pl.exceptions.PolarsError):
        return pl.DataFrame()


def first_of(own: pl.DataFrame, time: str | None) -> pl.DataFrame:
    """Take rows up to the first whose time is not after the one before: those of one forecast."""
    if time not in own.columns:
        return own
    # as texts: two that are equal, or of another length, are no guide
    rises = (own[time] > own[time].shift(1)).fill_null(True)
    ends = rises.not_().arg_true()
    return own.head(int(ends[0]) if len(ends) else own.height)


def values_of(kind: str, known: Any, zero: float, rows: int) -> list[str]:
    """Write values of a column: a mean, words in turn, or a list of either."""
    words = known if isinstance(known, list) else [f"{zero + (known or 0.0):.4g}"]
    if kind == "list":
        listed = f"[{', '.join([*words, *words, *words][:3])}]"
        return [listed] * rows
    if kind == "text":
        letters = all(len(word) == 1 for word in words[:TIMESTEPS])
        return [("" if letters else " ").join(words[:TIMESTEPS])] * rows
    return [words[at % len(words)] for at in range(rows)]


def past_of(target: str, own: pl.DataFrame, rows: int) -> list[str]:
    """Take values that a series may have had from its forecasts."""
    names = [name for name in ("prediction", f"prediction_{target}") if name in own.columns]
    if not names:
        return [str(at + 1) for at in range(rows)]
    return [text_of(value) for value in own[names[0]][:rows]]


def times_of(layout: Layout, own: pl.DataFrame, rows: int) -> list[str]:
    """Write times that follow each other, as the training file does."""
    time = layout.time or ""
    if time in own.columns and own.height >= rows:
        return [text_of(value) for value in own[time][:rows]]
    if layout.spelling is None:
        return [str(at + 1) for at in range(rows)]
    moments = pl.Series(time, [19_000 * DAY + at * DAY for at in range(rows)])
    written = write_times(moments.cast(pl.Datetime("us")), layout.spelling)
    return [text_of(value) for value in written]


def text_of(value: Any) -> str:
    return "" if value is None else str(value)
