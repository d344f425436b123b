"""What every reader of a format returns: the frame of a file, and what was seen on the way."""

from dataclasses import dataclass

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.layout import Form


@dataclass(frozen=True)
class Loaded:
    """A file read by the reader of its format.

    Attributes:
        notes: what the reader did, in words.
        lines: the file lines of the rows, from 1, [rows].
        form: set where the format implies it.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    lines: Integers | None = None
    form: Form | None = None
