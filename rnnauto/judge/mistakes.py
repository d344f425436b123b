"""Tell what all families tell of the worst answers: the user's own ids."""

from typing import Any

import numpy as np
import polars as pl

from rnnauto.data.sequences import ROW, Sequences
from rnnauto.judge.diagnosis import Plain

MOST = 20


def row_of(ids: pl.DataFrame, number: int) -> dict[str, Plain]:
    """Give the ids of a sequence, as JSON has them."""
    return plain(ids.row(number, named=True))


def timestep_of(sequences: Sequences, at: int) -> dict[str, Plain]:
    """Give the ids of the sequence of a timestep, and the row of the file, or where a row is a
    whole sequence the timestep, both from 1."""
    owner = int(np.searchsorted(sequences.row_splits, at, side="right")) - 1
    ids = row_of(sequences.ids, owner)
    if sequences.rows is not None:
        return {**ids, ROW: int(sequences.rows[at]) + 1}
    return {**ids, "timestep": at - int(sequences.row_splits[owner]) + 1}


def plain(values: dict[str, Any]) -> dict[str, Plain]:
    """Keep the values that JSON has; write all others as text."""
    return {
        name: value if isinstance(value, int | float | str) or value is None else str(value)
        for name, value in values.items()
    }
