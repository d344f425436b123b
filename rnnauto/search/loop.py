"""Keep every worker busy with jobs, and write down what comes of them."""

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rnnauto.search import journal
from rnnauto.search.prune import BEHIND
from rnnauto.search.select import Rule, Trial, Trials, winner
from rnnauto.search.trial import Epoch, Job, Result, Values
from rnnauto.search.workers import Died, Event, Finished, Progressed, Workers

SHORTEST_JOB = 2.0  # seconds; with less left no job is started
ATTEMPTS = 2  # a job whose worker died is run once more
STOP_SECONDS = 10.0  # what a job may take to stop at the end of a stage before it is killed
INTERRUPT_SECONDS = 3.0  # ... when somebody waits for the end


@dataclass(frozen=True)
class News:
    """What the search tells whoever watches it.

    Attributes:
        stage: search, confirm, refit or distil.
        running: of every job under way, by its name, the last epoch.
        metric: what a trial's score is.
    """

    stage: str
    trials: tuple[Trial, ...]
    running: dict[str, Epoch | None]
    best: Trial | None
    seconds_left: float | None
    metric: str = "score"


NextJob = Callable[[], Job | None]
OnResult = Callable[[Job, Result], None]


@dataclass
class Interruption:
    """Whether somebody has asked the search to end."""

    asked: bool = False


@dataclass
class Search:
    """A search under way.

    Attributes:
        deadline: when it must end, in time.monotonic()'s seconds; moves as the end is known.
        latest: until when nothing is stopped past the deadline, while no trial has completed.
        history: what an interrupted run of this search wrote down.
        lost: names of its jobs whose weights are lost.
        trials: by their ids; `begun`, `running` and `attempts` are by the names of jobs.
        before_confirming: the trials that an interrupted run chose from.
        lag: seconds, measured: how much later than told a job ends, for it validates first.
        metric: what a trial's score is, for whoever watches.
        proven: settings that often do well.
        behind: so many of the newest trials the next one knows nothing of.
        long_training: one network with most of the time beats many with a little.
        may_skip: the folds are left out where there is not the time to train on them.
        repeats: the best setting is trained several times, and the mean may be the model.
        turns: each time on another fold, and folds are for nothing else; else with other seeds.
        teachers: of trials and the best of them, those by whose mean one network is taught; None:
            none is.
    """

    pool: Workers
    folds: int
    seed: int
    journal_path: Path
    deadline: Callable[[], float]
    notify: Callable[[News], None]
    latest: float = -math.inf
    history: Sequence[journal.Event] = ()
    lost: Collection[str] = ()
    stage: str = "search"
    trials: Trials = field(default_factory=Trials)
    begun: dict[str, Job] = field(default_factory=dict)
    before_confirming: dict[str, Trial] | None = None
    running: dict[str, Epoch | None] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    lag: float = 0.0
    interruption: Interruption = field(default_factory=Interruption)
    metric: str = "score"
    rule: Rule = "one_standard_error"
    proven: Sequence[Values] = ()
    prune: bool = False
    behind: int = BEHIND
    long_training: bool = False
    may_skip: bool = False
    repeats: bool = False
    turns: bool = False
    teachers: Callable[[Sequence[Trial], Trial], Sequence[Trial]] | None = None

    @property
    def interrupted(self) -> bool:
        return self.interruption.asked

    @property
    def seconds_left(self) -> float:
        return self.deadline() - self.lag - time.monotonic()

    @property
    def best(self) -> Trial | None:
        return winner(self.trials, rule=self.rule, proven=self.proven)


def run_jobs(
    search: Search,
    next_job: NextJob,
    *,
    seconds_left: Callable[[], float],
    first: Sequence[Job] = (),
    on_result: OnResult = lambda job, result: None,
) -> None:
    """Run jobs, `first` before others, until there is none left or the time is up.

    Once the search is interrupted, running jobs end with what they have and no more are started.
    """
    again, stopped_at = list(reversed(first)), None
    while True:
        left = seconds_left()
        begin_jobs(search, again, next_job, seconds_left=left)
        if search.interrupted:
            search.pool.stop(INTERRUPT_SECONDS)
        elif left <= 0 and search.best is not None:
            stopped_at = stopped_at or time.monotonic()
            search.pool.stop(STOP_SECONDS)
        elif left <= 0 and time.monotonic() >= search.latest:
            search.pool.stop(math.inf)  # a late model is better than none: it is not killed
        search.notify(news(search))  # once the workers are busy again: it may take its time
        if not search.pool.busy:
            break
        for event in search.pool.events(min(1.0, max(0.05, left))):
            handle(search, event, again, on_result)
    if stopped_at is not None:
        search.lag = max(search.lag, time.monotonic() - stopped_at)


def begin_jobs(search: Search, again: list[Job], next_job: NextJob, *, seconds_left: float) -> None:
    """Begin a job for each idle worker, where there is time for it."""
    while search.pool.idle and not search.interrupted:
        if seconds_left <= SHORTEST_JOB and not begins_late(search, again):
            return
        job = again.pop() if again else next_job()
        if job is None:
            return
        begin_job(search, job)


def begins_late(search: Search, again: Sequence[Job]) -> bool:
    """Whether a job begins whatever the clock says: on a busy machine the time may be up before the
    first could begin."""
    return search.best is None and (bool(again) or not search.begun)


def begin_job(search: Search, job: Job) -> None:
    search.attempts[job.name] = search.attempts.get(job.name, 0) + 1
    search.begun[job.name] = job
    search.running[job.name] = None
    journal.append(
        search.journal_path,
        "trial-started",
        stage=search.stage,
        attempt=search.attempts[job.name],
        job=job.name,
        **job.to_json(),
    )
    search.pool.submit(job)


def handle(search: Search, event: Event, again: list[Job], on_result: OnResult) -> None:
    match event:
        case Progressed(job, epoch):
            search.running[job.name] = epoch
        case Finished(job, result):
            if result.stopped == "clock" and job.seconds is not None:
                search.lag = max(search.lag, result.seconds - job.seconds)
            finish_job(search, job, result)
            on_result(job, result)
        case Died(job, why) if job is not None:
            if search.attempts[job.name] < ATTEMPTS:
                again.append(job)
                return
            result = Result(status="failed", reason=why)
            finish_job(search, job, result)
            on_result(job, result)


def finish_job(search: Search, job: Job, result: Result) -> None:
    search.running.pop(job.name, None)
    event = f"trial-{result.status}"  # completed, pruned or failed
    journal.append(
        search.journal_path,
        event,
        trial=job.trial,
        fold=job.fold,
        stage=search.stage,
        job=job.name,
        result=result.to_json(),
    )
    search.trials[job.trial] = with_result(search.trials[job.trial], job, result)


def with_result(trial: Trial, job: Job, result: Result) -> Trial:
    """The trial with the result of one more job, unless an earlier one of that fold is as good. A
    job that was run again, for its weights were lost, has the result of its second run."""
    earlier = trial.results.get(job.fold)
    again = trial.weights.get(job.fold) == job.name
    goes_on = job.goes_on and not again and job.fold == 0
    if (
        earlier is not None
        and not again
        and not (result.loss is not None and (earlier.loss is None or result.loss < earlier.loss))
    ):
        return trial
    return replace(
        trial,
        results={**trial.results, job.fold: result},
        weights={**trial.weights, job.fold: job.name},
        before=trial.before + (earlier.best_epoch if earlier and goes_on else 0),
    )


def news(search: Search) -> News:
    return News(
        stage=search.stage,
        trials=tuple(search.trials.values()),
        running=dict(search.running),
        best=search.best,
        seconds_left=max(0.0, search.seconds_left),
        metric=search.metric,
    )
