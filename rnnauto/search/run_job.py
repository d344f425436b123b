"""Run one job in a worker: train, and leave the best weights in the study's folder."""

import gc
from collections.abc import Callable
from typing import Any

from rnnauto.search.diagnose import RESCUED, better, rescued, tamed
from rnnauto.search.study import Study, Weights, load_weights, save_weights, weights_path
from rnnauto.search.trial import Epoch, Job, Result


def run_job(
    raw: dict[str, Any],
    study: Study,
    *,
    on_epoch: Callable[[Epoch], None],
    stopping: Callable[[], bool],
) -> dict[str, Any]:
    job = Job(**raw)
    start = load_weights(weights_path(study.folder, job.start_from)) if job.start_from else None
    watched: dict[str, Any] = {"start_from": start, "on_epoch": on_epoch, "stopping": stopping}

    def trained(job: Job) -> tuple[Result, Weights | None]:
        outcome: tuple[Result, Weights | None] = study.learner.train(
            study.learner, job, study.problem, study.data, fold=study.folds[job.fold], **watched
        )
        return outcome

    result, weights = trained(job)
    if result.cause in RESCUED and not stopping():
        left = None if job.seconds is None else max(1.0, job.seconds - result.seconds)
        gentle = tamed(job, seconds=left)
        second, its_weights = trained(gentle)
        if better(second, result):
            weights = its_weights
            result = rescued(result, second, gentle)
    if weights is not None:
        save_weights(weights_path(study.folder, job.name), weights)
    purge_gradient_registry()
    return result.to_json()


def purge_gradient_registry() -> None:
    """Empty TensorFlow's gradient registry, which keeps the graph of every traced step alive: 10 MB
    a trial (tensorflow issue 97697). Traced steps never look there again."""
    from tensorflow.python.framework import ops

    registry = getattr(ops.gradient_registry, "_registry", {})
    for key in [key for key in registry if key.startswith("CustomGradient")]:
        del registry[key]
    gc.collect()
