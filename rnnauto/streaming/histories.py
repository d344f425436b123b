"""Keep the last rows of every series of a stream: in memory, and in a file between two streams."""

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rnnauto.streaming.states import no_states, of_another_model, read_file, write_file

FORMAT = 2
MOST = 1 << 53  # rows or seconds that a file may tell of
Kept = list[list[Any]]  # rows of cells


@dataclass(frozen=True)
class History:
    """The rows of a series that count.

    Attributes:
        rows: the last ones up to the last with a target, the first ones after it, and the newest.
        known: how many of these there are up to the last with a target.
        first: how many rows came before them.
        count: how many rows the series has.
        last: the time of the last; NaN where rows have none.
        seen: when it came, in seconds since 1970.
    """

    rows: Kept
    known: int
    first: int
    count: int
    last: float
    seen: float

    def window(self, ahead: int) -> Kept:
        """The rows that a forecast goes on from: those after the last target tell what is known
        ahead."""
        return self.rows[: self.known + ahead]

    def after(
        self, row: list[Any], at: float, now: float, *, target: bool, keep: int, ahead: int
    ) -> "History":
        """Go on by a row; `target`: whether it has one."""
        rows, count, known, first = [*self.rows, row], self.count + 1, self.known, self.first
        if target:
            rows = rows[-keep:]
            known, first = len(rows), count - len(rows)
        elif len(rows) > known + ahead + keep:
            # neither of those known ahead of this forecast, nor one that a later one looks back to
            del rows[known + ahead]
        return History(rows, known, first, count, at, now)


NEW = History([], 0, 0, 0, float("-inf"), 0.0)


@dataclass
class Histories:
    """The last rows of the series of a stream.

    Attributes:
        model: a hash that tells models apart.
        width: the cells of a row.
        forget: seconds after which a series that was not seen is dropped; None: never.
        series: by id; last seen last.
    """

    model: str
    width: int
    forget: float | None = None
    series: OrderedDict[str, History] = field(default_factory=OrderedDict)

    def drop(self, now: float) -> None:
        """Drop the series that were not seen for long."""
        while self.forget is not None and self.series:
            name, history = next(iter(self.series.items()))
            if now - history.seen <= self.forget:
                return
            del self.series[name]

    def save(self, path: Path | str) -> None:
        """Write them into a file: beside its place, then renamed. Raises: DataError."""
        series = [
            [name, [each.rows, each.known, each.first, each.count, each.seen]]
            for name, each in self.series.items()
        ]
        content = {"format": FORMAT, "model": self.model, "series": series}
        write_file(path, json.dumps(content, default=written).encode())

    def read(self, path: Path | str) -> OrderedDict[str, History]:
        """Read those of a file, but for their last times. Raises: DataError where it is no such
        file, or of another model."""
        content = read_json(Path(path))
        if content["model"] != self.model:
            raise of_another_model(path)
        series = content["series"]
        if not all(is_history(each, self.width) for each in series):
            raise no_states(path)
        found = OrderedDict(
            (name, History(rows, known, first, count, NEW.last, float(seen)))
            for name, (rows, known, first, count, seen) in sorted(series, key=seen_last)
        )
        if len(found) < len(series):
            raise no_states(path)
        return found


def seen_last(each: Any) -> float:
    return float(each[1][4])


def written(cell: object) -> str:
    """Write what JSON has no form for."""
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def read_json(path: Path) -> dict[str, Any]:
    """Read a file of histories. Raises: DataError where it is none."""
    try:
        content = json.loads(read_file(path))
    except (ValueError, RecursionError) as error:
        raise no_states(path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise no_states(path)
    if not isinstance(content.get("model"), str) or not isinstance(content.get("series"), list):
        raise no_states(path)
    return content


def is_history(each: Any, width: int) -> bool:
    """Say whether a part of a file holds rows of so many cells, and numbers that go with them."""
    match each:
        case [
            str(),
            [[_, *_] as rows, int(known), int(first), int(count), int() | float() as seen],
        ]:
            whole = all(isinstance(row, list) and len(row) == width for row in rows)
            cells = (cell for row in rows if isinstance(row, list) for cell in row)
            return (
                whole
                and not any(isinstance(cell, list | dict) for cell in cells)
                and 0 <= known <= len(rows)
                and first >= 0
                and first + len(rows) <= count < MOST
                and abs(seen) < MOST
            )
    return False
