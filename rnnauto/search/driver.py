"""The search: ask the oracle, keep the workers busy, keep the clock, choose the winner.

Three stages share the time: *search* tries settings on the first fold; *confirm* (small data, where
one validation part is a lottery) trains the finalists on the other folds; *refit* trains a winner
further that only the clock had stopped.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rnnauto.errors import Interrupted, SearchError
from rnnauto.search import journal
from rnnauto.search.prune import limits, must_wait
from rnnauto.search.select import Rule, Trial, finalists, ranked, winner
from rnnauto.search.trial import Asked, Epoch, Job, Result, Values, seed_of
from rnnauto.search.workers import Died, Event, Finished, Pool, Progressed

FINALISTS = 5
PROVEN_FINALISTS = 2  # at least so many of them are proven settings
SEARCH_SHARE = 0.55  # of the time, where another stage follows
LONGEST_TRIAL = 0.3  # of the search stage's time: a first impression of several trials comes first
LONG_SEARCH_SHARE, LONGEST_LONG_TRIAL = 0.35, 0.5  # where a network goes on learning to the end
SHORTEST_JOB = 2.0  # seconds; with less left no job is started
STOPPED_EARLY = frozenset({"clock", "bracket"})  # what may go on improving
ATTEMPTS = 2  # a job whose worker died is run once more


class Asker(Protocol):
    """Where settings come from: `search.oracle.Asker`, named here without importing keras-tuner."""

    def ask(self, number: int) -> Asked | None: ...

    def tell(self, trial_id: str, loss: float | None) -> None: ...


@dataclass(frozen=True)
class News:
    """What somebody who watches the search wants to know."""

    stage: str  # search, confirm, refit
    trials: tuple[Trial, ...]
    running: dict[str, Epoch | None]  # job name: its last epoch
    best: Trial | None
    seconds_left: float | None


NextJob = Callable[[], Job | None]


@dataclass
class Search:
    """A search under way."""

    pool: Pool
    folds: int
    seed: int
    journal_path: Path
    deadline: float  # in time.monotonic()'s seconds
    notify: Callable[[News], None]
    stage: str = "search"
    trials: dict[str, Trial] = field(default_factory=dict)
    running: dict[str, Epoch | None] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False
    rule: Rule = "one_standard_error"
    proven: Sequence[Values] = ()
    prune: bool = False
    long_training: bool = False  # one network with most of the time beats many with a little

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    @property
    def best(self) -> Trial | None:
        return winner(self.trials.values(), rule=self.rule, proven=self.proven)


def run_search(search: Search, asker: Asker, *, most_trials: int, refit: bool) -> Trial:
    """Run all stages; returns the winner.

    Raises: SearchError if no trial completed, Interrupted if that is so because of Ctrl-C.
    """
    begin, span = time.monotonic(), search.seconds_left
    share, part = SEARCH_SHARE, LONGEST_TRIAL
    if search.long_training and search.folds == 1:
        share, part = LONG_SEARCH_SHARE, LONGEST_LONG_TRIAL
    pause = begin + span * (share if search.folds > 1 or refit else 1.0)
    longest = max(SHORTEST_JOB, part * (pause - begin))
    new_job = new_trials(search, asker, most_trials=most_trials, longest=longest)

    told_of: set[str] = set()

    def told(job: Job, result: Result) -> None:
        if job.trial not in told_of:  # not what confirming or training on comes to
            told_of.add(job.trial)
            asker.tell(job.trial, result.loss)

    run_jobs(search, new_job, until=pause, on_result=told)
    if search.folds > 1 and refit:
        search.stage = "confirm"
        run_jobs(search, confirming(search), until=search.deadline)
    elif refit:
        search.stage = "refit"
        run_jobs(search, trained_on(search, new_job), until=search.deadline, on_result=told)
    if search.best is None and search.interrupted:
        raise Interrupted(
            "interrupted before any trial had completed", hint="nothing was written; run it again"
        )
    if search.best is None:
        reasons = [r.reason for trial in search.trials.values() for r in trial.results.values()]
        raise SearchError(
            f"none of {len(search.trials)} trials completed"
            + (f"; the last one: {reasons[-1]}" if reasons else " within the budget"),
            hint="give it more time with `--budget`, or start from other data",
        )
    return search.best


def new_trials(search: Search, asker: Asker, *, most_trials: int, longest: float) -> NextJob:
    """Jobs that try new settings on the first fold."""

    def next_job() -> Job | None:
        earlier = tuple(search.trials.values())
        if search.prune and must_wait(earlier):
            return None
        asked = asker.ask(len(search.trials)) if len(search.trials) < most_trials else None
        if asked is None:
            return None
        search.trials[asked.id] = Trial(asked.id, asked.values)
        parent = None if asked.parent is None else search.trials[asked.parent]
        return make_job(
            search,
            asked.id,
            0,
            seconds=min(longest, search.seconds_left),
            start_from=None if parent is None else parent.weights.get(0),
            epochs=asked.epochs,
            limits=limits(earlier) if search.prune and asked.epochs is None else (),
        )

    return next_job


def confirming(search: Search) -> NextJob:
    """Jobs that train the best trials on the other folds, best first, as time allows."""
    chosen = finalists(
        search.trials.values(),
        most=FINALISTS,
        fewest_proven=PROVEN_FINALISTS,
        proven=search.proven,
    )
    waiting: list[tuple[str, int]] = []

    def worth_starting(trial: Trial) -> bool:
        if not any(len(each.results) == search.folds for each in search.trials.values()):
            return True
        needed = trial.results[0].seconds * (search.folds - 1) / len(search.pool.workers)
        return needed < search.seconds_left

    def next_job() -> Job | None:
        while not waiting and chosen:
            trial = chosen.pop(0)
            if worth_starting(trial):
                begun = trial.results[0].stopped == "bracket"  # then its first fold is trained on
                folds = range(0 if begun else 1, search.folds)
                waiting.extend((trial.id, fold) for fold in folds)
        if not waiting:
            return None
        name, fold = waiting.pop(0)
        start = None if fold else search.trials[name].weights[0]
        return make_job(search, name, fold, seconds=search.seconds_left, start_from=start)

    return next_job


def trained_on(search: Search, new_job: NextJob) -> NextJob:
    """Jobs that go on from the best weights of trials that only the clock, or their round of
    Hyperband, had stopped, best first; then new trials."""
    started: set[str] = set()

    def next_job() -> Job | None:
        for trial in ranked(search.trials.values()):
            if (
                trial.id not in started
                and trial.completed
                and trial.results[0].stopped in STOPPED_EARLY
            ):
                started.add(trial.id)
                left = search.seconds_left
                return make_job(search, trial.id, 0, seconds=left, start_from=trial.weights[0])
        return new_job()

    return next_job


def make_job(
    search: Search,
    name: str,
    fold: int,
    *,
    seconds: float,
    start_from: str | None = None,
    epochs: int | None = None,
    limits: tuple[float | None, ...] = (),
) -> Job:
    return Job(
        trial=name,
        fold=fold,
        values=search.trials[name].values,
        seed=seed_of(search.seed, name, fold, start_from or ""),
        seconds=max(seconds, 1.0),
        start_from=start_from,
        epochs=epochs,
        limits=limits,
    )


def run_jobs(
    search: Search,
    next_job: NextJob,
    *,
    until: float,
    on_result: Callable[[Job, Result], None] = lambda job, result: None,
) -> None:
    """Keep every worker busy until there is no job left or the time is up.

    Ctrl-C ends running jobs with what they have and starts no more; a second one is not caught.
    """
    again: list[Job] = []
    while True:
        try:
            left = until - time.monotonic()
            while search.pool.idle and left > SHORTEST_JOB and not search.interrupted:
                job = again.pop() if again else next_job()
                if job is None:
                    break
                begin_job(search, job)
            if left <= 0 or search.interrupted:
                search.pool.stop()
            if not search.pool.busy:
                return
            for event in search.pool.events(min(1.0, max(0.05, left))):
                handle(search, event, again, on_result)
            search.notify(news(search))
        except KeyboardInterrupt:
            if search.interrupted:
                raise
            search.interrupted = True


def begin_job(search: Search, job: Job) -> None:
    search.attempts[job.name] = search.attempts.get(job.name, 0) + 1
    search.running[job.name] = None
    journal.append(
        search.journal_path,
        "trial-started",
        trial=job.trial,
        fold=job.fold,
        stage=search.stage,
        attempt=search.attempts[job.name],
        values=job.values,
        seed=job.seed,
    )
    search.pool.submit(job)


def handle(
    search: Search, event: Event, again: list[Job], on_result: Callable[[Job, Result], None]
) -> None:
    match event:
        case Progressed(job, epoch):
            search.running[job.name] = epoch
        case Finished(job, result):
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
        result=result.to_json(),
    )
    trial = search.trials[job.trial]
    earlier = trial.results.get(job.fold)
    if earlier is not None and not (
        result.loss is not None and (earlier.loss is None or result.loss < earlier.loss)
    ):
        return  # trained further, and no better for it
    search.trials[job.trial] = Trial(
        id=trial.id,
        values=trial.values,
        results={**trial.results, job.fold: result},
        weights={**trial.weights, job.fold: job.name},
    )


def news(search: Search) -> News:
    return News(
        stage=search.stage,
        trials=tuple(search.trials.values()),
        running=dict(search.running),
        best=search.best,
        seconds_left=max(0.0, search.seconds_left),
    )
