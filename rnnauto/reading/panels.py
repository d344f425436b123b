"""Turn series that stand one in a row into a long table: a row for each timestep of each series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.names import named_id

SERIES, TIMESTEP, TIME = "series", "timestep", "time"


@dataclass(frozen=True)
class PanelRows:
    """A long table, and which of its columns are what.

    Attributes:
        id: the columns that tell series apart.
        time: the column that orders their timesteps.
    """

    frame: pl.DataFrame
    id: tuple[str, ...]
    time: str


def panel_of(
    heads: pl.DataFrame,
    times: pl.Series | None,
    lists: Sequence[pl.Series],
    *,
    ids: tuple[str, ...] = (),
) -> PanelRows:
    """Make the rows of series.

    Args:
        heads: what each series has once, [series]; may have no columns.
        times: those of all timesteps, one series after the other; they are numbered where there
            are none.
        lists: the values of each series, [series], as many for one as for the other.
        ids: the columns that tell series apart, where that is known; they are numbered under this
            name where there is no such column.
    """
    lengths = lists[0].list.len().fill_null(0).to_numpy().astype(np.int64)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    taken = [*heads.columns, *(column.name for column in lists)]
    ids = ids or id_columns(heads) or (free(SERIES, taken),)
    columns: list[pl.Series] = []
    if ids[0] not in heads.columns:
        columns.append(pl.Series(ids[0], owners + 1))
    columns += heads[owners].get_columns() if heads.width else []
    if times is None:
        steps = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        times = pl.Series(TIMESTEP, steps + 1)
    times = times.alias(free(times.name, taken))
    columns += [times, *(column.filter(pl.Series(lengths > 0)).explode() for column in lists)]
    return PanelRows(pl.DataFrame(columns), ids, times.name)


def id_columns(heads: pl.DataFrame) -> tuple[str, ...]:
    """Find the columns that tell series apart: one whose values all differ, or all texts together;
    none where nothing does."""
    texts = [name for name in heads.columns if heads.schema[name] == pl.String]
    whole = [name for name in heads.columns if heads.schema[name].is_integer() and named_id(name)]
    whole = sorted([*texts, *whole], key=lambda name: not named_id(name))
    for name in whole:
        if heads[name].n_unique() == heads.height:
            return (name,)
    together = len(texts) > 1 and heads.select(texts).n_unique() == heads.height
    return tuple(texts) if together else ()


def free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else free(name + "_", taken)
