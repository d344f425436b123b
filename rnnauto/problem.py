"""What is wrong with a table, or was mended in reading it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

MOST_ROWS = 10_000  # listed one by one
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Problem:
    """`row` is the first line in the file, where the header is line 1; `rows` are all of them, or
    the first ten thousand. A note says what was mended in reading. `leak` is what kind of leak it
    is, if any: copy, code, alone, future, text, duplicates, ids."""

    severity: Severity
    message: str
    column: str | None
    row: int | None
    remedy: str
    rows: tuple[int, ...] = ()
    leak: str = ""


@dataclass(frozen=True)
class Leak:
    """A column that tells what the model is to find out, or sequences that it has seen before."""

    kind: str
    column: str
    message: str
    remedy: str
    severity: Severity = "error"

    def problem(self) -> Problem:
        return Problem(
            self.severity, self.message, self.column or None, None, self.remedy, leak=self.kind
        )


def problem_at(
    severity: Severity,
    message: str,
    column: str | None,
    lines: Sequence[int],
    remedy: str,
    *,
    row: int | None = None,
) -> Problem:
    """`row` is the line to show, where that is not the first of the lines."""
    rows = tuple(np.sort(np.asarray(lines, np.int64))[:MOST_ROWS].tolist())
    return Problem(severity, message, column, row or (rows[0] if rows else None), remedy, rows)


def rows_where(mask: pl.Series) -> list[int]:
    return [int(at) for at in np.flatnonzero(mask.fill_null(False).to_numpy())]


def constant_target(name: str, known: pl.Series) -> Problem:
    """Args: known: the targets that are not missing; all are equal, or there is none."""
    value = f"`{known[0]}`" if len(known) else "missing"
    return Problem(
        "error",
        f"the target `{name}` is always {value}: there is nothing to learn",
        name,
        None,
        "name another target, or add rows with other values",
    )
