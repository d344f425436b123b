"""Run the epochs of a training run, however an epoch reads the data."""

import math
import time
from collections.abc import Callable
from typing import Any

from rnnauto.search.progress import Progress, end_epoch, why_stop
from rnnauto.search.trial import Epoch, Job, StudyProblem
from rnnauto.search.validation import Validated

FINAL_RATE = 0.05  # share of the learning rate that is left when the clock ends a refit


def run_epochs(
    network: Any,
    progress: Progress,
    job: Job,
    problem: StudyProblem,
    *,
    patience: int,
    epoch: Callable[[], float],
    validated: Callable[[], Validated],
    late: Callable[[], bool],
    on_epoch: Callable[[Epoch], None],
    spent: Callable[[], float],
) -> None:
    """Train until validation no longer improves, the rate halved after every third of the patience
    without; or for as many epochs as a job says over which its rate decays.

    Args:
        epoch: trains for one; returns the mean loss.
        late: whether the job's time is over.
        spent: the seconds of it that are.
    """
    rate = float(job.values["learning_rate"])
    for number in range(most_epochs(job, problem)):
        now = rate * share_left(job, spent()) * decayed(number, job.decays)
        network.optimizer.learning_rate.assign(now)
        loss = epoch()
        if progress.reason:
            return
        last = number + 1 == job.decays
        on_epoch(end_epoch(network, progress, validated(), train_loss=loss, rate=now, last=last))
        progress.stopped = why_stop(progress, job, patience=patience, late=late())
        if progress.stopped:
            return
        if job.decays is None and progress.waited and progress.waited % max(2, patience // 3) == 0:
            rate /= 2
    progress.stopped = "epochs" if job.epochs is None else "bracket"


def timed(job: Job, stopping: Callable[[], bool]) -> tuple[Callable[[], float], Callable[[], bool]]:
    """Begin to count the seconds of a job; returns what tells how many are spent, and what tells
    whether it is to end, for they all are or it is told to."""
    begin = time.monotonic()

    def spent() -> float:
        return time.monotonic() - begin

    def late() -> bool:
        return stopping() or (job.seconds is not None and spent() > job.seconds)

    return spent, late


def share_left(job: Job, spent: float) -> float:
    """Give the share of the learning rate that a job which the clock will end is trained at, after
    so many seconds of it; 1 for others."""
    if not job.ends or job.seconds is None:
        return 1.0
    return max(FINAL_RATE, 1.0 - spent / job.seconds)


def decayed(number: int, epochs: int | None) -> float:
    """Give the share of the learning rate that an epoch is trained at, numbered from 0: half a
    cosine down to 0 (Loshchilov and Hutter 2017, without restarts)."""
    return 1.0 if epochs is None else 0.5 * (1 + math.cos(math.pi * (number + 0.5) / epochs))


def most_epochs(job: Job, problem: StudyProblem) -> int:
    if job.decays is not None:
        return job.decays
    return problem.epochs if job.epochs is None else min(job.epochs, problem.epochs)
