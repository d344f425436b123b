"""Split lists of points into a column for each coordinate, and tell them from sets of labels."""

from collections.abc import Collection
from typing import Any

import polars as pl

FEW = 3  # whole numbers side by side up to this are coordinates; more may be notes of a chord


def innermost(dtype: Any) -> Any:
    while isinstance(dtype, pl.List | pl.Array):
        dtype = dtype.inner
    return dtype


def nested(dtype: pl.DataType) -> bool:
    """Whether a cell holds a list for each timestep."""
    return isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.List | pl.Array)


def unwrap_single_items(
    frame: pl.DataFrame, *, keep: Collection[str] = ()
) -> tuple[pl.DataFrame, list[str]]:
    """Take the items out of columns in which every list has one: these are no sequences."""
    single = [
        name
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List) and name not in keep and not nested(dtype)
        if frame.height and (frame[name].list.len() == 1).all(ignore_nulls=False)
    ]
    if not single:
        return frame, []
    notes = [f"every list of `{name}` has one item: read as values" for name in single]
    return frame.with_columns(pl.col(name).list.first() for name in single), notes


def split_points(
    frame: pl.DataFrame, *, keep: Collection[str] = (), certain: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Split points `[[x, y], ...]` into a list column for each coordinate, `path_1`, `path_2`.

    Args:
        keep: columns that hold labels and no points.
        certain: every list of equally many numbers holds points, however many there are.

    Returns: the frame, and a note for every column that was split.
    """
    notes = []
    for name, dtype in frame.schema.items():
        if not nested(dtype) or name in keep:
            continue
        width = point_width(frame[name], certain=certain)
        if not width:
            continue
        numbers = range(1, width + 1)
        parts = [
            frame[name]
            .list.eval(pl.element().cast(pl.List(innermost(dtype))).list.get(number - 1))
            .alias(f"{name}_{number}")
            for number in numbers
        ]
        if {part.name for part in parts} & set(frame.columns):
            continue
        at = frame.columns.index(name)
        columns = frame.get_columns()
        frame = pl.DataFrame([*columns[:at], *parts, *columns[at + 1 :]])
        notes.append(
            f"`{name}` holds {width} numbers a timestep: read as `{name}_1` to `{name}_{width}`"
        )
    return frame, notes


def point_width(column: pl.Series, *, certain: bool) -> int:
    """Count the numbers in every point of a column; 0 where the lists are no points."""
    inner = innermost(column.dtype)
    if not inner.is_numeric():
        return 0
    points = column.explode().drop_nulls().cast(pl.List(inner))
    widths = points.list.len().unique()
    if len(widths) != 1 or widths[0] < 2:
        return 0
    width = int(widths[0])
    if certain or width <= FEW:
        return width
    fractions = inner.is_float() and (points.explode().drop_nulls() % 1 != 0).any()
    return width if fractions else 0
