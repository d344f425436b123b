"""What every reader of a format hands to the table."""

from dataclasses import dataclass

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.layout import Form


@dataclass(frozen=True)
class Loaded:
    """`lines` are the file lines of the rows; `form` is set where the format implies it."""

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    lines: Integers | None = None
    form: Form | None = None
