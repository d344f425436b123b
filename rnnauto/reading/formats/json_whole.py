"""Turn JSON that is no object per line into that: arrays of records, records over several lines,
and the ways in which pandas writes a frame."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.formats.json_values import DECODER, NamedTwice

BLANK = " \t\r\n\ufeff"
# under which a file holds its records
WRAPPERS = ("data", "records", "rows", "items", "results", "values", "observations", "tasks")
INDEX = "index"
WHOLE = re.compile(r"-?[1-9]\d{0,17}|0")
ROW_A_LINE = re.compile(r"\[\s*[^{\s][^\n]*\]\s*\n\s*\[")  # an array in each line
LOOKED_AT = 1 << 16  # bytes behind the first line that show whether there are more
FEWEST = 2  # names or rows that make a frame of an object


@dataclass(frozen=True)
class Lines:
    """JSON lines made of a file.

    Attributes:
        lines: the lines of the file that the records begin at, [records].
        notes: what the file is, in words.
    """

    content: bytes
    lines: Integers
    notes: tuple[str, ...] = ()


def as_json_lines(content: bytes, source: str) -> Lines | None:
    """Write records one a line; None where they stand so already.

    Raises: DataError for what is no JSON, and for JSON that holds no records.
    """
    stripped = content.lstrip()
    end = stripped.find(b"\n")
    first = stripped[: end if end >= 0 else len(stripped)].rstrip()
    more = stripped[end + 1 : end + 1 + LOOKED_AT].strip() if end >= 0 else b""
    if more and first.startswith(b"{") and first.endswith(b"}"):
        return None  # or a broken line, which the reader of lines tells of
    text = content.decode()
    try:
        values = list(decoded(text, source))
    except RecursionError as error:
        raise DataError(
            f"`{source}` is nested too deeply", hint="write records with few levels of objects"
        ) from error
    if len(values) == 1 and isinstance(values[0][1], dict):
        return of_object(values[0][1], source)
    if not values:
        raise DataError(f"`{source}` holds no records", hint="write one JSON object per record")
    return of_records([value for _, value in values], [line for line, _ in values], source)


def decoded(text: str, source: str) -> Iterator[tuple[int, Any]]:
    """Decode the values of an array, or those that stand one after the other, with their lines."""
    at = skip(text, 0, BLANK)
    array = text[at : at + 1] == "[" and ROW_A_LINE.match(text, at) is None
    at += array
    line, seen = 1, 0
    while (at := skip(text, at, BLANK + ",")) < len(text):
        if array and text[at] == "]":
            rest = skip(text, at + 1, BLANK)
            if rest < len(text):
                raise no_json(source, line_of(text, rest), "more stands behind the array")
            return
        line, seen = line + text.count("\n", seen, at), at
        try:
            value, at = DECODER.raw_decode(text, at)
        except NamedTwice as error:
            raise no_json(source, line, error.msg) from error
        except json.JSONDecodeError as error:
            raise no_json(source, error.lineno, error.msg) from error
        yield line, value
    if array:
        raise no_json(source, line_of(text, len(text)), "the array has no end")


def no_json(source: str, line: int, what: str) -> DataError:
    return DataError(
        f"`{source}`, line {line}: no JSON ({what})",
        hint="write an array of objects, or one JSON object per line",
    )


def line_of(text: str, at: int) -> int:
    return text.rstrip().count("\n", 0, at) + 1


def skip(text: str, at: int, characters: str) -> int:
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def of_records(values: Sequence[Any], lines: Sequence[int], source: str) -> Lines:
    """Write objects, or rows of values, one a line."""
    if values and all(isinstance(value, list) for value in values):
        if names_columns(values):
            records = rows_of(values[1:], values[0], source)
            return with_lines(records, lines[1:], "rows of values below their names")
        names = [f"column_{at}" for at in range(1, len(values[0]) + 1)]
        return with_lines(rows_of(values, names, source), lines, "rows of values")
    for value, line in zip(values, lines, strict=True):
        if not isinstance(value, dict):
            raise DataError(
                f"`{source}`, line {line}: {type(value).__name__} where an object was wanted",
                hint='write one JSON object per record, such as `{"text": "...", "label": "..."}`',
            )
    return with_lines(values, lines, "an array of records")


def names_columns(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether the first row names columns: all of it are different texts, and in a column all below
    are none."""
    first, below = rows[0], rows[1:]
    if not below or not all(isinstance(cell, str) for cell in first):
        return False
    if len(set(first)) < len(first) or any(len(row) != len(first) for row in below):
        return False
    columns = [[cell for cell in cells if cell is not None] for cells in zip(*below, strict=True)]
    return any(cells and not any(isinstance(c, str) for c in cells) for cells in columns)


def with_lines(records: Sequence[Mapping[str, Any]], lines: Sequence[int], what: str) -> Lines:
    content = "\n".join(json.dumps(record) for record in records)
    return Lines(content.encode(), np.asarray(lines, np.int64), (f"JSON: {what}",))


def rows_of(
    rows: Sequence[Sequence[Any]], names: Sequence[str], source: str
) -> list[dict[str, Any]]:
    """Name the values of rows. Raises: DataError for the first that is longer or shorter."""
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise DataError(
                f"`{source}`: row {number} has {len(row)} values for {len(names)} columns",
                hint="give every row a value for each column, `null` where it is missing",
            )
    return [dict(zip(names, row, strict=True)) for row in rows]


def of_object(value: dict[str, Any], source: str) -> Lines:
    """Read one object as the frame that it may be; else as a single record."""
    for read in (of_split, of_wrapped, of_columns_or_index, of_lists):
        found = read(value, source)
        if found is not None:
            records, what = found
            return with_lines(records, range(1, len(records) + 1), what)
    return with_lines([value], [1], "one record")


Found = tuple[list[dict[str, Any]], str] | None


def of_split(value: dict[str, Any], source: str) -> Found:
    """`{"columns": [...], "index": [...], "data": [[...], ...]}`"""
    names, rows = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) for row in rows):
        return None
    columns = ["_".join(map(str, n)) if isinstance(n, list) else str(n) for n in names]
    records = rows_of(rows, columns, source)
    index = value.get(INDEX)
    if isinstance(index, list) and len(index) == len(rows):
        return with_index(records, index), "a frame of pandas, split"
    return records, "a frame of pandas, split"


def of_wrapped(value: dict[str, Any], source: str) -> Found:
    """`{"schema": {...}, "data": [{...}, ...]}`, or another object around one list of objects."""
    lists = [
        name
        for name, inside in value.items()
        if isinstance(inside, list) and inside and all(isinstance(each, dict) for each in inside)
    ]
    if len(lists) != 1 or not (len(value) == 1 or lists[0].lower() in WRAPPERS):
        return None
    records = value[lists[0]]
    schema = value.get("schema")
    if isinstance(schema, dict) and "fields" in schema:
        keys = schema.get("primaryKey") or []
        for key in keys if isinstance(keys, list) else []:
            if counts([record.get(key) for record in records]):
                records = [{n: v for n, v in record.items() if n != key} for record in records]
        return records, "a frame of pandas, as a table"
    return records, f"the records under `{lists[0]}`"


def of_columns_or_index(value: dict[str, Any], source: str) -> Found:
    """`{"a": {"0": 1, "1": 2}, ...}`: values of each column by row, or of each row by column."""
    inner = list(value.values())
    if len(inner) < FEWEST and not (inner and isinstance(inner[0], dict) and len(inner[0]) > 1):
        return None
    if not all(isinstance(each, dict) and each for each in inner):
        return None
    names = list(inner[0])
    if any(list(each) != names for each in inner):
        return None
    if any(isinstance(cell, dict) for each in inner for cell in each.values()):
        return None
    outer = list(value)
    if outer_counts(outer, names, inner):
        return with_index([dict(each) for each in inner], outer), "a frame of pandas, by index"
    records = [{name: value[name][row] for name in outer} for row in names]
    return with_index(records, names), "a frame of pandas, by columns"


def outer_counts(outer: list[str], names: list[str], inner: list[dict[str, Any]]) -> bool:
    """Whether the outer names are those of rows: they look like an index and the inner ones do not,
    or the values under an inner name are alike and those under an outer name are not."""
    if is_index(outer) != is_index(names):
        return is_index(outer)
    kinds = [{kind_of(each[name]) for each in inner} - {""} for name in names]
    across = [{kind_of(cell) for cell in each.values()} - {""} for each in inner]
    return all(len(kind) <= 1 for kind in kinds) and any(len(kind) > 1 for kind in across)


def kind_of(cell: Any) -> str:
    if cell is None:
        return ""
    return "number" if isinstance(cell, int | float) else type(cell).__name__


def is_index(names: list[str]) -> bool:
    """Whether names are numbers or dates, as those of rows are."""
    return all(
        name[:1].isdigit() and not any(c.isalpha() for c in name.strip("TZ")[:10]) for name in names
    )


def with_index(records: list[dict[str, Any]], index: Sequence[Any]) -> list[dict[str, Any]]:
    """Keep an index that does more than count the rows as a column."""
    if counts(index) or (records and INDEX in records[0]):
        return records
    if all(isinstance(each, str) and WHOLE.fullmatch(each) for each in index):
        index = [int(each) for each in index]  # keys are texts, whatever pandas had
    return [{INDEX: each, **record} for each, record in zip(index, records, strict=True)]


def counts(index: Sequence[Any]) -> bool:
    """Whether an index is 0, 1, 2, ..."""
    return [str(each) for each in index] == [str(at) for at in range(len(index))]


def of_lists(value: dict[str, Any], source: str) -> Found:
    """`{"a": [1, 2], "b": [3, 4]}`: the values of each column."""
    inner = list(value.values())
    if not inner or not all(isinstance(each, list) for each in inner):
        return None
    if len({len(each) for each in inner}) != 1 or len(inner[0]) < FEWEST:
        return None
    rows = zip(*inner, strict=True)
    return [dict(zip(value, row, strict=True)) for row in rows], "a list for each column"
