"""End trials that will not win: median stopping (Golovin et al. 2017, section 3.2.2).

A trial ends at an epoch at which the lowest loss it has had is above the median of what earlier
trials had by then. Which trials those are depends on its number only, and a trial does not begin
before they have ended: so a search does not depend on which trial ends first.
"""

import statistics
from collections.abc import Sequence

import numpy as np

from rnnauto.search.select import Trial

BEHIND, FOR_EACH = 8, 4  # measured: with four for each worker none waits long for the slowest
MOST_COMPARED = 200  # the newest of them
FEWEST = 5  # trials to compare with
FIRST_EPOCH = 5  # at which a trial is judged, or
FIRST_SHARE = 0.25  # of the epochs that the median trial took, where that is later


def behind(workers: int) -> int:
    """How many of the newest trials the next one knows nothing of: so many can run at once. The
    same for one worker and two."""
    return max(BEHIND, FOR_EACH * workers)


def must_wait(trials: Sequence[Trial], behind: int = BEHIND) -> bool:
    """Whether the next trial must wait for one that it is to be compared with."""
    return any(0 not in trial.results for trial in compared(trials, behind))


def compared(trials: Sequence[Trial], behind: int = BEHIND) -> Sequence[Trial]:
    """The trials that the next one is compared with, by their number."""
    end = max(0, len(trials) + 1 - behind)
    return trials[max(0, end - MOST_COMPARED) : end]


def limits(trials: Sequence[Trial], behind: int = BEHIND) -> tuple[float | None, ...]:
    """By epoch, the loss above which the next trial ends; None where it is not judged yet."""
    curves = [trial.curve for trial in compared(trials, behind) if len(trial.curve)]
    if len(curves) < FEWEST:
        return ()
    begin = max(FIRST_EPOCH, round(FIRST_SHARE * statistics.median(map(len, curves))))
    lengths = np.array([len(curve) for curve in curves])
    epochs = np.arange(begin - 1, lengths.max())
    # of a trial that has ended by then the last
    at = (np.cumsum(lengths) - lengths)[:, None] + np.minimum(epochs, lengths[:, None] - 1)
    judged = np.median(np.concatenate(curves)[at], axis=0).tolist()
    return (None,) * min(begin - 1, int(lengths.max())) + tuple(judged)
