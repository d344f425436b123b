"""Measure answers that are given before the end: how often they are right, and how early."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.judge.evaluate import RESAMPLES, Scores
from rnnauto.judge.metrics import (
    Measure,
    compact_groups,
    interval,
    measured,
    resample_weights,
)
from rnnauto.metrics import METRICS


class EarlySums(NamedTuple):
    """Weighed sums over sequences, [resamples] each.

    Attributes:
        units: the weights.
        right: of sequences whose early answer is right.
        seen: of the shares that are seen before it.
    """

    units: Doubles
    right: Doubles
    seen: Doubles


def harmonic_mean(accuracy: NDArray[np.floating], earliness: NDArray[np.floating]) -> Doubles:
    """Average accuracies and the shares that need not be seen, as Schäfer and Leser 2020 do."""
    spared = 1 - earliness
    both = accuracy + spared
    return np.asarray(2 * accuracy * spared / np.where(both > 0, both, 1), np.float64)


def balanced(sums: EarlySums) -> Doubles:
    return harmonic_mean(sums.right / sums.units, sums.seen / sums.units)


EARLY_METRICS: tuple[Measure[EarlySums], ...] = (
    Measure(METRICS["early_accuracy"], lambda sums: sums.right / sums.units),
    Measure(METRICS["earliness"], lambda sums: sums.seen / sums.units),
    Measure(METRICS["early_harmonic_mean"], balanced),
)


def with_early(
    scores: Scores,
    truth: NDArray[np.generic],
    answers: Integers,
    shares: Doubles,
    *,
    weights: Floats | None,
    seed: int,
) -> Scores:
    """Add to scores those of early answers, over the same resamples of the same sequences.

    Args:
        truth: classes, below 0 where unknown, [sequences]; answers: those given before the end.
        shares: of each sequence that was seen then, [sequences].
        weights: how much each counts; None: all the same.
        seed: of the scores.
    """
    known = np.flatnonzero(np.asarray(truth) >= 0)
    groups, count = compact_groups(known, seed=seed)
    each = np.ones(len(known)) if weights is None else weights[known].astype(np.float64)
    right = np.asarray(truth)[known] == answers[known]
    sums = np.stack(
        [
            np.bincount(groups, each * column, minlength=count)
            for column in (np.ones(len(known)), right, shares[known])
        ],
        axis=1,
    )
    drawn = resample_weights(count, resamples=RESAMPLES if count > 1 else 0, seed=seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = measured(EARLY_METRICS, EarlySums(*sums.sum(axis=0, keepdims=True).T))
        resampled = measured(EARLY_METRICS, EarlySums(*(drawn @ sums).T))
    found = {name: interval(float(whole[name][0]), resampled[name]) for name in whole}
    both: Mapping[str, Doubles] = {**scores.resampled, **resampled}
    return replace(scores, metrics=scores.metrics | found, resampled=both)
