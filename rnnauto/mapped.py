"""Keep large columns in files without names instead of memory: their pages belong to the system,
which keeps them while it has room and can take them back when it has none.

Such a file has no name from the start (Linux), so that nothing is left of it however the
process ends. Where there is no such file, or no room for one, columns stay in memory.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np
import polars as pl
from numpy.typing import NDArray

LARGE_TABLE = 1 << 28  # bytes from which on the columns of a table are mapped ...
LARGE_COLUMN = 1 << 22  # ... that have as many
BLOCK_ROWS = 1 << 18  # that are converted in one go
SPARED = 2  # times the bytes of a table that have to be free for it
LASTING = Path("/var/tmp")  # noqa: S108  # a disk, where /tmp may be memory
WIDTHS = {  # what numpy has too
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64),
}


class Mapping(mmap.mmap):
    """A mapped file that can be referred to weakly."""


MAPPED: WeakValueDictionary[int, Mapping] = WeakValueDictionary()  # all that are in use


class Room:
    """A file without name that takes the values of a column, a part at a time, in any order.

    Raises: OSError, where the disk has no room for it.
    """

    def __init__(self, rows: int, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.file = tempfile.TemporaryFile(dir=folder(), buffering=0)  # noqa: SIM115
        finalize(self, self.file.close)
        os.posix_fallocate(self.file.fileno(), 0, rows * self.dtype.itemsize)

    def write(self, values: NDArray[Any], first: int) -> None:
        """Write values from the row `first` on."""
        place, some = first * self.dtype.itemsize, values.data.cast("B")
        while some:
            written = os.pwrite(self.file.fileno(), some, place)
            some, place = some[written:], place + written

    def array(self) -> NDArray[Any]:
        """Map what was written, to read; the file goes with the last who holds it."""
        mapping = Mapping(self.file.fileno(), 0, access=mmap.ACCESS_READ)
        self.file.close()
        MAPPED[id(mapping)] = mapping
        return np.frombuffer(mapping, self.dtype)


def room_for(rows: int, dtype: Any) -> Room | None:
    """Make room for a column in a file; None where the disk has none."""
    try:
        return Room(rows, dtype)
    except OSError:
        return None


def folder() -> Path | None:
    """Say where files lie: as the environment says, else on a disk; None: where Python says."""
    named = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return LASTING if not named and os.access(LASTING, os.W_OK) else None


def worth_mapping(size: int) -> bool:
    """Whether a table of so many bytes is large, and there is room for it."""
    if size < LARGE_TABLE or not hasattr(os, "posix_fallocate"):
        return False
    disk = os.statvfs(folder() or tempfile.gettempdir())
    return disk.f_bavail * disk.f_frsize >= SPARED * size


def mapped(frame: pl.DataFrame) -> pl.DataFrame:
    """Map the large columns of numbers and times of a frame; all others stay as they are."""
    return pl.DataFrame([mapped_column(column) for column in frame])


def mapped_column(column: pl.Series) -> pl.Series:
    """Map a column of numbers or times where it is large; where it has gaps is kept in memory."""
    plain = column.dtype.is_numeric() or column.dtype.is_temporal()
    cells = column.alias("").to_physical() if plain else column  # a name may look like a pattern
    if cells.dtype not in WIDTHS or cells.estimated_size() < LARGE_COLUMN:
        return column
    first, chunks = 0, cells.get_chunks()
    try:
        room = Room(len(cells), chunks[0].head(0).to_numpy().dtype)
        for chunk in chunks:
            room.write(chunk.fill_null(0).to_numpy(), first)
            first += len(chunk)
        whole = pl.Series("", room.array())
    except OSError:
        return column
    if cells.null_count():
        whole = whole.set(cells.is_null(), None)
    return whole.cast(column.dtype).alias(column.name)


def mapped_array(
    shape: tuple[int, ...], dtype: Any, blocks: Iterable[NDArray[Any]]
) -> NDArray[Any] | None:
    """Map an array that comes some rows at a time; None where it is not large, or the disk has no
    room."""
    size = math.prod(shape)
    large = size * np.dtype(dtype).itemsize >= LARGE_COLUMN and hasattr(os, "posix_fallocate")
    room = room_for(size, dtype) if large else None
    if room is None:
        return None
    first = 0
    try:
        for block in blocks:
            room.write(block, first)
            first += block.size
        return room.array().reshape(shape)
    except OSError:
        return None


def converted(column: pl.Series, dtype: type[pl.DataType]) -> NDArray[Any]:
    """Take a column of numbers as an array of another type, NaN where there is none; of a large
    one in a file, which is mapped."""

    def some(first: int, count: int) -> NDArray[Any]:
        cells = column.slice(first, count).cast(dtype)
        return (cells.fill_null(float("nan")) if cells.null_count() else cells).to_numpy()

    blocks = (some(first, BLOCK_ROWS) for first in range(0, len(column), BLOCK_ROWS))
    found = mapped_array((len(column),), some(0, 0).dtype, blocks)
    return some(0, len(column)) if found is None else found


def trim() -> None:
    """Have the allocator give memory that nothing uses any more back to the system, which takes a
    millisecond: glibc keeps what a large step has left behind; others do not have to be told."""
    told = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if told is not None:
        told(0)


def give_all_back() -> None:
    """Have no page of mapped columns count as this process's own; they come back when read."""
    for reference in MAPPED.valuerefs():
        mapping = reference()
        if mapping is not None:
            mapping.madvise(mmap.MADV_DONTNEED)
