"""Read CSV, JSON lines and Parquet a piece at a time, as the whole would be read.

What a reader decides by all cells of a column, such as its type, is decided for each piece, and
said in `Taken.decided`: whoever puts the pieces together sees that all agree. A file, or a piece,
in which something was mended raises `Undivided`, for the whole may be read otherwise.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.layout import Layout
from rnnauto.reading.content import NEWLINE, QUOTE, Content, give_back, starts_with
from rnnauto.reading.dialect import is_utf8
from rnnauto.reading.formats.annotations import span_names
from rnnauto.reading.formats.at_header import at_format
from rnnauto.reading.formats.columnar import rows_of, scanned
from rnnauto.reading.formats.json_lines import (
    check_depth,
    first_records,
    load_records,
    with_types,
)
from rnnauto.reading.formats.load import (
    ARROW,
    ARROW_ENDINGS,
    JSON_ENDINGS,
    looks_like_json,
    whole_lines,
)
from rnnauto.reading.heads.rows import column_names
from rnnauto.reading.heads.table_text import table_text
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.reading.opened import Opened
from rnnauto.reading.parse import numeric_columns, sample_of
from rnnauto.reading.pieces.piece import Blocks, Piece, Taken, Undivided
from rnnauto.reading.points import innermost
from rnnauto.reading.read import Table, table_of, text_table, with_derived
from rnnauto.reading.rules import Rules
from rnnauto.reading.token_lines import ENDINGS as TOKEN_ENDINGS
from rnnauto.reading.token_lines import are_token_lines
from rnnauto.times.spelling import Spelling

WHOLE_FORMS = frozenset({"text-corpus", "token-lines", "single-series"})
# what reading may have done to a whole file by all of its rows
MENDED = frozenset(
    {
        *("empty-row", "repeated-header", "totals-row", "ragged-row", "not-a-number"),
        *("not-a-time", "unclear-numbers", "mixed-units"),
    }
)
QUOTED = re.compile(r"`[^`]*`")
GROWN = 2  # times that JSON lines are larger than the text of their table, about
SHRUNK = 4  # times that Parquet is smaller than the text of its table, about


@dataclass(frozen=True)
class Divided:
    """A file that may be read in pieces.

    Attributes:
        begin: the place of its first row.
        take: reads rows from a place on; see `Piece`.
    """

    begin: int
    take: Callable[[int, int, Collection[str], Rules], Taken]

    def piece(self, begin: int, size: int, layout: Layout, blocks: Blocks) -> Piece:
        """Take some of its rows from a place on."""
        keys = layout.id if layout.rows_are_timesteps else ()
        return Piece(self.take, begin, size, keys, blocks)


@dataclass(frozen=True)
class Known:
    """What is known of a file before any of it is read.

    Attributes:
        source: how messages call it.
        exact: columns whose type shows in predictions, and those of words.
        words: columns that are read as words, whatever they look like.
        rules: how its cells are written.
    """

    source: str
    exact: frozenset[str]
    words: frozenset[str]
    rules: Rules

    def taken(
        self,
        table: Table,
        starts: Integers,
        end: int,
        *,
        last: bool,
        notes: Sequence[str],
        raw: Mapping[str, str] | None = None,
    ) -> Taken:
        """Put together what was read of a piece, and what was decided.

        Args:
            notes: on the whole file.
            raw: the types that columns of words have in it.

        Raises: Undivided where something was mended, or rows were made of others.
        """
        counted = [note for note in table.notes if re.search(r"\d", QUOTED.sub("", note))]
        if counted or any(problem.code in MENDED for problem in table.problems):
            raise Undivided("something of it was mended")
        if table.frame.height != len(starts) or table.implied != Implied() or table.form:
            raise Undivided("its rows are made of others")
        if any(unclear(table.spellings[name]) for name in self.read & set(table.spellings)):
            raise Undivided("all of its times together tell how they are written")
        schema = {name: self.shown(name, dtype) for name, dtype in table.frame.schema.items()}
        how = (dict(table.styles), dict(table.doubts), dict(table.spellings), table.unsure)
        decided = (schema, raw, table.notes, how)
        table = replace(table, notes=(*notes, *table.notes))
        return Taken(table, starts, end, last, decided)

    @property
    def read(self) -> set[str]:
        """The columns that are read, and whose times nothing says how they are written."""
        names = {part for name in self.rules.header for part in (name, *name.split("-"))}
        return names - self.rules.times.keys()

    def shown(self, name: str, dtype: pl.DataType) -> str:
        """Name a type; numbers are numbers where only their values count."""
        if name not in self.exact and innermost(dtype).is_numeric():
            return str(dtype).replace(str(innermost(dtype)), "number")
        return str(dtype)


def unclear(spelling: Spelling) -> bool:
    """Whether times may be written otherwise than one thinks: all but those of ISO 8601."""
    chosen = bool(spelling.date_order) or spelling.numeric
    return chosen and not spelling.pattern.startswith("%Y-%m-%d")


def divided(opened: Opened, layout: Layout, *, rules: Rules) -> Divided:
    """Look how a file can be read in pieces for a layout. Raises: Undivided, and DataError."""
    if layout.form in WHOLE_FORMS or (layout.rows_are_timesteps and not layout.id):
        raise Undivided("nothing tells where its rows may be cut")
    if layout.series_in_rows:
        raise Undivided("its rows are series")
    exact, words = {*layout.id, *([layout.time] if layout.time else [])}, layout.words()
    known = Known(opened.source, frozenset({*exact, *words}), frozenset(words), rules)
    raw, ending = opened.content, opened.ending
    if starts_with(raw, b"PAR1"):
        return parquet_pieces(opened, known)
    if any(starts_with(raw, magic) for magic in ARROW) or ending in ARROW_ENDINGS:
        raise Undivided("it is an Arrow file")
    head = whole_lines(raw).decode(errors="replace")
    if ending in JSON_ENDINGS or looks_like_json(head):
        return json_pieces(opened, known)
    tokens = ending in TOKEN_ENDINGS or are_token_lines(head, ending, ())
    if tokens or at_format(head, ending) is not None:
        raise Undivided(f"`{ending}` files are read whole")
    return text_pieces(opened, known)


def text_pieces(opened: Opened, known: Known) -> Divided:
    """Read CSV and its relatives in pieces."""
    text, joined, notes = table_text(opened, known.rules)
    if text.quotes == "stray" or joined:
        raise Undivided("its quotes stray, or its header has several lines")
    names, _ = column_names(text, opened.source)
    sampled = numeric_columns(text, names, known.rules, sample_of(text))
    body = 0
    for _ in range(1 + sum(name.count("\n") for name in text.header)):
        body = text.content.find(b"\n", body) + 1 or len(text.content)
    lines = Lines(text.content, body, quoted=text.quotes != "none")
    header = text.content[:body]

    def take(begin: int, size: int, columns: Collection[str], rules: Rules) -> Taken:
        some, starts, end = lines.rows(begin, size)
        content = header + some
        part = replace(text.with_content(content), skipped=0, notes=())
        table = text_table(
            part,
            opened.source,
            text_columns=columns,
            may_be_empty=True,
            rules=rules,
            sampled=sampled,
        )
        table = with_derived(table, keep=columns, rules=rules, typed=False)
        before = lines.before(begin) + text.skipped
        table = shifted(table, before)
        return known.taken(table, starts, end, last=end == len(text.content), notes=notes)

    return Divided(body, take)


class Lines:
    """The lines of a text, or its records of several lines, from a place on.

    Whoever asks goes on from where he was, so that lines are counted once.
    """

    def __init__(self, content: Content, begin: int, *, quoted: bool) -> None:
        self.content, self.quoted = content, quoted
        self.counted, self.line_ends = begin, 0

    def before(self, place: int) -> int:
        """Count the line ends between the first row and a place, which comes after all that were
        asked for before."""
        self.line_ends += self.content[self.counted : place].count(b"\n")
        self.counted = place
        return self.line_ends

    def rows(self, begin: int, size: int) -> tuple[bytes, Integers, int]:
        """Read whole records: their bytes, where each begins, and where the last ends."""
        stop = min(begin + size, len(self.content))
        while True:
            some = self.content[begin:stop]
            ends = self.ends_in(some)
            if stop == len(self.content):
                kept = len(some)
                break
            if len(ends):
                kept = int(ends[-1]) + 1
                break
            stop = min(begin + 2 * (stop - begin), len(self.content))
        starts = np.append(0, ends + 1)
        give_back(self.content)
        return some[:kept], starts[starts < kept] + begin, begin + kept

    def ends_in(self, some: bytes) -> Integers:
        data = np.frombuffer(some, np.uint8)
        ends = data == NEWLINE
        if self.quoted:
            ends &= np.cumsum(data == QUOTE, dtype=np.int64) % 2 == 0
        return np.flatnonzero(ends)


def json_pieces(opened: Opened, known: Known) -> Divided:
    """Read JSON lines in pieces. Raises: Undivided for other JSON."""
    content, source = opened.content, opened.source
    first = content[: content.find(b"\n") + 1]
    second = content[len(first) : len(first) + 1]
    if not (first.startswith(b"{") and first.rstrip().endswith(b"}") and second == b"{"):
        raise Undivided("it is JSON that does not stand an object a line")
    if not is_utf8(content):
        raise Undivided("it is no UTF-8")
    lines = Lines(content, 0, quoted=False)

    def take(begin: int, size: int, columns: Collection[str], rules: Rules) -> Taken:
        some, starts, end = lines.rows(begin, GROWN * size)
        check_depth(some, source)
        first_of_it = first_records(some, source)
        if span_names(first_of_it) is not None:
            raise Undivided("labels lie over its texts")
        records = load_records(some, source, first_of_it)
        raw = {name: str(records.frame.schema.get(name)) for name in known.words}
        loaded = with_types(records, columns)
        table = with_derived(table_of(loaded, source), keep=columns, rules=rules)
        table = shifted(table, lines.before(begin))
        last, notes = end == len(content), opened.notes
        return known.taken(table, starts, end, last=last, notes=notes, raw=raw)

    return Divided(0, take)


def parquet_pieces(opened: Opened, known: Known) -> Divided:
    """Read Parquet in pieces, of which a place is the number of a row."""
    source = opened.source
    scan, rows = scanned(opened.content, source, opened.path)

    def take(begin: int, size: int, columns: Collection[str], rules: Rules) -> Taken:
        count = max(1, rows * size // (SHRUNK * len(opened.content)))
        loaded = rows_of(scan.slice(begin, count), opened.content, source)
        floats = [name for name in known.words if is_of_floats(loaded, name)]
        if floats:
            raise Undivided(f"`{floats[0]}` holds numbers that are read as words")
        table = with_derived(table_of(loaded, source), keep=columns, rules=rules)
        end = min(begin + count, rows)
        starts = np.arange(begin, end)
        return known.taken(shifted(table, begin), starts, end, last=end >= rows, notes=opened.notes)

    return Divided(0, take)


def is_of_floats(loaded: Loaded, name: str) -> bool:
    """Whether a column holds fractions, or lists of them."""
    return name in loaded.frame.columns and innermost(loaded.frame.schema[name]).is_float()


def shifted(table: Table, before: int) -> Table:
    """Count the lines of a piece from those before it on."""
    lines = np.arange(2, table.frame.height + 2) if table.lines is None else table.lines
    problems = [
        replace(
            each,
            row=None if each.row is None else each.row + before,
            rows=tuple(row + before for row in each.rows),
        )
        for each in table.problems
    ]
    return replace(table, lines=lines + before, problems=tuple(problems))
