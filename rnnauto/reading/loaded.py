"""What every reader of a format returns: the frame of a file, and what was seen on the way."""

from dataclasses import dataclass

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.layout import Form


@dataclass(frozen=True)
class Implied:
    """What the format of a file says of its columns, where the user does not say otherwise.

    Attributes:
        reason: where the file says it, in words.
        target, id, time: columns.
        classes: whether the target names classes; None where the file does not say.
        forecasts: whether the future of the target is wanted.
        horizon: the timesteps to forecast, 0 where the file does not say.
        spans: whether texts are cut into the words that spans of labels lie over.
        series_in_rows: whether the file has a series in every row, and a column for each timestep.
    """

    reason: str = ""
    target: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    time: str | None = None
    classes: bool | None = None
    forecasts: bool = False
    horizon: int = 0
    spans: bool = False
    series_in_rows: bool = False


@dataclass(frozen=True)
class Loaded:
    """A file read by the reader of its format.

    Attributes:
        notes: what the reader did, in words.
        lines: the file lines of the rows, from 1, [rows].
        form: set where the format implies it.
        implied: what the format says of the columns.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    lines: Integers | None = None
    form: Form | None = None
    implied: Implied = Implied()
