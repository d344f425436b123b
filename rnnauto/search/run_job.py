"""Run one job in a worker: train, and leave the best weights in the study's folder."""

import gc
from collections.abc import Callable
from typing import Any

from rnnauto.search.diagnose import RESCUED, better, rescued, tamed
from rnnauto.search.progress import Trained
from rnnauto.search.study import Study, load_weights, save_weights, weights_path
from rnnauto.search.trial import Epoch, Job


def run_job(
    raw: dict[str, Any],
    study: Study,
    *,
    on_epoch: Callable[[Epoch], None],
    stopping: Callable[[], bool],
) -> dict[str, Any]:
    job = Job(**raw)
    files = {name: load_weights(weights_path(study.folder, name)) for name in job.needs}
    start = files[job.start_from] if job.start_from else None
    teachers = [files[name] for name, _ in job.teachers]
    watched: dict[str, Any] = {
        **({"teachers": teachers} if teachers else {}),
        "start_from": start,
        "on_epoch": on_epoch,
        "stopping": stopping,
        "keep": study.learner.averages and job.fold == 0,
    }

    def trained(job: Job) -> Trained:
        left: Trained = study.learner.train(
            study.learner, job, study.problem, study.data, fold=study.folds[job.fold], **watched
        )
        return left

    left = trained(job)
    result = left.result
    if result.cause in RESCUED and not stopping():
        time_left = None if job.seconds is None else max(1.0, job.seconds - result.seconds)
        gentle = tamed(job, seconds=time_left)
        second = trained(gentle)
        if better(second.result, result):
            left, result = second, rescued(result, second.result, gentle)
    if left.weights is not None:
        save_weights(weights_path(study.folder, job.name), left.weights, left.answers)
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
