"""Train the networks of a model on, each a job of its own, as many at once as there are workers."""

import math
import time
from collections.abc import Iterator
from typing import Any

from rnnauto.budget import LEAST_SECONDS, Clock, worker_count
from rnnauto.deploy.model_folder import JOURNAL
from rnnauto.errors import Interrupted, SearchError
from rnnauto.finish import Task
from rnnauto.fitted import Watch
from rnnauto.search.loop import SHORTEST_JOB, Interruption, Search, run_jobs
from rnnauto.search.select import Trial, Trials
from rnnauto.search.trial import Job, seed_of
from rnnauto.search.workers import Workers
from rnnauto.updating.networks import Begun


def train_on(
    task: Task,
    begun: Begun,
    workers: Workers,
    clock: Clock,
    *,
    interruption: Interruption,
    watch: Watch,
) -> tuple[Trial, ...]:
    """Train every network on from what it knows, with a smaller rate.

    Raises: Interrupted where somebody asked for an end; SearchError where one could not be trained.
    """
    search = Search(
        pool=workers,
        folds=len(task.prepared.parts.folds),
        seed=task.recipe.seed,
        journal_path=task.work / JOURNAL,
        deadline=lambda: clock.deadline,
        notify=watch,
        stage="update",
        trials=Trials(begun.trials),
        interruption=interruption,
        metric=task.metric,
    )
    waiting = jobs_of(task, begun, clock)
    # each has its time: none is cut short because others took theirs
    run_jobs(search, lambda: next(waiting, None), seconds_left=lambda: 2 * SHORTEST_JOB)
    if search.interrupted:
        raise Interrupted(
            "interrupted: the model is what it was", hint="nothing was written; run it again"
        )
    trials = tuple(search.trials.values())
    failed = next((each for each in trials if not each.completed), None)
    if failed is not None:
        reasons = [result.reason for result in failed.results.values() if result.loss is None]
        raise SearchError(
            f"a network could not be trained on: {', '.join(reasons)}",
            hint="the model is what it was; start from other rows",
        )
    return trials


def jobs_of(task: Task, begun: Begun, clock: Clock) -> Iterator[Job]:
    """Give a job for every network; together they end by the clock's deadline."""
    folds = len(task.prepared.parts.folds)
    at_once = max(1, worker_count(task.recipe, folds))
    if task.recipe.search.workers == "ray":
        at_once = len(begun.places)
    for number, (trial, fold) in enumerate(begun.places):
        rounds = math.ceil((len(begun.places) - number) / at_once)
        seconds = max(LEAST_SECONDS, clock.deadline - time.monotonic()) / rounds
        values: dict[str, Any] = trial.values
        rate = values["learning_rate"] * task.recipe.update.rate
        yield Job(
            trial=trial.id,
            fold=fold,
            values={**values, "learning_rate": rate},
            seed=seed_of(task.recipe.seed, trial.id, fold, "update"),
            seconds=seconds,
            start_from=begun.weights[number],
        )
