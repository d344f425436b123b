"""Find what would spoil a forecast of a column."""

from collections.abc import Iterator

import numpy as np

from rnnauto.data.room import FEWEST_BEFORE, least_before
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
    for name in look.layout.target:
        yield from series_problems(look.table, name)


def series_problems(table: Table, name: str) -> Iterator[Problem]:
    """Find what stands in the way of forecasting one column."""
    values = table.frame[name]
    known = values.drop_nulls()
    lacking = len(values) - len(known)
    if lacking:
        yield MISSING_TARGET.problem(
            f"{lacking:,} of {len(values):,} timesteps {of_some(lacking, 'have')} no `{name}`: the "
            "last value before is taken for it, and left out of losses and scores",
            name,
            [table.line(row) for row in rows_where(values.is_null())],
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
