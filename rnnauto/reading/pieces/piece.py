"""Define a piece of a file: some of its rows, read as a table of their own."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.reading.rules import Rules
from rnnauto.runs import run_starts


class Undivided(Exception):
    """A file cannot be read in pieces; why, in words."""


@dataclass(frozen=True)
class Taken:
    """Some rows of a file that were read.

    Attributes:
        table: their `Table`, in which all of them are, with their lines in the file.
        starts: the place in the file that each begins at, [rows].
        end: the place behind the last.
        last: whether no row comes after them.
        decided: what was decided in reading them that the whole file could have decided otherwise.
    """

    table: Any
    starts: Integers
    end: int
    last: bool
    decided: Any


Take = Callable[[int, int, Collection[str], Rules], Taken]  # place, bytes, columns of text, rules
Blocks = Callable[[Integers], Integers]


@dataclass
class Piece:
    """Some rows of a file from a place on, cut where neither a sequence nor a batch is cut.

    It is handed to whoever reads a table; what was read stands in it afterwards.

    Attributes:
        take: reads rows from a place on.
        begin: the place of the first row.
        size: bytes to read, about; more where nothing can be cut in so many.
        keys: the columns that tell sequences of several rows apart; empty where a row is one.
        blocks: where sequences may be cut, by the rows of each; see `Family.blocks`.
        end: the place behind the last row that was read.
        last: whether it is that of the file.
        table: what was read.
        heads: a hash of the ids of every sequence, [sequences]; empty where a row is one.
        decided: see `Taken`.
    """

    take: Take
    begin: int
    size: int
    keys: tuple[str, ...]
    blocks: Blocks
    end: int = 0
    last: bool = False
    table: Any = None
    heads: Any = field(default_factory=lambda: np.zeros(0, np.uint64))
    decided: Any = None

    def read(self, text: Collection[str], rules: Rules) -> Any:
        """Read the table of these rows. Raises: Undivided; DataError, as reading the file does."""
        while True:
            taken = self.take(self.begin, self.size, text, rules)
            rows, heads = self.cut(taken)
            if rows or taken.last:
                break
            self.size *= 2
        self.last = taken.last
        self.end = taken.end if rows == len(taken.starts) else int(taken.starts[rows])
        if taken.table.problems and rows < len(taken.starts):  # of rows that are read once more
            taken = self.take(self.begin, self.end - self.begin, text, rules)
        self.heads, self.decided = heads, taken.decided
        self.table = taken.table.first(rows)
        return self.table

    def cut(self, taken: Taken) -> tuple[int, Any]:
        """Choose how many of some rows are whole blocks of whole sequences: the count, and the
        hashes of their ids. Raises: Undivided."""
        frame, height = taken.table.frame, len(taken.starts)
        lengths, heads = np.ones(height, np.int64), np.zeros(0, np.uint64)
        if self.keys:
            lengths, heads = sequences_in(frame, self.keys)
        if taken.last:
            return height, heads
        ends = self.blocks(lengths[: len(lengths) - bool(self.keys)])[:-1]
        count = int(ends[-1]) if len(ends) else 0
        return int(lengths[:count].sum()), heads[:count]


def sequences_in(frame: Any, keys: tuple[str, ...]) -> tuple[Integers, Any]:
    """Find the sequences of some rows: how many rows each has, and a hash of its ids. Raises:
    Undivided where the rows of one do not stand together."""
    if any(name not in frame.columns or frame[name].null_count() for name in keys):
        raise Undivided("not every row has its ids")
    starts = run_starts(frame, keys)
    heads = frame.select(keys)[starts].hash_rows(seed=0).to_numpy()
    if len(np.unique(heads)) < len(heads):
        raise Undivided("the rows of a sequence do not stand together")
    return np.diff(starts, append=frame.height), heads
