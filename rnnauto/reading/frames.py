"""Take a frame, of polars or of pandas, as a table that was read."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.formats.columnar import checked
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.opened import Opened
from rnnauto.reading.pandas_frames import is_pandas, load_pandas
from rnnauto.reading.pieces.piece import Piece


class Pandas(Protocol):
    """A frame or a series of pandas, as far as a type checker has to know it."""

    @property
    def iloc(self) -> Any: ...

    @property
    def index(self) -> Any: ...


Source = Path | str | pl.DataFrame | Pandas | Opened | Piece  # what a table can be read from
FRAME = "frame"  # how messages call it


def load_frame(source: pl.DataFrame | Pandas, *, may_be_empty: bool) -> Loaded:
    """Take a frame. Raises: DataError for what is none, an empty one, and columns that there is no
    kind for."""
    if isinstance(source, pl.DataFrame):
        loaded = Loaded(source)
    elif is_pandas(source):
        loaded = load_pandas(source)
    else:
        raise DataError(
            f"a table cannot be read from a `{type(source).__name__}`",
            hint="give the path of a file, or a frame of polars or pandas",
        )
    if not loaded.frame.width or not (loaded.frame.height or may_be_empty):
        raise DataError("the frame is empty", hint="a table needs columns and rows")
    found = checked(loaded.frame, FRAME)
    # a frame's first row is where it would be in a file: below the header
    lines = None if found.lines is None else found.lines + 1
    return replace(found, notes=(*loaded.notes, *found.notes), lines=lines)
