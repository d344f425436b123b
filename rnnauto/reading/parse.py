"""Split the text of a table into cells: polars where it can, Python's csv where quotes stray."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
import polars.selectors as cs

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.names import named_time
from rnnauto.reading import cells
from rnnauto.reading.content import Content, whole
from rnnauto.reading.dialect import (
    HEAD_BYTES,
    NEWLINE,
    Records,
    Text,
    scan_records,
    unlimited_fields,
)
from rnnauto.reading.numbers.marks import Mark
from rnnauto.reading.plain.read import plain_table
from rnnauto.reading.rules import Rules
from rnnauto.reading.set_aside import RaggedRows
from rnnauto.times.numbers import are_months

BLOCK_BYTES, BLOCKS = 1 << 15, 8  # of the sample beyond the first lines
ENDLESS = 100_000  # separators in a line
SHOWN = 5  # faults listed one by one


def no_rows() -> Integers:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Parsed:
    """The rows of a text.

    Attributes:
        lines: the file lines of the rows, where they are not simply row + 2.
        blank: the rows that are blank lines, counted from 0.
    """

    frame: pl.DataFrame
    lines: Integers | None = None
    blank: Integers = field(default_factory=no_rows)


def parse(
    text: Text,
    names: Sequence[str],
    source: str,
    *,
    text_columns: Collection[str],
    rules: Rules = cells.NO_RULES,
    sampled: Mapping[str, cells.Number] | None = None,
) -> Parsed:
    """Split a text into columns, of float64 or int64 where a sample shows numbers, else of text.

    Args:
        text_columns: those that stay text, whatever they look like.
        sampled: what a sample has shown, if one was taken already.

    Raises: RaggedRows, and DataError for a quote that does not close.
    """
    if text.quotes == "stray":
        return parse_leniently(text, names, source)
    sample = sample_of(text)
    if text.quotes == "none" and has_endless_line(sample, text.separator, len(names)):
        check_fields(scan_records(text, len(names)), names, source)
    sampled = numeric_columns(text, names, rules, sample) if sampled is None else sampled
    numbers = {name: dtype for name, dtype in sampled.items() if name not in text_columns}
    plain = plain_table(text, names, numbers, sample)
    if plain is not None:  # no row is short, and no line blank
        return Parsed(plain)
    try:
        frame = plain_csv(text, names, numbers)
        if frame is None:
            frame = fast_csv(text, names, dict.fromkeys(numbers, pl.Float64()), rules.everywhere)
            frame = with_words(frame, text, names)
    except pl.exceptions.PolarsError:
        check_fields(scan_records(text, len(names)), names, source)
        try:
            frame = fast_csv(text, names, {})
        except pl.exceptions.PolarsError:
            return parse_leniently(text, names, source)
    regular = text.lines == frame.height + 1 and not text.skipped
    if regular and not frame[names[-1]].null_count():
        return Parsed(frame)
    # polars fills short rows up with nulls without a word
    records = scan_records(text, len(names))
    check_fields(records, names, source)
    blank = records.blank - 1 if records.count == frame.height + 1 else no_rows()
    return Parsed(frame, lines_of_rows(records, frame.height), blank)


def lines_of_rows(records: Records, rows: int) -> Integers | None:
    """Find the file lines of the rows below the header; None where they are simply row + 2."""
    if records.count == rows + 1:
        plain = records.lines is None and records.first == 1
        return None if plain else records.lines_of(np.arange(1, records.count))
    if records.count - len(records.blank) == rows + 1:
        return records.lines_of(np.delete(np.arange(records.count), records.blank)[1:])
    return None


def has_endless_line(sample: bytes, separator: str, width: int) -> bool:
    """Whether a line of the sample has far too many fields, at which polars takes very long."""
    byte = separator.encode()
    if sample.count(byte) < ENDLESS:
        return False
    return max(line.count(byte) for line in sample.split(b"\n")) > ENDLESS + width


def plain_csv(
    text: Text, names: Sequence[str], numbers: Mapping[str, cells.Number]
) -> pl.DataFrame | None:
    """Read what `fast_csv` does, faster, where columns of numbers hold only numbers and gaps.

    None where they do not, or where cells are quoted.
    """
    if text.quotes != "none":
        return None
    try:
        frame = fast_csv(text, names, numbers)
    except pl.exceptions.PolarsError:
        return None
    return as_if_searched(frame)


def in_one_piece(columns: list[pl.Series]) -> pl.DataFrame:
    """Make a frame whose columns lie in memory in one piece, which most of what follows is faster
    on; numbers with fractions are only cast and looked through, which pieces do as well.

    Args: columns: copied one after the other; where no frame holds them, each is then let go of.
    """
    for position, column in enumerate(columns):
        if column.n_chunks() > 1 and not column.dtype.is_float():
            columns[position] = column.rechunk()
    return pl.DataFrame(columns)


def as_if_searched(frame: pl.DataFrame) -> pl.DataFrame:
    """Make inexact whole numbers floats, and numbers that are none missing."""
    if not frame.height:
        return frame
    beyond = (cs.integer().max() > cells.EXACT) | (cs.integer().min() < -cells.EXACT)
    return frame.with_columns(
        *(pl.col(name).cast(pl.Float64) for name in columns_where(frame, beyond)),
        *(pl.col(name).fill_nan(None) for name in columns_where(frame, cs.float().is_nan().any())),
    )


def columns_where(frame: pl.DataFrame, test: pl.Expr) -> list[str]:
    """List the columns for which a test of a whole column holds."""
    return [column.name for column in frame.select(test) if column.any()]


def fast_csv(
    text: Text,
    names: Sequence[str],
    numbers: Mapping[str, cells.Number],
    missing: Sequence[str] | None = None,
    columns: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Read a table by polars, the columns of `numbers` as such and all others as text.

    Polars takes a third longer where it has to look for spellings of `missing`.
    """
    return pl.read_csv(
        whole(text.content) if text.path is None else text.path.absolute(),
        separator=text.separator,
        quote_char='"' if text.quotes == "regular" else None,
        has_header=False,
        skip_rows=1,
        schema={name: numbers.get(name, pl.String()) for name in names},
        null_values=None if missing is None else list(missing),
        columns=columns,
        glob=False,
    )


def with_words(frame: pl.DataFrame, text: Text, names: Sequence[str]) -> pl.DataFrame:
    """Read columns of text once more where words were taken for missing: `NA` may be a class."""
    lost = columns_where(frame, cs.string().null_count() > 0)
    if not lost:
        return frame
    return frame.with_columns(
        fast_csv(text, names, {}, columns=[frame.columns.index(name) for name in lost])
    )


def numeric_columns(
    text: Text, names: Sequence[str], rules: Rules, sample: bytes
) -> dict[str, cells.Number]:
    """Find the columns that a sample of the file shows to be numbers, and safe to read so."""
    try:
        seen = pl.read_csv(
            sample,
            separator=text.separator,
            quote_char='"' if text.quotes == "regular" else None,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            truncate_ragged_lines=True,
            glob=False,
        )
    except pl.exceptions.PolarsError:
        return {}  # reading everything as text will tell what is wrong
    found = cells.safe_numbers(seen, usual=usual_mark(text), rules=rules)
    months = {name for name in found if named_time(name) and are_months(seen[name])}
    return {name: dtype for name, dtype in found.items() if name not in months}


def usual_mark(text: Text) -> Mark | Literal[""]:
    """The decimal mark of most files that are separated like this one; empty where it may be
    either."""
    marks: dict[str, Mark] = {",": ".", ";": ","}
    return marks.get(text.separator, "")


def sample_of(text: Text) -> bytes:
    """Take whole lines below the header: the first ones, and blocks from all over the file."""
    content = text.content
    begin = 0
    for _ in range(1 + sum(name.count("\n") for name in text.header)):
        begin = content.find(b"\n", begin) + 1 or len(content)
    end = cut_at_line(content, begin + max(HEAD_BYTES, 100 * begin))
    pieces = [content[begin:end]]
    if text.quotes == "none":  # a block might begin inside a quoted cell
        step = (len(content) - end) // BLOCKS
        for number in range(BLOCKS if step > 2 * BLOCK_BYTES else 0):
            start = content.find(b"\n", end + number * step) + 1
            pieces.append(content[start : cut_at_line(content, start + BLOCK_BYTES)])
    return b"".join(pieces)


def cut_at_line(content: Content, near: int) -> int:
    if near >= len(content):
        return len(content)
    end = content.find(b"\n", near)
    return len(content) if end < 0 else end + 1


def parse_leniently(text: Text, names: Sequence[str], source: str) -> Parsed:
    """Split a text by Python's own reader: slower, but quotes inside fields stay as they stand."""
    reader = csv.reader(
        io.StringIO(whole(text.content).decode(), newline=""),
        delimiter=text.separator,
        quotechar='"' if text.quotes != "none" else None,
        quoting=csv.QUOTE_MINIMAL if text.quotes != "none" else csv.QUOTE_NONE,
        skipinitialspace=True,
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    begin = 1 + text.skipped
    with unlimited_fields():
        for fields in reader:
            if fields:
                rows.append(fields)
                lines.append(begin)
            begin = reader.line_num + 1 + text.skipped
    if "\n" in rows[-1][-1] and not whole(text.content).rstrip().endswith(b'"'):
        raise DataError(
            f"`{source}`: a quote opens on line {lines[-1]} and does not close",
            hint="close the quote, or double the quotes that belong to the text",
        )
    first = np.asarray(lines, np.int64)
    counts = np.asarray([len(row) for row in rows], np.int64)
    odd = np.flatnonzero(counts != len(names))
    check_fields(
        Records(
            count=len(rows),
            first=int(first[0]),
            lines=first,
            blank=np.zeros(0, np.int64),
            odd=odd,
            fields=counts[odd],
            spans=spans_of(text, first, odd) if len(odd) else np.zeros((0, 2), np.int64),
        ),
        names,
        source,
    )
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    frame = pl.DataFrame(
        {
            name: pl.Series(name, column, pl.String)
            for name, column in zip(names, columns, strict=True)
        }
    )
    return Parsed(frame, first[1:])


def spans_of(text: Text, lines: Integers, odd: Integers) -> Integers:
    """Find the bytes of some records by the lines that they begin at, [odd, 2]."""
    ends = np.flatnonzero(np.frombuffer(text.content, np.uint8) == NEWLINE)
    begins = np.append(0, ends + 1)
    # where a stray return ends a line for the reader of csv, there are more lines than here
    places = np.minimum(np.append(lines, len(begins) + lines[0]) - lines[0], len(begins) - 1)
    stops = np.append(begins[1:] - 1, len(text.content))
    return np.stack(
        [begins[places[odd]], stops[np.maximum(places[odd + 1] - 1, places[odd])]], axis=1
    )


def check_fields(records: Records, names: Sequence[str], source: str) -> None:
    """Raises: RaggedRows, where rows have more or fewer fields than the header."""
    if not len(records.odd):
        return
    shown = zip(records.lines_of(records.odd[:SHOWN]), records.fields, strict=False)
    places = [f"line {line} has {fields}" for line, fields in shown]
    more = f" and {len(records.odd) - SHOWN} more" if len(records.odd) > SHOWN else ""
    filled = records.count - len(records.blank) - 1  # rows below the header
    hint = "make every row as long as the header; quote a cell that holds the separator"
    if len(names) == 1:
        hint = (
            "the first line has to be the header: take titles and comments above it away, and "
            "quote cells that hold a separator"
        )
    elif 0 < filled == np.count_nonzero(records.fields[records.odd > 0] == len(names) + 1):
        hint = "the header seems to lack the name of the first column: add it"
    rows = "1 row does" if len(records.odd) == 1 else f"{len(records.odd)} rows do"
    wanted = "1 field" if len(names) == 1 else f"{len(names)} fields"
    raise RaggedRows(
        f"`{source}`: {rows} not have the {wanted} of the header: " + ", ".join(places) + more,
        hint=hint,
        records=records,
    )
