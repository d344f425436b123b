"""Read `.tsf`, the format of the Monash archive: a series per line, `:` behind each attribute."""

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.cells import whole_numbers
from rnnauto.reading.formats.at_header import MISSING, number_lists, split_header
from rnnauto.reading.formats.clock import pace_of, times_from
from rnnauto.reading.loaded import Implied, Loaded
from rnnauto.reading.panels import free, panel_of
from rnnauto.recipe.column_names import literal_name
from rnnauto.visible import counted

TYPES = frozenset({"string", "numeric", "date"})
START = ("%Y-%m-%d %H-%M-%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H-%M", "%Y-%m-%d")
VALUE = "value"
CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)")


def load_tsf(text: str, source: str) -> Loaded:
    """Read a row for each timestep of each series: its attributes, its time, its value.

    Raises: DataError with the line that is broken.
    """
    above, below = split_header(text, source, comments=("#",))
    attributes, settings = read_settings(above, source)
    if not below:
        raise DataError(f"`{source}` holds no series", hint="put them below the line `@data`")
    lines = [number for number, _ in below]
    rows = [split_series(line, len(attributes)) for _, line in below]
    wanted = len(attributes) + 1
    odd = next((at for at, row in enumerate(rows) if len(row) != wanted), None)
    if odd is not None:
        raise DataError(
            f"`{source}`, line {lines[odd]}: {len(rows[odd])} parts where the header announces "
            f"{wanted}: {', '.join([*attributes, 'the values'])}",
            hint="write the attributes and the values of every series, `:` between them",
        )
    columns = [
        attribute_column(name, kind, [row[at] for row in rows], lines, source)
        for at, (name, kind) in enumerate(attributes.items())
    ]
    values = number_lists(free(VALUE, [*attributes]), [row[-1] for row in rows], lines, source)
    lengths = values.list.len().to_numpy().astype(np.int64)
    times, notes = times_of(columns, settings.get("@frequency", ""), lengths)
    heads = pl.DataFrame([column for column in columns if not column.dtype.is_temporal()])
    panel = panel_of(heads, times, [values])
    horizon = settings.get("@horizon", "")
    implied = Implied(
        "`.tsf` holds series to forecast",
        (values.name,),
        panel.id,
        panel.time,
        classes=False,
        forecasts=True,
        horizon=int(horizon) if horizon.isdecimal() else 0,
    )
    notes = (f"{len(values):,} series, one a line: read as a row for each timestep", *notes)
    return Loaded(panel.frame, notes, np.repeat(np.asarray(lines), lengths), implied=implied)


def times_of(
    columns: Sequence[pl.Series], frequency: str, lengths: Integers
) -> tuple[pl.Series | None, tuple[str, ...]]:
    """Reckon the times of all timesteps, or say why there are none."""
    dates = [column for column in columns if column.dtype.is_temporal()]
    if not dates:
        return None, ()
    starts, left = dates[0], [f"the date `{each.name}` is left out" for each in dates[1:]]
    pace = pace_of(frequency)
    times = None
    if pace is not None and not starts.null_count():
        times = times_from(starts, pace, lengths)
    if times is not None:
        return times, tuple(left)
    why = f"`@frequency {frequency}` gives no times" if frequency else "there is no `@frequency`"
    if pace is not None and starts.null_count():
        why = counted(starts.null_count(), "series", f"have no `{starts.name}`")
    return None, (f"{why}: timesteps are numbered", *left)


def read_settings(
    above: Sequence[tuple[int, str]], source: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Read the attributes with their types, and the other settings, by name."""
    attributes: dict[str, str] = {}
    settings: dict[str, str] = {}
    for number, line in above:
        word, _, rest = " ".join(line.split()).partition(" ")
        if word.lower() != "@attribute":
            settings[word.lower()] = rest.strip()
            continue
        name, _, kind = rest.strip().rpartition(" ")
        if not name or kind.lower() not in TYPES:
            raise DataError(
                f"`{source}`, line {number}: `{line[:60]}` is no attribute",
                hint="write a name and one of string, numeric and date, such as "
                "`@attribute series_name string`",
            )
        attributes[literal_name(name.strip())] = kind.lower()
    return attributes, settings


def split_series(line: str, count: int) -> list[str]:
    """Cut a line at its colons, but those of a time of day in one of `count` attributes."""
    head, colon, values = line.rpartition(":")
    parts = head.split(":") if colon else []
    if len(parts) > count:
        parts = CLOCK.sub(r"\1-\2-\3", head).split(":")
    return [*(part.strip() for part in parts), values]


def attribute_column(
    name: str, kind: str, cells: Sequence[str], lines: Sequence[int], source: str
) -> pl.Series:
    """Type an attribute. Raises: DataError for the first series that has no such value."""
    texts = pl.Series(name, [None if cell in MISSING else cell for cell in cells], pl.String)
    if kind == "string":
        return texts
    if kind == "numeric":
        column = texts.cast(pl.Float64, strict=False)
    else:
        column = pl.Series(name, [None] * len(texts), pl.Datetime("us"))
        for pattern in START:
            column = column.fill_null(texts.str.to_datetime(pattern, strict=False))
    odd = column.is_null() & texts.is_not_null()
    if odd.any():
        at = int(odd.arg_max() or 0)
        raise DataError(
            f"`{source}`, line {lines[at]}: `{cells[at][:40]}` is no {kind} value of `{name}`",
            hint="write a start as `1990-01-31 00-00-00`"
            if kind == "date"
            else "write a number, or `?`",
        )
    return whole_numbers(column)
