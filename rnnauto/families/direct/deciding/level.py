"""Shift what a network says of classes to how often each comes among sequences that it was not
trained on.

A class whose sequences come again and again is learnt by heart: new ones of it are hardly taken for
it. A number for each class, added to its logit, mends that: the bias of bias-corrected calibration
(Alexandari, Kundaje and Shrikumar 2020, "Maximum likelihood with bias-corrected calibration is
hard-to-beat at label shift adaptation").
"""

from functools import partial

import numpy as np

from rnnauto.arrays import Doubles, Flags, Integers
from rnnauto.data.duplicates import ODD
from rnnauto.search.trial import Job, StudyProblem
from rnnauto.search.validation import Level, Levelled, Said, log_softmax

FEWEST = 200  # units to fit a shift to, of equal weight
MOST_CLASSES = 200
MOST_NUMBERS = 400_000  # of units and classes that it is fitted to, spread over all
PRIOR = 2.0  # a shift of 1 costs half as many nats
STEPS = 8  # of Newton's method, each in every class at most LONGEST
LONGEST = 2.0
ENOUGH = 1e-3


def levels(problem: StudyProblem, job: Job) -> bool:
    """Whether shares of classes may be mended: where the loss alone selects, of one target that is
    one of some classes, unless a recipe weighs them itself."""
    return (
        problem.answer.loss == "classes"
        and len(problem.answer.widths) == 1
        and problem.answer.widths[0] <= MOST_CLASSES
        and not (problem.tags or problem.measured)
        and job.values.get("class_weight") != "given"
    )


def level_for(problem: StudyProblem, job: Job, groups: Integers | None) -> Level | None:
    """Give what levels the answers of a job's network; None where they stay as they are."""
    return partial(level, groups=groups) if levels(problem, job) else None


def level(said: Said, groups: Integers | None) -> Levelled | None:
    """Fit what is added to the logits of the classes; None where nothing is better by it.

    The loss is that of each half of the sequences with what was fitted to the other half; equal
    sequences are of one half.

    Args: groups: [sequences of the study]; those of equal number are equal. None: none are.
    """
    units = as_many(said.weights)
    if units < FEWEST:
        return None
    logits, truth = log_softmax(said.outputs), said.truth.astype(np.int64)
    weights = said.weights * (units / said.weights.sum())
    if not (np.isfinite(logits).all() and promising(logits, truth, weights)):
        return None
    second = halves(said.owners if groups is None else groups[said.owners])
    if not FEWEST // 2 <= np.count_nonzero(second) <= len(second) - FEWEST // 2:
        return None
    crossed = np.empty_like(logits)
    for half in (second, ~second):
        crossed[half] = logits[half] + fitted(logits[~half], truth[~half], weights[~half])
    crossed = log_softmax(crossed)
    at = np.arange(len(truth)), truth
    before, loss = (float(-(weights @ each[at]) / weights.sum()) for each in (logits, crossed))
    if not loss < before:
        return None
    right = float(weights @ (crossed.argmax(axis=1) == truth) / weights.sum())
    shift = fitted(logits, truth, weights).astype(np.float32)
    return Levelled(loss=loss, right=right, shift=shift)


def as_many(weights: Doubles) -> float:
    """Count the equal units that tell as much as some that are weighed: Kish's effective size."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def halves(groups: Integers) -> Flags:
    """Deal numbers out into two halves as by chance, equal ones into one."""
    mixed = groups.astype(np.uint64) * ODD
    return np.asarray((mixed >> np.uint64(40)) & np.uint64(1), bool)


def promising(logits: Doubles, truth: Integers, weights: Doubles) -> bool:
    """Whether a shift may gain more than a nat a class, which is what one gains where nothing is
    wrong, twice over."""
    gradient, curvature = slopes(np.zeros(logits.shape[1]), *spread(logits, truth, weights))
    gain = float(gradient @ np.linalg.solve(curvature, gradient)) / 2
    return gain > float(logits.shape[1])


def fitted(logits: Doubles, truth: Integers, weights: Doubles) -> Doubles:
    """Fit the shift with the least summed loss, and a normal prior, [classes]."""
    some = spread(logits, truth, weights)
    shift = np.zeros(logits.shape[1])
    for _ in range(STEPS):
        step = np.linalg.solve(*reversed(slopes(shift, *some)))
        shift -= np.clip(step, -LONGEST, LONGEST)
        if np.abs(step).max() < ENOUGH:
            break
    return shift


def spread(logits: Doubles, truth: Integers, weights: Doubles) -> tuple[Doubles, Integers, Doubles]:
    """Take some of the units, from all over, where there are many."""
    each = slice(None, None, -(-logits.size // MOST_NUMBERS))
    return logits[each], truth[each], weights[each]


def slopes(
    shift: Doubles, logits: Doubles, truth: Integers, weights: Doubles
) -> tuple[Doubles, Doubles]:
    """Differentiate the loss by the shift once, [classes], and twice, [classes, classes]."""
    chances = np.exp(log_softmax(logits + shift))
    weighed = chances * weights[:, None]
    sums, classes = weighed.sum(axis=0), len(shift)
    true = np.bincount(truth, weights, minlength=classes)
    curvature = np.diag(sums + PRIOR) - chances.T @ weighed
    return sums - true + PRIOR * shift, curvature
