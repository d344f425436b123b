"""Save and load what the workers of a search share in a folder: problem, data, folds, weights."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.networks.architecture import Answer
from rnnauto.search.learner import Learner, LearnerOf, in_tuples
from rnnauto.search.trial import StudyProblem

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Study:
    """Everything that the jobs of a search share; `data` is what the family's trials learn from."""

    folder: Path
    learner: Learner
    problem: StudyProblem
    data: Any
    folds: tuple[tuple[Integers, Integers], ...]


def save_study(
    folder: Path,
    problem: StudyProblem,
    folds: tuple[tuple[Integers, Integers], ...],
    *,
    store: Callable[[Path], None],
) -> None:
    """Write what the workers need; the arrays are memory-mapped by all of them.

    Args:
        store: writes what trials learn from into a new folder.
    """
    store(folder / "data")
    (folder / "weights").mkdir()
    (folder / "problem.json").write_text(json.dumps(asdict(problem)))
    arrays: dict[str, Any] = {
        f"{kind}_{at}": part
        for at, fold in enumerate(folds)
        for kind, part in zip(("train", "validation"), fold, strict=True)
    }
    np.savez(folder / "folds.npz", **arrays)


def load_study(folder: Path, learner_of: LearnerOf) -> Study:
    raw = json.loads((folder / "problem.json").read_text())
    learner = learner_of(raw["family"])
    problem = StudyProblem(
        **{
            **in_tuples(raw),
            "features": learner.features(raw["features"]),
            "answer": Answer(**in_tuples(raw["answer"])),
        }
    )
    with np.load(folder / "folds.npz", allow_pickle=False) as arrays:
        folds = tuple(
            (arrays[f"train_{at}"], arrays[f"validation_{at}"]) for at in range(len(arrays) // 2)
        )
    return Study(folder, learner, problem, learner.load(folder / "data"), folds)


def weights_path(folder: Path, name: str) -> Path:
    return folder / "weights" / f"{name}.npz"


def save_weights(path: Path, weights: Weights) -> None:
    """Write weights whole or not at all; they are on disk on return: a worker can be killed at any
    moment, and the journal must not know of a trial whose weights are lost."""
    arrays: dict[str, Any] = {f"w{at}": array for at, array in enumerate(weights)}
    write_whole(path, lambda file: np.savez(file, **arrays))


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    partial = path.with_suffix(f".partial{path.suffix}")
    with partial.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_weights(path: Path) -> Weights:
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[f"w{at}"] for at in range(len(arrays.files))]
