"""Read the formats whose columns have types: Parquet and Arrow."""

from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.formats.nested import flattened
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.points import innermost

MOST_VALUES = 1 << 27  # that a small Parquet file may claim to hold ...
MOST_VALUES_PER_BYTE = 50  # ... or as many for each of its bytes
MOST_DEPTH = 2  # lists in lists


def load_parquet(content: bytes, source: str) -> Loaded:
    try:
        lazy = pl.scan_parquet(BytesIO(content))
        width, rows = len(lazy.collect_schema()), lazy.select(pl.len()).collect().item()
        check_size(width * rows, len(content), source)
        return checked(pl.read_parquet(BytesIO(content)), source)
    except BROKEN as error:
        raise broken(source, "Parquet", error) from error


def load_arrow(content: bytes, source: str) -> Loaded:
    read = pl.read_ipc if content.startswith(b"ARROW1") else pl.read_ipc_stream
    try:
        return checked(read(BytesIO(content)), source)
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


def checked(frame: pl.DataFrame, source: str, lines: Integers | None = None) -> Loaded:
    """Cast columns to types that there is a kind for, and flatten what is nested.

    Args: lines: the file lines of the rows. Raises: DataError for other types.
    """
    flat = flattened(frame, source)
    if flat.rows is not None:
        lines = (np.arange(frame.height) + 1 if lines is None else lines)[flat.rows]
    return Loaded(cast_columns(flat.frame, source), flat.notes, lines, implied=flat.implied)


def cast_columns(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Cast columns to types that there is a kind for. Raises: DataError for others."""
    frame = frame.with_columns(
        pl.col(pl.Categorical, pl.Enum).cast(pl.String),
        pl.col(pl.Decimal).cast(pl.Float64),
        pl.col(pl.Binary).cast(pl.String, strict=False),
        pl.col(pl.Int128).cast(pl.String),  # as in a CSV file: every digit counts
    ).with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    fixed = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Array)]
    frame = frame.with_columns(pl.col(name).arr.to_list() for name in fixed)
    for name, dtype in frame.schema.items():
        if depth(dtype) > MOST_DEPTH:  # before anything that shows the type
            raise too_deep(f"column `{name}` of `{source}`")
        inner = innermost(dtype)
        if isinstance(inner, pl.Struct) or inner == pl.Object:
            raise DataError(
                f"column `{name}` of `{source}` holds {str(dtype)[:60]} values",
                hint="numbers, text, times, truth values and lists of these can be read",
            )
    if not frame.width:
        raise DataError(f"`{source}` has no columns", hint="a table needs columns and rows")
    return frame


def too_deep(where: str) -> DataError:
    return DataError(
        f"{where} holds lists or objects that are nested too deeply",
        hint="numbers, text, times, truth values and lists of these, or of lists, can be read",
    )


def depth(dtype: Any) -> int:
    levels = 0
    while isinstance(dtype, pl.List | pl.Array):
        dtype, levels = dtype.inner, levels + 1
    return levels
