"""Run one job in a worker: read the study from its folder, train, leave the weights in a file."""

import gc
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.data.batches import load_encoded, save_encoded
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Integers
from rnnauto.networks.architecture import Features
from rnnauto.search.train import Weights, train
from rnnauto.search.trial import Epoch, Job, Problem


@dataclass(frozen=True)
class Study:
    """Everything that the jobs of a search share."""

    folder: Path
    problem: Problem
    data: Encoded
    folds: tuple[tuple[Integers, Integers], ...]


def save_study(
    folder: Path, problem: Problem, data: Encoded, folds: tuple[tuple[Integers, Integers], ...]
) -> None:
    """Write what the workers need; the arrays are memory-mapped by all of them."""
    save_encoded(folder / "data", data)
    (folder / "weights").mkdir()
    (folder / "problem.json").write_text(json.dumps(asdict(problem)))
    arrays: dict[str, Any] = {
        f"{kind}_{at}": part
        for at, fold in enumerate(folds)
        for kind, part in zip(("train", "validation"), fold, strict=True)
    }
    np.savez(folder / "folds.npz", **arrays)


def load_study(folder: Path) -> Study:
    raw = json.loads((folder / "problem.json").read_text())
    features: dict[str, Any] = {
        name: nested_tuples(value) for name, value in raw["features"].items()
    }
    problem = Problem(
        **{
            **raw,
            "features": Features(**features),
            "scale": tuple(raw["scale"]),
            "numbers": nested_tuples(raw["numbers"]),
            "static_numbers": nested_tuples(raw["static_numbers"]),
        }
    )
    with np.load(folder / "folds.npz", allow_pickle=False) as arrays:
        folds = tuple(
            (arrays[f"train_{at}"], arrays[f"validation_{at}"]) for at in range(len(arrays) // 2)
        )
    return Study(folder, problem, load_encoded(folder / "data"), folds)


def nested_tuples(value: Any) -> Any:
    return tuple(map(nested_tuples, value)) if isinstance(value, list) else value


def run_job(
    raw: dict[str, Any],
    study: Study,
    *,
    on_epoch: Callable[[Epoch], None],
    stopping: Callable[[], bool],
) -> dict[str, Any]:
    job = Job(**raw)
    start = load_weights(weights_path(study.folder, job.start_from)) if job.start_from else None
    result, weights = train(
        job,
        study.problem,
        study.data,
        fold=study.folds[job.fold],
        start_from=start,
        on_epoch=on_epoch,
        stopping=stopping,
    )
    if weights is not None:
        save_weights(weights_path(study.folder, job.name), weights)
    purge_gradient_registry()
    return result.to_json()


def weights_path(folder: Path, name: str) -> Path:
    return folder / "weights" / f"{name}.npz"


def save_weights(path: Path, weights: Weights) -> None:
    """Written whole or not at all: a worker can be killed at any moment."""
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **{f"w{at}": array for at, array in enumerate(weights)})  # type: ignore[arg-type]
    partial.rename(path)


def load_weights(path: Path) -> Weights:
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[f"w{at}"] for at in range(len(arrays.files))]


def purge_gradient_registry() -> None:
    """TensorFlow keeps the graph of every traced step alive through its gradient registry: 10 MB a
    trial (tensorflow issue 97697). Traced steps never look there again."""
    from tensorflow.python.framework import ops

    registry = getattr(ops.gradient_registry, "_registry", {})
    for key in [key for key in registry if key.startswith("CustomGradient")]:
        del registry[key]
    gc.collect()
