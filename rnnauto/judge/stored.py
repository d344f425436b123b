"""Store baselines in a model folder: plain arrays in one .npz, nothing of which is executable."""

import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnauto.errors import ModelFolderError
from rnnauto.files import FETCH, damaged, gone, read_file

Found = TypeVar("Found")

NAME = "baselines.npz"
MOST_BYTES = 2 << 30  # of all arrays together
MOST_BASELINES = 10_000
# what numpy writes before an array, but for the two bytes that say how long it is
MAGIC = re.compile(rb"\x93NUMPY\x01\x00")
HEADER = re.compile(
    r"\{'descr': '([<|])([fiubU])(\d{1,4})', 'fortran_order': (True|False), "
    r"'shape': \(((?:\d{1,18}(?:, ?)?)*)\), \} *\n"
)
DAMAGED = (  # what zipfile raises on a file that is cut off, altered or something else
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError),
    *(ValueError, KeyError),
)


@dataclass(frozen=True)
class Arrays:
    """The arrays of a file, by name."""

    arrays: dict[str, NDArray[Any]]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def get(self, name: str, kinds: str, *shape: int | None) -> NDArray[Any]:
        """Take an array of one of some kinds of numbers, as numpy has them, and of a shape; None
        stands for any size. Raises: ValueError where it is absent or another."""
        array = self.arrays.get(name)
        if array is None:
            raise ValueError(f"it holds no array `{name}`")
        fits = array.ndim == len(shape) and all(
            wanted is None or size == wanted
            for size, wanted in zip(array.shape, shape, strict=True)
        )
        if array.dtype.kind not in kinds or not fits:
            raise ValueError(
                f"`{name}` is {array.dtype}{list(array.shape)}, and no array of kind {kinds} and "
                f"shape {['any' if size is None else size for size in shape]}"
            )
        return array

    def whole(self, name: str, *, least: int = 0, most: int = 2**31) -> int:
        """Take a whole number. Raises: ValueError where it is none, or out of its limits."""
        number = int(self.get(name, "iu"))
        if not least <= number <= most:
            raise ValueError(f"`{name}` is {number}, and not {least} to {most}")
        return number

    def text(self, name: str) -> str:
        return str(self.get(name, "U"))

    def places(self, name: str, most: int, *shape: int | None) -> NDArray[Any]:
        """Take whole numbers from 0 to below `most`. Raises: ValueError where some are others."""
        array = self.get(name, "iu", *shape)
        if array.size and not 0 <= int(array.min()) <= int(array.max()) < most:
            raise ValueError(f"`{name}` holds numbers that are not 0 to {most - 1}")
        return array

    def floats(self, name: str, *shape: int | None) -> NDArray[Any]:
        """Take finite numbers. Raises: ValueError where some are not."""
        array = self.get(name, "f", *shape)
        if not np.isfinite(array).all():
            raise ValueError(f"`{name}` holds numbers that are not finite")
        return array

    def scales(self, name: str, *shape: int | None) -> NDArray[Any]:
        """Take what other numbers are divided by. Raises: ValueError where one is not above 0."""
        array = self.floats(name, *shape)
        if (array <= 0).any():
            raise ValueError(f"`{name}` is not above 0")
        return array

    def branches(self, at: str, *, leaf: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Take the `left` and `right` nodes of every node of some trees, [nodes] each.

        Args:
            at: what stands before their names.
            leaf: the nodes from which there is no way on.

        Raises: ValueError where they do not go on to later nodes.
        """
        nodes = len(leaf)
        left, right = (self.places(f"{at}{side}", nodes, nodes) for side in ("left", "right"))
        for side in (left, right):
            # later nodes only: who goes from node to node arrives
            if (side <= np.arange(nodes))[~leaf].any():
                raise ValueError(f"the trees of `{at}left` and `{at}right` go round in circles")
        return left, right


def save_baselines(path_npz: Path, baselines: Sequence[Any]) -> None:
    """Save an array for every field of every baseline, all of them dataclasses."""
    arrays = {
        f"{position}.{field.name}": np.asarray(getattr(baseline, field.name))
        for position, baseline in enumerate(baselines)
        for field in fields(baseline)
    }
    with path_npz.open("wb") as file:  # given a path, savez may add an ending
        np.savez(file, count=np.asarray(len(baselines)), **arrays)  # type: ignore[arg-type]


def load_arrays(path_npz: Path, read: Callable[[Arrays], Found]) -> Found:
    """Open a file of arrays, and read what it holds.

    Args:
        read: raises ValueError for arrays that are not what was stored.

    Raises: ModelFolderError where the file is absent, damaged or something else.
    """
    try:
        raw = read_file(path_npz.parent, path_npz.name)
    except FileNotFoundError as error:
        if not path_npz.parent.is_dir():
            raise gone(path_npz.parent) from error
        raise ModelFolderError(f"there is no `{path_npz}`", hint=FETCH) from error
    try:
        return read(Arrays(arrays_in(raw)))
    except DAMAGED as error:
        raise damaged(path_npz, error) from error


def load_each(path_npz: Path, one: Callable[[Arrays, int], Found]) -> tuple[Found, ...]:
    """Load the baselines that `save_baselines` wrote; `one` reads the one at a position."""
    return load_arrays(path_npz, lambda arrays: each_of(arrays, one))


def each_of(arrays: Arrays, one: Callable[[Arrays, int], Found]) -> tuple[Found, ...]:
    """Read every baseline of a file."""
    return tuple(one(arrays, at) for at in range(arrays.whole("count", most=MOST_BASELINES)))


def arrays_in(raw: bytes) -> dict[str, NDArray[Any]]:
    """Read the arrays of an .npz. What a header says of an array is held against the bytes that
    there are before any room is taken. Raises: one of `DAMAGED`."""
    arrays, left = {}, MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                raise ValueError(f"its arrays take more than {MOST_BYTES >> 20} MiB")
            name = member.filename.removesuffix(".npy")
            arrays[name] = array_of(name, content)
    return arrays


def array_of(name: str, content: bytes) -> NDArray[Any]:
    start = 10 + int.from_bytes(content[8:10], "little")
    found = HEADER.fullmatch(content[10:start].decode("latin-1"))
    if not MAGIC.fullmatch(content[:8]) or found is None:
        raise ValueError(f"`{name}` is no array of numbers or texts")
    order, kind, size, by_columns, axes = found.groups()
    if kind != "U" and size not in {"1", "2", "4", "8"}:
        raise ValueError(f"`{name}` holds numbers of {size} bytes")
    dtype = np.dtype(f"{order}{kind}{size}")
    shape = [int(axis) for axis in axes.replace(",", " ").split()]
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError(f"`{name}` has other bytes than its shape {shape} takes")
    if not dtype.itemsize:
        raise ValueError(f"`{name}` holds texts of no length")
    array: NDArray[Any] = np.frombuffer(content, dtype, offset=start)
    return array.reshape(shape, order="F" if by_columns == "True" else "C")
