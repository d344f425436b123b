"""End trials that will not win: median stopping (Golovin et al. 2017, section 3.2.2).

A trial ends at an epoch at which the lowest loss it has had is above the median of what earlier
trials had by then. Which trials those are depends on its number only, and a trial does not begin
before they have ended: so the search is the same with any number of workers.
"""

import statistics
from collections.abc import Sequence

from rnnauto.search.select import Trial

BEHIND = 8  # the newest trials are not compared with: so many can run at once
FEWEST = 5  # trials to compare with
FIRST_EPOCH = 5  # at which a trial is judged, or
FIRST_SHARE = 0.25  # of the epochs that the median trial took, where that is later


def must_wait(trials: Sequence[Trial]) -> bool:
    """Whether the next trial must wait for one that it is to be compared with."""
    return any(0 not in trial.results for trial in compared(trials))


def compared(trials: Sequence[Trial]) -> Sequence[Trial]:
    """The trials that the next one is compared with, by their number."""
    return trials[: max(0, len(trials) + 1 - BEHIND)]


def limits(trials: Sequence[Trial]) -> tuple[float | None, ...]:
    """By epoch, the loss above which the next trial ends; None where it is not judged yet."""
    curves = []
    for trial in compared(trials):
        epochs = trial.results[0].epochs
        curve = [epoch.best for epoch in epochs if epoch.best is not None]
        if curve and len(curve) == len(epochs):
            curves.append(curve)
    if len(curves) < FEWEST:
        return ()
    begin = max(FIRST_EPOCH, round(FIRST_SHARE * statistics.median(map(len, curves))))
    return tuple(
        None
        if epoch < begin
        else statistics.median(curve[min(epoch, len(curve)) - 1] for curve in curves)
        for epoch in range(1, max(map(len, curves)) + 1)
    )
