"""Find what would spoil a forecast of a column."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.data.room import FEWEST_BEFORE, least_before
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.problems.layouts import is_forecast, is_panel
from rnnauto.problems.rule import Gathered, Laid, Rule
from rnnauto.problems.sizes import lines_of_sequences
from rnnauto.problems.targets import (
    CONSTANT_TARGET,
    MISSING_TARGET,
    constant_target,
    ids_shown,
)
from rnnauto.reading.read import Table
from rnnauto.visible import of_some

SHORT_SERIES = Kind(
    code="short-series",
    severity="warning",
    title="a series is too short to learn from",
    finds="Series of a panel in which no window fits: what is looked back on at least (a season, "
    f"{FEWEST_BEFORE} timesteps where there is none, or a shorter lookback), and the horizon.",
    harm="Nothing can be learnt from them: they are left out of training and scores. They are "
    "forecast all the same, by what the others have shown.",
    remedy="Nothing, or give them more timesteps.",
    example=Example(
        numbered("shop,t,y", *(f"s{shop},{t},{t * shop % 7}.5" for shop in range(1, 13)
              for t in range(1, 21) if shop < 12 or t < 3)),
        "--target y --id shop --time t --task forecasting --horizon 2 --lookback 4",
    ),
)  # fmt: skip


def forecast_problems(look: Laid) -> Iterator[Problem]:
    layout = look.layout
    ahead = announced(look.table.frame, layout) if layout.known_ahead else None
    for name in layout.target:
        yield from series_problems(look.table, name, ahead)


def announced(frame: pl.DataFrame, layout: Layout) -> pl.Series:
    """Say which rows come after the last known target of their series, and so only tell what is
    known ahead, bool [rows]; none of a series without one do."""
    names = [name for name in layout.target if name in frame.columns]
    nothing = pl.Series("ahead", [False]).new_from_index(0, frame.height)
    timed = layout.time is not None and layout.time in frame.columns
    if not names or (layout.time is not None and not timed):
        return nothing
    when = pl.col(layout.time) if layout.time is not None else pl.int_range(pl.len())
    known = pl.any_horizontal(pl.col(names).is_not_null())
    last = when.filter(known).max()
    ahead = when > (last.over(layout.id) if layout.id else last)
    return frame.select(ahead.fill_null(False).alias("ahead")).to_series()


def series_problems(table: Table, name: str, ahead: pl.Series | None = None) -> Iterator[Problem]:
    """Find what stands in the way of forecasting one column.

    Args: ahead: the rows that need no target, bool [rows].
    """
    values = table.frame[name]
    known = values.drop_nulls()
    unknown = values.is_null() if ahead is None else values.is_null() & ~ahead
    lacking = int(unknown.sum())
    if lacking:
        yield MISSING_TARGET.problem(
            f"{lacking:,} of {len(values):,} timesteps {of_some(lacking, 'have')} no `{name}`: the "
            "last value before is taken for it, and left out of losses and scores",
            name,
            [table.line(row) for row in rows_where(unknown)],
            remedy="fill the target in",
        )
    if known.n_unique() <= 1:
        yield constant_target(name, known)


def short_series(look: Gathered) -> Iterator[Problem]:
    """Find series without room for a window."""
    layout, sequences = look.layout, look.sequences
    horizon, lookback = layout.horizon or 1, layout.lookback or 1
    fewest = least_before(lookback, layout.season) + horizon
    short = np.flatnonzero(sequences.lengths < fewest)
    if not len(short) or len(short) == len(sequences):
        return
    shown = ids_shown(sequences.ids[short])
    yield SHORT_SERIES.problem(
        f"{len(short):,} of {len(sequences):,} series {of_some(len(short), 'have')} fewer than "
        f"{fewest} timesteps, too few to learn from: {shown}; left out of training, and forecast "
        "all the same",
        layout.id[0],
        lines_of_sequences(look.table, sequences, short[sequences.lengths[short] > 0]),
        remedy="nothing to do, or give them more timesteps",
    )


RULES: tuple[Rule[Gathered], ...] = (
    Rule((MISSING_TARGET, CONSTANT_TARGET), forecast_problems, is_forecast),
    Rule((SHORT_SERIES,), short_series, is_panel),
)
