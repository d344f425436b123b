"""Baselines in a model folder: plain arrays in one .npz, nothing of which is executable."""

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.errors import ModelFolderError
from rnnauto.judge.answer_baselines import AnswerBaseline, load_answer_baseline
from rnnauto.judge.baselines import Baseline
from rnnauto.judge.boosted import Boosted, load_boosted

Baselines = tuple[Baseline | Boosted | AnswerBaseline, ...]

DAMAGED = (  # what numpy and zipfile raise on a file that is cut off, altered or something else
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)


def save_baselines(path_npz: Path, baselines: Baselines) -> None:
    """An array for every field of every baseline."""
    arrays = {
        f"{position}.{field.name}": np.asarray(getattr(baseline, field.name))
        for position, baseline in enumerate(baselines)
        for field in fields(baseline)
    }
    with path_npz.open("wb") as file:  # given a path, savez may add an ending
        np.savez(file, count=np.asarray(len(baselines)), **arrays)  # type: ignore[arg-type]


def load_baselines(path_npz: Path) -> Baselines:
    try:
        # opened here: given a path, numpy leaves a damaged file open
        with path_npz.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            count = int(arrays["count"])
            if "0.ids" in arrays:
                return tuple(load_answer_baseline(arrays, position) for position in range(count))
            return tuple(load_one(arrays, position) for position in range(count))
    except DAMAGED as error:
        raise ModelFolderError(
            f"`{path_npz}` does not hold baselines: {error}",
            hint="the file is absent or damaged: copy the model folder again, or fit again",
        ) from error


def direct_baselines(baselines: Baselines) -> tuple[Baseline | Boosted, ...]:
    """Those that give classes or values."""
    return tuple(each for each in baselines if isinstance(each, Baseline | Boosted))


def answer_baselines(baselines: Sequence[object]) -> tuple[AnswerBaseline, ...]:
    """Those that write answers."""
    return tuple(each for each in baselines if isinstance(each, AnswerBaseline))


def load_one(arrays: Any, position: int) -> Baseline | Boosted:
    """One baseline of an .npz; ValueError where its arrays do not fit together."""
    if f"{position}.roots" in arrays:
        return load_boosted(
            {field.name: arrays[f"{position}.{field.name}"] for field in fields(Boosted)}
        )
    stored = {field.name: arrays[f"{position}.{field.name}"] for field in fields(Baseline)}
    outputs = len(stored["bias"])
    columns = len(stored["centre"]) + len(stored["rarity"])
    shapes: dict[str, set[tuple[int, ...]]] = {
        "bias": {(int(stored["classes"]) or 1,)},
        "weights": {(columns, outputs), (0, outputs)},
        "scale": {stored["centre"].shape},
        "rarity": {(int(stored["sizes"].sum()),)},
    }
    for name, wanted in shapes.items():
        if stored[name].shape not in wanted:
            raise ValueError(f"`{name}` has shape {stored[name].shape}, wanted one of {wanted}")
    if any(array.dtype.kind not in "if" for name, array in stored.items() if name != "name"):
        raise ValueError("it holds something else than numbers")
    return Baseline(**{**stored, "name": str(stored["name"]), "classes": int(stored["classes"])})
