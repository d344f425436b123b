"""Answer a stream of series: the last rows of each are kept, and each row is answered with what
comes after it."""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.deploy.row_cells import Faults
from rnnauto.deploy.runner import Run
from rnnauto.deploy.streaming import SeriesStreaming
from rnnauto.deploy.table import ORIGIN, TIMESTEP, as_in_file
from rnnauto.errors import DataError
from rnnauto.files import put_in_place
from rnnauto.layout import Layout
from rnnauto.streaming.states import FORMAT, MOST_BYTES, OTHER, no_states
from rnnauto.streaming.stream import Answers, Row, answers_of, ids_of

BLOCK = 512  # rows that are answered at once
Kept = list[list[Any]]  # rows of cells


@dataclass
class Histories:
    """The last rows of the series of a stream.

    Attributes:
        model: a hash that tells models apart.
        forget: seconds after which a series that was not seen is dropped; None: never.
        rows: by id the last rows, how many there were, and when the last came, in seconds since
            1970; last seen last.
    """

    model: str
    forget: float | None = None
    rows: OrderedDict[str, tuple[Kept, int, float]] = field(default_factory=OrderedDict)

    def drop(self, now: float) -> None:
        """Drop the series that were not seen for long."""
        while self.forget is not None and self.rows:
            name, (_, _, seen) = next(iter(self.rows.items()))
            if now - seen <= self.forget:
                return
            del self.rows[name]

    def save(self, path: Path | str) -> None:
        """Write them into a file: beside its place, then renamed. Raises: DataError."""
        content = {"format": FORMAT, "model": self.model, "series": list(self.rows.items())}
        text = json.dumps(content, default=written)
        try:
            put_in_place(Path(path), text.encode())
        except OSError as error:
            raise DataError(
                f"cannot write the states into `{path}`: {error.strerror or error}",
                hint="name another file with `--state`",
            ) from error

    def load(self, path: Path | str, now: float) -> None:
        """Take up those of a file. Raises: DataError where it is no such file, or of another
        model."""
        content = read_histories(Path(path))
        if content["model"] != self.model:
            raise DataError(
                f"`{path}` holds the states of another model",
                hint="states go on with the model that made them; " + OTHER,
            )
        series = sorted(content["series"], key=lambda each: float(each[1][2]))
        self.rows = OrderedDict(
            (name, (kept, int(count), float(seen))) for name, (kept, count, seen) in series
        )
        self.drop(now)


def written(cell: object) -> str:
    """Write what JSON has no form for."""
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def read_histories(path: Path) -> dict[str, Any]:
    """Read a file of histories. Raises: DataError where it is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise no_states(path)
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            f"cannot read the states in `{path}`: {error.strerror or error}", hint=OTHER
        ) from error
    except (ValueError, RecursionError) as error:
        raise no_states(path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise no_states(path)
    if not isinstance(content.get("model"), str) or not isinstance(content.get("series"), list):
        raise no_states(path)
    if not all(is_history(each) for each in content["series"]):
        raise no_states(path)
    return content


def is_history(each: Any) -> bool:
    match each:
        case [str(), [list(rows), int(), int() | float()]]:
            return all(isinstance(row, list) for row in rows)
    return False


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
        keys: list[dict[str, Any]] = []
        steps = answers.timesteps.tolist()
        for at, step in zip(answers.rows.tolist(), steps, strict=True):
            row = rows[at]
            key = {name: row.get(name) for name in self.layout.id}
            keys.append({**key, ORIGIN: row.get(self.layout.time) if self.layout.time else step})
        return keys

    def save(self, path: Path | str) -> None:
        """Write the last rows into a file; see `Histories.save`."""
        self.states.save(path)

    def load(self, path: Path | str) -> None:
        """Take up those of a file; see `Histories.load`."""
        self.states.load(path, self.clock())

    def read(self, rows: Sequence[Row], *, as_text: bool = False) -> Answers:
        """Read some rows in their order, and answer each. What cannot be read is looked for by
        halves."""
        faults: Faults = {}
        columns = {name: [row.get(name) for row in rows] for name in self.streaming.columns}
        ids = ids_of(self.layout, rows, columns, faults)
        cells = list(zip(*columns.values(), strict=True))
        kept = [at for at in range(len(rows)) if at not in faults]
        self.states.drop(self.clock())
        tables: list[pl.DataFrame] = []
        answered: list[int] = []
        counts: list[int] = []
        waiting = [kept] if kept else []
        while waiting:
            some = waiting.pop()
            try:
                table, after = self.ask([ids[at] for at in some], [list(cells[at]) for at in some])
            except DataError as error:
                if len(some) == 1:
                    faults[some[0]] = error.message
                else:
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]
                continue
            tables.append(table)
            answered += some
            counts += after
        ahead = self.streaming.ahead
        columns_told = as_in_file(pl.concat(tables)).get_columns() if tables else []
        return Answers(
            np.repeat(np.array(answered, np.int64), ahead),
            np.repeat(np.array(counts, np.int64), ahead),
            columns_told,
            faults,
        )

    def ask(self, ids: list[str], cells: Kept) -> tuple[pl.DataFrame, list[int]]:
        """Answer some rows that can all be read, and keep them. Raises: DataError, and keeps none.

        Returns: what comes after each row, `ahead` rows each, and how many rows its series has.
        """
        now, keep = self.clock(), self.streaming.keep
        series: dict[str, tuple[Kept, int]] = {}
        windows, counts, offsets = [], [], []
        for name, row in zip(ids, cells, strict=True):
            kept, count = series.get(name) or self.states.rows.get(name, ([], 0, now))[:2]
            kept = [*kept, row][-keep:]
            series[name] = kept, count + 1
            windows.append(kept)
            counts.append(count + 1)
            offsets.append(count + 1 - len(kept))
        table = self.streaming.ask(self.run, self.frame_of(windows))
        if TIMESTEP in table.columns and self.layout.time is None:
            shift = pl.Series(np.repeat(offsets, self.streaming.ahead))
            table = table.with_columns((table[TIMESTEP] + shift).alias(TIMESTEP))
        for name, (kept, count) in series.items():
            self.states.rows[name] = kept, count, now
            self.states.rows.move_to_end(name)
        return table, counts

    def frame_of(self, windows: Sequence[Kept]) -> pl.DataFrame:
        """Put the rows of all windows below one another, with the number of each."""
        rows = [row for kept in windows for row in kept]
        numbers = np.repeat(np.arange(len(windows)), [len(kept) for kept in windows])
        columns = [
            pl.Series(name, list(values), strict=False)
            for name, values in zip(self.streaming.columns, zip(*rows, strict=True), strict=True)
        ]
        return pl.DataFrame([pl.Series(self.streaming.number, numbers), *columns])
