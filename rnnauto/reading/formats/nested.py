"""Flatten what is nested: an object is a column for each of its names, a list of objects a row for
each object."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.formats.plain_types import MAP
from rnnauto.reading.loaded import Implied
from rnnauto.reading.panels import free, id_columns
from rnnauto.recipe.column_names import literal_name

MOST_LEVELS = 4  # objects in objects
MOST_NAMES = 5000  # an object with more is a dictionary, whose names are values
RECORD = "record"
SAME_LENGTH = 0.9  # share of rows whose lists are as long as the list of objects, if they go along
REASON = "a list of objects in every record: each object is a timestep"


@dataclass(frozen=True)
class Flat:
    """A frame without objects.

    Attributes:
        rows: of the frame before, [rows]; None where it has the same rows.
        implied: which columns tell the lists of objects apart.
    """

    frame: pl.DataFrame
    rows: Integers | None = None
    notes: tuple[str, ...] = ()
    implied: Implied = Implied()


def flattened(frame: pl.DataFrame, source: str) -> Flat:
    """Make columns of objects and rows of lists of objects; at once where there are none.

    Raises: DataError for objects nested too deeply, and several lists of objects.
    """
    frame = without_objects(frame, source)
    lists = [name for name, dtype in frame.schema.items() if is_objects(dtype)]
    if not lists:
        return Flat(frame)
    lengths = frame.select(pl.col(lists).list.len().fill_null(0))
    alike = [name for name in lists if lengths[name].equals(lengths[lists[0]], check_names=False)]
    if len(alike) < len(lists):
        odd = next(name for name in lists if name not in alike)
        raise DataError(
            f"`{source}` holds two lists of objects, `{lists[0]}` and `{odd}`, of different "
            "lengths",
            hint="the objects of one list are the timesteps: keep one of them",
        )
    return with_timesteps(frame, lists, source)


def is_objects(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List | pl.Array) and isinstance(dtype.inner, pl.Struct)


def without_objects(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """Make a column for each name of each object, called `object.name`."""
    for _ in range(MOST_LEVELS):
        if not any(is_object(dtype) for dtype in frame.dtypes):
            return frame
        columns: dict[str, pl.Series] = {}
        for column in frame.get_columns():
            for part in parts_of(column, source) if is_object(column.dtype) else [column]:
                name = free(part.name, list(columns)) if part.name in columns else part.name
                columns[name] = part.alias(name)
        check_names(len(columns), frame.width, source)
        frame = pl.DataFrame(list(columns.values()))
    if any(is_object(dtype) for dtype in frame.dtypes):
        raise DataError(
            f"`{source}` holds objects in objects, more than {MOST_LEVELS} deep",
            hint="write numbers, text, times, truth values and lists of these under each name",
        )
    return frame


def is_object(dtype: pl.DataType) -> bool:
    return isinstance(dtype, (pl.Struct, MAP))


def parts_of(column: pl.Series, source: str) -> list[pl.Series]:
    """Make a column for each name of the objects of one, or for each key of the maps."""
    if isinstance(column.dtype, pl.Struct):
        fields = list(column.struct.unnest()) if column.dtype.fields else []
    else:
        keys = column.map.keys().explode().drop_nulls().unique(maintain_order=True)
        check_names(len(keys), 0, source)
        fields = [column.map.get(key).alias(str(key)) for key in keys]
    return [part.alias(literal_name(f"{column.name}.{part.name}")) for part in fields]


def check_names(count: int, width: int, source: str) -> None:
    """Raises: DataError where objects are dictionaries: too many names for columns."""
    if count > max(MOST_NAMES, width):
        raise DataError(
            f"`{source}` holds objects with {count:,} different names",
            hint="write what is a value, such as a date or an id, as a value and not as a name",
        )


def with_timesteps(frame: pl.DataFrame, lists: list[str], source: str) -> Flat:
    """Make a row of each object of lists; what a record has once is repeated."""
    along, other = lists_along(frame, lists, source)
    heads = frame.drop(*along, *other)
    ids = id_columns(heads)
    if not ids:
        ids = (free(RECORD, frame.columns),)
        frame = frame.insert_column(0, pl.Series(ids[0], np.arange(1, frame.height + 1)))
    rows = frame.drop(other).with_row_index("__row").explode(along, empty_as_null=True)
    flat = without_objects(rows.drop("__row"), source)
    if any(is_objects(dtype) for dtype in flat.dtypes):
        raise DataError(
            f"`{source}` holds lists of objects inside the objects of `{lists[0]}`",
            hint="the objects of one list are the timesteps: keep one level of them",
        )
    notes = [f"each object of `{lists[0]}` is a timestep: read as a row, with those of its record"]
    notes += [f"`{name}` left out: its lists are not as long as `{lists[0]}`" for name in other]
    return Flat(
        flat, rows["__row"].to_numpy().astype(np.int64), tuple(notes), Implied(REASON, id=ids)
    )


def lists_along(frame: pl.DataFrame, lists: list[str], source: str) -> tuple[list[str], list[str]]:
    """Find the lists that have an item for each object, and those that have not.

    Raises: DataError for the first row where only a few rows differ.
    """
    lengths = frame[lists[0]].list.len().fill_null(0)
    along, other = list(lists), []
    for name, dtype in frame.schema.items():
        if not isinstance(dtype, pl.List) or name in lists:
            continue
        same = frame[name].list.len().fill_null(0) == lengths
        if same.all():
            along.append(name)
        elif (same.mean() or 0.0) < SAME_LENGTH:  # type: ignore[operator]
            other.append(name)
        else:
            row = int((~same).arg_max() or 0)
            raise DataError(
                f"`{source}`, record {row + 1}: `{name}` has {len(frame[name][row] or [])} items, "
                f"`{lists[0]}` {lengths[row]}",
                hint="give every timestep an item in each list, `null` where it is missing",
            )
    return along, other
