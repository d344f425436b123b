"""Answer a stream of rows: the state of every sequence is kept, and each row costs the same."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from rnnauto.arrays import Integers, splits_of
from rnnauto.deploy.row_cells import Cells, Faults
from rnnauto.deploy.streaming import Step, Streaming, read_on
from rnnauto.deploy.table import TIMESTEP
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.reading.pandas_frames import is_missing
from rnnauto.streaming.joined_times import cells_of
from rnnauto.streaming.states import States
from rnnauto.visible import visible

Row = Mapping[str, Any]
BLOCK = 4096  # rows of a list that are answered at once
MOST_TOLD = 1 << 24  # numbers that are told at once
ALONE = "[]"  # the one sequence of a stream without ids


@dataclass(frozen=True)
class Answers:
    """The answers to some rows.

    Attributes:
        rows: the places of those that are answered, [answers]; the others are at fault.
        timesteps: of the sequence so far, [answers].
        columns: what is answered, [answers] each.
        faults: what is wrong with rows, by their place.
    """

    rows: Integers
    timesteps: Integers
    columns: list[pl.Series]
    faults: Faults


class Reading(Protocol):
    """What reads rows, and answers them."""

    @property
    def layout(self) -> Layout: ...

    @property
    def needed(self) -> list[str]: ...

    @property
    def most_rows(self) -> int: ...

    def read(self, rows: Sequence[Row], *, as_text: bool = False) -> Answers: ...

    def keys(self, rows: Sequence[Row], answers: Answers) -> list[dict[str, Any]]: ...

    def save(self, path: Path | str) -> None: ...

    def load(self, path: Path | str) -> None: ...


@dataclass(frozen=True)
class Stream:
    """A model that reads on: `send` it a row, and it answers all rows of the sequence so far.

    Attributes:
        layout: of the model.
        streaming: how its family reads rows.
        step: what reads timesteps more; `any_size`: also several of a sequence.
        states: those of the sequences, with `save` and `load`.
        probabilities: whether those of all classes are told.
        clock: the time now, in seconds since 1970.
    """

    layout: Layout
    streaming: Streaming
    step: Step
    any_size: bool
    states: States
    probabilities: bool = False
    clock: Callable[[], float] = time.time

    @property
    def needed(self) -> list[str]:
        """The columns that rows have to have."""
        return [*self.layout.id, *self.streaming.columns]

    @property
    def most_rows(self) -> int:
        """How many rows are read at once, at most."""
        return max(1, min(BLOCK, MOST_TOLD // self.streaming.width))

    def send(self, row: Row) -> dict[str, Any]:
        """Read a row, a timestep of its sequence, and answer.

        Raises: DataError for a row that cannot be read; no state has changed then.
        """
        (answer,) = self.answers([row])
        return answer

    def answers(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Answer row after row. Rows of a list are read many at a time, others one by one, as they
        come.

        Raises: DataError for the first row that cannot be read; those before it are answered.
        """
        return answers_of(self, rows)

    def keys(self, rows: Sequence[Row], answers: Answers) -> list[dict[str, Any]]:
        """What says of each answer which row it is to: ids and time, as the row has them."""
        names = [*self.layout.id, *([self.layout.time] if self.layout.time else [])]
        told = [rows[at] for at in answers.rows.tolist()]
        columns = {name: cells_of(told, self.layout, name) for name in names}
        keys = [{name: columns[name][at] for name in names} for at in range(len(told))]
        if not self.layout.time:
            for key, step in zip(keys, answers.timesteps.tolist(), strict=True):
                key[TIMESTEP] = step
        return keys

    def read(self, rows: Sequence[Row], *, as_text: bool = False) -> Answers:
        """Read some rows in their order, and answer each.

        Args: as_text: whether every cell is text, as in CSV.
        """
        cells = Cells(self.layout, as_text)
        names = self.streaming.columns
        columns = {name: cells_of(rows, self.layout, name) for name in names}
        ids = ids_of(self.layout, rows, columns, cells.faults)
        timesteps = self.streaming.read(columns, cells)
        counts = timesteps.counts
        kept = np.array([at for at in range(len(rows)) if at not in cells.faults], np.int64)
        if len(kept) < len(rows):
            timesteps = timesteps.take(kept)
            ids = [ids[at] for at in kept]
            counts = timesteps.counts
        places, new = self.states.places(ids, self.clock())
        self.begin(new)
        told = read_on(
            self.step, self.streaming, timesteps, places, self.states.state, any_size=self.any_size
        )
        each = np.ones(len(kept), np.int64) if counts is None else counts
        so_far = self.count(places, each)
        more: dict[str, Any] = {}
        if self.streaming.keeps:
            more = {"kept": self.states.kept, "owners": np.repeat(places, each)}
        table = self.streaming.table(
            told, splits_of(each), so_far=so_far, probabilities=self.probabilities, **more
        )
        return Answers(kept, so_far, table, cells.faults)

    def begin(self, new: Integers) -> None:
        """Read what stands before the first row of new sequences."""
        first, states = self.streaming.first, self.states.state
        if first is None or not len(new):
            return
        batch = {name: np.repeat(array, len(new), axis=0) for name, array in first.items()}
        states[new] = self.step({**batch, "state": states[new]})["state"]

    def count(self, places: Integers, each: Integers) -> Integers:
        """Count the timesteps that sequences have after each row, [rows]."""
        timesteps = self.states.timesteps
        if len(places) == 1:
            timesteps[places] += each
            return timesteps[places]
        order = np.argsort(places, kind="stable")
        sums = np.cumsum(each[order])
        heads = np.flatnonzero(np.diff(places[order], prepend=-1))
        before = np.repeat(sums[heads] - each[order][heads], np.diff(np.append(heads, len(order))))
        after = np.empty(len(places), np.int64)
        after[order] = timesteps[places[order]] + sums - before
        np.add.at(timesteps, places, each)
        return after

    def save(self, path: Path | str) -> None:
        """Write the states into a file; see `States.save`."""
        self.states.save(path)

    def load(self, path: Path | str) -> None:
        """Take up the states of a file; see `States.load`."""
        self.states.load(path, self.clock())


def ids_of(
    layout: Layout, rows: Sequence[Row], columns: Mapping[str, Any], faults: Faults
) -> list[str]:
    """Find the sequence of every row, and the rows that hold nothing."""
    first, *others = columns.values()
    blank = [
        at
        for at, value in enumerate(first)
        if is_blank(value) and all(is_blank(column[at]) for column in others)
    ]
    for at in blank:
        # where an id says whose it is, a timestep may be one of missing values
        if not layout.id or not rows[at].keys() & columns.keys():
            faults[at] = f"it holds no {listed(columns)}"
    if not layout.id:
        return [ALONE] * len(rows)
    own = [[row.get(name) for row in rows] for name in layout.id]
    known: dict[Any, str] = {}
    ids = []
    for at, parts in enumerate(zip(*own, strict=True)):
        if any(isinstance(part, list | dict) for part in parts):
            faults[at] = f"`{visible(str(parts))}` is no id"
            ids.append("")
            continue
        told = (*parts, *map(type, parts))  # True is 1 to a dictionary
        name = known.get(told)
        if name is None:
            name = known[told] = id_of(parts)
        ids.append(name)
        if all(is_blank(part) for part in parts):
            faults[at] = f"it has no {listed(layout.id)}"
    return ids


def is_blank(cell: Any) -> bool:
    return cell == "" if isinstance(cell, str) else is_missing(cell)


def listed(names: Iterable[str]) -> str:
    return " and no ".join(f"`{name}`" for name in names)


def answers_of(stream: Reading, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Answer row after row, as `Stream.answers` says."""
    size = stream.most_rows if isinstance(rows, Sequence) else 1
    for number, block in blocks_of(rows, size):
        for at, row in enumerate(block):
            if not hasattr(row, "keys"):
                raise no_row(row, number + at + 1)
        answered = stream.read(block)
        keys = stream.keys(block, answered)
        names = names_beside(keys[0] if keys else {}, answered.columns)
        first = min(answered.faults, default=len(block))
        values = zip(*(column.to_list() for column in answered.columns), strict=True)
        for place, key, told in zip(answered.rows.tolist(), keys, values, strict=True):
            if place < first:
                yield {**key, **dict(zip(names, told, strict=True))}
        if first < len(block):
            raise DataError(f"row {number + first + 1:,}: {answered.faults[first]}")


def no_row(row: Any, number: int) -> DataError:
    return DataError(
        f"row {number:,}: it is a `{type(row).__name__}`, and no dictionary",
        hint="of a frame give `frame.iter_rows(named=True)` of polars, or "
        "`frame.to_dict('records')` of pandas",
    )


def id_of(own: Sequence[Any]) -> str:
    """Write the ids of a sequence as one text; 7, 7.0 and `7` are the same."""
    parts = [
        str(int(part)) if isinstance(part, float) and part.is_integer() else part for part in own
    ]
    texts = [None if is_missing(part) else str(part) for part in parts]
    return json.dumps(texts, ensure_ascii=False)


def blocks_of(rows: Iterable[Row], size: int) -> Iterator[tuple[int, list[Row]]]:
    """Cut rows into lists, each with the number of its first."""
    if isinstance(rows, Sequence):
        for begin in range(0, len(rows), size):
            yield begin, list(rows[begin : begin + size])
        return
    for number, row in enumerate(rows):
        yield number, [row]


def names_beside(keys: Mapping[str, Any], columns: Sequence[pl.Series]) -> list[str]:
    """Name the columns of the answers; an id may be named `prediction` too."""
    names = []
    for column in columns:
        name = column.name
        while name in keys:
            name += "_"
        names.append(name)
    return names
