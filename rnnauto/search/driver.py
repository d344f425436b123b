"""Run the search: ask the oracle, keep the workers busy, keep the clock, choose the winner.

Four stages share the time: *search* tries settings on the first fold; *confirm* (small data, where
one validation part is a lottery, if there is the time) trains the finalists on the other folds;
*refit* trains a winner further that only the clock had stopped, and the best setting again with
other seeds; *distil*, where it is asked for, teaches one network of the best setting by the mean of
several.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from rnnauto.errors import Interrupted, SearchError
from rnnauto.search.loop import SHORTEST_JOB, NextJob, Search, run_jobs
from rnnauto.search.prune import limits, must_wait
from rnnauto.search.replay import Asker, proposals, replay
from rnnauto.search.select import Trial, finalists, ranked
from rnnauto.search.trial import AGAIN, TAUGHT, Job, Proposed, Result, Values, seed_of

FINALISTS = 5
PROVEN_FINALISTS = 2  # at least so many of them are proven settings
SEARCH_SHARE = 0.55  # of the time, where another stage follows
LONGEST_TRIAL = 0.3  # of the search stage's time: a first impression of several trials comes first
LONG_SEARCH_SHARE, LONGEST_LONG_TRIAL = 0.35, 0.5  # where a network goes on learning to the end
STOPPED_EARLY = frozenset({"clock", "bracket"})  # what may go on improving
LATE = 1.5  # times what is left: so long may folds take that the clock will cut short
EPOCHS_AT_LEAST = 1.5  # what a trial gets time for, where it is there
REPEATS = 4  # of the best setting, with other seeds
DECAYS_OVER = 2.0  # times the best epoch of its setting
FEWEST_EPOCHS = 6  # of a best one by which the end of a decay is told; measured: below, no gain
DISTIL_SHARE = 0.3  # of the time, where one network is to be taught
STUDENTS = 2  # with seeds of their own
LESSON = 2.0  # times an epoch that one takes in which each sequence is also read cut
ASKED = 0.5  # of such an epoch: to ask a teacher of all of the sequences and their cuts
NEWEST = 300  # trials that tell what an epoch takes
SLOWER = 1.1  # times what an epoch takes: the clock cuts short a rate that is still high
# what makes an epoch long
SHAPE = (
    *("cell", "units", "layers", "patch", "bidirectional", "batch_size", "lookback"),
    *("convolution", "ngrams", "gram_rows", "own_scale", "filling"),
)


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
    if search.long_training and search.folds == 1:
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
    raise SearchError(
        f"none of {len(search.trials)} trials completed"
        + (f"; the last one: {reasons[-1]}" if reasons else ""),
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
        search.trials[asked.id] = Trial(asked.id, asked.values)
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


def epoch_seconds(search: Search, values: Values) -> float:
    """What an epoch takes: measured on trials of the same shape, else on all; 0 before any. Of many
    trials only the newest count."""
    known = [
        (trial.values, result.seconds / len(result.epochs))
        for trial in islice(reversed(search.trials.values()), NEWEST)
        for result in trial.results.values()
        if result.epochs
    ]
    shape = [(name, values.get(name)) for name in SHAPE]
    same = [
        seconds for other, seconds in known if all(other.get(name) == own for name, own in shape)
    ]
    if same:
        return min(same)
    return statistics.median(seconds for _, seconds in known) if known else 0.0


def confirms(search: Search) -> bool:
    """Whether the best trials are trained on other folds: where they may be skipped, only if there
    is about the time to train the best, or it has begun."""
    if search.folds == 1 or not search.may_skip:
        return search.folds > 1
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


def repeated(search: Search, other_job: NextJob, *, most_trials: int) -> NextJob:
    """Jobs that train the best setting with other seeds, as long as there is time for one; then
    others. A best trial that the clock had stopped comes first: it is trained on. Where the setting
    takes some epochs to its best, their rates decay to 0 at twice as many. The mean of such
    networks is often better than any of them."""

    trained_further: set[str] = set()

    def next_job() -> Job | None:
        best = next((each for each in ranked(untaught(search)) if each.completed), None)
        if not search.repeats or best is None or len(untaught(search)) >= most_trials:
            return other_job()
        if best.results[0].stopped in STOPPED_EARLY and best.weights[0] not in trained_further:
            trained_further.add(best.weights[0])
            return other_job()
        alike = [each for each in untaught(search) if each.values == best.values]
        first = alike[0] if alike[0].completed else best
        epochs = repeated_epochs(search, first)
        if len(alike) > REPEATS or not epochs:
            return other_job()
        name = f"{first.id}{AGAIN}{len(alike)}"
        search.trials[name] = Trial(name, best.values)
        return make_job(search, name, 0, decays=epochs if worth_decaying(first) else None)

    return next_job


def usual_epochs(trial: Trial) -> int:
    """Count the epochs that a trial's setting takes to its best: at least FEWEST_EPOCHS where the
    clock stopped it while it was still improving."""
    usual = trial.before + trial.results[0].best_epoch
    return max(usual, FEWEST_EPOCHS) if improving(trial) else usual


def improving(trial: Trial) -> bool:
    """Whether the clock stopped a trial before it was at its best."""
    result = trial.results[0]
    return result.stopped == "clock" and result.best_epoch == len(result.epochs)


def worth_decaying(trial: Trial) -> bool:
    """Whether a setting trained again does better with rates that decay: where it takes some epochs
    to its best. What counts n-grams has learnt them by heart before the end of a decay."""
    return usual_epochs(trial) >= FEWEST_EPOCHS and not trial.values.get("ngrams")


def repeated_epochs(search: Search, trial: Trial) -> int:
    """Over how many epochs a trial's setting is to be trained again; 0 where there is not the time
    for as many as it took to its best."""
    usual = usual_epochs(trial)
    epoch = SLOWER * epoch_seconds(search, trial.values)
    wanted = round(DECAYS_OVER * usual)
    grows = epoch > 0 and search.long_training and improving(trial)
    if grows or epoch * wanted > search.seconds_left:
        wanted = int(search.seconds_left / epoch)
    return wanted if wanted >= usual else 0


def teaching(search: Search) -> NextJob:
    """Jobs that teach networks of the best setting by the mean of several, where there is time for
    it. They train as `repeated` has them, and are trials as any other: validation tells the
    best."""
    alone = untaught(search)
    best = next((each for each in ranked(alone) if each.completed), None)
    team = [] if best is None or search.teachers is None else search.teachers(alone, best)
    teachers = tuple((trial.weights[0], trial.values) for trial in team)

    def next_job() -> Job | None:
        students = [job for job in search.begun.values() if job.teachers]
        current = [job for job in students if job.teachers == teachers]
        if best is None or len(teachers) < 2 or len(current) >= STUDENTS:
            return None
        first = next(trial for trial in alone if trial.values == best.values)
        epochs = taught_epochs(search, first, len(teachers))
        if not epochs:
            return None
        name = f"{first.id}{TAUGHT}{len(students) + 1}"
        search.trials[name] = Trial(name, best.values)
        return make_job(
            search, name, 0, decays=epochs if worth_decaying(first) else None, teachers=teachers
        )

    return next_job


def taught_epochs(search: Search, trial: Trial, teachers: int) -> int:
    """Over how many epochs a network of a trial's setting is taught; 0 where there is not the time
    for as many as are worth it."""
    usual = usual_epochs(trial)
    epoch = SLOWER * epoch_seconds(search, trial.values)
    left = search.seconds_left - ASKED * LESSON * teachers * epoch
    wanted = min(round(DECAYS_OVER * usual), int(left / (LESSON * epoch)))
    return wanted if wanted >= max(1, usual / 2) else 0


def untaught(search: Search) -> tuple[Trial, ...]:
    """The trials whose networks have learnt from the data alone."""
    return tuple(trial for trial in search.trials.values() if not trial.taught)


def make_job(
    search: Search,
    name: str,
    fold: int,
    *,
    seconds: float | None = None,
    start_from: str | None = None,
    epochs: int | None = None,
    ends: bool = False,
    decays: int | None = None,
    limits: tuple[float | None, ...] = (),
    teachers: tuple[tuple[str, Values], ...] = (),
) -> Job:
    """A job of the trial with this name, on one fold. `seconds` None: until the deadline."""
    return Job(
        trial=name,
        fold=fold,
        values=search.trials[name].values,
        seed=seed_of(search.seed, name, fold, start_from or ""),
        seconds=max(1.0, search.seconds_left if seconds is None else seconds),
        start_from=start_from,
        epochs=epochs,
        ends=ends,
        decays=decays,
        limits=limits,
        teachers=teachers,
    )
