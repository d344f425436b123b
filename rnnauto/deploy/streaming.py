"""Hold what a family says of reading a timestep more, and ask a model's `step` for many at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Floats, Integers
from rnnauto.deploy.raw_inputs import Inputs
from rnnauto.deploy.row_cells import Cells
from rnnauto.deploy.runner import RawBatch, Run

SIZES = (64, 16, 4, 1)  # timesteps of a sequence that are read by one call
MOST_ROWS, MOST_TIMESTEPS = 256, 1024  # of a call
Columns = Mapping[str, Sequence[Any]]  # the cells of some rows, by column
Step = Callable[[RawBatch], dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Timesteps:
    """What some rows hold, as `step` takes it.

    Attributes:
        inputs: [timesteps, ...].
        statics: [rows, ...].
        counts: how many timesteps each row has, [rows]; None: one.
    """

    inputs: Mapping[str, NDArray[Any]]
    statics: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    counts: Integers | None = None

    def take(self, rows: Integers) -> "Timesteps":
        """Keep some rows, in the order given."""
        statics = {name: array[rows] for name, array in self.statics.items()}
        if self.counts is None:
            return Timesteps({name: array[rows] for name, array in self.inputs.items()}, statics)
        begins = np.cumsum(self.counts) - self.counts
        counts = self.counts[rows]
        places = [
            np.arange(begin, begin + n) for begin, n in zip(begins[rows], counts, strict=True)
        ]
        at = np.concatenate(places) if places else np.zeros(0, np.int64)
        return Timesteps({name: array[at] for name, array in self.inputs.items()}, statics, counts)


@dataclass(frozen=True)
class Streaming:
    """How the rows of a stream become timesteps, and what is told becomes columns.

    Attributes:
        inputs: what `step` takes but for the state, type and shape by name; `along`: those with an
            axis of timesteps. `outputs`: what is asked of it.
        columns: that are looked at.
        read: cells by column to timesteps; what is wrong with a row is left with the cells.
        told: of the outputs of `step` the numbers that an answer is made of, float32 [batch,
            timesteps, width]; `width`: how many.
        table: these after every timestep, [timesteps, width], and the row splits, to the columns of
            the answers, [rows]; with `probabilities`, and how many timesteps the sequence of each
            row has with it, `so_far`; where something is kept of sequences, also that, `kept`, and
            the place there of each timestep, `owners`.
        keeps: how many whole numbers are kept of a sequence beside its state.
        rule: what these follow, as text; states of another go on with nothing else.
        first: inputs of a timestep that begins every sequence before its first row; None: none.
    """

    inputs: Inputs
    along: frozenset[str]
    outputs: tuple[str, ...]
    columns: tuple[str, ...]
    read: Callable[[Columns, Cells], Timesteps]
    told: Callable[[dict[str, NDArray[Any]]], Floats]
    width: int
    table: Callable[..., list[pl.Series]]
    first: RawBatch | None = None
    keeps: int = 0
    rule: str = ""


@dataclass(frozen=True)
class SeriesStreaming:
    """How the rows of a stream become series, of which the last rows are all that counts.

    Attributes:
        columns: that are looked at; `statics`: those of which a series' first row counts.
        keep: how many rows of a series count, the last ones up to the last with a target.
        ahead: how many timesteps are answered after each row; as many rows without a target count
            that come after the last with one.
        number: the column that tells series apart, by numbers.
        look: of cells by column the time of each row, NaN where missing, None where no column has
            it, and whether it has a target; what is wrong with a row is left with the cells.
        ask: of a table of such series, in order, what comes after each, `ahead` rows a series: with
            a column of times or of timesteps.
    """

    columns: tuple[str, ...]
    statics: tuple[str, ...]
    number: str
    keep: int
    ahead: int
    look: Callable[[Columns, Cells], tuple[Doubles | None, Flags]]
    ask: Callable[[Run, pl.DataFrame], pl.DataFrame]


def read_on(
    step: Step,
    streaming: Streaming,
    timesteps: Timesteps,
    owners: Integers,
    states: Floats,
    *,
    any_size: bool,
) -> Floats:
    """Read the timesteps of some rows, those of a sequence in order, as many as possible at once.

    Args:
        owners: the row of `states` that each row goes on from, [rows].
        states: [states, size]; changed in place.
        any_size: whether `step` takes more timesteps of a sequence than one.

    Returns: what is told after every timestep, float32 [timesteps, width].
    """
    counts = timesteps.counts
    rows = np.arange(len(owners)) if counts is None else np.repeat(np.arange(len(owners)), counts)
    told = np.empty((len(rows), streaming.width), np.float32)
    for slots, places in calls(owners[rows], any_size=any_size):
        batch = {name: array[places] for name, array in timesteps.inputs.items()}
        heads = rows[places[:, 0]]
        batch |= {name: array[heads] for name, array in timesteps.statics.items()}
        outputs = step({**batch, "state": states[slots]})
        states[slots] = outputs["state"]
        told[places] = streaming.told(outputs).reshape(*places.shape, streaming.width)
    return told


def calls(owners: Integers, *, any_size: bool) -> Iterator[tuple[Integers, Integers]]:
    """Cut timesteps into batches: the states [batch] that go on, and the places [batch, timesteps]
    of what each reads, none before what comes before it.

    Args: owners: the state that each timestep belongs to, [timesteps].
    """
    if len(owners) == 1:
        yield owners, np.zeros((1, 1), np.int64)
        return
    order = np.argsort(owners, kind="stable")
    slots, begins, lefts = np.unique(owners[order], return_index=True, return_counts=True)
    for size in SIZES if any_size else (1,):
        steps = np.arange(size)
        while True:
            ready = np.flatnonzero(lefts >= size)
            if not len(ready):
                break
            most = max(1, min(MOST_ROWS, MOST_TIMESTEPS // size))
            for at in range(0, len(ready), most):
                some = ready[at : at + most]
                yield slots[some], order[begins[some][:, None] + steps]
            begins[ready] += size
            lefts[ready] -= size
