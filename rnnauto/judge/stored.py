"""Store baselines in a model folder: plain arrays in one .npz, nothing of which is executable."""

import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from rnnauto.errors import ModelFolderError

Found = TypeVar("Found")

DAMAGED = (  # what numpy and zipfile raise on a file that is cut off, altered or something else
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)


def save_baselines(path_npz: Path, baselines: Sequence[Any]) -> None:
    """Save an array for every field of every baseline, all of them dataclasses."""
    arrays = {
        f"{position}.{field.name}": np.asarray(getattr(baseline, field.name))
        for position, baseline in enumerate(baselines)
        for field in fields(baseline)
    }
    with path_npz.open("wb") as file:  # given a path, savez may add an ending
        np.savez(file, count=np.asarray(len(baselines)), **arrays)  # type: ignore[arg-type]


def load_arrays(path_npz: Path, read: Callable[[Any], Found]) -> Found:
    """Open a file of arrays, and read what it holds. Raises: ModelFolderError where it is absent,
    damaged or something else."""
    try:
        # opened here: given a path, numpy leaves a damaged file open
        with path_npz.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return read(arrays)
    except DAMAGED as error:
        raise ModelFolderError(
            f"`{path_npz}` does not hold baselines: {error}",
            hint="the file is absent or damaged: copy the model folder again, or fit again",
        ) from error


def load_each(path_npz: Path, one: Callable[[Any, int], Found]) -> tuple[Found, ...]:
    """Load the baselines that `save_baselines` wrote; `one` reads the one at a position."""
    return load_arrays(
        path_npz, lambda arrays: tuple(one(arrays, at) for at in range(int(arrays["count"])))
    )
