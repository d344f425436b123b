"""Read series that stand one in a row as a long table: a start and a list of values (GluonTS), or
lists of times and of values (Chronos)."""

from collections.abc import Collection

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.names import named_time
from rnnauto.reading.formats.clock import pace_of, times_from
from rnnauto.reading.loaded import Implied
from rnnauto.reading.panels import panel_of
from rnnauto.reading.points import innermost, nested
from rnnauto.reading.times import looks_timed, times_alone
from rnnauto.times.numbers import epoch_readings

START, TARGET, FREQUENCY = "start", "target", "freq"
SAME_LENGTH = 0.9  # share of rows whose lists are equally long, if they belong together
FIRST = 50  # rows whose lists are looked at
GLUONTS = "a `start` and a list `target` in every row: a series a line"
LISTS = "lists of times and of values in every row: a series a line"


def series_in_rows(
    frame: pl.DataFrame, source: str, *, keep: Collection[str]
) -> tuple[pl.DataFrame, tuple[str, ...], Implied, Integers] | None:
    """Make a row for each timestep of series that stand one in a row; None where none do.

    Args:
        keep: columns that a model reads as lists.

    Returns: the frame, notes, which column is what, and the rows of the frame before, [rows].
    """
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    if not lists or not frame.height or set(lists) & set(keep):
        return None
    if TARGET in lists and innermost(frame.schema[TARGET]).is_numeric() and START in frame.columns:
        starts = moments(frame[START])
        if starts is not None:
            return with_start(frame, starts, lists)
    clock = next((name for name in lists if list_of_times(frame[name]) is not None), None)
    return None if clock is None or len(lists) < 2 else with_clock(frame, clock, lists, source)


def moments(column: pl.Series) -> pl.Series | None:
    """Read times, whole or as text; None for a column that holds others."""
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    if column.dtype != pl.String or not column.null_count() < len(column):
        return None
    times = times_alone(column)
    return None if times is None else times.cast(pl.Datetime("us"))


def list_of_times(column: pl.Series) -> pl.Series | None:
    """Take the items of a list column, one list after the other, that are times, or texts that are
    read as times with the whole table in view; None for others."""
    inner = innermost(column.dtype)
    if nested(column.dtype) or not (
        inner.is_temporal() or inner == pl.String or inner.is_integer()
    ):
        return None
    head = column.head(FIRST).explode().drop_nulls()
    if inner == pl.String and not looks_timed(head):
        return None
    if inner.is_integer() and not (named_time(column.name) and epoch_readings(head)):
        return None
    return column.filter(column.list.len().fill_null(0) > 0).explode()


def with_clock(
    frame: pl.DataFrame, clock: str, lists: list[str], source: str
) -> tuple[pl.DataFrame, tuple[str, ...], Implied, Integers] | None:
    """Make the rows of series that have a list of times.

    Raises: DataError for the first row whose lists differ in length where few do.
    """
    lengths = frame[clock].list.len().fill_null(0)
    along: list[str] = []
    for name in lists:
        same = frame[name].list.len().fill_null(0) == lengths
        if name != clock and not same.all() and (same.mean() or 0.0) >= SAME_LENGTH:  # type: ignore[operator]
            row = int((~same).arg_max() or 0)
            raise DataError(
                f"`{source}`, row {row + 1}: `{clock}` holds {lengths[row]} times and `{name}` "
                f"{frame[name].list.len()[row]} values",
                hint="give every time a value in each list, `null` where it is missing",
            )
        along += [name] if same.all() and name != clock else []
    times = list_of_times(frame[clock])
    if not along or times is None:
        return None
    left = [name for name in lists if name not in {clock, *along}]
    heads = frame.drop(lists)
    panel = panel_of(heads, times.alias(clock), [frame[name] for name in along])
    numeric = [name for name in along if innermost(frame.schema[name]).is_numeric()]
    target = [name for name in numeric if name == TARGET] or numeric
    alone = len(target) == 1 and (target[0] == TARGET or heads.width <= 1)
    implied = Implied(
        LISTS,
        tuple(target) if alone else (),
        panel.id,
        panel.time,
        classes=False if alone else None,
        forecasts=alone,
    )
    notes = [f"each item of `{clock}` is a timestep: read as a row for each"]
    notes += [f"`{name}` left out: its lists are not as long as `{clock}`" for name in left]
    return panel.frame, tuple(notes), implied, np.repeat(np.arange(frame.height), lengths)


def with_start(
    frame: pl.DataFrame, starts: pl.Series, lists: list[str]
) -> tuple[pl.DataFrame, tuple[str, ...], Implied, Integers]:
    """Make the rows of series that have a start: the list `target`, or lists of it, and what runs
    along with it; `freq` tells their times."""
    targets = rows_in(frame[TARGET], TARGET)
    moving = [
        row
        for name in lists
        if name != TARGET and nested(frame.schema[name])
        for row in rows_in(frame[name], name)
    ]
    lengths = pl.DataFrame(
        [row.list.len().fill_null(0).alias(row.name) for row in [*targets, *moving]]
    )
    longest = lengths.max_horizontal()
    fixed, left, along = [], [], []
    for name in lists:
        if name == TARGET or nested(frame.schema[name]):
            continue
        own = frame[name].list.len().fill_null(0)
        if own.n_unique() == 1 and not own.equals(longest, check_names=False):
            fixed += items_of(frame[name], category="cat" in name.split("_"))
        elif own.equals(longest, check_names=False):
            along.append(frame[name])
        else:
            left.append(name)
    padded = [padded_to(row, longest) for row in (*targets, *moving, *along)]
    counts = longest.to_numpy().astype(np.int64)
    times, why = times_by(frame, starts, counts)
    heads = frame.drop([*lists, START, *([FREQUENCY] if FREQUENCY in frame.columns else [])])
    panel = panel_of(pl.DataFrame([*heads, *fixed]), times, padded)
    names = tuple(row.name for row in targets)
    implied = Implied(GLUONTS, names, panel.id, panel.time, classes=False, forecasts=True)
    notes = ["a `start` and a list `target`, a series a line: read as a row for each timestep"]
    notes += [why] if why else []
    notes += [f"`{name}` left out: its lists are not as long as `{TARGET}`" for name in left]
    return panel.frame, tuple(notes), implied, np.repeat(np.arange(frame.height), counts)


def rows_in(column: pl.Series, name: str) -> list[pl.Series]:
    """Take lists of lists apart: a list column for each, `name_1`, `name_2`, ..."""
    if not nested(column.dtype):
        return [column.alias(name)]
    inner = pl.List(innermost(column.dtype))
    column = column.cast(pl.List(inner))
    count = int(column.list.len().max() or 0)  # type: ignore[arg-type]
    rows = [column.list.get(at, null_on_oob=True) for at in range(count)]
    return [row.alias(f"{name}_{at}") for at, row in enumerate(rows, start=1)]


def items_of(column: pl.Series, *, category: bool) -> list[pl.Series]:
    """Take lists apart that a series has once: a column for each item."""
    count = int(column.list.len().max() or 0)  # type: ignore[arg-type]
    items = [column.list.get(at, null_on_oob=True) for at in range(count)]
    items = [item.cast(pl.String) if category else item for item in items]
    return [item.alias(f"{column.name}_{at}") for at, item in enumerate(items, start=1)]


def padded_to(column: pl.Series, lengths: pl.Series) -> pl.Series:
    """Make lists as long as others are, with null behind their end."""
    missing = lengths.cast(pl.Int64) - column.list.len().fill_null(0).cast(pl.Int64)
    if not (missing > 0).any():
        return column
    frame = pl.DataFrame({"lists": column, "missing": missing})
    empty = pl.lit(None, dtype=innermost(column.dtype)).repeat_by("missing")
    return frame.select(
        pl.concat_list(pl.col("lists").fill_null([]), empty).alias(column.name)
    ).to_series()


def times_by(
    frame: pl.DataFrame, starts: pl.Series, lengths: Integers
) -> tuple[pl.Series | None, str]:
    """Reckon the times of all timesteps by the column `freq`, or say why there are none."""
    names = frame[FREQUENCY] if FREQUENCY in frame.columns else None
    if names is None or names.dtype != pl.String:
        return None, f"no `{FREQUENCY}` says how far timesteps are apart: they are numbered"
    if names.null_count() or starts.null_count():
        return None, "a series has no `start` or no `freq`: timesteps are numbered"
    owners = np.repeat(np.arange(len(lengths)), lengths)
    micros = np.zeros(len(owners), np.int64)
    dates = True
    for name in names.unique(maintain_order=True):
        pace = pace_of(name)
        chosen = (names == name).to_numpy()
        times = None if pace is None else times_from(starts.filter(chosen), pace, lengths[chosen])
        if times is None:
            return None, f"`{FREQUENCY}` `{name[:20]}` gives no times: timesteps are numbered"
        dates &= times.dtype == pl.Date
        micros[chosen[owners]] = times.cast(pl.Datetime("us")).to_physical().to_numpy()
    reckoned = pl.Series("time", micros).cast(pl.Datetime("us"))
    return (reckoned.cast(pl.Date) if dates else reckoned), ""
