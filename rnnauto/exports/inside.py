"""Look into one sequence with the networks of a model folder, which are built again."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import polars as pl

from rnnauto.deploy.runner import Run
from rnnauto.deploy.shares import Asking, shares_table
from rnnauto.deploy.timesteps import timesteps_table
from rnnauto.exports.source import Source, settings_of_networks
from rnnauto.networks.quiet import import_tensorflow
from rnnauto.search.trial import architecture_of
from rnnauto.unroll.embeddings import embedding_maps
from rnnauto.unroll.family import Unrolling
from rnnauto.unroll.find import find_one
from rnnauto.unroll.gather import Opened, unroll
from rnnauto.unroll.record import Unrolled


def look_inside(
    source: Source, run: Run, part: Any, *, row: int | None, ids: Sequence[str]
) -> Unrolled:
    """Look into one sequence of a part; see `Model.explain`."""
    info, family = source.info, source.family
    unrolling = family.unrolling(part)
    # whoever is told that there is no such sequence does not wait for TensorFlow
    one = find_one(part, unrolling, info.layout, row=row, ids=ids)
    import_tensorflow()  # without its noise
    networks = [architecture_of(values) for values in settings_of_networks(info)]
    members = source.networks()
    opened = Opened(run, members, networks, info.layout)
    unrolled = unroll(opened, unrolling, one, family.answer(run, one, beams=1))
    maps = embedding_maps(
        members[0], info.encoders, unrolled.target, marked=words_in(one, unrolling)
    )
    return unrolled.model_copy(update={"embeddings": tuple(maps)})


def words_in(one: Any, unrolling: Unrolling) -> set[str]:
    """List the words and categories that a sequence has."""
    read = unrolling.read(one)
    return {word for values in read.values for word in values} | {
        value for _, value in read.statics
    }


def with_shares(
    source: Source, run: Run, part: Any, *, probabilities: bool
) -> tuple[pl.DataFrame, Any]:
    """Make the table of predictions with what each timestep did to them, and give the answers too;
    no network is built."""
    family = source.family
    asking = Asking(
        run=run,
        answer=partial(family.answer, beams=1),
        table=partial(family.table, probabilities=probabilities),
        timesteps=timesteps_table,
    )
    return shares_table(asking, family.unrolling(part), part, source.info.layout)
