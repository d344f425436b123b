"""Compute metrics and their 95% intervals from sums over groups of units.

A unit is what one prediction is for: a sequence, or a timestep where there is one target per
timestep. A group is what the bootstrap draws: units that may depend on each other. Every metric
here is a function of sums over units, so a resample is a weighted sum of the groups' sums and a
thousand resamples are one matrix product, however many units there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.decisions import decided
from rnnauto.metrics import METRICS, Metric

Metrics = dict[str, Doubles]
Sums = TypeVar("Sums")

MAIN_METRIC = {"classification": "accuracy", "regression": "rmse", "forecasting": "mase"}
SMALLEST_PROBABILITY = 1e-7  # as Keras' cross-entropy: float32 cannot tell less from 0
FEWEST_SEQUENCES = 20
BLOCKS = 50
MOST_GROUPS = 2_000
BLOCK_UNITS = 1 << 18  # that are summed up in one go
COVERED = (2.5, 97.5)  # per cent


@dataclass(frozen=True)
class Measure(Generic[Sums]):
    """How a metric is computed for one kind of predictions.

    Attributes:
        of: takes their (weighted) sums and gives the metric's values, [resamples].
    """

    metric: Metric
    of: Callable[[Sums], Doubles]


def measured(measures: Sequence[Measure[Sums]], sums: Sums) -> Metrics:
    """Compute all metrics, by name."""
    return {measure.metric.name: measure.of(sums) for measure in measures}


def names_measured(measures: Sequence[Measure[Sums]]) -> tuple[str, ...]:
    """List the names of the metrics."""
    return tuple(measure.metric.name for measure in measures)


@dataclass(frozen=True)
class Interval:
    """A metric and its 95% percentile bootstrap interval; NaN: undefined.

    Attributes:
        value: on all units.
        low, high: the interval around it.
    """

    value: float
    low: float
    high: float


def unit_groups(row_splits: Integers, *, per_timestep: bool) -> Integers:
    """Number the group of every unit, [units].

    A sequence is a group. Neighbouring timesteps are not independent, so with one target per
    timestep a whole sequence is drawn or left out; with fewer than 20 sequences there would be
    too few groups to draw from, and each is cut into contiguous blocks, about 50 in all, that are
    long enough (at least the cube root of all timesteps, the usual rate of a block bootstrap) to
    keep most of the dependence inside a block.
    """
    count = len(row_splits) - 1 if not per_timestep else int(row_splits[-1] - row_splits[0])
    return groups_of(row_splits, np.arange(count), per_timestep=per_timestep)


def groups_of(row_splits: Integers, chosen: Integers, *, per_timestep: bool) -> Integers:
    """Number the groups of some units, as `unit_groups` does those of all, [chosen]."""
    if not per_timestep:
        return chosen.astype(np.int64)
    lengths, splits = np.diff(row_splits), row_splits - row_splits[0]
    sequence = np.searchsorted(splits, chosen, side="right") - 1
    if np.count_nonzero(lengths) >= FEWEST_SEQUENCES:
        return sequence
    timesteps = int(lengths.sum())
    block = max(1, -(-timesteps // BLOCKS), round(timesteps ** (1 / 3)))
    blocks = -(-lengths // block)  # [sequences]
    first = np.cumsum(blocks) - blocks  # [sequences], number of a sequence's first block
    # equal shares of a sequence, so that its last block is not a stump
    within = (chosen - splits[sequence]) * blocks[sequence] // lengths[sequence]
    return np.asarray(first[sequence] + within, np.int64)


def compact_groups(groups: Integers, *, seed: int) -> tuple[Integers, int]:
    """Number the groups from 0, and merge them at random where there are more than 2,000.

    Independent groups stay independent when merged, so the intervals are as wide as before, and
    their cost no longer grows with the data.

    Returns: the group of every unit, [units], and the number of groups.
    """
    names, numbers = np.unique(groups, return_inverse=True)
    if len(names) <= MOST_GROUPS:
        return numbers.astype(np.int64), len(names)
    merged = np.random.default_rng(seed).permutation(len(names)) % MOST_GROUPS
    return merged[numbers].astype(np.int64), MOST_GROUPS


def resample_weights(groups: int, *, resamples: int, seed: int) -> Doubles:
    """Draw resamples: how often each holds a group, [resamples, groups]; every row sums to
    `groups`."""
    rng = np.random.default_rng(seed)
    weights = np.empty((resamples, groups))
    for own in weights:
        own[:] = np.bincount(rng.integers(groups, size=groups), minlength=groups)
    return weights


def predicted_classes(
    probabilities: NDArray[np.floating], worth: NDArray[np.float32] | None = None
) -> Integers:
    """Choose the class of every unit, [units], the likeliest or the one worth most; -1, never
    right, where a probability is NaN."""
    finite = np.isfinite(probabilities).all(axis=1)
    return np.where(finite, decided(probabilities, worth), -1).astype(np.int64)


def confusion_counts(truth: Integers, predicted: Integers, *, classes: int) -> Integers:
    """Count units by class, int64 [true class, predicted class]; those without a prediction left
    out."""
    answered = predicted >= 0
    cells = truth[answered].astype(np.int64) * classes + predicted[answered]
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def class_sums(
    truth: Integers,
    probabilities: NDArray[np.floating],
    groups: Integers,
    *,
    count: int,
    weights: NDArray[np.floating] | None = None,
    answers: Integers | None = None,
) -> Doubles:
    """Sum what classification metrics need of every group, [groups, 3 * classes + 1].

    Columns: units that are right, by class; units by true class; units by predicted class;
    log loss.

    Args:
        truth: classes, [units].
        probabilities: [units, classes].
        groups: [units], each below `count`.
        weights: how much each unit counts, [units]; None: all the same.
        answers: classes, [units], below 0 where there is none; None: the likeliest.
    """
    sums = np.zeros((count, 3 * probabilities.shape[1] + 1))
    for begin in range(0, len(truth), BLOCK_UNITS):  # so that what it takes stays small
        here = slice(begin, begin + BLOCK_UNITS)
        own, given = (None if each is None else each[here] for each in (weights, answers))
        sums += block_sums(
            *(truth[here], probabilities[here], groups[here]),
            count=count,
            weights=own,
            answers=given,
        )
    return sums


def block_sums(
    truth: Integers,
    probabilities: NDArray[np.floating],
    groups: Integers,
    *,
    count: int,
    weights: NDArray[Any] | None,
    answers: NDArray[Any] | None,
) -> Doubles:
    """Do as `class_sums`, all at once."""
    classes = probabilities.shape[1]
    predicted = predicted_classes(probabilities) if answers is None else answers
    weights = np.ones(len(truth)) if weights is None else weights

    def tally(units: NDArray[np.bool_], labels: Integers) -> Doubles:
        cells = groups[units] * classes + labels[units]
        tallied = np.bincount(cells, weights[units], minlength=count * classes)
        return tallied.reshape(count, classes).astype(np.float64)

    everything = np.ones(len(truth), np.bool_)
    likelihood = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    likelihood = np.clip(np.nan_to_num(likelihood, nan=0.0), SMALLEST_PROBABILITY, 1.0)
    loss = np.bincount(groups, weights=-np.log(likelihood) * weights, minlength=count)
    return np.concatenate(
        [
            tally(predicted == truth, truth),
            tally(everything, truth),
            tally(predicted >= 0, predicted),
            loss[:, None],
        ],
        axis=1,
    )


class ClassSums(NamedTuple):
    """(Weighted) sums of `class_sums`.

    Attributes:
        right, true, predicted: units by class, [resamples, classes].
        loss: log loss, [resamples].
    """

    right: Doubles
    true: Doubles
    predicted: Doubles
    loss: Doubles

    @property
    def units(self) -> Doubles:
        """All units, [resamples]."""
        return np.asarray(self.true.sum(axis=1))


def class_columns(sums: Doubles) -> ClassSums:
    """Name the columns of `class_sums`."""
    right, true, predicted = np.split(sums[:, :-1], 3, axis=1)
    return ClassSums(right, true, predicted, sums[:, -1])


def mean_recall(sums: ClassSums) -> Doubles:
    """Average recall over the classes that the truth holds, as scikit-learn has it."""
    recall = sums.right / np.where(sums.true > 0, sums.true, 1)
    return np.asarray(recall.sum(axis=1) / (sums.true > 0).sum(axis=1))


def mean_f1(sums: ClassSums) -> Doubles:
    """Average F1 over the classes that truth or predictions hold, as scikit-learn has it."""
    either = sums.true + sums.predicted
    f1 = 2 * sums.right / np.where(either > 0, either, 1)
    return np.asarray(f1.sum(axis=1) / (either > 0).sum(axis=1))


def share_right(sums: ClassSums) -> Doubles:
    """Compute the share of units that are right."""
    return np.asarray(sums.right.sum(axis=1) / sums.units)


# what classes have, whatever their accuracy is called
BESIDE_ACCURACY: tuple[Measure[ClassSums], ...] = (
    Measure(METRICS["balanced_accuracy"], mean_recall),
    Measure(METRICS["macro_f1"], mean_f1),
    Measure(METRICS["log_loss"], lambda sums: sums.loss / sums.units),
)
CLASS_METRICS = (Measure(METRICS["accuracy"], share_right), *BESIDE_ACCURACY)


COST_METRICS: tuple[Measure["CostSums"], ...] = (
    Measure(METRICS["cost"], lambda sums: sums.cost / sums.units),
)


class CostSums(NamedTuple):
    """(Weighted) sums of units and of what their answers cost, [resamples] each."""

    units: Doubles
    cost: Doubles


def class_metrics(sums: Doubles, measures: Sequence[Measure[ClassSums]] = CLASS_METRICS) -> Metrics:
    """Compute classification metrics from (weighted) sums of `class_sums`, [resamples, columns]."""
    return measured(measures, class_columns(sums))


def value_sums(
    truth: NDArray[np.floating],
    values: NDArray[np.floating],
    groups: Integers,
    *,
    count: int,
    weights: NDArray[np.floating] | None = None,
) -> Doubles:
    """Sum what regression metrics need of every group, [groups, 5].

    Columns: units; absolute error; squared error; truth and its square, measured from the median
    of all units, which keeps `r2` exact far from zero.
    """
    error = values.astype(np.float64) - truth.astype(np.float64)
    centred = truth.astype(np.float64) - np.median(truth.astype(np.float64))
    each = np.ones_like(error) if weights is None else weights
    columns = [each, np.abs(error) * each, error**2 * each, centred * each, centred**2 * each]
    return np.stack([np.bincount(groups, column, minlength=count) for column in columns], axis=1)


class ValueSums(NamedTuple):
    """(Weighted) sums of `value_sums`, [resamples] each.

    Attributes:
        absolute, squared: of the errors.
        centred, centred_squared: of the truth, measured from the median.
    """

    units: Doubles
    absolute: Doubles
    squared: Doubles
    centred: Doubles
    centred_squared: Doubles


def explained(sums: ValueSums) -> Doubles:
    """Compute R2; NaN where the truth is constant: there is nothing to explain."""
    spread = sums.centred_squared - sums.centred**2 / sums.units
    constant = spread <= 1e-12 * sums.centred_squared  # rounding noise of the subtraction
    return np.where(constant, np.nan, 1 - sums.squared / np.where(constant, 1, spread))


VALUE_METRICS: tuple[Measure[ValueSums], ...] = (
    Measure(METRICS["mae"], lambda sums: sums.absolute / sums.units),
    Measure(METRICS["rmse"], lambda sums: np.sqrt(sums.squared / sums.units)),
    Measure(METRICS["r2"], explained),
)
# of the lengths of answers that end by themselves
LENGTH_METRICS: tuple[Measure[ValueSums], ...] = (
    Measure(METRICS["length_mae"], lambda sums: sums.absolute / sums.units),
)


def value_metrics(sums: Doubles, measures: Sequence[Measure[ValueSums]] = VALUE_METRICS) -> Metrics:
    """Compute regression metrics from (weighted) sums of `value_sums`, [resamples, 5]."""
    return measured(measures, ValueSums(*sums.T))


class Placed(Protocol):
    """Sums of distances between places, [resamples] each.

    Attributes:
        places: answers with a place at every timestep.
        mean_distance, last_distance: of each over its timesteps, and at the last.
    """

    @property
    def places(self) -> Doubles: ...

    @property
    def mean_distance(self) -> Doubles: ...

    @property
    def last_distance(self) -> Doubles: ...


def ratio(total: Doubles, by: Doubles) -> Doubles:
    """Divide sums; NaN where there is nothing to divide by."""
    return np.where(by > 0, total / np.where(by > 0, by, 1), np.nan)


PLACE_METRICS: tuple[Measure[Placed], ...] = (
    Measure(METRICS["average_displacement"], lambda sums: ratio(sums.mean_distance, sums.places)),
    Measure(METRICS["final_displacement"], lambda sums: ratio(sums.last_distance, sums.places)),
)


def interval(value: float, resampled: Doubles) -> Interval:
    """Compute the interval of a metric: percentiles of its resamples, [resamples], where defined.

    It always holds `value`, which a skewed metric's percentiles (macro F1 with a class of two
    units) may not.
    """
    known = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or not known.size:
        return Interval(value=value, low=np.nan, high=np.nan)
    low, high = np.percentile(known, COVERED)
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))
