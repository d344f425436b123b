"""Read the formats whose columns have types: Parquet and Arrow."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.mapped import mapped, worth_mapping
from rnnauto.reading.content import Content, whole
from rnnauto.reading.formats.class_names import names_in_schema, with_class_names, with_names_beside
from rnnauto.reading.formats.nested import flattened
from rnnauto.reading.formats.plain_types import EXTENSION, MAP, stored, with_plain_types
from rnnauto.reading.literal import with_literal_names
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.points import innermost

MOST_VALUES = 1 << 27  # that a small Parquet file may claim to hold ...
MOST_VALUES_PER_BYTE = 50  # ... or as many for each of its bytes
CELL = 8  # bytes of one in memory, or less
FEATHER_1 = b"FEA1"
AT_ONCE = 1 << 24  # cells that are read before they are mapped
MOST_DEPTH = 2  # lists in lists
NO_KIND = (pl.Struct, pl.Object, pl.Binary)


def load_parquet(content: Content, source: str, path: Path | None = None) -> Loaded:
    """Read Parquet. Raises: DataError."""
    scan, rows = scanned(content, source, path)
    return rows_of(scan, content, source, rows=rows)


def scanned(content: Content, source: str, path: Path | None) -> tuple[pl.LazyFrame, int]:
    """Open Parquet; a large file by its path, so that its bytes are not in memory beside it.

    Returns: what reads it, and how many rows it has.

    Raises: DataError.
    """
    mapped = None if isinstance(content, bytes) else path
    try:
        opened = BytesIO(whole(content)) if mapped is None else mapped.absolute()
        scan = pl.scan_parquet(opened, glob=False)
        width, rows = len(scan.collect_schema()), scan.select(pl.len()).collect().item()
    except BROKEN as error:
        raise broken(source, "Parquet", error) from error
    check_size(width * rows, len(content), source)
    return scan, rows


def rows_of(scan: pl.LazyFrame, content: Content, source: str, *, rows: int = 0) -> Loaded:
    """Read the rows of Parquet that are asked for.

    Args: rows: how many there are; where they are many, columns are mapped.

    Raises: DataError.
    """
    width = len(scan.collect_schema())
    try:
        large = worth_mapping(rows * width * CELL)
        frame = in_files(scan, max(1, AT_ONCE // rows)) if large else scan.collect()
        return by_schema(checked(frame, source), content)
    except BROKEN as error:
        raise broken(source, "Parquet", error) from error


def in_files(scan: pl.LazyFrame, width: int) -> pl.DataFrame:
    """Read and map `width` columns at a time."""
    count, frames = len(scan.collect_schema()), []
    for start in range(0, count, width):
        some = pl.nth(*range(start, min(start + width, count)))  # names may look like patterns
        frames.append(mapped(without_nan(scan.select(some).collect())))
    return pl.concat(frames, how="horizontal")


def load_arrow(content: bytes, source: str) -> Loaded:
    """Read Arrow, as a file or a stream. Raises: DataError."""
    if content.startswith(FEATHER_1):
        raise DataError(
            f"`{source}` is a Feather file of version 1, which only old libraries read",
            hint="write it again as version 2 (`pyarrow.feather.write_feather`), or as Parquet",
        )
    read = pl.read_ipc if content.startswith(b"ARROW1") else pl.read_ipc_stream
    try:
        return by_schema(checked(read(BytesIO(content)), source), content)
    except BROKEN as error:
        raise broken(source, "Arrow", error) from error


def by_schema(loaded: Loaded, content: Content) -> Loaded:
    """Read classes by the names that the schema of a file gives them."""
    frame, notes = with_class_names(loaded.frame, names_in_schema(content))
    return replace(loaded, frame=frame, notes=(*loaded.notes, *notes))


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
    frame, renamed = with_literal_names(frame, source)
    flat = flattened(stored(frame), source)
    if flat.rows is not None:
        lines = (np.arange(frame.height) + 1 if lines is None else lines)[flat.rows]
    frame, types = cast_columns(flat.frame, source)
    frame, names = with_names_beside(frame)
    return Loaded(frame, (*renamed, *flat.notes, *types, *names), lines, implied=flat.implied)


def cast_columns(frame: pl.DataFrame, source: str) -> tuple[pl.DataFrame, list[str]]:
    """Cast columns to types that there is a kind for. Returns: notes as well.

    Raises: DataError for others.
    """
    for name, dtype in frame.schema.items():
        if depth(dtype) > MOST_DEPTH:  # before anything that goes into the type, or shows it
            raise too_deep(f"column `{name}` of `{source}`")
    frame, notes = with_plain_types(frame, source)
    frame = without_nan(frame)
    for name, dtype in frame.schema.items():
        inner = innermost(dtype)
        if isinstance(inner, (NO_KIND, EXTENSION, MAP)):
            raise DataError(
                f"column `{name}` of `{source}` holds {str(dtype)[:60]} values",
                hint="numbers, text, times, truth values and lists of these can be read",
            )
    if not frame.width:
        raise DataError(f"`{source}` has no columns", hint="a table needs columns and rows")
    return frame, notes


def without_nan(frame: pl.DataFrame) -> pl.DataFrame:
    """Make numbers that are none missing."""
    return frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))


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
