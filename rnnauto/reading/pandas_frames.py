"""Copy a frame or a series of pandas, by what it offers: pandas itself is never imported here.

A column becomes what the same column of a CSV file would, but for what its type says for sure: an
exact whole number, a time, a truth value, a list.
"""

import datetime
import decimal
import uuid
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Flags
from rnnauto.errors import DataError
from rnnauto.reading.loaded import Loaded
from rnnauto.recipe.column_names import literal_name

READABLE = "numbers, text, times, truth values and lists of these can be read"
INDEX = "index"
SERIES = ("id", "time")  # what the levels of an index without names are
TIMES = "time"  # how an index of times without a name is called
TIME_INDEXES = frozenset({"DatetimeIndex", "PeriodIndex", "TimedeltaIndex"})
FINEST = 1000  # nanoseconds that a microsecond has
LARGEST = 2**63  # no 64-bit whole number is this large
NUMBERS = (int, float, np.integer, np.floating, decimal.Decimal)
# what a cell of a CSV file may say
SPELLED_OUT = (*NUMBERS, np.bool_, str, uuid.UUID, datetime.date, datetime.time, PurePath)
LISTS = (list, tuple, np.ndarray)


def is_pandas(source: object) -> bool:
    return hasattr(source, "iloc") and hasattr(source, "index")


def load_pandas(source: Any) -> Loaded:
    """Copy a frame, or a series as a frame of one column; what its index says becomes columns.

    Raises: DataError for two columns of one name, and values of a type that there is no kind for.
    """
    frame = source if hasattr(source, "columns") else source.to_frame(name_of(source.name, 1))
    names = column_names(frame.columns)
    index, notes = index_columns(frame.index, names)
    columns = [*index, *((name, frame.iloc[:, at]) for at, name in enumerate(names))]
    copied = [column_of(values, name) for name, values in columns]
    notes += [note for column, note in copied if note]
    return Loaded(pl.DataFrame([column for column, _ in copied]), tuple(notes))


def column_names(columns: Any) -> list[str]:
    """Write the names of columns as texts, those of several levels joined.

    Raises: DataError where two are the same.
    """
    names = [name_of(name, at) for at, name in enumerate(columns.tolist(), start=1)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f"the frame has {names.count(twice)} columns named `{twice}`",
            hint="give every column a name of its own, or leave one out: "
            "`frame.loc[:, ~frame.columns.duplicated()]` keeps the first of each name",
        )
    return names


def name_of(name: Any, number: int) -> str:
    """Write the name of a column as text: that of several levels joined by `_`."""
    parts = name if isinstance(name, tuple) else (name,)
    said = [str(part).strip() for part in parts if part is not None and part == part]
    return literal_name("_".join(part for part in said if part)) or f"column_{number}"


def are_series(index: Any) -> bool:
    """Whether two levels without names are those of series as sktime has them: which, and when."""
    if index.nlevels != len(SERIES) or any(name is not None for name in index.names):
        return False
    return bool(index.is_unique and 2 * len(index.unique(level=0)) <= len(index))


def index_columns(index: Any, taken: Sequence[str]) -> tuple[list[tuple[str, Any]], list[str]]:
    """Make columns of an index that says something: one with names, levels or times.

    Returns: names and values, and notes.
    """
    kind = type(index).__name__
    names = [INDEX if name is None else name_of(name, 0) for name in index.names]
    if kind == "MultiIndex" and are_series(index):
        names = list(SERIES)
    elif kind == "MultiIndex":
        names = [
            f"level_{at}" if name is None else named
            for at, (name, named) in enumerate(zip(index.names, names, strict=True))
        ]
    elif index.name is None and kind in TIME_INDEXES:
        names = [TIMES]
    elif index.name is None:
        return [], []
    there = [name for name in names if name in taken]
    notes = [f"the index `{name}` is left out: a column has its name" for name in there]
    new = [name for name in names if name not in taken]
    if new:
        listed = ", ".join(f"`{name}`" for name in new)
        notes.append(f"the index is read as the column{'s' * (len(new) > 1)} {listed}")
    levels = [index.get_level_values(at) for at in range(len(names))]
    return [pair for pair in zip(names, levels, strict=True) if pair[0] not in taken], notes


def column_of(values: Any, name: str) -> tuple[pl.Series, str]:
    """Copy a column, or a level of an index. Returns: it, and a note or "".

    Raises: DataError for a type that there is no kind for.
    """
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        column, note = from_numpy(values, name)
    else:
        copy = next((copy for mark, copy in COPIERS.items() if hasattr(dtype, mark)), refused)
        column, note = copy(values, name)
    return column.alias(name), note


def refused(values: Any, name: str) -> tuple[pl.Series, str]:
    hint = READABLE
    if hasattr(values.dtype, "closed"):
        hint = f"give both ends of the intervals a column, such as `frame['{name}'].array.left`"
    raise DataError(f"column `{name}` of `frame` holds {values.dtype} values", hint=hint)


def missing(values: Any) -> Flags:
    return np.asarray(values.isna(), bool)


def with_missing(column: pl.Series, absent: Flags) -> pl.Series:
    return column.set(pl.Series(absent), None) if absent.any() else column


def from_numpy(values: Any, name: str) -> tuple[pl.Series, str]:
    array = values.to_numpy()
    match array.dtype.kind:
        case "b" | "i" | "u":
            return pl.Series(np.ascontiguousarray(array)), ""
        case "f":
            wide = array if array.dtype.itemsize in {4, 8} else array.astype(np.float64)
            return pl.Series(np.ascontiguousarray(wide)).fill_nan(None), ""
        case "M":
            return from_times(array), ""
        case "m":
            return from_durations(array), ""
        case "O" | "U":
            return from_objects(values, name)
    return refused(values, name)


def from_times(array: NDArray[np.datetime64]) -> pl.Series:
    """Copy times, as dates where all are, and with the fractions of a second that they have."""
    absent = np.isnat(array)
    days = array.astype("datetime64[D]")
    if bool(((days == array) | absent).all()):
        numbers, dtype = days.astype(np.int64), pl.Date
        column = pl.Series(np.where(absent, 0, numbers).astype(np.int32)).cast(dtype)
        return with_missing(column, absent)
    unit = np.datetime_data(array.dtype)[0]
    fine = unit == "ns" and bool((array.astype(np.int64)[~absent] % FINEST).any())
    unit = "ns" if fine else "us"
    numbers = np.where(absent, 0, array.astype(f"datetime64[{unit}]").astype(np.int64))
    return with_missing(pl.Series(numbers).cast(pl.Datetime("ns" if fine else "us")), absent)


def from_durations(array: NDArray[np.timedelta64]) -> pl.Series:
    absent = np.isnat(array)
    numbers = np.where(absent, 0, array.astype("timedelta64[us]").astype(np.int64))
    return with_missing(pl.Series(numbers).cast(pl.Duration("us")), absent)


def from_zoned(values: Any, name: str) -> tuple[pl.Series, str]:
    """Copy times of a time zone as those of UTC, as offsets in a CSV file are."""
    times = getattr(values, "dt", values).tz_convert(None).to_numpy()
    return from_times(times), f"the time zone of `{name}` is taken off: its times are UTC"


def from_periods(values: Any, name: str) -> tuple[pl.Series, str]:
    """Write periods as they are written, such as 2020Q1; those of several days by their start."""
    texts = values.astype(str).to_numpy()
    absent = missing(values)
    cells = [
        None if gone else str(text).split("/")[0] for text, gone in zip(texts, absent, strict=True)
    ]
    return pl.Series(cells, dtype=pl.String), ""


def from_categories(values: Any, name: str) -> tuple[pl.Series, str]:
    categorical = values.cat if hasattr(values, "cat") else values
    kinds, note = column_of(spelled_intervals(categorical.categories), name)
    codes = pl.Series(np.asarray(categorical.codes).astype(np.int64))
    return kinds.gather(codes.set(codes < 0, None)), note


def spelled_intervals(categories: Any) -> Any:
    """Write the bins of numbers that were cut into them as texts, such as `(0, 10]`."""
    return categories.astype(str) if hasattr(categories.dtype, "closed") else categories


def from_sparse(values: Any, name: str) -> tuple[pl.Series, str]:
    array = values.array if hasattr(values, "array") else values
    return column_of(type(values)(array.to_dense()), name)


def from_masked(values: Any, name: str) -> tuple[pl.Series, str]:
    """Copy whole numbers, fractions or truth values beside which `NA` may stand."""
    absent = missing(values)
    filled = values.fillna(values.dtype.numpy_dtype.type(0))
    column = pl.Series(np.ascontiguousarray(filled.to_numpy(values.dtype.numpy_dtype)))
    column = column.fill_nan(None) if column.dtype.is_float() else column
    return with_missing(column, absent), ""


def from_arrow(values: Any, name: str) -> tuple[pl.Series, str]:
    """Copy a column that pyarrow holds, which only then has to be installed."""
    array = values.array if hasattr(values, "array") else values
    try:
        column = pl.Series(name, array.__arrow_array__())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError):
        return refused(values, name)
    return column, ""


def from_objects(values: Any, name: str) -> tuple[pl.Series, str]:
    """Copy texts, or objects of any kind, by what is among them. Raises: DataError."""
    absent = missing(values)
    objects = np.asarray(values.to_numpy(dtype=object))
    full = np.full(len(objects), None, object)
    full[~absent] = objects[~absent]
    kinds = set(map(type, objects[~absent]))
    if not kinds:
        return pl.Series([None] * len(full), dtype=pl.String), ""
    if kinds <= {str}:
        return pl.Series(full.tolist(), dtype=pl.String), ""
    if all(issubclass(kind, SPELLED_OUT) for kind in kinds):
        return from_values(full, kinds), ""
    if all(issubclass(kind, LISTS) for kind in kinds):
        return from_lists(full, name), ""
    if kinds == {dict}:
        return pl.Series(full.tolist()), ""
    odd = next(kind for kind in kinds if not issubclass(kind, SPELLED_OUT))
    mixed = f" among values of {len(kinds)} types" if len(kinds) > 1 else ""
    raise DataError(f"column `{name}` of `frame` holds {odd.__name__} values{mixed}", hint=READABLE)


def from_values(full: NDArray[np.object_], kinds: set[type]) -> pl.Series:
    """Copy truth values, or numbers; what is mixed or times is spelled out as in a CSV file."""
    if all(issubclass(kind, bool | np.bool_) for kind in kinds):
        return pl.Series([None if value is None else bool(value) for value in full])
    if all(issubclass(kind, int | np.integer) for kind in kinds):
        exact = [None if value is None else int(value) for value in full]
        small = all(value is None or -LARGEST <= value < LARGEST for value in exact)
        return pl.Series(exact, dtype=pl.Int64) if small else spelled_out(full)
    if all(issubclass(kind, NUMBERS) and not issubclass(kind, bool) for kind in kinds):
        return pl.Series([None if value is None else float(value) for value in full])
    return spelled_out(full)


def spelled_out(full: NDArray[np.object_]) -> pl.Series:
    return pl.Series([None if value is None else str(value) for value in full], dtype=pl.String)


def from_lists(full: NDArray[np.object_], name: str) -> pl.Series:
    """Copy lists, tuples and arrays. Raises: DataError where their items are of several kinds."""
    lists = [None if value is None else [item_of(item) for item in value] for value in full]
    items = {type(item) for some in lists if some for item in some} - {type(None)}
    try:
        if items <= {int, float} and float in items:
            return pl.Series(lists, dtype=pl.List(pl.Float64))
        return pl.Series(lists if items else [some and [] for some in lists], strict=True)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"column `{name}` of `frame` holds lists of several kinds of values", hint=READABLE
        ) from error


def item_of(item: Any) -> Any:
    """Take an item of a list as a value of Python; None where it is missing."""
    if isinstance(item, LISTS):
        return [item_of(inner) for inner in item]
    if isinstance(item, np.generic):
        item = item.item()
    return None if is_missing(item) else item


def is_missing(value: Any) -> bool:
    """Say whether a value is a missing one, as Python, NumPy or pandas have it."""
    if isinstance(value, float | np.floating | decimal.Decimal):
        return bool(value != value)
    return value is None or type(value).__name__ in {"NAType", "NaTType"}


# what tells a type of pandas from the others, and how columns of it are copied
COPIERS: dict[str, Callable[[Any, str], tuple[pl.Series, str]]] = {
    "categories": from_categories,
    "pyarrow_dtype": from_arrow,
    "fill_value": from_sparse,
    "closed": refused,
    "tz": from_zoned,
    "freq": from_periods,
    "numpy_dtype": from_masked,
    "storage": from_objects,
}
