"""Read the formats whose columns have types: Parquet, Arrow, and JSON lines."""

import json
import re
from collections.abc import Collection
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading import cells
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.written_dates import as_iso

MOST_VALUES = 1 << 27  # that a small Parquet file may claim to hold ...
MOST_VALUES_PER_BYTE = 50  # ... or as many for each of its bytes
MOST_DEPTH = 2  # lists in lists
NEWLINE = b"\n"
BRACKETS = re.compile(rb"[\[{](?:[\s:]*[\[{]){4}")
DEEP = re.compile(rb"(?:\[\s*){5}|(?:\{\s*\"[^\"]*\"\s*:\s*){5}")
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


def load_parquet(content: bytes, source: str) -> Loaded:
    try:
        lazy = pl.scan_parquet(BytesIO(content))
        width, rows = len(lazy.collect_schema()), lazy.select(pl.len()).collect().item()
        check_size(width * rows, len(content), source)
        return Loaded(checked(pl.read_parquet(BytesIO(content)), source))
    except BROKEN as error:
        raise broken(source, "Parquet", error) from error


def load_arrow(content: bytes, source: str) -> Loaded:
    read = pl.read_ipc if content.startswith(b"ARROW1") else pl.read_ipc_stream
    try:
        return Loaded(checked(read(BytesIO(content)), source))
    except BROKEN as error:
        raise broken(source, "Arrow", error) from error


BROKEN = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError)


def broken(source: str, format_name: str, error: BaseException) -> DataError:
    first = str(error).strip().splitlines()
    return DataError(
        f"`{source}` is no {format_name} file that can be read: {first[0] if first else error!r}",
        hint="write it again, or save it as a CSV file",
    )


def check_size(values: int, size: int, source: str) -> None:
    if values > max(MOST_VALUES, MOST_VALUES_PER_BYTE * size):
        raise DataError(
            f"`{source}` holds {values:,} values in {size:,} bytes",
            hint="that is more than a table unpacks to; save it as a CSV file if you trust it",
        )


def checked(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Cast columns to types that there is a kind for. Raises: DataError for others."""
    frame = frame.with_columns(
        pl.col(pl.Categorical, pl.Enum).cast(pl.String),
        pl.col(pl.Decimal).cast(pl.Float64),
        pl.col(pl.Binary).cast(pl.String, strict=False),
        pl.col(pl.Int128).cast(pl.String),  # as in a CSV file: every digit counts
    ).with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    for name, dtype in frame.schema.items():
        frame = frame.with_columns(as_list(frame[name])) if dtype.is_nested() else frame
        if depth(dtype) > MOST_DEPTH:  # before anything that shows the type
            raise too_deep(f"column `{name}` of `{source}`")
        inner = innermost(frame.schema[name])
        if isinstance(inner, pl.Struct) or inner == pl.Object:
            raise DataError(
                f"column `{name}` of `{source}` holds {dtype} values",
                hint="numbers, text, times, truth values and lists of these can be read",
            )
    if not frame.width:
        raise DataError(f"`{source}` has no columns", hint="a table needs columns and rows")
    return frame


def as_list(column: pl.Series) -> pl.Series:
    """Turn a column of arrays of fixed size into one of lists."""
    return column.arr.to_list() if isinstance(column.dtype, pl.Array) else column


def too_deep(where: str) -> DataError:
    return DataError(
        f"{where} holds lists in lists in lists",
        hint="numbers, text, times, truth values and lists of these, or of lists, can be read",
    )


def innermost(dtype: Any) -> Any:
    while isinstance(dtype, pl.List | pl.Array):
        dtype = dtype.inner
    return dtype


def depth(dtype: Any) -> int:
    levels = 0
    while isinstance(dtype, pl.List | pl.Array):
        dtype, levels = dtype.inner, levels + 1
    return levels


def check_depth(content: bytes, source: str) -> None:
    """Raises: DataError for JSON that is nested deeper than any parser should be asked to go."""
    deep = DEEP.search(content)
    while deep:
        begin = content.rfind(b"\n", 0, deep.start()) + 1
        end = content.find(b"\n", deep.start())
        line = content[begin : end if end >= 0 else len(content)]
        try:
            json.loads(line)
        except RecursionError as error:
            raise too_deep(f"`{source}`, line {content.count(NEWLINE, 0, begin) + 1}") from error
        except ValueError:
            return  # the line is broken, which the parser says better
        if BRACKETS.search(STRING.sub(b"", line)):
            raise too_deep(f"`{source}`, line {content.count(NEWLINE, 0, begin) + 1}")
        deep = DEEP.search(content, begin + len(line))


def load_json_lines(content: bytes, source: str, *, text: Collection[str] = ()) -> Loaded:
    """Read a JSON object per line; blank lines do not count."""
    check_depth(content, source)
    try:
        frame = pl.read_ndjson(BytesIO(content), infer_schema_length=None)
    except BROKEN:
        frame = None
    lines = filled_lines(content)
    if frame is None or frame.height != len(lines):
        check_lines(content, source)
        frame = from_objects(content, source)
    frame = checked(frame, source)
    columns = [typed(column, stays=column.name in text) for column in frame.get_columns()]
    return Loaded(pl.DataFrame(columns), lines=lines)


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
            value = json.loads(line)
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
    rows = [json.loads(line) for line in content.split(b"\n") if line.strip()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = []
    for name in names:
        try:
            columns.append(pl.Series(name, [row.get(name) for row in rows], strict=True))
        except (TypeError, *BROKEN) as error:
            raise DataError(
                f"column `{name}` of `{source}` mixes kinds of values",
                hint="write the same kind of value under one name in every line",
            ) from error
    return pl.DataFrame(columns)


def typed(column: pl.Series, *, stays: bool) -> pl.Series:
    """Turn texts that are times in every row into times, which JSON does not know.

    Args: stays: whether the column is text, whatever it looks like.
    """
    if stays:
        return column if column.dtype.is_nested() else column.cast(pl.String)
    if column.dtype == pl.Null:
        return column.cast(pl.String)
    if column.dtype != pl.String:
        return cells.whole_numbers(column)
    sample = cells.spread(column)
    if not len(sample) or not as_iso(sample).str.contains(cells.DATE_LIKE).all():
        return column
    times, _ = cells.as_times(column, sample, lines=None)
    return column if times is None else times
