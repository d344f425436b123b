"""Features that are the target under another name."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.data.layout import Column, Layout
from rnnauto.data.sequences import Sequences

FEWEST_ROWS = 20  # below, two columns agree by chance
PERFECT = 1 - 1e-9  # correlation


@dataclass(frozen=True)
class Leak:
    column: str
    message: str


def find_leaks(frame: pl.DataFrame, layout: Layout, sequences: Sequences) -> list[Leak]:
    """Features with one value per target that map to it one to one.

    Looked at are static features, and all features where there is a target for each row.
    Timesteps are not compared with the one target of their sequence. A feature that is the only
    one is no leak but the problem itself.
    """
    if len(layout.features) + len(layout.static) < 2:
        return []
    return [
        leak
        for target in layout.targets
        if target.name in frame.columns and not frame.schema[target.name].is_nested()
        for leak in leaks_of(target.name, frame, layout)
    ]


def leaks_of(target: str, frame: pl.DataFrame, layout: Layout) -> list[Leak]:
    columns = (*layout.static, *layout.features)
    if layout.form == "long-table" and not layout.per_timestep:
        if not layout.static:
            return []
        rows = frame.select(*layout.id, target, *(column.name for column in layout.static))
        rows = rows.drop_nulls(target).unique(layout.id, keep="first", maintain_order=True)
        columns = layout.static
    else:
        rows = frame.drop_nulls(target)
        columns = tuple(column for column in columns if is_single(frame, column))
    if rows.height < FEWEST_ROWS:
        return []
    find = same_numbers if layout.task == "regression" else same_classes
    return [
        Leak(column.name, message)
        for column in columns
        if (message := find(rows[column.name], rows[target]))
    ]


def is_single(frame: pl.DataFrame, column: Column) -> bool:
    """One value a row: no text, no list, no numbered columns."""
    return (
        not column.columns and column.kind != "text" and not frame.schema[column.name].is_nested()
    )


def same_classes(feature: pl.Series, target: pl.Series) -> str:
    classes = target.n_unique()
    if feature.null_count() or classes < 2 or feature.n_unique() != classes:
        return ""
    pairs = pl.DataFrame([feature.alias("feature"), target.alias("target")]).n_unique()
    if pairs != classes:
        return ""
    if feature.cast(pl.String).equals(target.cast(pl.String)):
        return f"the feature `{feature.name}` is a copy of the target `{target.name}`"
    return f"the feature `{feature.name}` encodes the target `{target.name}` one to one"


def same_numbers(feature: pl.Series, target: pl.Series) -> str:
    if not feature.dtype.is_numeric() or feature.null_count():
        return ""
    x, y = feature.cast(pl.Float64).to_numpy(), target.cast(pl.Float64).to_numpy()
    if not np.isfinite(x).all() or not np.isfinite(y).all() or np.ptp(x) == 0 or np.ptp(y) == 0:
        return ""
    if np.array_equal(x, y):
        return f"the feature `{feature.name}` is a copy of the target `{target.name}`"
    if abs(np.corrcoef(x, y)[0, 1]) >= PERFECT:
        return f"the feature `{feature.name}` is the target `{target.name}` in another unit"
    return ""
