"""Train the best setting again, on other folds or with other seeds, or as others have it."""

from rnnauto.search.loop import NextJob, Search
from rnnauto.search.select import Trial, ranked
from rnnauto.search.stages.jobs import epoch_seconds, make_job, untaught
from rnnauto.search.trial import AGAIN, TAUGHT, Job

STOPPED_EARLY = frozenset({"clock", "bracket"})  # what may go on improving
REPEATS = 4  # of the best setting, with other seeds
DECAYS_OVER = 2.0  # times the best epoch of its setting
FEWEST_EPOCHS = 6  # of a best one by which the end of a decay is told; measured: below, no gain
STUDENTS = 2  # with seeds of their own
LESSON = 2.0  # times an epoch that one takes in which each sequence is also read cut
ASKED = 0.5  # of such an epoch: to ask a teacher of all of the sequences and their cuts
SLOWER = 1.1  # times what an epoch takes: the clock cuts short a rate that is still high


def repeated(search: Search, other_job: NextJob, *, most_trials: int) -> NextJob:
    """Jobs that train the best setting again, on other folds or with other seeds, as long as there
    is time for one; then others. A best trial that the clock had stopped comes first: it is trained
    on. Where the setting takes some epochs to its best, their rates decay to 0 at twice as many.
    The mean of such networks is often better than any of them."""

    trained_further: set[str] = set()

    def next_job() -> Job | None:
        best = next((each for each in ranked(untaught(search)) if each.completed), None)
        if not search.repeats or best is None:
            return other_job()
        if not search.turns and len(untaught(search)) >= most_trials:
            return other_job()
        stopped = (
            best.results[0].stopped in STOPPED_EARLY and best.weights[0] not in trained_further
        )
        # what is no longer improving gains more by another part
        if stopped and (improving(best) or not search.turns):
            trained_further.add(best.weights[0])
            return other_job()
        again = on_next_fold if search.turns else with_next_seed
        return again(search, best) or other_job()

    return next_job


def on_next_fold(search: Search, best: Trial) -> Job | None:
    """A job that trains the best trial on the next fold; None where there is no time or none."""
    begun = {job.fold for job in search.begun.values() if job.trial == best.id}
    fold = next((at for at in range(search.folds) if at not in begun), None)
    epochs = repeated_epochs(search, best)
    if fold is None or not epochs:
        return None
    return make_job(search, best.id, fold, decays=decay_of(best, epochs))


def with_next_seed(search: Search, best: Trial) -> Job | None:
    """A job that trains the best setting with another seed; None where there is no time, or there
    are enough."""
    alike = [each for each in untaught(search) if each.values == best.values]
    first = alike[0] if alike[0].completed else best
    epochs = repeated_epochs(search, first)
    if len(alike) > REPEATS or not epochs:
        return None
    name = f"{first.id}{AGAIN}{len(alike)}"
    search.trials[name] = Trial(name, best.values)
    return make_job(search, name, 0, decays=decay_of(first, epochs))


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


def decay_of(trial: Trial, epochs: int) -> int | None:
    """Say over how many epochs the rates of a setting that is trained again decay; None: not."""
    return epochs if worth_decaying(trial) else None


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
        return make_job(search, name, 0, decays=decay_of(first, epochs), teachers=teachers)

    return next_job


def taught_epochs(search: Search, trial: Trial, teachers: int) -> int:
    """Over how many epochs a network of a trial's setting is taught; 0 where there is not the time
    for as many as are worth it."""
    usual = usual_epochs(trial)
    epoch = SLOWER * epoch_seconds(search, trial.values)
    left = search.seconds_left - ASKED * LESSON * teachers * epoch
    wanted = min(round(DECAYS_OVER * usual), int(left / (LESSON * epoch)))
    return wanted if wanted >= max(1, usual / 2) else 0
