"""Give series a timestep at every place of their frequency, so that seasons count time."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.runs import ordered_runs
from rnnauto.times.frequency import Frequency, find_frequency
from rnnauto.times.grid import fill, is_clock


@dataclass(frozen=True)
class Regular:
    """Series in order, those of an id one after the other.

    Attributes:
        frame: their timesteps, those without a row of nulls included.
        row_splits: where series begin and end, [series + 1].
        frequency: the rule of their times; None where nothing orders them but the file.
        absent: how many timesteps have no row.
    """

    frame: pl.DataFrame
    row_splits: Integers
    frequency: Frequency | None
    absent: int

    @property
    def lengths(self) -> Integers:
        return np.diff(self.row_splits)


def regular_series(frame: pl.DataFrame, ids: tuple[str, ...], time: str | None) -> Regular:
    """Order series by id and time, and fill the holes that their frequency shows."""
    ordered, row_splits = in_order(frame, ids, time)
    if time is None or not is_clock(frame.schema[time]):
        return Regular(ordered, row_splits, None, 0)
    frequency = find_frequency(ordered[time], row_splits)
    filled = fill(ordered[time], row_splits, frequency)
    return Regular(filled.take(ordered), filled.row_splits, frequency, filled.absent)


def in_order(
    frame: pl.DataFrame, ids: tuple[str, ...], time: str | None
) -> tuple[pl.DataFrame, Integers]:
    """Sort rows by series and time; a single series without a time stays in the file's order."""
    if not ids:
        ordered = frame.sort(time, maintain_order=True) if time else frame
        return ordered, np.array([0, frame.height], np.int64)
    starts = ordered_runs(frame, ids, time) if time else None
    if starts is not None:
        return frame, np.append(starts, frame.height).astype(np.int64)
    ordered = frame.sort(*ids, *([time] if time else []), maintain_order=True)
    lengths = ordered.group_by(ids, maintain_order=True).len()["len"].to_numpy()
    return ordered, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
