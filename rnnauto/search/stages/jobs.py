"""Make the jobs of a search, and reckon how long their epochs take."""

import statistics
from itertools import islice

from rnnauto.search.loop import Search
from rnnauto.search.select import Trial
from rnnauto.search.trial import Job, Values, seed_of, shape_of

NEWEST = 300  # trials that tell what an epoch takes


def epoch_seconds(search: Search, values: Values) -> float:
    """What an epoch takes: measured on trials of the same shape, else on all; 0 before any. Of many
    trials only the newest count."""
    newest = list(islice(reversed(search.trials.values()), NEWEST))
    shape = shape_of(values)
    same = [seconds for trial in newest if trial.shape == shape for seconds in trial.epoch_seconds]
    if same:
        return min(same)
    known = [seconds for trial in newest for seconds in trial.epoch_seconds]
    return statistics.median(known) if known else 0.0


def untaught(search: Search) -> tuple[Trial, ...]:
    """The trials whose networks have learnt from the data alone."""
    trials = tuple(search.trials.values())
    return tuple(trial for trial in trials if not trial.taught) if search.trials.taught else trials


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
