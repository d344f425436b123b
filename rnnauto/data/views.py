"""Stand for rows of an array that are read when they are asked for, so that large data are not in
memory once more for every part that they are cut into."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, cast, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, splits_of, timestep_index
from rnnauto.data.columns import FloatColumns
from rnnauto.mapped import MAPPED, give_all_back, mapped_array
from rnnauto.reading.content import give_back

BLOCK_ROWS = 1 << 18  # that are read in one go
PIECES = 1 << 10  # of a file, read in one go: the system maps 64 KiB for each ...
MAPPED_ROWS = 1 << 13  # ... or as many rows of a column, and as a rule some beside those
PLACES = 1 << 8  # of all columns of a table together, that are mapped before they are let go of
MOST_BETWEEN = 4  # rows of a table that are read for one that is wanted
MOST_STRETCHES = 16  # of timesteps that are told as slices
Places = Integers | list[slice]


class View(np.lib.mixins.NDArrayOperatorsMixin):
    """Stand for `array[timesteps]`, where those are the timesteps of the chosen sequences.

    It is indexed as an array of one or two axes is; whatever it is indexed by is a copy. What is
    done with it as a whole, by numpy or by the methods of an array, reads it as a whole.
    """

    def __init__(self, base: Any, row_splits: Integers, chosen: Integers) -> None:
        self.row_splits = splits_of(np.diff(row_splits)[chosen])  # of what it stands for
        first = row_splits[chosen]  # of each sequence, in `base`
        if isinstance(base, View) and np.array_equal(row_splits, base.row_splits):
            base, first = base.base, first + base.moved[chosen]  # the same without a detour
        self.base: Any = base
        self.moved = first - self.row_splits[:-1]  # [sequences], to places in `base`
        self.shape: tuple[int, ...] = (int(self.row_splits[-1]), *base.shape[1:])
        self.dtype = base.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole: NDArray[Any] = self[:]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*map(in_memory, inputs), **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "moved" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self[:], name)

    def __getitem__(self, at: Any) -> Any:
        """Index by a row, a slice, flags or numbers of rows, these of any shape; or by `[rows,
        columns]`."""
        rows, columns = at if isinstance(at, tuple) else (at, slice(None))
        if isinstance(rows, slice):
            first, end, step = rows.indices(len(self))
            if step == 1:
                return self.between(first, max(first, end), columns)
            rows = np.arange(first, end, step)
        rows = np.asarray(rows)
        if rows.dtype == bool:  # which rows, of all
            rows = np.flatnonzero(rows)
        owners = np.searchsorted(self.row_splits, rows.ravel(), side="right") - 1
        found = self.of_columns(rows_at(self.base, rows.ravel() + self.moved[owners]), columns)
        return found.reshape(*rows.shape, *found.shape[1:])

    def between(self, first: int, end: int, columns: Any) -> NDArray[Any]:
        """Read consecutive rows, some at a time: the numbers of rows take as much as rows do."""
        shape = self.of_columns(np.empty((0, *self.shape[1:]), self.dtype), columns).shape[1:]
        found = np.empty((end - first, *shape), self.dtype)
        for start, stop in self.blocks(first, end):
            one, last = np.searchsorted(self.row_splits, [start, stop - 1], side="right") - 1
            splits = np.clip(self.row_splits[one : last + 2], start, stop)
            places = np.arange(start, stop) + np.repeat(self.moved[one : last + 1], np.diff(splits))
            found[start - first : stop - first] = self.at(places, columns)
            let_go(self.base)
        return found

    def blocks(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Cut rows into those that are read in one go."""
        mapped = isinstance(self.base, np.memmap)
        while first < end:
            stop = min(first + BLOCK_ROWS, end)
            if mapped:
                owner = int(np.searchsorted(self.row_splits, first, side="right")) + PIECES
                stop = min(stop, int(self.row_splits[min(owner, len(self.row_splits) - 1)]))
            yield first, stop
            first = stop

    def at(self, places: Integers, columns: Any) -> NDArray[Any]:
        """Read rows of `base`; of a table those between them too where they are about as many: it
        is faster to read in order."""
        if isinstance(self.base, np.ndarray) or len(self.shape) == 1:
            return self.of_columns(self.base[places], columns)
        low, high = int(places.min()), int(places.max()) + 1
        if high - low > MOST_BETWEEN * len(places):
            return np.asarray(self.base[places, columns])
        return np.asarray(self.base[low:high, columns][places - low])

    def of_columns(self, rows: NDArray[Any], columns: Any) -> NDArray[Any]:
        return rows if rows.ndim == 1 else rows[:, columns]


def rows_of(
    array: NDArray[Any], *, row_splits: Integers, chosen: Integers, copied: bool = True
) -> NDArray[Any]:
    """Take the timesteps of the chosen sequences of an array, as a copy or a view."""
    taken = View(array, row_splits, chosen)
    return taken[:] if copied else cast(NDArray[Any], taken)


def places_of(row_splits: Integers, chosen: Integers) -> Places:
    """Find where the timesteps of the chosen sequences lie, in order: as `timestep_index`, but as
    slices where these are few stretches of long sequences, for the numbers of rows take as much as
    rows do."""
    breaks = np.flatnonzero(np.diff(chosen) != 1) + 1
    if not len(chosen) or len(breaks) >= MOST_STRETCHES:
        return timestep_index(row_splits, chosen)
    firsts, lasts = chosen[np.append(0, breaks)], chosen[np.append(breaks - 1, -1)]
    return [slice(*each) for each in zip(row_splits[firsts], row_splits[lasts + 1], strict=True)]


@overload
def values_at(values: pl.Series, places: Places) -> pl.Series: ...


@overload
def values_at(values: NDArray[Any], places: Places) -> NDArray[Any]: ...


def values_at(values: pl.Series | NDArray[Any], places: Places) -> pl.Series | NDArray[Any]:
    """Take the values of an array or a column that lie at some places; of a single stretch they are
    not copied."""
    if isinstance(places, np.ndarray):
        return values.gather(places) if isinstance(values, pl.Series) else values[places]
    parts: list[Any] = [values[each] for each in places]
    if len(parts) == 1:
        return cast(NDArray[Any], parts[0])
    return pl.concat(parts) if isinstance(values, pl.Series) else np.concatenate(parts)


def rows_at(array: NDArray[Any], rows: Integers) -> NDArray[Any]:
    """Take rows of an array, or of a table; of files some at a time, whose pages are let go of."""
    if isinstance(array, FloatColumns) and MAPPED:
        bounds = pieces_of(rows, most=max(1, PLACES // array.shape[1]))
    elif isinstance(array, np.memmap):
        bounds = range(0, len(rows) + PIECES, PIECES)
    else:
        return np.asarray(array[rows])
    found = np.empty((len(rows), *array.shape[1:]), array.dtype)
    for start, end in pairwise(bounds):
        found[start:end] = array[rows[start:end]]
        let_go(array)
    return found


def pieces_of(rows: Integers, *, most: int) -> Sequence[int]:
    """Cut rows of a table, each of whose columns is a file, where these would be mapped at more
    than so many places. Returns: the bounds of the pieces."""
    jumps = np.diff(rows // MAPPED_ROWS) != 0
    turn = np.append(0, np.cumsum(jumps)) // most
    return [0, *(np.flatnonzero(np.diff(turn)) + 1).tolist(), len(rows)]


def is_view(array: object) -> bool:
    """Whether what passes for an array is none, and reads its rows from somewhere else."""
    return isinstance(array, View | FloatColumns)


def in_memory(array: NDArray[Any]) -> NDArray[Any]:
    """Read what a view stands for; arrays are given back as they are."""
    return np.asarray(array) if is_view(array) else array


def without_view(array: NDArray[Any]) -> NDArray[Any]:
    """Read what a view stands for: where it is large into a file, which is mapped."""
    if not is_view(array):
        return array
    found = mapped_array(array.shape, array.dtype, in_blocks(array))
    return in_memory(array) if found is None else found


def let_go(*arrays: NDArray[Any]) -> None:
    """Have no page of arrays that are memory-mapped, or of a table that is, count as this process's
    own: they stay with the system, as long as it has room, and are there again when read."""
    for array in arrays:
        mapping = getattr(array, "_mmap", None)  # what numpy has of a file
        if mapping is not None:
            give_back(mapping)
    give_all_back()


def in_blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Read an array, or what a view stands for, some rows at a time."""
    for start in range(0, len(array), BLOCK_ROWS):
        yield np.ascontiguousarray(array[start : start + BLOCK_ROWS])
