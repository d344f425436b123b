"""Ask a model about a file a piece at a time: the predictions are those of the whole, to the byte.

Pieces are cut where neither a sequence nor a batch is cut, and what a reader decides by all cells
of a column has to come out alike in all of them. Where anything does not, or fails, nothing has
been written yet, and the file is read whole: that gives the answer, or says what is wrong.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import polars as pl

from rnnauto import pieces
from rnnauto.data.sequences import ROW
from rnnauto.data.unanswered import Unanswered, together, words_of
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.deploy.table import Answer, known_as_texts
from rnnauto.errors import RnnautoError
from rnnauto.families.family import AnyFamily
from rnnauto.layout import Layout
from rnnauto.problem import Problem
from rnnauto.problems.asked import problems_asked
from rnnauto.problems.find import in_order
from rnnauto.problems.known_numbers import number_columns
from rnnauto.reading.opened import Opened
from rnnauto.reading.pieces.files import Divided, divided
from rnnauto.reading.pieces.piece import Piece, Undivided
from rnnauto.reading.rules import known_rules

Add = Callable[[pl.DataFrame], None]
COUNT = re.compile(r"^([\d,]+)(?: of [\d,]+)? (.*)$", re.DOTALL)
# what stands in single cells, or in the rows of one sequence
ADDED_UP = frozenset({"missing-cells", "duplicate-timestep", "partly-labelled"})
SEVERAL = {"row repeats": "rows repeat", "sequence has": "sequences have"}  # of these: one, several


class Asked(Protocol):
    """A model, as far as pieces have to know it."""

    @property
    def info(self) -> AnyModelInfo: ...

    @property
    def family(self) -> AnyFamily: ...

    def read(self, data: Any) -> Any: ...

    @property
    def tell(self) -> Callable[..., Answer]: ...


@dataclass(frozen=True)
class Counted:
    """A problem that pieces have, and how many of them.

    Attributes:
        first: that of the first piece.
        among: the lines of that piece.
        pieces: how many pieces have it.
        count: what its messages count, added up; None where they do not begin with a number.
    """

    first: Problem
    among: str
    pieces: int = 0
    count: int | None = 0

    @property
    def words(self) -> str:
        """What the message says behind its count, of several."""
        return of_several(COUNT.sub(r"\2", self.first.message))

    def and_in(self, problem: Problem) -> "Counted":
        """Add the problem of one more piece."""
        found = COUNT.match(problem.message)
        count = None
        if found and self.count is not None and of_several(found[2]) == self.words:
            count = self.count + int(found[1].replace(",", ""))
        return replace(self, pieces=self.pieces + 1, count=count)

    def problem(self, rows: int, pieces: int) -> Problem:
        """Say it of all pieces, which hold so many rows."""
        message = self.first.message
        if pieces > 1 and self.first.code in ADDED_UP and self.count is not None:
            found = COUNT.match(message)
            of = f" of {rows}" if found and found[0] != f"{found[1]} {found[2]}" else ""
            words = self.words if self.count > 1 or not found else found[2]
            message = f"{self.count}{of} {words}"
        elif pieces > 1:
            so = f", and so in {self.pieces:,} of {pieces:,} pieces" if self.pieces > 1 else ""
            message = f"among {self.among}{so}: {message}"
        return replace(self.first, message=message)


def of_several(words: str) -> str:
    one = next((one for one in SEVERAL if words.startswith(one)), "")
    return SEVERAL[one] + words.removeprefix(one) if one else words


@dataclass
class Told:
    """What was told of the pieces of a file, added up.

    Attributes:
        source: how messages call the file.
        pieces, rows, predictions: how many there were.
        notes: what was done to read the file.
        odd: the problems of its pieces, by code and column.
        unanswered: how many predictions are empty, by why they are.
        decided: what was decided in reading and writing the first piece.
        heads: hashes of the ids of all sequences, [sequences].
    """

    source: str = ""
    pieces: int = 0
    rows: int = 0
    predictions: int = 0
    notes: tuple[str, ...] = ()
    odd: dict[tuple[str, str | None], Counted] = field(default_factory=dict)
    unanswered: tuple[Unanswered, ...] = ()
    columns: tuple[str, ...] = ()
    decided: Any = None
    heads: Any = field(default_factory=lambda: np.zeros(0, np.uint64))

    @property
    def without(self) -> str:
        """How many predictions are empty and why, in words; empty where none is."""
        return words_of(self.unanswered)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is odd about the pieces."""
        found = [each.problem(self.rows, self.pieces) for each in self.odd.values()]
        return in_order(found)

    def add(self, piece: Piece, answer: Answer, decided: Any, problems: Sequence[Problem]) -> None:
        """Add up what was told of one more piece. Raises: Undivided where it was read, or would be
        written, otherwise than those before, or has rows of their sequences."""
        if self.pieces and decided != self.decided:
            raise Undivided("its pieces are read in different ways")
        if np.isin(piece.heads, self.heads).any():
            raise Undivided("the rows of a sequence do not stand together")
        self.decided = decided
        self.heads = np.concatenate([self.heads, piece.heads])
        before = self.unanswered if self.pieces else tuple(map(emptied, answer.unanswered))
        self.unanswered = together(before, answer.unanswered, height=self.rows)
        lines = piece.table.lines
        among = f"lines {lines[0]:,} to {lines[-1]:,}" if len(lines) else "no lines"
        for problem in problems:
            key = (problem.code, problem.column)
            known = self.odd.get(key, Counted(replace(problem, rows=()), among))
            self.odd[key] = known.and_in(problem)
        self.source, self.notes = piece.table.source, piece.table.notes
        self.columns = tuple(answer.table.columns)
        self.pieces += 1
        self.rows += piece.table.frame.height
        self.predictions += answer.table.height


def emptied(unanswered: Unanswered) -> Unanswered:
    """Count nothing so far."""
    rows = None if unanswered.rows is None else unanswered.rows[:0]
    return replace(unanswered, count=0, total=0, rows=rows)


def tell_pieces(model: Asked, opened: Opened, add: Add, **how: Any) -> Told | None:
    """Predict an open file in pieces.

    Args:
        add: is given the table of predictions of every piece.
        how: what is asked of each; see `Model.tell`.

    Returns: what was told; None where the file has to be read whole, and what `add` was given
        counts for nothing.
    """
    layout = model.info.layout
    try:
        rules = known_rules(layout, number_columns(layout))
        return tell_divided(model, divided(opened, layout, rules=rules), add, **how)
    except (Undivided, RnnautoError):
        return None


def tell_divided(model: Asked, file: Divided, add: Add, **how: Any) -> Told:
    """Predict the pieces of a file, one after the other. Raises: Undivided; RnnautoError."""
    layout, told = model.info.layout, Told()
    place, size = file.begin, pieces.PIECE
    while True:
        piece = file.piece(place, size, layout, model.family.blocks)
        part = model.read(piece)
        if part.table.notes != piece.table.notes:
            raise Undivided("something is counted in all of its rows")
        answer = model.tell(part, **how)
        answer = replace(answer, table=counted_on(answer.table, layout, told.rows))
        written = known_as_texts(answer.table, layout).schema
        decided = (piece.decided, answer.table.schema, written)
        found = problems_asked(part.table, layout, model.info.encoders.words)
        told.add(piece, answer, decided, found)
        add(answer.table)
        place, size = piece.end, piece.size
        if piece.last:
            return told


def counted_on(table: pl.DataFrame, layout: Layout, rows: int) -> pl.DataFrame:
    """Number rows, where they are, from those of the pieces before on."""
    if layout.id or layout.rows_are_timesteps or ROW not in table.columns:
        return table
    return table.with_columns(pl.col(ROW) + rows)
