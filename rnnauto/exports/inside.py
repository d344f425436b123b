"""Look into one sequence with the networks of a model folder, which are built again."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl

from rnnauto.deploy.runner import Run
from rnnauto.deploy.shares import Asking, shares_table
from rnnauto.deploy.timesteps import timesteps_table
from rnnauto.exports.source import Source
from rnnauto.search.trial import architecture_of
from rnnauto.unroll.find import find_one
from rnnauto.unroll.gather import Opened, unroll
from rnnauto.unroll.record import Unrolled


def look_inside(
    source: Source, run: Run, part: Any, *, row: int | None, ids: Sequence[str]
) -> Unrolled:
    """Look into one sequence of a part; see `Model.explain`."""
    info, family = source.info, source.family
    unrolling = family.unrolling(part)
    one = find_one(part, unrolling, info.layout, row=row, ids=ids)
    networks = [architecture_of(values) for values in info.networks]
    opened = Opened(run, source.networks(), networks, info.layout)
    return unroll(opened, unrolling, one, family.answer(run, one, beams=1))


def with_shares(source: Source, run: Run, part: Any, *, probabilities: bool) -> pl.DataFrame:
    """Make the table of predictions with what each timestep did to them; no network is built."""
    family = source.family
    asking = Asking(
        run=run,
        answer=partial(family.answer, beams=1),
        table=partial(family.table, probabilities=probabilities),
        timesteps=timesteps_table,
    )
    return shares_table(asking, family.unrolling(part), part, source.info.layout)
