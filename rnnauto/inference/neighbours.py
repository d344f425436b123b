"""Tell whether the rows of a table without ids and times follow each other all the same."""

import polars as pl

from rnnauto.inference.case import Case
from rnnauto.inference.roles import Roles

FEWEST_ROWS = 200
MOST_ROWS = 100_000  # looked at, from the first on: more would tell the same
ALIKE = 0.8  # correlation of a row with the one before
TURNS = 0.05  # share of rows at which a column goes back; a sorted one never does


def alike_rows(case: Case, roles: Roles) -> str:
    """Say for the evidence which number is most like that of the row before, where rows in any
    order would not be; empty where there is none.

    What tables are sorted by is left out: columns that only rise or fall, and the means of classes.
    """
    names = [column.name for column in roles.features if column.kind == "number"]
    frame = case.frame.head(MOST_ROWS)
    targets = frame.select(name for name in case.target if name in frame.columns)
    if frame.height < FEWEST_ROWS or not names or not targets.width:
        return ""
    first = targets.to_series()
    amounts = first.dtype.is_float() or first.dtype.is_nested()
    classes = None if amounts or first.n_unique() > frame.height / 10 else first
    correlations = {name: likeness(frame, name, classes) for name in names}
    name = max(correlations, key=lambda each: correlations[each])
    if correlations[name] < ALIKE:
        return ""
    alike = f"`{name}`: correlation {correlations[name]:.2f}"
    return f"; but neighbouring rows are alike ({alike}): are they timesteps of a recording?"


def likeness(frame: pl.DataFrame, name: str, classes: pl.Series | None) -> float:
    """Correlate a column with itself a row later; 0 where it only rises or falls."""
    value = pl.col(name).cast(pl.Float64, strict=False)
    left = value if classes is None else value - value.mean().over(classes)
    step = value.diff().sign()
    last = step.replace(0, None).forward_fill().shift(1)
    alike, turns = frame.select(
        alike=pl.corr(left, left.shift(1)), turns=(step * last < 0).mean()
    ).row(0)
    told = alike is not None and turns is not None and alike == alike and turns >= TURNS
    return float(alike) if told else 0.0
