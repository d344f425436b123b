"""Find features that hold what comes later: a later target, as it is or mixed in."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.columns import category_names, number_names, to_doubles
from rnnauto.inference.case import flag
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import gives_classes, tells_of_time
from rnnauto.problems.rule import Gathered, Rule

FEWEST_PAIRS = 30  # of timesteps
MOST_ROWS = 50_000
FURTHEST = 24  # timesteps ahead that are tried
ALMOST = 0.995  # correlation of the steps from one timestep to the next
LEFT = 0.02  # share of the error that a feature may leave of the next target
MOST_WRONG = 0.005
PAST = 3  # own values that the next one is told from
DAYS = [at * at % 19 for at in range(1, 92)]

FUTURE = Kind(
    code="leak-future",
    severity="warning",
    or_severity="error",
    title="a feature tells the target of a later timestep",
    finds=f"Features whose steps are those of the target up to {FURTHEST} timesteps later, or that "
    "give its next value away: of forecasts, and of tables with a target for each row. An error "
    "where a feature of a forecast that is known ahead is the target itself.",
    harm="A mean that is centred on its timestep, or a column that was shifted the wrong way, "
    "knows what comes. The scores are those of a model that sees the future.",
    remedy="Shift the feature back to what is known at its timestep, or leave it out with "
    "`--ignore`.",
    example=Example(
        numbered(
            "day,next,sold",
            *(
                f"2024-{at // 28 + 1:02}-{at % 28 + 1:02},{later},{now}"
                for at, (now, later) in enumerate(zip(DAYS, DAYS[1:], strict=False))
            ),
        ),
        "--target sold --task forecasting --horizon 1",
    ),
    leak="future",
)


def tells_future(look: Gathered) -> Iterator[Problem]:
    """Find such features, of forecasts and of tables with a target per row."""
    frame, layout, sequences = look.table.frame, look.layout, look.sequences
    if sequences.rows is None or (gives_classes(layout) and len(layout.features) < 2):
        return
    rows = sequences.rows[:MOST_ROWS]
    owners = np.repeat(np.arange(len(sequences)), sequences.lengths)[: len(rows)]
    ordered = frame[rows]
    for target in layout.target:
        if target not in ordered.columns or ordered.schema[target].is_nested():
            continue
        if gives_classes(layout):
            yield from labels_ahead(ordered, target, layout, owners)
        else:
            yield from values_ahead(ordered, target, layout, owners)


def values_ahead(
    ordered: pl.DataFrame, target: str, layout: Layout, owners: Integers
) -> Iterator[Problem]:
    names = number_names(layout.features)
    columns = to_doubles(ordered, [target, *names])
    columns = relative(columns, owners)
    y = columns[:, 0]
    furthest = min(FURTHEST, max(1, layout.horizon or 1) + 1)
    for at, name in enumerate(names, start=1):
        x = columns[:, at]
        if name in layout.known_ahead and moves_with(x, y, owners, ahead=0):
            yield FUTURE.problem(
                f"the feature `{name}`, known ahead, is the target `{target}`",
                name,
                remedy=f"leave it out with `{flag('--ignore', name)}`",
                severity="error",
            )
            continue
        ahead = next((k for k in range(1, furthest + 1) if moves_with(x, y, owners, ahead=k)), None)
        if ahead is not None:
            yield future(name, f"is the target `{target}` {timesteps(ahead)} later")
        elif gives_next(x, y, owners):
            yield future(name, f"gives away the next value of the target `{target}`")


def labels_ahead(
    ordered: pl.DataFrame, target: str, layout: Layout, owners: Integers
) -> Iterator[Problem]:
    y = ordered[target].cast(pl.String)
    classes = y.n_unique()
    for name in (*number_names(layout.features), *category_names(layout.features)):
        x = ordered[name].cast(pl.String)
        if x.n_unique() > classes + 1:  # one more where the end has none
            continue
        wrong = [disagreement(x, y, owners, ahead=k) for k in range(FURTHEST + 1)]
        best = int(np.argmin(wrong))
        if best and wrong[best] <= MOST_WRONG and wrong[best] < 0.5 * wrong[0]:
            yield future(name, f"tells the target `{target}` {timesteps(best)} later")


def future(name: str, message: str) -> Problem:
    return FUTURE.problem(
        f"the feature `{name}` {message}",
        name,
        remedy="shift it back to what is known at its timestep, or leave it out with "
        f"`{flag('--ignore', name)}`",
    )


def timesteps(count: int) -> str:
    return "one timestep" if count == 1 else f"{count:,} timesteps"


def relative(columns: Doubles, owners: Integers) -> Doubles:
    """Scale each series by its own deviation, so that no large one decides for all."""
    frame = pl.DataFrame(columns, schema=[f"c{at}" for at in range(columns.shape[1])])
    frame = frame.with_columns(pl.all().fill_nan(None), pl.Series("owner", owners))
    scaled = frame.select(
        (pl.exclude("owner") - pl.exclude("owner").mean().over("owner"))
        / pl.exclude("owner").std().over("owner").replace(0.0, None).fill_null(1.0)
    )
    return scaled.fill_null(float("nan")).to_numpy()


def ahead_of(values: Any, owners: Integers, ahead: int) -> tuple[slice, slice, NDArray[np.bool_]]:
    """Slice timesteps, those so many later, and tell whether both are of one series."""
    count = len(owners) - ahead
    now, later = slice(0, max(count, 0)), slice(ahead, None)
    return now, later, np.asarray(owners[now] == owners[later])


def moves_with(x: Doubles, y: Doubles, owners: Integers, *, ahead: int) -> bool:
    """Whether the steps of x are those that y takes so many timesteps later."""
    same = owners[1:] == owners[:-1]
    dx = np.where(same, np.diff(x), np.nan)
    dy = np.where(same, np.diff(y), np.nan)
    now, later, together = ahead_of(dx, owners[1:], ahead)
    return correlate(dx[now][together], dy[later][together]) >= ALMOST


def correlate(x: Doubles, y: Doubles) -> float:
    """Measure the size of the correlation; 0 where too little is known."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < FEWEST_PAIRS:
        return 0.0
    x, y = x[both], y[both]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(abs(np.corrcoef(x, y)[0, 1]))


def gives_next(x: Doubles, y: Doubles, owners: Integers) -> bool:
    """Whether a linear model of the last values finds the next target once it sees the feature."""
    begin = np.arange(PAST - 1, len(y) - 1)  # last timestep seen
    inside = owners[begin - PAST + 1] == owners[np.minimum(begin + 1, len(y) - 1)]
    begin = begin[inside]
    own = np.stack([y[begin - lag] for lag in range(PAST)], axis=1)
    given = np.stack([x[begin], x[begin - 1]], axis=1)
    wanted = y[begin + 1]
    known = np.isfinite(np.column_stack([own, given, wanted])).all(axis=1)
    if known.sum() < FEWEST_PAIRS:
        return False
    own, given, wanted = own[known], given[known], wanted[known]
    without = leftover(own, wanted)
    return without > 1e-9 and leftover(np.column_stack([own, given]), wanted) <= LEFT * without


def leftover(columns: Doubles, wanted: Doubles) -> float:
    """Measure the mean squared error of least squares."""
    columns = np.column_stack([np.ones(len(columns)), columns])
    weights = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return float(((columns @ weights - wanted) ** 2).mean())


def disagreement(x: pl.Series, y: pl.Series, owners: Integers, *, ahead: int) -> float:
    """Measure the share of the timesteps whose later target is not the usual one of the feature's
    value; 1 where the feature says no more than the commonest target does."""
    now, later, together = ahead_of(x, owners, ahead)
    frame = pl.DataFrame({"x": x[now], "y": y[later], "together": together}).filter("together")
    frame = frame.drop_nulls()
    if frame.height < FEWEST_PAIRS:
        return 1.0
    counts = frame.group_by("x", "y").len()
    usual = int(counts.group_by("x").agg(pl.col("len").max())["len"].sum())
    commonest = int(frame["y"].value_counts()["count"].max())  # type: ignore[arg-type]
    if usual <= commonest:
        return 1.0
    return 1 - usual / frame.height


RULES = (Rule((FUTURE,), tells_future, tells_of_time),)
