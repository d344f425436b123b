"""Take the targets of a table: one value per sequence, or per timestep."""

import numpy as np
import polars as pl

from rnnauto.arrays import splits_of
from rnnauto.data.columns import flatten, to_doubles
from rnnauto.data.targets import lists_of
from rnnauto.data.tokens import tokenise
from rnnauto.layout import Column, Layout


def present_target(frame: pl.DataFrame, layout: Layout) -> pl.Series | None:
    """The targets, one value per unit; a struct where there are several. Where there is one per
    timestep, lists and stems of a row give its timesteps. Other lists are sets of labels."""
    if any(name not in frame.columns for name in layout.target):
        return None
    if layout.continues or not layout.targets:
        return None  # what is predicted are the features, one timestep later
    columns = [target_series(frame, column, layout) for column in layout.targets]
    return pl.DataFrame(columns).to_struct() if len(columns) > 1 else columns[0]


def target_series(frame: pl.DataFrame, column: Column, layout: Layout) -> pl.Series:
    if layout.gives_lists:
        return list_series(frame, column)
    if column.columns:
        cube = to_doubles(frame, column.columns)  # [sequences, timesteps]
        missing = np.full((frame.height, layout.answer_timesteps - cube.shape[1]), np.nan)
        values = np.concatenate([cube, missing], axis=1).ravel()
        return pl.Series(column.name, values, dtype=pl.Float64).fill_nan(None)
    target = frame[column.name]
    if layout.answer_length:
        return padded_answers(target, timesteps=answer_timesteps(frame, layout))
    if layout.per_timestep and layout.target_tokens:
        target = tokenise(target.cast(pl.String).fill_null(""), layout.target_tokens)
    in_cells = layout.per_timestep and not layout.rows_are_timesteps
    return flatten(target) if in_cells and isinstance(target.dtype, pl.List) else target


def list_series(frame: pl.DataFrame, column: Column) -> pl.Series:
    """Lists of numbers, one per row, null where there is none: those of a column, or the numbers of
    a stem's columns up to the last that is known."""
    if not column.columns:
        cells = frame[column.name]
        if not isinstance(cells.dtype, pl.List):
            cells = cells.cast(pl.Float64, strict=False).reshape((-1, 1)).arr.to_list()
        lists = cells.cast(pl.List(pl.Float64), strict=False)
    else:
        cube = to_doubles(frame, column.columns)  # [rows, timesteps]
        known = ~np.isnan(cube)
        lengths = np.where(known.any(axis=1), cube.shape[1] - known[:, ::-1].argmax(axis=1), 0)
        items = pl.Series(cube[np.arange(cube.shape[1]) < lengths[:, None]]).fill_nan(None)
        lists = lists_of(items, splits_of(lengths))
    some = lists.list.len().fill_null(0) > 0
    return pl.select(pl.when(some).then(lists)).to_series().alias(column.name)


def answer_timesteps(frame: pl.DataFrame, layout: Layout) -> int:
    """Those of training, or more where an answer of this table is longer."""
    if not layout.answer_length or layout.target[0] not in frame.columns:
        return layout.answer_timesteps
    longest = frame[layout.target[0]].list.len().max()
    return max(layout.answer_timesteps, int(longest or 0))  # type: ignore[arg-type]


def padded_answers(lists: pl.Series, *, timesteps: int) -> pl.Series:
    """Lists of numbers [rows] as targets [rows * timesteps], missing after each list's end."""
    lengths = lists.list.len().fill_null(0).to_numpy()
    real = np.arange(timesteps) < lengths[:, None]  # [rows, timesteps]
    values = np.full(real.shape, np.nan)
    values[real] = flatten(lists).cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return pl.Series(lists.name, values.ravel()).fill_nan(None)


def is_struct(targets: pl.Series) -> bool:
    return isinstance(targets.dtype, pl.Struct)
