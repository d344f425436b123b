"""Find what a model could read the answer from, and will not have when it is used."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.inference.case import flag
from rnnauto.layout import Column, Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems import leaks_alone, leaks_future, leaks_text
from rnnauto.problems.correlation import correlation
from rnnauto.problems.layouts import gives_numbers, has_other_columns, has_target
from rnnauto.problems.rule import Gathered, Laid, Rule, kinds_of, problems_by

FEWEST_ROWS = 20  # below, two columns agree by chance
PERFECT = 1 - 1e-9  # correlation
FIRST = 1 << 14  # rows of a feature that often have more values than the target already

COPY = Kind(
    code="leak-copy",
    severity="error",
    title="a feature is a copy of the target",
    finds="Features that are equal to the target in every row: static ones, and all where there is "
    f"a target for each row, in {FEWEST_ROWS} rows or more.",
    harm="The model reads the answer off, and its scores are perfect. When it is used, the answer "
    "isn't there.",
    remedy="Leave the column out with `--ignore`.",
    example=Example(numbered("x,outcome,y", "#,up,up", "#.5,down,down", times=15)),
    leak="copy",
)
CODE = Kind(
    code="leak-code",
    severity="error",
    title="a feature encodes the target",
    finds="Features that map to the target one to one: a number for each class, or the same "
    "quantity in another unit. Looked at are the columns that `leak-copy` looks at.",
    harm="It is the target, written in another way: the model reads the answer off, and cannot "
    "when it is used.",
    remedy="Leave the column out with `--ignore`.",
    example=Example(numbered("x,state,y", "#,1,up", "#.5,0,down", times=15)),
    leak="code",
)


def find_leaks(look: Gathered) -> list[Problem]:
    """Find copies of the target, features that tell the future, features that predict the target
    alone and texts that hold it; of each column the first leak."""
    leaks: dict[str | None, Problem] = {}
    for leak in problems_by(LEAK_RULES, look):
        leaks.setdefault(leak.column, leak)
    return list(leaks.values())


def copies(look: Laid) -> Iterator[Problem]:
    """Find features with one value per target that map to it one to one.

    Looked at are static features, and all features where there is a target for each row.
    """
    frame, layout = look.table.frame, look.layout
    for target in layout.targets:
        if target.name in frame.columns and not frame.schema[target.name].is_nested():
            yield from copies_of(target.name, frame, layout)


def copies_of(target: str, frame: pl.DataFrame, layout: Layout) -> Iterator[Problem]:
    columns = (*layout.static, *layout.features)
    if layout.form == "long-table" and not layout.per_timestep:
        if not layout.static:
            return
        rows = frame.select(*layout.id, target, *(column.name for column in layout.static))
        rows = rows.drop_nulls(target).unique(layout.id, keep="first", maintain_order=True)
        columns = layout.static
    else:
        rows = frame.drop_nulls(target) if frame[target].null_count() else frame  # or copy it all
        columns = tuple(column for column in columns if is_single(frame, column))
    if rows.height < FEWEST_ROWS:
        return
    compare = same_numbers if gives_numbers(layout) else same_classes
    for column in columns:
        kind, message = compare(rows[column.name], rows[target])
        if kind is not None:
            yield kind.problem(
                message,
                column.name,
                remedy=f"leave it out with `{flag('--ignore', column.name)}`",
            )


def is_single(frame: pl.DataFrame, column: Column) -> bool:
    """Whether a column has one value a row: no text, no list, no numbered columns."""
    return (
        not column.columns and column.kind != "text" and not frame.schema[column.name].is_nested()
    )


def same_classes(feature: pl.Series, target: pl.Series) -> tuple[Kind | None, str]:
    """Tell the kind of the leak and what to say of it; None where there is no leak."""
    classes = target.n_unique()
    if feature.null_count() or classes < 2 or feature.head(FIRST).n_unique() > classes:
        return None, ""
    if feature.n_unique() != classes:
        return None, ""
    pairs = pl.DataFrame([feature.alias("feature"), target.alias("target")]).n_unique()
    if pairs != classes:
        return None, ""
    if feature.cast(pl.String).equals(target.cast(pl.String)):
        return COPY, f"the feature `{feature.name}` is a copy of the target `{target.name}`"
    return CODE, f"the feature `{feature.name}` encodes the target `{target.name}` one to one"


def same_numbers(feature: pl.Series, target: pl.Series) -> tuple[Kind | None, str]:
    """Do as `same_classes`, for a target of numbers."""
    if not feature.dtype.is_numeric() or feature.null_count():
        return None, ""
    x, y = feature.cast(pl.Float64).to_numpy(), target.cast(pl.Float64).to_numpy()
    if not np.isfinite(x).all() or not np.isfinite(y).all() or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None, ""
    if np.array_equal(x, y):
        return COPY, f"the feature `{feature.name}` is a copy of the target `{target.name}`"
    if correlation(x, y) >= PERFECT:
        message = f"the feature `{feature.name}` is the target `{target.name}` in another unit"
        return CODE, message
    return None, ""


LEAK_RULES: tuple[Rule[Gathered], ...] = (
    Rule((COPY, CODE), copies, has_other_columns),
    *leaks_future.RULES,
    *leaks_alone.RULES,
    *leaks_text.RULES,
)
# what comes next in a sequence is told by features that are its target, as they should be
RULES = (Rule(kinds_of(LEAK_RULES), find_leaks, has_target),)
