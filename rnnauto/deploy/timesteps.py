"""Lay out answers to timesteps: in the order of the file's rows, or numbered by sequence."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import polars as pl

from rnnauto.arrays import splits_of, timestep_positions
from rnnauto.data.sequences import ROW, Sequences
from rnnauto.data.unanswered import Lost, among_missing, emptied
from rnnauto.deploy.table import TIMESTEP, beside
from rnnauto.layout import Layout


class Answered(Protocol):
    """Sequences that are answered timestep by timestep, and the table whose rows they are."""

    @property
    def frame(self) -> pl.DataFrame: ...

    @property
    def sequences(self) -> Sequences: ...

    @property
    def layout(self) -> Layout: ...

    @property
    def lost(self) -> Lost | None: ...


def timesteps_table(part: Answered, columns: Sequence[pl.Series]) -> pl.DataFrame:
    """Put columns [timesteps] beside the ids (or `row`), the time column or `timestep`, and the
    tokens of token lines; what could not be answered has empty cells."""
    sequences, layout = part.sequences, part.layout
    lost = np.zeros(len(sequences), bool) if part.lost is None else part.lost.flags
    columns = emptied(list(columns), np.repeat(lost, sequences.lengths))
    if sequences.rows is None:  # a row of the file is a whole sequence: say which timestep
        return numbered_table(part, columns)
    order = sequences.rows.argsort()  # back to the order of the file
    columns = [column.gather(order) for column in columns]
    rows = sequences.rows[order]
    if part.lost is not None:
        there = np.zeros(part.frame.height, bool)
        there[rows] = True
        rows, columns = np.arange(len(there)), among_missing(columns, there)
    names = [*layout.id, *([layout.time] if layout.time else [])]
    if layout.form == "token-lines":  # an answer says nothing without its token
        names += [column.name for column in layout.features]
    keys = part.frame.select(names)[rows] if names else pl.DataFrame({ROW: rows + 1})
    return beside(keys, columns)


def numbered_table(part: Answered, columns: list[pl.Series]) -> pl.DataFrame:
    """Number the timesteps of sequences that stand in a row each. Of one that holds nothing there
    is a row as well, where that was looked for."""
    lengths = part.sequences.lengths
    shown = lengths if part.lost is None else np.maximum(lengths, 1)
    owners = np.repeat(np.arange(len(shown)), shown)
    there = np.repeat(lengths > 0, shown)
    steps = pl.Series(TIMESTEP, timestep_positions(splits_of(shown))[there] + 1)
    steps, *columns = among_missing([steps, *columns], there)
    return beside(part.sequences.ids[owners].with_columns(steps), columns)
