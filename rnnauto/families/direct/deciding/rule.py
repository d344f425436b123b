"""Fit the rule by which a class is answered to probabilities of the validation part.

A rule weighs classes: that answer is given whose cost, averaged over the classes by their
probabilities and weights, is least. With weights of 1 this is the least expected cost (Elkan 2001,
"The foundations of cost-sensitive learning"); of two classes every rule is a threshold. What is
fitted on a part looks good on that part: the weights move from where they begin only where rules
that were fitted to one half of the part were better on the other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers, evenly
from rnnauto.data.decisions import Decision, Matrix, RuleCurve

COST = "cost"
FEWEST = 40  # units of which two halves tell something
RESAMPLES = 40  # thresholds that one is the median of
MOST_UNITS = 20_000
MOST_CUTS = 256  # thresholds that are tried
FACTORS = 2.0 ** np.arange(-4, 4.5, 0.5)  # that the weight of a class is multiplied by
PASSES = 3  # over the classes
MOST_WORK = 300_000_000  # products of a fit: of many classes fewer units
MOST_CURVES = 6
POINTS = 60  # of a curve


@dataclass(frozen=True)
class Held:
    """What was not trained on.

    Attributes:
        chances: probabilities, [units, classes].
        truth: classes, [units].
        owners: the number of the sequence of each unit.
        weights: how much each unit counts, [units].
    """

    chances: Doubles
    truth: Integers
    owners: Integers
    weights: Doubles

    def take(self, units: Integers) -> "Held":
        """Keep some of the units."""
        return Held(self.chances[units], self.truth[units], self.owners[units], self.weights[units])


Score = Callable[[Doubles], Doubles]  # of confusions [..., true class, answer]


def score_of(metric: str, costs: Doubles) -> Score:
    """Give what measures a metric by the weights of units that are confused; the larger, the
    better."""

    def shares(confused: Doubles) -> Doubles:
        total = confused.sum(axis=(-2, -1), keepdims=True)
        return np.asarray(confused / np.maximum(total, 1e-30))

    def cost(confused: Doubles) -> Doubles:
        return -np.asarray((shares(confused) * costs).sum(axis=(-2, -1)))

    def accuracy(confused: Doubles) -> Doubles:
        return np.asarray(np.trace(shares(confused), axis1=-2, axis2=-1))

    def recall(confused: Doubles) -> Doubles:
        true, right = confused.sum(axis=-1), np.diagonal(confused, axis1=-2, axis2=-1)
        found = np.where(true > 0, right / np.where(true > 0, true, 1), 0.0).sum(axis=-1)
        return np.asarray(found / np.maximum((true > 0).sum(axis=-1), 1))

    def f1(confused: Doubles) -> Doubles:
        either = confused.sum(axis=-1) + confused.sum(axis=-2)
        right = 2 * np.diagonal(confused, axis1=-2, axis2=-1)
        each = np.where(either > 0, right / np.where(either > 0, either, 1), 0.0).sum(axis=-1)
        return np.asarray(each / np.maximum((either > 0).sum(axis=-1), 1))

    known = {COST: cost, "accuracy": accuracy, "balanced_accuracy": recall, "macro_f1": f1}
    return known[metric]


def shown_value(metric: str, score: float) -> float:
    return -score if metric == COST else score


def fit_decision(
    held: Held, classes: tuple[str, ...], *, metric: str, costs: Matrix, seed: int
) -> Decision:
    """Fit the rule that makes a metric best, for costs the mean of those."""
    count = len(classes)
    table = np.array(costs) if costs else 1.0 - np.eye(count)
    scored = score_of(metric, table)
    rng = np.random.default_rng(seed)
    most = min(MOST_UNITS, max(FEWEST, MOST_WORK // (count**2 * len(FACTORS) * PASSES)))
    if len(held.truth) > most:
        held = held.take(np.sort(rng.permutation(len(held.truth))[:most]))
    begin = begin_with(held, count, metric)

    def fitted_to(part: Held) -> Doubles:
        if count == 2:
            return fit_threshold(part, table, scored, begin=begin, rng=rng)
        return fit_weights(part, table, scored, begin=begin)

    weights, moved = begin, False
    if len(held.truth) >= FEWEST and is_better_by_halves(held, table, scored, fitted_to, begin):
        weights, moved = fitted_to(held), True
    answers = held.chances.argmax(axis=1)
    threshold, rare = None, int(np.argmin(counts_of(held, count)))
    if count == 2:
        threshold = threshold_of(weights, table, rare)
    return Decision(
        metric=metric,
        worth=worth_of(weights, table),
        fitted=moved,
        label=classes[rare] if count == 2 else "",
        threshold=threshold,
        plain=shown_value(metric, float(scored(confused(held, answers, count)))),
        value=shown_value(metric, float(scored(by_rule(held, weights, table)))),
        units=len(held.truth),
        curves=curves_of(held, weights, table, scored, classes=classes, metric=metric),
    )


def worth_of(weights: Doubles, table: Doubles) -> Matrix:
    """Make a rule of weights: less what an answer costs where a class is the truth."""
    return tuple(tuple(map(float, row)) for row in -weights[:, None] * table)


def counts_of(held: Held, count: int) -> Doubles:
    """Sum the weights of the units of each class, [classes]."""
    return np.bincount(held.truth, held.weights, minlength=count).astype(np.float64)


def begin_with(held: Held, count: int, metric: str) -> Doubles:
    """Weigh classes as theory says: alike, or for a balanced accuracy by one over their share."""
    if metric != "balanced_accuracy":
        return np.ones(count)
    counts = counts_of(held, count)
    there = np.where(counts > 0, counts, counts.max())
    return np.asarray(counts.sum() / (count * there))


def confused(held: Held, answers: NDArray[np.integer], count: int) -> Doubles:
    """Sum weights by true class and answer, [classes, classes]."""
    cells = held.truth * count + answers
    sums = np.bincount(cells, held.weights, minlength=count**2).astype(np.float64)
    return sums.reshape(count, count)


def by_rule(held: Held, weights: Doubles, table: Doubles) -> Doubles:
    """Sum weights by true class and the answer of a rule."""
    answers = (held.chances @ (-weights[:, None] * table)).argmax(axis=1)
    return confused(held, answers, len(weights))


def is_better_by_halves(
    held: Held,
    table: Doubles,
    scored: Score,
    fitted_to: Callable[[Held], Doubles],
    begin: Doubles,
) -> bool:
    """Whether rules that are fitted to one half of the sequences are better on the other."""
    sides = [np.flatnonzero(held.owners % 2 == side) for side in (0, 1)]
    if any(len(np.unique(held.truth[side])) < 2 for side in sides):
        return False
    before, after = np.zeros_like(table), np.zeros_like(table)
    for learned, judged in (sides, sides[::-1]):
        part = held.take(judged)
        before = before + by_rule(part, begin, table)
        after = after + by_rule(part, fitted_to(held.take(learned)), table)
    return bool(scored(after) > scored(before))


def threshold_of(weights: Doubles, table: Doubles, rare: int) -> float:
    """Find the probability of one of two classes above which it is answered."""
    other = 1 - rare
    for_other = weights[other] * (table[other, rare] - table[other, other])
    for_rare = weights[rare] * (table[rare, other] - table[rare, rare])
    return float(for_other / (for_other + for_rare))


def weights_at(threshold: Doubles | float, table: Doubles) -> Doubles:
    """Weigh two classes so that the second is answered above a threshold, [..., 2]."""
    first, second = table[0, 1] - table[0, 0], table[1, 0] - table[1, 1]
    threshold = np.asarray(threshold)
    return np.stack([threshold * second, (1 - threshold) * first], axis=-1)


def fit_threshold(
    held: Held, table: Doubles, scored: Score, *, begin: Doubles, rng: np.random.Generator
) -> Doubles:
    """Take the median of the best thresholds of resamples of the sequences, for the best one of all
    hangs on few units."""
    chances = held.chances[:, 1]
    cuts = cuts_between(chances)
    cell = np.searchsorted(cuts, chances)  # units of cell k are above the first k cuts
    owner = np.unique(held.owners, return_inverse=True)[1]
    sequences = int(owner.max()) + 1
    usual = threshold_of(begin, table, 1)
    best = []
    for _ in range(RESAMPLES):
        drawn = np.bincount(rng.integers(sequences, size=sequences), minlength=sequences)
        each = held.weights * drawn[owner]
        confusions = np.zeros((len(cuts), 2, 2))
        for truth in (0, 1):
            own = np.bincount(
                cell[held.truth == truth], each[held.truth == truth], minlength=len(cuts) + 1
            )
            above = own.sum() - np.cumsum(own)[:-1]
            confusions[:, truth, 1], confusions[:, truth, 0] = above, own.sum() - above
        scores = scored(confusions)
        top = cuts[scores >= scores.max() - 1e-12]
        best.append(top[np.argmin(np.abs(top - usual))])
    return weights_at(float(np.median(best)), table)


def cuts_between(chances: Doubles) -> Doubles:
    """List thresholds between probabilities that differ, at most MOST_CUTS."""
    distinct = np.unique(chances)
    if len(distinct) == 1:
        return np.array([0.5])
    return evenly((distinct[1:] + distinct[:-1]) / 2, MOST_CUTS)


def fit_weights(held: Held, table: Doubles, scored: Score, *, begin: Doubles) -> Doubles:
    """Change the weight of one class after the other while that is better."""
    weights = begin.copy()
    for _ in range(PASSES):
        before = weights.copy()
        for at in range(len(weights)):
            weights = best_change(held, table, scored, weights, at)
        if np.array_equal(weights, before):
            break
    return weights


def best_change(held: Held, table: Doubles, scored: Score, weights: Doubles, at: int) -> Doubles:
    """Multiply one weight by the factor that is best, of equals that nearest to 1."""
    scores = scores_along(held, table, scored, weights, at)
    top = np.flatnonzero(scores >= scores.max() - 1e-12)
    nearest = top[np.argmin(np.abs(np.log(FACTORS[top])))]
    return changed(weights, at, FACTORS[nearest])


def scores_along(held: Held, table: Doubles, scored: Score, weights: Doubles, at: int) -> Doubles:
    """Score the rules that differ in the weight of one class, [factors]."""
    every = [by_rule(held, changed(weights, at, factor), table) for factor in FACTORS]
    return scored(np.stack(every))


def changed(weights: Doubles, at: int, factor: float) -> Doubles:
    """Multiply one of the weights."""
    return np.where(np.arange(len(weights)) == at, weights * factor, weights)


def curves_of(
    held: Held,
    weights: Doubles,
    table: Doubles,
    scored: Score,
    *,
    classes: tuple[str, ...],
    metric: str,
) -> tuple[RuleCurve, ...]:
    """Draw the metric against the threshold of the rarer of two classes, or against what the weight
    of each of the rarest classes is multiplied by."""
    order = np.argsort(counts_of(held, len(classes)), kind="stable")
    if len(classes) == 2:
        rare = int(order[0])
        shown = np.linspace(0.5 / POINTS, 1 - 0.5 / POINTS, POINTS)
        second = shown if rare == 1 else 1 - shown
        values = scored(np.stack([by_rule(held, weights_at(t, table), table) for t in second]))
        return (curve_of(classes[rare], shown, values, metric),)
    return tuple(
        curve_of(classes[at], FACTORS, scores_along(held, table, scored, weights, int(at)), metric)
        for at in order[:MOST_CURVES]
    )


def curve_of(label: str, places: Doubles, scores: Doubles, metric: str) -> RuleCurve:
    values = [shown_value(metric, float(score)) for score in scores]
    points = zip(places.tolist(), values, strict=True)
    return RuleCurve(label=label, points=tuple((float(x), value) for x, value in points))
