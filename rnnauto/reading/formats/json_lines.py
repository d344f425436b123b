"""Read JSON: an object per line, or records in other ways."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading import cells
from rnnauto.reading.dialect import HEAD_BYTES
from rnnauto.reading.formats.annotations import LOOKED_AT, load_spans, span_names
from rnnauto.reading.formats.columnar import BROKEN, checked, too_deep
from rnnauto.reading.formats.json_order import in_file_order
from rnnauto.reading.formats.json_values import NamedTwice, decoded
from rnnauto.reading.formats.json_whole import as_json_lines
from rnnauto.reading.loaded import Loaded

NEWLINE = b"\n"
BRACKETS = re.compile(rb"[\[{](?:[\s:]*[\[{]){4}")
DEEP = re.compile(rb"(?:\[\s*){5}|(?:\{\s*\"[^\"]*\"\s*:\s*){5}")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


def check_depth(content: bytes, source: str) -> None:
    """Raises: DataError for JSON that is nested deeper than any parser should be asked to go."""
    deep = DEEP.search(content)
    while deep:
        begin = content.rfind(b"\n", 0, deep.start()) + 1
        end = content.find(b"\n", deep.start())
        line = content[begin : end if end >= 0 else len(content)]
        try:
            decoded(line)
        except RecursionError as error:
            raise too_deep(f"`{source}`, line {content.count(NEWLINE, 0, begin) + 1}") from error
        except ValueError:
            return  # the line is broken, which the parser says better
        if BRACKETS.search(STRING.sub(b"", line)):
            raise too_deep(f"`{source}`, line {content.count(NEWLINE, 0, begin) + 1}")
        deep = DEEP.search(content, begin + len(line))


def load_json(content: bytes, source: str, *, text: Collection[str] = ()) -> Loaded:
    """Read records of JSON: one a line, an array of them, or a frame as pandas writes it."""
    whole = as_json_lines(content, source)
    if whole is None:
        return load_json_lines(content, source, text=text)
    loaded = load_json_lines(whole.content, source, text=text)
    numbers = None if loaded.lines is None else whole.lines[loaded.lines - 1]
    return replace(loaded, notes=(*whole.notes, *loaded.notes), lines=numbers)


def load_json_lines(content: bytes, source: str, *, text: Collection[str] = ()) -> Loaded:
    """Read a JSON object per line; blank lines do not count."""
    check_depth(content, source)
    records = first_records(content, source)
    spans = span_names(records)
    if spans is not None:
        check_lines(content, source)
        return load_spans(content, source, spans, filled_lines(content))
    return with_types(load_records(content, source, records), text)


def load_records(content: bytes, source: str, records: Sequence[Any]) -> Loaded:
    """Read an object per line, with the types that JSON gives its values. Raises: DataError.

    Args: records: the first, decoded.
    """
    try:
        frame = pl.read_ndjson(BytesIO(content), infer_schema_length=None)
    except BROKEN:
        frame = None
    lines = filled_lines(content)
    if frame is None or frame.height != len(lines):
        check_lines(content, source)
        frame = from_objects(content, source)
    loaded = checked(frame, source, lines)
    return replace(loaded, frame=in_file_order(loaded.frame, records, content))


def with_types(loaded: Loaded, text: Collection[str]) -> Loaded:
    """Give columns the types that they have in tables; `text` are those that are text."""
    columns = [typed(column, stays=column.name in text) for column in loaded.frame.get_columns()]
    return replace(loaded, frame=pl.DataFrame(columns))


def first_records(content: bytes, source: str) -> list[Any]:
    """Decode the first lines, up to one that is no JSON. Raises: DataError where a key stands twice
    in one."""
    records = []
    for line in content[:HEAD_BYTES].split(b"\n")[: LOOKED_AT + 1]:
        try:
            records += [decoded(line)] if line.strip() else []
        except NamedTwice:
            check_lines(content, source)
        except (ValueError, RecursionError):
            break
    return records


def filled_lines(content: bytes) -> Integers:
    """The numbers of the lines that hold something, from 1."""
    filled = [number for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    return np.asarray(filled, np.int64)


def check_lines(content: bytes, source: str) -> None:
    """Raises: DataError for the first line that is no JSON object."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = decoded(line)
        except (ValueError, RecursionError) as error:
            what = getattr(error, "msg", None) or "it is nested too deeply"
            raise DataError(
                f"`{source}`, line {number}: no JSON ({what})",
                hint="write one JSON object per line",
            ) from error
        if not isinstance(value, dict):
            raise DataError(
                f"`{source}`, line {number}: {type(value).__name__} where an object was wanted",
                hint='write one JSON object per line, such as `{"text": "...", "label": "..."}`',
            )


def from_objects(content: bytes, source: str) -> pl.DataFrame:
    rows = [decoded(line) for line in content.split(b"\n") if line.strip()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = []
    for name in names:
        try:
            columns.append(column_of(name, [row.get(name) for row in rows]))
        except (TypeError, *BROKEN) as error:
            raise DataError(
                f"column `{name}` of `{source}` mixes kinds of values",
                hint="write the same kind of value under one name in every line",
            ) from error
    return pl.DataFrame(columns)


def column_of(name: str, values: list[Any]) -> pl.Series:
    kinds = kinds_in(values)
    if kinds - {type(None)} <= {int, float} and float in kinds:
        values = [as_fractions(value) for value in values]
    return pl.Series(name, values, strict=True)


def kinds_in(values: list[Any]) -> set[type]:
    """Find the types of values, or of the items of lists."""
    within = [value for value in values if isinstance(value, list)]
    kinds = {type(value) for value in values} - {list}
    return kinds.union(*map(kinds_in, within))


def as_fractions(value: Any) -> Any:
    """Make a number, or those in lists, a fraction; `NaN`, which Python writes, is missing."""
    if isinstance(value, list):
        return [as_fractions(each) for each in value]
    return None if value is None or value != value else float(value)


def typed(column: pl.Series, *, stays: bool) -> pl.Series:
    """Make whole numbers of fractions that have none, and texts of what holds nothing.

    Args: stays: whether the column is text, whatever it looks like.
    """
    if stays:
        return column if column.dtype.is_nested() else column.cast(pl.String)
    if column.dtype == pl.Null:
        return column.cast(pl.String)
    return column if column.dtype == pl.String else cells.whole_numbers(column)
