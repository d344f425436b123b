"""Find out how a text file is written: encoding, separator, quotes, where its records lie."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.content import (
    Content,
    Survey,
    chunks,
    count_lines,
    give_back,
    starts_with,
    survey,
    whole,
)

SEPARATORS = (",", ";", "\t", "|")
SNIFFED_LINES = 50
HEAD_BYTES = 1 << 18  # enough to see how a table is written
CHUNK = 1 << 23  # bytes looked at in one go, to keep the masks small
MOSTLY_ZERO = 0.5  # share of zeros that every other byte of UTF-16 has, where it is mostly ASCII
NEWLINE, RETURN, SPACE, QUOTE = 10, 13, 32, 34
SEPARATOR_LINE = re.compile(rb"sep=([,;\t|])\r?\n", re.IGNORECASE)
LONGEST_SEPARATOR_LINE = 7  # bytes
MAGIC = {
    b"PK\x05\x06": "an empty zip archive",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
}
OTHER_TEXT = {b"<": "a web page or XML"}


@dataclass(frozen=True)
class Text:
    """The bytes of a table in UTF-8, without byte order mark and leading blank lines.

    Attributes:
        header: the fields of the first line.
        quotes: "none" where no field is quoted, "regular" where quoting keeps to the rules, and
            "stray" where a quote stands inside a field.
        skipped: how many blank lines were taken off.
        ends: the line ends in every chunk of the bytes.
        path: the file that holds just these bytes, where there is one.
    """

    content: Content
    separator: str
    header: tuple[str, ...]
    quotes: str
    skipped: int
    notes: tuple[str, ...]
    ends: tuple[int, ...]
    path: Path | None = None

    @property
    def lines(self) -> int:
        """How many are left."""
        return count_lines(self.content, self.ends)

    def with_content(self, content: bytes) -> "Text":
        return replace(self, content=content, ends=survey(content).ends, path=None)


@dataclass(frozen=True)
class Records:
    """What a look at the records of a file shows, the header included.

    Attributes:
        count: how many there are.
        first: the line of the first.
        lines: the first line of each, from 1, [records]; None where each is one line.
        blank: the places of those that are empty, counted from 0.
        odd: the places of the others that have more or fewer fields than they should.
        fields: how many these have, [odd].
        spans: the first byte of these, and the one behind their last, [odd, 2].
    """

    count: int
    first: int
    lines: Integers | None
    blank: Integers
    odd: Integers
    fields: Integers
    spans: Integers

    def lines_of(self, places: Integers) -> Integers:
        """The first lines of some records."""
        return places + self.first if self.lines is None else self.lines[places]


def read_text(
    raw: Content, source: str, *, path: Path | None = None, usual: str = SEPARATORS[0]
) -> Text:
    """Decode a file, and find out how its table is written.

    Args:
        path: the file that holds these bytes.
        usual: the separator where none shows, as in a table of one column.

    Raises: DataError for a file that is empty or no text.
    """
    seen = survey(raw)
    content, notes = to_utf8(raw, source, seen)
    body = without_blank_start(content)
    if not body or all(chunk.isspace() for chunk in chunks(body)):
        raise DataError(
            f"`{source}` is empty", hint="a table needs a header line and rows below it"
        )
    for start, what in OTHER_TEXT.items():
        if starts_with(body, start):
            raise DataError(
                f"`{source}` looks like {what}, not like a table",
                hint="save it as a CSV file with a header line, or one JSON object per line",
            )
    if body.find(b"\n") < 0 and body.find(b"\r") >= 0:
        body = whole(body).replace(b"\r", b"\n")  # line ends of the old Macintosh
    named = SEPARATOR_LINE.match(body[:LONGEST_SEPARATOR_LINE])
    if named:  # spreadsheets write and read it
        body = whole(body)[named.end() :]
        notes = [*notes, f"the first line names the separator: `{named[1].decode()}`"]
    if body is not raw:
        seen = survey(body)
    separator = named[1].decode() if named else sniff_separator(body, usual)
    return Text(
        content=body,
        separator=separator,
        header=first_record(body, separator),
        quotes=quotes_of(body, separator) if seen.quoted else "none",
        skipped=content[: len(content) - len(body)].count(b"\n"),
        notes=tuple(notes),
        ends=seen.ends,
        path=path if body is raw else None,
    )


def without_blank_start(content: Content) -> Content:
    return whole(content).lstrip(b"\r\n") if content[:1] in {b"\r", b"\n"} else content


def to_utf8(raw: Content, source: str, seen: Survey | None = None) -> tuple[Content, list[str]]:
    """Decode a file and encode it in UTF-8, with notes on what it was.

    Args: seen: the survey of `raw`, where it is known.

    Raises: DataError for a file that is no text.
    """
    for start, what in MAGIC.items():
        if starts_with(raw, start):
            raise DataError(
                f"`{source}` is {what}, no text", hint="save it as a CSV file, unpacked, in UTF-8"
            )
    wide = utf16_of(raw)
    if wide:
        try:
            text = without_nul(whole(raw).decode(wide), source)
            return text.encode(), ["read as UTF-16"]
        except UnicodeDecodeError as error:
            raise DataError(
                f"`{source}` is no text: {error}", hint="save it as a CSV file in UTF-8"
            ) from error
    seen = seen or survey(raw)
    if seen.nul:
        at = raw.find(b"\0")
        raise DataError(
            f"`{source}` is a binary file: it holds a NUL byte at {at}",
            hint="save it as a CSV file in UTF-8",
        )
    marked = starts_with(raw, codecs.BOM_UTF8)
    content = whole(raw).removeprefix(codecs.BOM_UTF8) if marked else raw
    if seen.ascii or is_utf8(content):
        return content, ["a byte order mark was taken off"] if marked else []
    try:
        # what spreadsheets call Latin-1 is Windows' superset of it
        return whole(content).decode("cp1252").encode(), ["not UTF-8: read as Windows-1252"]
    except UnicodeDecodeError:
        return whole(content).decode("latin-1").encode(), ["not UTF-8: read as Latin-1"]


def without_nul(text: str, source: str) -> str:
    if "\0" in text:
        raise DataError(
            f"`{source}` is a binary file, or UTF-32: its text holds NUL characters",
            hint="save it as a CSV file in UTF-8",
        )
    return text


def utf16_of(raw: Content) -> str:
    """Tell which UTF-16 bytes are, by their mark or by where their zeros stand; empty for none."""
    if raw[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    head = raw[: HEAD_BYTES & ~1]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) < 4 or max(even, odd) < MOSTLY_ZERO * len(head) / 2 or min(even, odd):
        return ""
    return "utf-16-be" if even else "utf-16-le"


def is_utf8(content: Content) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    open_character = False  # begun at the end of the chunk before
    try:
        for chunk in chunks(content):
            if open_character or not chunk.isascii():
                decoder.decode(chunk)
                open_character = decoder.getstate()[0] != b""
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def sniff_separator(content: Content, usual: str) -> str:
    """Find the separator by which most of the first lines have as many fields as the header; the
    usual one where the header has one field by any."""
    best, best_score = usual, (0.0, 1)
    for separator in SEPARATORS:
        counts = [len(fields) for fields in head_records(content, separator, SNIFFED_LINES)]
        if counts and counts[0] > 1:
            rows = counts[1:] or counts
            score = (round(rows.count(counts[0]) / len(rows), 1), counts[0])
            if score > best_score:
                best, best_score = separator, score
    return best


def head_records(content: Content, separator: str, number: int) -> list[list[str]]:
    """Read the fields of the first records that are not empty, leniently."""
    end = 0
    for _ in range(4 * number):
        end = content.find(b"\n", end) + 1
        if end == 0:
            end = len(content)
            break
    text = content[:end].decode(errors="replace")
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    with unlimited_fields():
        for fields in reader:
            if fields:
                rows.append(fields)
            if len(rows) == number + 1:
                break
    return rows


def first_record(content: Content, separator: str) -> tuple[str, ...]:
    return tuple(head_records(content, separator, 1)[0])


class unlimited_fields:
    """Let csv read cells beyond its 128 KiB, and put the limit back."""

    def __enter__(self) -> None:
        self.limit = csv.field_size_limit(1 << 30)

    def __exit__(self, *_: object) -> None:
        csv.field_size_limit(self.limit)


def quotes_of(content: Content, separator: str) -> str:
    """Tell how content that has quotes uses them, as `Text.quotes` says it."""
    data = np.frombuffer(content, np.uint8)
    opens = stray = False
    edges = np.array([ord(separator), NEWLINE, RETURN, QUOTE], np.uint8)
    for start in range(0, len(data), CHUNK):
        where = np.flatnonzero(data[start : start + CHUNK] == QUOTE) + start
        before = data[np.maximum(where - 1, 0)]
        before[where == 0] = NEWLINE
        after = data[np.minimum(where + 1, len(data) - 1)]
        after[where == len(data) - 1] = NEWLINE
        spaced = (before == SPACE) & (data[np.maximum(where - 2, 0)] == ord(separator))
        opens |= bool((spaced | np.isin(before, edges[:3])).any())
        stray |= bool((spaced | (~np.isin(before, edges) & ~np.isin(after, edges))).any())
        give_back(content, start, CHUNK)
    if not opens:
        return "none"
    return "stray" if stray else "regular"


@dataclass(frozen=True)
class RecordBlock:
    """The records that end in one part of a file, [records] each.

    Attributes:
        stops: where they end.
        fields: how many each has.
        next_lines: the line behind each.
    """

    stops: Integers
    fields: Integers
    next_lines: Integers


def record_blocks(text: Text) -> Iterator[RecordBlock]:
    """Count the fields of every record without parsing them, in one part of a file at a time: of
    millions of records nearly all are as they should be, and need no place in memory."""
    data = np.frombuffer(text.content, np.uint8)
    open_fields, line, inside, stop = 0, 1 + text.skipped, 0, -1
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        newlines, separators = chunk == NEWLINE, chunk == ord(text.separator)
        every_newline = np.flatnonzero(newlines)
        if text.quotes != "none":
            parity = np.cumsum(chunk == QUOTE, dtype=np.int64) + inside
            inside = int(parity[-1]) & 1
            outside = parity & 1 == 0
            newlines &= outside
            separators &= outside
        breaks = np.flatnonzero(newlines)
        counts = np.searchsorted(np.flatnonzero(separators), breaks)
        total = int(np.count_nonzero(separators))
        give_back(text.content, start, CHUNK)
        if len(breaks):
            fields = np.diff(counts, prepend=-open_fields) + 1
            lines = np.searchsorted(every_newline, breaks, side="right") + line
            stop = start + int(breaks[-1])
            yield RecordBlock(breaks + start, fields, lines)
        open_fields = total - int(counts[-1]) if len(breaks) else open_fields + total
        line += len(every_newline)
    if stop != len(data) - 1:  # the last line has no line end
        yield RecordBlock(*(np.array([last]) for last in (len(data), open_fields + 1, line)))


def scan_records(text: Text, width: int) -> Records:
    """Find the records that do not have as many fields as they should, and those that are empty."""
    data = np.frombuffer(text.content, np.uint8)
    lines: list[Integers] = [np.array([1 + text.skipped])]
    found: dict[str, list[Integers]] = {"blank": [], "odd": [], "fields": [], "spans": []}
    count, begin = 0, 0
    for block in record_blocks(text):
        starts = np.append(begin, block.stops[:-1] + 1)
        size = block.stops - starts
        blank = (size == 0) | ((size == 1) & (data[np.minimum(starts, len(data) - 1)] == RETURN))
        odd = np.flatnonzero((block.fields != width) & ~blank)
        found["blank"].append(np.flatnonzero(blank) + count)
        found["odd"].append(odd + count)
        found["fields"].append(block.fields[odd])
        found["spans"].append(np.stack([starts[odd], block.stops[odd]], axis=1))
        if text.quotes != "none":
            lines.append(block.next_lines)
        count, begin = count + len(starts), int(block.stops[-1]) + 1
    every = np.concatenate(lines)[:count] if text.quotes != "none" else None
    if every is not None and every[-1] - every[0] == count - 1:
        every = None
    return Records(
        count, 1 + text.skipped, every, **{name: np.concatenate(of) for name, of in found.items()}
    )
