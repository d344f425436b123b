"""Save and load what the workers of a search share in a folder: problem, data, folds, weights."""

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.networks.architecture import Answer
from rnnauto.search.durable import sync, sync_tree, write_whole
from rnnauto.search.learner import Learner, LearnerOf, in_tuples
from rnnauto.search.trial import StudyProblem

Weights = list[NDArray[np.float32]]
Answers = NDArray[np.float32]


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
    """Write what the workers need, synced; the arrays are memory-mapped by all of them. What an
    earlier run has written is replaced, for it may be torn; weights stay.

    Args:
        store: writes what trials learn from into a new folder.
    """
    if (folder / "data").exists():
        shutil.rmtree(folder / "data")
    store(folder / "data")
    (folder / "weights").mkdir(exist_ok=True)
    (folder / "problem.json").write_text(json.dumps(asdict(problem)))
    arrays: dict[str, Any] = {
        f"{kind}_{at}": part
        for at, fold in enumerate(folds)
        for kind, part in zip(("train", "validation"), fold, strict=True)
    }
    np.savez(folder / "folds.npz", **arrays)
    sync_tree(folder / "data")
    for path in (folder / "problem.json", folder / "folds.npz", folder, folder.parent):
        sync(path)


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


def save_weights(path: Path, weights: Weights, answers: Answers | None = None) -> None:
    """Write weights, and what they say of the validation part, whole or not at all; they are on
    disk on return: a worker can be killed at any moment, and the journal must not know of a trial
    whose weights are lost."""
    arrays: dict[str, Any] = {f"w{at}": array for at, array in enumerate(weights)}
    if answers is not None:
        arrays["answers"] = answers
    write_whole(path, lambda file: np.savez(file, **arrays))


def weights_are_lost(path: Path) -> bool:
    """Say whether a weights file is gone or damaged, as on a disk that only said that it was
    synced."""
    try:
        with zipfile.ZipFile(path) as file:
            return file.testzip() is not None
    except (OSError, zipfile.BadZipFile):
        return True


def load_weights(path: Path) -> Weights:
    with np.load(path, allow_pickle=False) as arrays:
        count = len(arrays.files) - ("answers" in arrays)
        return [arrays[f"w{at}"] for at in range(count)]


def load_answers(path: Path) -> Answers | None:
    """Load what weights say of the validation part, [units, outputs]; None where that was not
    kept."""
    with np.load(path, allow_pickle=False) as arrays:
        kept: Answers | None = arrays.get("answers", None)
        return kept
