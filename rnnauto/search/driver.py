"""Run the search: ask the oracle, keep the workers busy, keep the clock, choose the winner.

Four stages share the time: *search* tries settings on the first fold; *confirm* (small data, where
one validation part is a lottery, if there is the time) trains the finalists on the other folds;
*refit* trains a winner further that only the clock had stopped, and the best setting again, on
other folds of large data or with other seeds; *distil*, where it is asked for, teaches one network
of the best setting by the mean of several.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from rnnauto.errors import Interrupted, SearchError
from rnnauto.search.loop import SHORTEST_JOB, NextJob, Search, run_jobs
from rnnauto.search.prune import limits, must_wait
from rnnauto.search.replay import Asker, proposals, replay
from rnnauto.search.select import Trial, finalists, ranked
from rnnauto.search.stages.again import STOPPED_EARLY, repeated, teaching
from rnnauto.search.stages.jobs import epoch_seconds, make_job, untaught
from rnnauto.search.trial import Job, Proposed, Result

FINALISTS = 5
PROVEN_FINALISTS = 2  # at least so many of them are proven settings
SEARCH_SHARE = 0.55  # of the time, where another stage follows
LONGEST_TRIAL = 0.3  # of the search stage's time: a first impression of several trials comes first
LONG_SEARCH_SHARE, LONGEST_LONG_TRIAL = 0.35, 0.5  # where a network goes on learning to the end
LATE = 1.5  # times what is left: so long may folds take that the clock will cut short
EPOCHS_AT_LEAST = 1.5  # what a trial gets time for, where it is there
DISTIL_SHARE = 0.3  # of the time, where one network is to be taught


def run_search(search: Search, asker: Asker, *, most_trials: int, refit: bool) -> Trial:
    """Run all stages; returns the winner.

    Raises: SearchError if no trial completed, Interrupted if that is so because of Ctrl-C.
    """
    begin, end = time.monotonic(), search.deadline
    if search.teachers is not None:
        search.deadline = lambda: begin + (1 - DISTIL_SHARE) * (end() - begin)
    find(search, asker, most_trials=most_trials, refit=refit)
    if search.teachers is not None:
        search.stage, search.deadline = "distil", end
        run_jobs(search, teaching(search), seconds_left=lambda: search.seconds_left)
    return winner_of(search)


def find(search: Search, asker: Asker, *, most_trials: int, refit: bool) -> None:
    """Run the stages in which networks learn from the data alone."""
    begin = time.monotonic()
    share, part = SEARCH_SHARE, LONGEST_TRIAL
    if search.long_training and (search.folds == 1 or search.turns):
        share, part = LONG_SEARCH_SHARE, LONGEST_LONG_TRIAL
    share = share if search.folds > 1 or refit else 1.0

    def until_pause() -> float:
        return begin + share * (search.deadline() - begin) - search.lag - time.monotonic()

    def until_deadline() -> float:
        return search.seconds_left

    def longest() -> float:
        """Seconds of a trial; the deadline may have moved since the last."""
        return max(SHORTEST_JOB, part * share * (search.deadline() - begin))

    new_job = new_trials(
        search,
        asker,
        most_trials=most_trials,
        longest=longest,
        seconds_left=lambda: until_pause() if search.stage == "search" else search.seconds_left,
    )
    told_of: set[str] = set()

    def told(job: Job, result: Result) -> None:
        if (
            job.trial not in told_of and not job.again
        ):  # nor what confirming or training on comes to
            told_of.add(job.trial)
            asker.tell(job.trial, result.loss)

    unfinished = replay(search, asker, told)
    for job in unfinished.lost:  # one after another: one may go on from the weights of another
        first = with_time(search, [job], longest())
        run_jobs(search, lambda: None, first=first, seconds_left=until_pause)
    first = with_time(search, unfinished.begun, longest())
    run_jobs(search, new_job, first=first, seconds_left=until_pause, on_result=told)
    if refit and confirms(search):
        search.stage = "confirm"
        run_jobs(search, confirming(search), seconds_left=until_deadline)
    elif refit:
        search.stage = "refit"
        further = repeated(search, trained_on(search, new_job), most_trials=most_trials)
        run_jobs(search, further, seconds_left=until_deadline, on_result=told)


def with_time(search: Search, jobs: Sequence[Job], longest: float) -> list[Job]:
    """Jobs of an earlier run with the time that they may take now."""
    most = max(1.0, search.seconds_left)
    further = [job.fold > 0 or job.goes_on or bool(job.teachers) for job in jobs]
    return [
        replace(job, seconds=most if more else max(1.0, longest))
        for job, more in zip(jobs, further, strict=True)
    ]


def winner_of(search: Search) -> Trial:
    """The best trial. Raises: as `run_search`."""
    if search.best is not None:
        return search.best
    if search.interrupted:
        raise Interrupted(
            "interrupted before any trial had completed", hint="nothing was written; run it again"
        )
    results = [each for trial in search.trials.values() for each in trial.results.values()]
    reasons = [each.reason for each in results if each.loss is None and each.reason]
    count = len(search.trials)
    none = "the one trial did not complete" if count == 1 else f"none of {count} trials completed"
    raise SearchError(
        none + (f"; the last one: {reasons[-1]}" if reasons else ""),
        hint="give it more time with `--budget`, or start from other data",
    )


def new_trials(
    search: Search,
    asker: Asker,
    *,
    most_trials: int,
    longest: Callable[[], float],
    seconds_left: Callable[[], float],
) -> NextJob:
    """Jobs that try new settings on the first fold, as long as there is time for an epoch; the
    first whatever the time."""
    proposed: list[Proposed] = []  # at most one: there was no time for it yet

    def next_job() -> Job | None:
        earlier = untaught(search)
        if search.prune and must_wait(earlier, search.behind):
            return None
        if not proposed and len(earlier) < most_trials:
            proposed.extend(filter(None, [asker.ask(proposals(search))]))
        if not proposed:
            return None
        epoch = epoch_seconds(search, proposed[0].values)
        if search.begun and epoch > seconds_left():
            return None
        asked = proposed.pop()
        search.trials[asked.id] = Trial(asked.id, asked.values, turns=search.turns)
        parent = None if asked.parent is None else search.trials[asked.parent]
        return make_job(
            search,
            asked.id,
            0,
            seconds=min(max(longest(), EPOCHS_AT_LEAST * epoch), search.seconds_left),
            start_from=None if parent is None else parent.weights.get(0),
            epochs=asked.epochs,
            limits=limits(earlier, search.behind) if search.prune and asked.epochs is None else (),
        )

    return next_job


def confirms(search: Search) -> bool:
    """Whether the best trials are trained on other folds: where they may be skipped, only if there
    is about the time to train the best, or it has begun."""
    if search.folds == 1 or search.turns:
        return False
    if not search.may_skip:
        return True
    best = next((trial for trial in ranked(search.trials.values()) if trial.completed), None)
    if best is None or any(job.fold for job in search.begun.values()):
        return True
    return fold_seconds(search, best) < LATE * search.seconds_left


def fold_seconds(search: Search, trial: Trial) -> float:
    """Reckon how long all workers train a trial on the other folds."""
    return trial.results[0].seconds * (search.folds - 1) / len(search.pool.workers)


def confirming(search: Search) -> NextJob:
    """Jobs that train the best trials on the other folds, best first, as time allows, which the
    folds of one share."""
    # a resumed search confirms the trials that it would have confirmed without a break
    candidates = search.trials | (search.before_confirming or {})
    chosen = finalists(
        candidates.values(),
        most=FINALISTS,
        fewest_proven=PROVEN_FINALISTS,
        proven=search.proven,
    )
    waiting: list[Job] = []

    def worth_starting(trial: Trial) -> bool:
        if not any(len(each.results) == search.folds for each in search.trials.values()):
            return True
        return fold_seconds(search, trial) < search.seconds_left

    def jobs_of(trial: Trial) -> list[Job]:
        begun = trial.results[0].stopped == "bracket"  # then its first fold is trained on
        jobs = [
            make_job(search, trial.id, fold, start_from=None if fold else trial.weights[0])
            for fold in range(0 if begun else 1, search.folds)
        ]
        return [job for job in jobs if job.name not in search.begun]

    def next_job() -> Job | None:
        while not waiting and chosen:
            trial = chosen.pop(0)
            if worth_starting(trial):
                waiting.extend(jobs_of(trial))
        if not waiting:
            return None
        rounds = math.ceil(len(waiting) / len(search.pool.workers))
        return replace(waiting.pop(0), seconds=max(1.0, search.seconds_left / rounds))

    return next_job


def trained_on(search: Search, new_job: NextJob) -> NextJob:
    """Jobs that go on from the best weights of trials that only the clock, or their round of
    Hyperband, had stopped, best first; then new trials."""
    started = {job.trial for job in search.begun.values() if job.goes_on}

    def next_job() -> Job | None:
        for trial in ranked(untaught(search)):
            if (
                trial.id not in started
                and trial.completed
                and trial.results[0].stopped in STOPPED_EARLY
            ):
                started.add(trial.id)
                ends = trial.results[0].stopped == "clock"
                return make_job(search, trial.id, 0, start_from=trial.weights[0], ends=ends)
        return new_job()

    return next_job
