"""What a model could read the answer from, and will not have when it is used."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.data.sequences import Sequences
from rnnauto.inference.case import flag
from rnnauto.layout import Column, Layout
from rnnauto.problem import Leak
from rnnauto.problems.leaks_alone import predicts_alone
from rnnauto.problems.leaks_future import tells_future
from rnnauto.problems.leaks_text import tells_in_text

FEWEST_ROWS = 20  # below, two columns agree by chance
PERFECT = 1 - 1e-9  # correlation


def find_leaks(frame: pl.DataFrame, layout: Layout, sequences: Sequences) -> list[Leak]:
    """Copies of the target, features that tell the future, features that predict the target alone
    and texts that hold it; of each column the first that is found."""
    if layout.task == "language-modelling":  # there the feature is the target, as it should be
        return []
    found: dict[str, Leak] = {}
    for leak in (
        *copies(frame, layout),
        *tells_future(frame, layout, sequences),
        *predicts_alone(layout, sequences),
        *tells_in_text(layout, sequences),
    ):
        found.setdefault(leak.column, leak)
    return list(found.values())


def copies(frame: pl.DataFrame, layout: Layout) -> Iterator[Leak]:
    """Features with one value per target that map to it one to one.

    Looked at are static features, and all features where there is a target for each row. A feature
    that is the only one is no leak but the problem itself. What a forecast is given of the past may
    copy its target.
    """
    if len(layout.features) + len(layout.static) < 2 or layout.task == "forecasting":
        return
    for target in layout.targets:
        if target.name in frame.columns and not frame.schema[target.name].is_nested():
            yield from copies_of(target.name, frame, layout)


def copies_of(target: str, frame: pl.DataFrame, layout: Layout) -> Iterator[Leak]:
    columns = (*layout.static, *layout.features)
    if layout.form == "long-table" and not layout.per_timestep:
        if not layout.static:
            return
        rows = frame.select(*layout.id, target, *(column.name for column in layout.static))
        rows = rows.drop_nulls(target).unique(layout.id, keep="first", maintain_order=True)
        columns = layout.static
    else:
        rows = frame.drop_nulls(target)
        columns = tuple(column for column in columns if is_single(frame, column))
    if rows.height < FEWEST_ROWS:
        return
    find = same_numbers if layout.task == "regression" else same_classes
    for column in columns:
        kind, message = find(rows[column.name], rows[target])
        if message:
            yield Leak(
                kind, column.name, message, f"leave it out with `{flag('--ignore', column.name)}`"
            )


def is_single(frame: pl.DataFrame, column: Column) -> bool:
    """One value a row: no text, no list, no numbered columns."""
    return (
        not column.columns and column.kind != "text" and not frame.schema[column.name].is_nested()
    )


def same_classes(feature: pl.Series, target: pl.Series) -> tuple[str, str]:
    """The kind of the leak and what to say of it; empty where there is none."""
    classes = target.n_unique()
    if feature.null_count() or classes < 2 or feature.n_unique() != classes:
        return "", ""
    pairs = pl.DataFrame([feature.alias("feature"), target.alias("target")]).n_unique()
    if pairs != classes:
        return "", ""
    if feature.cast(pl.String).equals(target.cast(pl.String)):
        return "copy", f"the feature `{feature.name}` is a copy of the target `{target.name}`"
    return "code", f"the feature `{feature.name}` encodes the target `{target.name}` one to one"


def same_numbers(feature: pl.Series, target: pl.Series) -> tuple[str, str]:
    if not feature.dtype.is_numeric() or feature.null_count():
        return "", ""
    x, y = feature.cast(pl.Float64).to_numpy(), target.cast(pl.Float64).to_numpy()
    if not np.isfinite(x).all() or not np.isfinite(y).all() or np.ptp(x) == 0 or np.ptp(y) == 0:
        return "", ""
    if np.array_equal(x, y):
        return "copy", f"the feature `{feature.name}` is a copy of the target `{target.name}`"
    if abs(np.corrcoef(x, y)[0, 1]) >= PERFECT:
        message = f"the feature `{feature.name}` is the target `{target.name}` in another unit"
        return "code", message
    return "", ""
