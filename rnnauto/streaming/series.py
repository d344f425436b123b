"""Answer a stream of series: the last rows of each are kept, and each row is answered with what
comes after it."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Flags
from rnnauto.deploy.row_cells import Cells, Faults
from rnnauto.deploy.runner import Run
from rnnauto.deploy.streaming import SeriesStreaming
from rnnauto.deploy.table import ORIGIN, TIMESTEP, as_in_file
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.reading.frames import FRAME
from rnnauto.streaming.histories import NEW, Histories, History, Kept
from rnnauto.streaming.joined_times import cells_of
from rnnauto.streaming.spelled_times import plain_times
from rnnauto.streaming.states import no_states
from rnnauto.streaming.stream import Answers, Row, answers_of, ids_of
from rnnauto.visible import visible

PLACE = re.compile(rf"^`{FRAME}`(?:, column (`[^`]*`))?(?:, line [\d,]+)?: ")
BLOCK = 512  # rows that are answered at once


def of_a_row(message: str) -> str:
    """Leave out the place in the table that a row was read in, but for the column."""
    return PLACE.sub(lambda place: f"{place[1]}: " if place[1] else "", message)


@dataclass(frozen=True)
class Looked:
    """Some rows, and what counts of them beside their cells.

    Attributes:
        ids: the series of each.
        cells: of each.
        times: when it was, [rows]; None where nothing says.
        known: whether it has a target, [rows].
    """

    ids: list[str]
    cells: Kept
    times: Doubles | None
    known: Flags


@dataclass(frozen=True)
class SeriesStream:
    """A forecast that reads on: `send` it a row, and it tells what comes after the rows of that
    series so far.

    Attributes:
        layout: of the model.
        streaming: how its family reads rows; `run`: what answers.
        states: the last rows of each series, with `save` and `load`.
        clock: the time now, in seconds since 1970.
    """

    layout: Layout
    streaming: SeriesStreaming
    run: Run
    states: Histories
    clock: Callable[[], float] = time.time

    @property
    def needed(self) -> list[str]:
        """The columns that rows have to have."""
        return [*self.layout.id, *self.streaming.columns]

    @property
    def most_rows(self) -> int:
        """How many rows are read at once, at most."""
        return BLOCK

    def send(self, row: Row) -> list[dict[str, Any]]:
        """Read a row, a timestep of its series, and answer with a row for each timestep ahead.

        Raises: DataError for a row that cannot be read; no series has changed then.
        """
        return list(self.answers([row]))

    def answers(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Answer row after row. Raises: DataError for the first that cannot be read."""
        return answers_of(self, rows)

    def keys(self, rows: Sequence[Row], answers: Answers) -> list[dict[str, Any]]:
        """What says of each answer which row it goes on from: ids and time, as the row has them."""
        told, layout = [rows[at] for at in answers.rows.tolist()], self.layout
        origins = cells_of(told, layout, layout.time) if layout.time else answers.timesteps.tolist()
        return [
            {**{name: row.get(name) for name in layout.id}, ORIGIN: origin}
            for row, origin in zip(told, origins, strict=True)
        ]

    def save(self, path: Path | str) -> None:
        """Write the last rows into a file; see `Histories.save`."""
        self.states.save(path)

    def load(self, path: Path | str) -> None:
        """Take up those of a file. Raises: DataError where it is no such file, is damaged, or of
        another model."""
        found = self.states.read(path)
        rows = [row for history in found.values() for row in history.rows]
        cells = Cells(self.layout)
        times, _ = self.streaming.look(self.columns_of(rows), cells)
        begin = 0
        for name, history in found.items():
            end = begin + len(history.rows)
            if times is not None:
                if (times[begin + 1 : end] < times[begin : end - 1]).any():
                    raise no_states(path)
                found[name] = replace(history, last=float(times[end - 1]))
            begin = end
        if cells.faults:
            raise no_states(path)
        self.states.series = found
        self.states.drop(self.clock())

    def columns_of(self, rows: Kept) -> dict[str, list[Any]]:
        """Turn rows of cells into columns."""
        return {name: [row[at] for row in rows] for at, name in enumerate(self.streaming.columns)}

    def read(self, rows: Sequence[Row], *, as_text: bool = False) -> Answers:
        """Read some rows in their order, and answer each. What cannot be read is looked for by
        halves."""
        cells = Cells(self.layout, as_text)
        faults = cells.faults
        columns = {name: cells_of(rows, self.layout, name) for name in self.streaming.columns}
        ids = ids_of(self.layout, rows, columns, faults)
        times, known = self.streaming.look(columns, cells)
        if times is not None and self.layout.time:
            name = self.layout.time
            columns[name] = plain_times(columns[name], times, cells, name)
        own = [list(row) for row in zip(*columns.values(), strict=True)]
        looked = Looked(ids, own, times, known)
        kept = [at for at in range(len(rows)) if at not in faults]
        self.states.drop(self.clock())
        tables: list[pl.DataFrame] = []
        answered: list[int] = []
        counts: list[int] = []
        waiting = [kept] if kept else []
        while waiting:
            some = waiting.pop()
            try:
                table, after, late = self.ask(looked, some)
            except DataError as error:
                if len(some) == 1:
                    faults[some[0]] = of_a_row(error.message)
                else:
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]
                continue
            faults |= late
            if table is not None:
                tables.append(table)
            answered += [at for at in some if at not in late]
            counts += after
        ahead = self.streaming.ahead
        columns_told = as_in_file(pl.concat(tables)).get_columns() if tables else []
        return Answers(
            np.repeat(np.array(answered, np.int64), ahead),
            np.repeat(np.array(counts, np.int64), ahead),
            columns_told,
            faults,
        )

    def ask(
        self, looked: Looked, some: Sequence[int]
    ) -> tuple[pl.DataFrame | None, list[int], Faults]:
        """Answer some rows that can all be read, and keep them, but for those that come too late.
        Raises: DataError, and keeps none.

        Returns: what comes after each row, `ahead` rows each, how many rows its series has, and
            what is wrong with those that are too late.
        """
        now, ahead = self.clock(), self.streaming.ahead
        series: dict[str, History] = {}
        windows, counts, offsets = [], [], []
        late: Faults = {}
        for at in some:
            name, row = looked.ids[at], looked.cells[at]
            before = series.get(name) or self.states.series.get(name, NEW)
            moment = NEW.last if looked.times is None else float(looked.times[at])
            if moment < before.last:
                late[at] = self.too_late(row, before)
                continue
            history = before.after(
                self.with_statics(row, before),
                moment,
                now,
                target=bool(looked.known[at]),
                keep=self.streaming.keep,
                ahead=ahead,
            )
            series[name] = history
            windows.append(history.window(ahead))
            counts.append(history.count)
            offsets.append(history.first)
        if not windows:
            return None, [], late
        table = self.streaming.ask(self.run, self.frame_of(windows))
        if TIMESTEP in table.columns and self.layout.time != TIMESTEP:
            shift = pl.Series(np.repeat(offsets, ahead))
            table = table.with_columns((table[TIMESTEP] + shift).alias(TIMESTEP))
        for name, history in series.items():
            self.states.series[name] = history
            self.states.series.move_to_end(name)
        return table, counts, late

    def with_statics(self, row: list[Any], history: History) -> list[Any]:
        """Give a row the static features of its series' first."""
        names = self.streaming.statics
        if not history.rows or not names:
            return row
        each = zip(self.streaming.columns, row, history.rows[0], strict=True)
        return [first if name in names else cell for name, cell, first in each]

    def too_late(self, row: list[Any], history: History) -> str:
        """Say that a row comes before the last of its series."""
        at = self.streaming.columns.index(self.layout.time or "")
        here, last = str(row[at]), str(history.rows[-1][at])
        return (
            f"`{self.layout.time}`: `{visible(here)}` comes before `{visible(last)}`, the last of "
            "its series: rows have to come in order of time"
        )

    def frame_of(self, windows: Sequence[Kept]) -> pl.DataFrame:
        """Put the rows of all windows below one another, with the number of each."""
        rows = [row for kept in windows for row in kept]
        numbers = np.repeat(np.arange(len(windows)), [len(kept) for kept in windows])
        columns = [
            pl.Series(name, list(values), strict=False)
            for name, values in zip(self.streaming.columns, zip(*rows, strict=True), strict=True)
        ]
        return pl.DataFrame([pl.Series(self.streaming.number, numbers), *columns])
