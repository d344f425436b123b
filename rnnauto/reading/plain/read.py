"""Read a table whose cells are plain into columns, as polars would, by the code of `scanner`."""

import mmap
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.cores import on_all_cores
from rnnauto.mapped import Room, room_for, worth_mapping
from rnnauto.reading.content import CHUNK, LARGE, NEWLINE, Content, address_of, give_back
from rnnauto.reading.dialect import Text
from rnnauto.reading.plain.code import plain_code

PADDING = 16  # bytes that may be read beyond the last
TEXT_SHARE = 4  # the texts of a column that differ from those above: at most one byte in so many
TEXT, WHOLE, NUMBER = 0, 1, 2  # kinds, and words, of a column: see `scanner`
KIND, OUT, _, SIZE, CURSOR, END, HEADS, MISSING = range(8)
DTYPES: dict[int, Any] = {TEXT: np.uint32, WHOLE: np.int64, NUMBER: np.float64}


@dataclass(frozen=True)
class Lines:
    """Some lines of a file: the place of the first byte and the one behind the last, and the first
    row and the one behind the last."""

    begin: int
    stop: int
    row: int
    limit: int


@dataclass(frozen=True)
class Seen:
    """What was seen of columns in some lines.

    Attributes:
        texts: of each column those that differ from the one above, in lines.
        counts: how many these are.
        missing: how many cells of each are empty.
    """

    lines: Lines
    texts: list[bytes]
    counts: list[int]
    missing: list[int]


class Reader:
    """Reads lines into columns.

    Attributes:
        columns: numbers, and of text which of those it is that differ from the one above, [rows];
            numbers of a large table are in files.
    """

    def __init__(self, scan: Any, kinds: Sequence[int], separator: str, rows: int) -> None:
        self.scan, self.kinds, self.separator, self.rows = scan, kinds, separator, rows
        in_files = worth_mapping(8 * rows * sum(kind != TEXT for kind in kinds))
        self.columns = [
            (room_for(rows, DTYPES[kind]) if in_files and kind != TEXT else None)
            or empty(rows, DTYPES[kind])
            for kind in kinds
        ]

    def read(self, lines: Lines, data: NDArray[np.uint8]) -> Seen | None:
        """Read lines, behind which some more bytes can be read; None where one is not plain."""
        room = (lines.stop - lines.begin) // TEXT_SHARE + PADDING
        rooms = [np.empty(room if kind == TEXT else 0, np.uint8) for kind in self.kinds]
        words = np.zeros((len(self.kinds), 8), np.uint64)
        words[:, KIND], words[:, SIZE] = self.kinds, 2**64 - 1
        words[:, OUT], parts = self.places(lines)
        words[:, CURSOR] = begins = np.array([address_of(each) for each in rooms], np.uint64)
        words[:, END] = begins + np.uint64(room)
        first = address_of(data)
        row = self.scan(
            *(address_of(words), len(self.kinds), ord(self.separator)),
            *(first + lines.begin, first + lines.stop, lines.row, lines.limit),
        )
        if row != lines.limit or not all_written(parts, lines.row):
            return None
        sizes = (words[:, CURSOR] - begins).tolist()
        texts = [each[:size].tobytes() for each, size in zip(rooms, sizes, strict=True)]
        return Seen(lines, texts, words[:, HEADS].tolist(), words[:, MISSING].tolist())

    def places(self, lines: Lines) -> tuple[list[int], list[tuple[Room, NDArray[Any]]]]:
        """Say where the first row of each column is written, or would be if it were one of these
        lines; with what is to go into files then."""
        places, parts = [], []
        for column in self.columns:
            if isinstance(column, Room):
                part = np.empty(lines.limit - lines.row, column.dtype)
                parts.append((column, part))
                places.append(address_of(part) - lines.row * column.dtype.itemsize)
            else:
                places.append(address_of(column))
        return places, parts

    def read_last(self, some: bytes, row: int) -> Seen | None:
        """Read lines that nothing need stand behind, up to the last row."""
        end = b"\n" if some and not some.endswith(b"\n") else b""
        data = np.frombuffer(some + end + bytes(PADDING), np.uint8)
        return self.read(Lines(0, len(data) - PADDING, row, self.rows), data)

    def column(self, position: int, name: str, seen: Sequence[Seen]) -> pl.Series:
        """Make polars' column of what was read, with gaps where cells are empty."""
        column, kind = self.columns[position], self.kinds[position]
        values = column.array() if isinstance(column, Room) else column
        if kind == TEXT:
            before = 0
            for each in seen:
                values[each.lines.row : each.lines.limit] += np.uint32(before)
                before += each.counts[position]
            texts = texts_of(b"".join(each.texts[position] for each in seen), self.separator)
            return texts.gather(pl.Series(values)).alias(name)
        read = pl.Series(name, values)
        if not any(each.missing[position] for each in seen):
            return read
        if kind == NUMBER:
            return read.fill_nan(None)
        return read.set(read == np.iinfo(np.int64).min, None)


def plain_table(
    text: Text,
    names: Sequence[str],
    numbers: Mapping[str, pl.Int64 | pl.Float64],
    sample: bytes,
) -> pl.DataFrame | None:
    """Read the lines below the header; None where not all is plain, as a rule because the sample
    is not, or where nothing can be compiled.

    Args:
        numbers: the columns that are read as such; all others are text.
        sample: some of the lines.
    """
    simple = text.quotes == "none" and not text.skipped and len(names) > 1
    code = plain_code(len(text.content)) if simple else None
    if code is None:
        return None
    kinds = [kind_of(numbers.get(name)) for name in names]
    rows = sample.count(b"\n") + (not sample.endswith(b"\n"))
    if Reader(code.scan, kinds, text.separator, rows).read_last(sample, 0) is None:
        return None
    every = lines_of(text.content, text.ends)
    reader = Reader(code.scan, kinds, text.separator, every[-1].limit)
    seen = read_all(reader, text.content, every)
    if seen is None:
        return None
    return pl.DataFrame([reader.column(at, name, seen) for at, name in enumerate(names)])


def all_written(parts: Sequence[tuple[Room, NDArray[Any]]], row: int) -> bool:
    """Write parts of columns into their files; whether the disk has taken them."""
    try:
        for column, values in parts:
            column.write(values, row)
    except OSError:
        return False
    return True


def empty(rows: int, dtype: Any) -> NDArray[Any]:
    """Memory for a column, in small pages: numpy asks for large ones, and virtual machines are slow
    to clear these."""
    size = rows * np.dtype(dtype).itemsize
    if size < LARGE or not hasattr(mmap, "MAP_PRIVATE"):
        return np.empty(rows, dtype)
    return np.frombuffer(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE), dtype)


def kind_of(dtype: pl.Int64 | pl.Float64 | None) -> int:
    return TEXT if dtype is None else WHOLE if dtype == pl.Int64 else NUMBER


def read_all(reader: Reader, content: Content, every: Sequence[Lines]) -> list[Seen] | None:
    """Read all lines; None where one is not plain, soon after it was come upon."""
    data, failed = np.frombuffer(content, np.uint8), threading.Event()

    def read(number: int) -> Seen | None:
        if failed.is_set():
            return None
        lines = every[number]
        if lines.stop < len(data):
            found = reader.read(lines, data)
        else:
            found = reader.read_last(content[lines.begin :], lines.row)
        give_back(content, number * CHUNK, CHUNK)
        if found is None:
            failed.set()
        return found

    seen = on_all_cores(read, range(len(every)))
    known = [each for each in seen if each is not None]
    return known if len(known) == len(seen) else None


def lines_of(content: Content, ends: Sequence[int]) -> list[Lines]:
    """Divide the lines below the header among chunks: each has those that begin in it."""
    size, header = len(content), content.find(b"\n") + 1
    begins, rows, before = [header], [0], 0
    for number, count in enumerate(ends[:-1], start=1):
        start, before = number * CHUNK, before + count
        cut = content.find(b"\n", start - 1) + 1 or size
        give_back(content, start - CHUNK, 2 * CHUNK)  # all that the system reads ahead counts
        begins.append(max(cut, header))
        rows.append(max(before - (cut == start), 0))
    begins.append(size)
    rows.append(before + ends[-1] - (content[-1] == NEWLINE))
    return [Lines(*begins[at : at + 2], *rows[at : at + 2]) for at in range(len(ends))]


def texts_of(lines: bytes, separator: str) -> pl.Series:
    """Read texts that stand one in a line, with a separator behind each."""
    return pl.read_csv(
        lines,
        separator=separator,
        quote_char=None,
        has_header=False,
        schema={"text": pl.String, "nothing": pl.String},
        columns=[0],
        glob=False,
    ).to_series()
