"""Cut the bytes of a stream into rows as they come, and write the answers like them."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from rnnauto.errors import DataError
from rnnauto.names import nearest_names, renaming
from rnnauto.streaming.stream import Answers, Reading, Row, names_beside

Format = Literal["jsonl", "csv"]
LONGEST = 16 << 20  # bytes of a row
SEPARATORS = (",", ";", "\t", "|")
MOST_JOINED = 50  # lines of one row of CSV
COMPACT = (",", ":")


@dataclass(frozen=True)
class Rows:
    """Some rows in order.

    Attributes:
        numbers: of each, counted from 1.
        rows: what they hold.
        faults: what is wrong with others, by their numbers.
    """

    numbers: list[int]
    rows: list[Row]
    faults: dict[int, str]


@dataclass
class Lines:
    """Cuts bytes into rows; what is no whole line yet waits.

    Attributes:
        format: how rows are written.
        needed: the columns that a header has to have.
        source: how messages call what rows come from.
        parts: the columns of the time, where it has several.
        read: rows so far.
        rest: bytes of a line whose end is to come; `lost`: whether it is dropped, for its length.
        header: of CSV, the names; `separator`: what stands between cells.
    """

    format: Format
    needed: Sequence[str]
    source: str = "standard input"
    parts: Sequence[str] = ()
    read: int = 0
    rest: bytes = b""
    lost: bool = False
    header: list[str] = field(default_factory=list)
    separator: str = ","

    def feed(self, content: bytes, *, last: bool = False) -> Rows:
        """Take some bytes: the rows that are whole now. Raises: DataError where a header lacks a
        column."""
        whole, newline, rest = (self.rest + content).rpartition(b"\n")
        if last and rest:
            whole, rest = whole + newline + rest, b""
        found = Rows([], [], {})
        lines = whole.split(b"\n") if whole or newline else []
        if self.format == "csv":
            lines, rest = closed(lines, rest, self.separator, last=last)
        self.rest = rest
        for line in lines:
            self.take(line, found)
        if len(self.rest) > LONGEST:
            self.rest, self.lost = b"", True
        return found

    def take(self, line: bytes, found: Rows) -> None:
        """Read one line."""
        number = self.read + 1
        lost, self.lost = self.lost, False
        if lost or len(line) > LONGEST:
            fault = f"it is longer than {LONGEST >> 20} MiB"
        else:
            try:
                row = self.row_of(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                fault = "it is no UTF-8"
            except ValueError as error:
                fault = str(error)
            else:
                if row is not None:
                    self.read = number
                    found.numbers.append(number)
                    found.rows.append(row)
                return
        self.read = number
        found.faults[number] = fault

    def row_of(self, line: str) -> Row | None:
        """Read a row; None where the line is none. Raises: ValueError for a bad one."""
        if self.format == "csv":
            return self.cells_of(line.rstrip("\r"))
        if not line or line.isspace():
            return None
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            remedy = "" if self.read else "; rows of CSV are `--format csv`"
            raise ValueError(f"it is no JSON: {error}{remedy}") from error
        if not isinstance(row, dict):
            raise ValueError("it is no JSON object")
        if "\\u" in line and not is_text(row):
            raise ValueError("it holds half of a character")
        return row

    def cells_of(self, line: str) -> Row | None:
        """Read a line of CSV; the first is the header. Raises: DataError, ValueError."""
        if not line:
            return None
        if not self.header:
            self.separator = max(SEPARATORS, key=line.count)
            try:
                (names,) = csv.reader([line], delimiter=self.separator, strict=True)
            except (csv.Error, ValueError) as error:
                raise DataError(
                    f"the first line of {self.source} is no header of CSV: {error}",
                    hint="it has to name the columns; rows of JSON are `--format jsonl`",
                ) from error
            self.header = [name.strip() for name in names]
            check_header(self.header, self.needed, self.source, self.parts)
            return None
        try:
            (cells,) = csv.reader([line], delimiter=self.separator, strict=True)
        except (csv.Error, ValueError) as error:
            raise ValueError(f"it is no row of CSV: {error}") from error
        if len(cells) != len(self.header):
            raise ValueError(f"it has {len(cells)} cells, the header {len(self.header)}")
        return {name: cell or None for name, cell in zip(self.header, cells, strict=True)}


def is_text(row: Row) -> bool:
    """Say whether all texts of a row can be written: JSON can escape half of a character alone."""
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def closed(
    lines: list[bytes], rest: bytes, separator: str, *, last: bool
) -> tuple[list[bytes], bytes]:
    """Join lines of CSV whose line end stands within quotes; those of a quote that is not closed
    for long are lines of their own."""
    if not any(b'"' in line for line in lines):
        return lines, rest
    found: list[bytes] = []
    held: list[bytes] = []
    for line in lines:
        held.append(line)
        if not is_open(b"\n".join(held), separator):
            found.append(b"\n".join(held))
            held = []
        elif len(held) > MOST_JOINED:
            found += held
            held = []
    if last:
        return found + held, rest
    return found, b"".join(line + b"\n" for line in held) + rest


def is_open(line: bytes, separator: str) -> bool:
    """Say whether a line of CSV ends within quotes."""
    if b'"' not in line:
        return False
    try:
        list(csv.reader([line.decode(errors="replace")], delimiter=separator, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def check_header(
    header: Sequence[str], needed: Sequence[str], source: str, parts: Sequence[str] = ()
) -> None:
    """Raises: DataError where a column is absent, or there twice. Args: parts: the columns of a
    time that has several, which stand for it."""
    twice = next((name for at, name in enumerate(header) if name in header[:at]), None)
    if twice is not None:
        raise DataError(
            f"{source} has more than one column named `{twice}`",
            hint="give every column a name of its own in the header",
        )
    joined = "-".join(parts) if parts and set(parts) <= set(header) else None
    absent = [name for name in needed if name not in header and name != joined]
    if absent:
        renamed = renaming(nearest_names(absent, header, wanted=needed))
        listed = ", ".join(f"`{name}`" for name in absent)
        raise DataError(
            f"{source} has no column {listed}, which the model reads",
            hint=renamed
            or "the first line has to name the columns; rows of JSON are `--format jsonl`",
        )


def answer_lines(
    stream: Reading, rows: Sequence[Row], answers: Answers, format: Format, *, header: bool
) -> str:
    """Write answers like the rows that they are to, a line each; CSV may begin with a header."""
    keys = stream.keys(rows, answers)
    names = names_beside(keys[0] if keys else {}, answers.columns)
    columns = [column.alias(name) for name, column in zip(names, answers.columns, strict=True)]
    return csv_text(keys, columns, header=header) if format == "csv" else json_text(keys, columns)


def json_text(keys: Sequence[Mapping[str, Any]], columns: list[pl.Series]) -> str:
    """Write a JSON object a line: the keys, then the columns."""
    told = pl.DataFrame(columns).write_ndjson().removesuffix("\n").split("\n") if keys else []
    encode = json.JSONEncoder(ensure_ascii=False, separators=COMPACT).encode
    lines = [f"{encode(key)[:-1]},{line[1:]}\n" for key, line in zip(keys, told, strict=True)]
    return "".join(lines)


def csv_text(keys: Sequence[Mapping[str, Any]], columns: list[pl.Series], *, header: bool) -> str:
    """Write rows of CSV."""
    if not keys:
        return ""
    names = list(keys[0])
    given = [
        pl.Series(name, [None if (cell := key[name]) is None else str(cell) for key in keys])
        for name in names
    ]
    return pl.DataFrame([*given, *columns]).write_csv(include_header=header)
