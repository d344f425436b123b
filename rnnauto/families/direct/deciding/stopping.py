"""Fit the rule by which a class is answered before a sequence ends, to answers to the validation
part.

Every rule of a grid of probabilities, margins and numbers of timesteps is tried, and the one is
taken that answers earliest of those that lose no more accuracy than they may; or the one with the
best harmonic mean of the accuracy and of the share of a sequence that need not be seen, as
Schäfer and Leser 2020 choose theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Integers
from rnnauto.data.settling import KEPT, NEVER, NO_ANSWER, EarlyRule, runs_of, sureness
from rnnauto.judge.early_metrics import harmonic_mean

PROBABILITIES = 32  # that are tried, spread over those that there are
MARGINS = np.array([0.25, 0.5, 0.75])  # quantiles of those that there are, beside none at all
TIMESTEPS = (1, 2, 3, 5, 8, 13, 21, 34)  # one after the other; at most a third of a sequence
MOST_SHARE = 3
SAME = 1e-9  # accuracies are
DIGITS = 6


@dataclass(frozen=True)
class Watched:
    """What is said of sequences that were not trained on, after each timestep.

    Attributes:
        chances: probabilities, [timesteps, classes], those of a sequence together.
        lengths: timesteps of each sequence, at least 1, [sequences].
        truth: the class of each, [sequences].
        weights: how much each counts, [sequences].
    """

    chances: NDArray[np.float32]
    lengths: Integers
    truth: Integers
    weights: Doubles


@dataclass(frozen=True)
class Tried:
    """A rule, and what it comes to.

    Attributes:
        probability, margin, timesteps: as `EarlyRule` has them.
        accuracy, earliness: weighed means over the sequences.
    """

    probability: float
    margin: float
    timesteps: int
    accuracy: float
    earliness: float


def fit_rule(watched: Watched, *, loss: float | None) -> EarlyRule:
    """Choose the rule by which answers settle.

    Args: loss: accuracy that answers may lose against those at the end; None: the harmonic mean
        counts.
    """
    last = np.cumsum(watched.lengths) - 1
    best, _, _ = sureness(watched.chances)
    waiting = weighed(best[last] == watched.truth, watched.weights)
    tried = [
        Tried(NO_ANSWER, 0.0, 1, waiting, 1.0),
        *all_tried(watched),
    ]
    chosen = earliest(tried, waiting - loss) if loss is not None else most_balanced(tried)
    return EarlyRule(
        probability=chosen.probability,
        margin=chosen.margin,
        timesteps=chosen.timesteps,
        accuracy=chosen.accuracy,
        earliness=chosen.earliness,
        waiting=waiting,
        sequences=len(watched.lengths),
    )


def weighed(values: NDArray[np.generic], weights: Doubles) -> float:
    """Average shares, in at most 1."""
    return min(1.0, float(weights @ values.astype(np.float64) / max(weights.sum(), 1e-30)))


def earliest(tried: list[Tried], least: float) -> Tried:
    """Take the rule that answers first among those that are right often enough."""
    enough = [each for each in tried if each.accuracy >= least - SAME]
    return min(enough, key=lambda each: (each.earliness, -each.accuracy))


def most_balanced(tried: list[Tried]) -> Tried:
    """Take the rule with the best harmonic mean, the more accurate of equals."""
    means = harmonic_mean(
        np.array([each.accuracy for each in tried]), np.array([each.earliness for each in tried])
    )
    return max(zip(means, tried, strict=True), key=lambda pair: (pair[0], pair[1].accuracy))[1]


def all_tried(watched: Watched) -> Iterator[Tried]:
    """Try every rule of the grid."""
    best, top, lead = sureness(watched.chances)
    for probability in spread(top, np.linspace(0, 1, PROBABILITIES)):
        for margin in [0.0, *(spread(lead, MARGINS) if watched.chances.shape[1] > 2 else ())]:
            sure = (top >= probability) & (lead >= margin)
            yield from by_timesteps(watched, sure, best, probability, margin)


def spread(values: NDArray[np.float32], levels: Doubles) -> list[float]:
    """Take quantiles of some values, rounded down, so that what they are of still reaches them."""
    found = np.quantile(values, levels).astype(np.float64)
    return sorted({float(each) for each in np.floor(found * 10**DIGITS) / 10**DIGITS})


def by_timesteps(
    watched: Watched, sure: Flags, best: Integers, probability: float, margin: float
) -> Iterator[Tried]:
    """Try all numbers of timesteps for which an answer has to be sure."""
    lengths = watched.lengths
    owners, begins = np.repeat(np.arange(len(lengths)), lengths), np.cumsum(lengths) - lengths
    runs, _ = runs_of(sure, best, owners, np.zeros((len(lengths), KEPT), np.int64))
    number = np.arange(len(owners)) - begins[owners]  # of a timestep, from 0
    most = max(1, int(np.median(lengths)) // MOST_SHARE)
    for timesteps in (each for each in TIMESTEPS if each <= most):
        settled = np.minimum.reduceat(np.where(runs >= timesteps, number, NEVER), begins)
        at = np.minimum(settled, lengths - 1)
        yield Tried(
            probability,
            margin,
            timesteps,
            weighed(best[begins + at] == watched.truth, watched.weights),
            weighed((at + 1) / lengths, watched.weights),
        )
