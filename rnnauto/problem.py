"""Record what is wrong with a table, or was mended in reading it, and what its kind is.

To add a problem, write its `Kind` beside the check that finds it: what `--allow` takes and what
docs/problems.md says are made from these records.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from rnnauto.visible import visible

MOST_ROWS = 10_000  # listed one by one
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Problem:
    """One problem of one table.

    Attributes:
        code: that of its kind, which `--allow` names.
        message: what is wrong, in words.
        column: the one that it is about, if it is one.
        row: the first line in the file, where the header is line 1.
        rows: all of the lines, or the first ten thousand.
        leak: what kind of leak it is, if any: copy, code, alone, future, text, duplicates, ids.
    """

    code: str
    severity: Severity
    message: str
    column: str | None
    row: int | None
    remedy: str
    rows: tuple[int, ...] = ()
    leak: str = ""

    @property
    def label(self) -> str:
        """`warning[duplicate-timestep]`."""
        return f"{self.severity}[{self.code}]"

    @property
    def placed(self) -> str:
        """The message, with the line that it is about."""
        return self.message + (f" (line {self.row})" if self.row is not None else "")


@dataclass(frozen=True)
class Example:
    """A small file that has a problem.

    Attributes:
        text: what the file holds.
        flags: those of `inspect` that the problem is found with.
        test: what a test file holds, if the problem is one of both.
        fitted: whether `fit` finds it, when the parts are known, and `inspect` does not.
    """

    text: str
    flags: str = "--target y"
    name: str = "table.csv"
    test: str = ""
    fitted: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its code, which never changes, and its entry in docs/problems.md.

    Attributes:
        severity: the usual one; `or_severity` is another that it may have.
        title: a few words, as in a list of all kinds.
        finds: what is looked for, and where.
        harm: why it is bad.
        remedy: what to do about it.
        allowable: False where nothing can be learnt while the problem is there.
        leak: what kind of leak it is, if any.
    """

    code: str
    severity: Severity
    title: str
    finds: str
    harm: str
    remedy: str
    example: Example
    or_severity: Severity | None = None
    allowable: bool = True
    leak: str = ""

    def problem(
        self,
        message: str,
        column: str | None = None,
        lines: Sequence[int] = (),
        *,
        remedy: str,
        row: int | None = None,
        severity: Severity | None = None,
    ) -> Problem:
        """Make a problem of this kind.

        Args:
            lines: those of the file that it is about.
            row: the line to show, where it isn't the first of these.
            severity: given where it is not the usual one.
        """
        rows = tuple(np.sort(np.asarray(lines, np.int64))[:MOST_ROWS].tolist())
        return Problem(
            code=self.code,
            severity=severity or self.severity,
            message=visible(message),
            column=column,
            row=row or (rows[0] if rows else None),
            remedy=visible(remedy),
            rows=rows,
            leak=self.leak,
        )


def numbered(header: str, *rows: str, times: int = 1) -> str:
    """Write the text of an example: rows over and over, `#` in them the number of the row."""
    repeated = [row.replace("#", str(at)) for at, row in enumerate(rows * times, start=1)]
    return "\n".join([header, *repeated]) + "\n"


def rows_where(mask: pl.Series) -> list[int]:
    return [int(at) for at in np.flatnonzero(mask.fill_null(False).to_numpy())]
