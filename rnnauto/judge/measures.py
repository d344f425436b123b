"""Measure a target's predictions, as sums over groups of units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.tags import are_tags, chunk_counts, read_tags
from rnnauto.data.targets import (
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
    value_encoders,
)
from rnnauto.judge.metrics import (
    BESIDE_ACCURACY,
    CLASS_METRICS,
    COST_METRICS,
    MAIN_METRIC,
    SMALLEST_PROBABILITY,
    VALUE_METRICS,
    ClassSums,
    CostSums,
    Measure,
    Metrics,
    class_columns,
    class_metrics,
    class_sums,
    measured,
    predicted_classes,
    share_right,
    value_metrics,
    value_sums,
)
from rnnauto.metrics import METRICS

AnyMeasures = Sequence[Measure[Any]]


@dataclass(frozen=True)
class Units:
    """The units of one target.

    Attributes:
        truth: [units], or [units, labels].
        predicted: as `runner.predict` gives it.
        groups: [units], each below `count`.
        count: how many groups there are.
        row_splits: of sequences of units; None where each stands alone.
        weights: how much each unit counts, [units]; None: all the same.
    """

    truth: NDArray[Any]
    predicted: NDArray[np.floating]
    groups: Integers
    count: int
    row_splits: Integers | None
    weights: NDArray[np.floating] | None = None


def main_metric(target: TargetEncoder, *, per_timestep: bool) -> str:
    """Name the metric that models and baselines are compared by."""
    if isinstance(target, LabelSetEncoder):
        return "negative_log_likelihood"
    if value_encoders(target):
        return MAIN_METRIC["regression"]
    if isinstance(target, LabelEncoder) and target.decides_by:
        return target.decides_by
    tagged = isinstance(target, LabelEncoder) and tags_of(target, per_timestep=per_timestep)
    return "entity_f1" if tagged else MAIN_METRIC["classification"]


def tags_of(target: LabelEncoder, *, per_timestep: bool) -> bool:
    """Whether classes are tags of chunks."""
    return per_timestep and are_tags(target.classes)


def known_units(truth: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark where there is a target, [units]; a class below 0 or a NaN is none. Of several targets,
    or labels, one is enough."""
    known = np.asarray(truth >= 0 if truth.dtype.kind in "iu" else np.isfinite(truth))
    return known if known.ndim == 1 else np.asarray(known.any(axis=1))


def sums_of(units: Units, target: TargetEncoder | None) -> Doubles:
    """Sum what the metrics need of every group, [groups, columns]; `target` is None where classes
    or values speak for themselves."""
    flags = known_units(units.truth)
    known = slice(None) if flags.all() else flags  # of many units all are copied otherwise
    truth, predicted, groups = units.truth[known], units.predicted[known], units.groups[known]
    weights = None if units.weights is None else units.weights[known]
    if isinstance(target, LabelSetEncoder):
        return set_sums(truth, predicted, groups, count=units.count, weights=weights)
    if truth.dtype.kind not in "iu":
        return value_sums(truth, predicted.reshape(-1), groups, count=units.count, weights=weights)
    rule = target if isinstance(target, LabelEncoder) else None
    every = answered(units, rule)
    answers = every[known]
    sums = class_sums(truth, predicted, groups, count=units.count, weights=weights, answers=answers)
    tags = tags_in(units, target)
    if tags:
        return np.concatenate([sums, tag_sums(units, tags, np.where(flags, every, -1))], axis=1)
    if rule is None or not rule.costs:
        return sums
    table = np.array(rule.costs)
    # an answer that is none costs what the dearest would
    costs = np.where(answers >= 0, table[truth, answers], table[truth].max(axis=1))
    costs = costs if weights is None else costs * weights
    column = np.bincount(groups, costs, minlength=units.count)
    return np.concatenate([sums, column[:, None]], axis=1)


def metrics_of(
    sums: Doubles,
    units: Units,
    target: TargetEncoder | None,
    measures: AnyMeasures | None = None,
) -> Metrics:
    """Compute metrics from (weighted) sums, [resamples, columns]; `measures` are those of the
    target where there are none."""
    if isinstance(target, LabelSetEncoder):
        return set_metrics(sums, measures or SET_METRICS)
    if units.truth.dtype.kind not in "iu":
        return value_metrics(sums, measures or VALUE_METRICS)
    if tags_in(units, target):
        return tag_metrics(sums, measures or TAG_METRICS)
    if isinstance(target, LabelEncoder) and target.costs:
        sums, costs = sums[:, :-1], sums[:, -1]
        cost = measured(COST_METRICS, CostSums(class_columns(sums).units, costs))
        return cost | class_metrics(sums, measures or CLASS_METRICS)
    return class_metrics(sums, measures or CLASS_METRICS)


def tags_in(units: Units, target: TargetEncoder | None) -> "TagClasses | None":
    """Find the tags of chunks and the sequences that they lie in; None where classes are no
    tags."""
    if not isinstance(target, LabelEncoder) or units.row_splits is None:
        return None
    return TagClasses(target.classes, units.row_splits) if are_tags(target.classes) else None


@dataclass(frozen=True)
class TagClasses:
    """Classes that are tags of chunks.

    Attributes:
        row_splits: of the sequences of units.
    """

    classes: tuple[str, ...]
    row_splits: Integers


def answered(units: Units, rule: LabelEncoder | None) -> Integers:
    """Choose the class of every unit, [units]; -1, never right, where a probability is NaN."""
    if rule is None or not rule.tags_in_order:
        return predicted_classes(units.predicted, None if rule is None else rule.worth)
    finite = np.isfinite(units.predicted).all(axis=1)
    return np.where(finite, rule.answered(units.predicted, units.row_splits), -1).astype(np.int64)


def tag_sums(units: Units, tags: TagClasses, predicted: Integers) -> Doubles:
    """Count right, predicted and true chunks by the group in which they start, [groups, 3]; a chunk
    has the weight of its first timestep.

    Args: predicted: classes, [units], below 0 where there is none.
    """
    counts = chunk_counts(
        units.truth.astype(np.int64), predicted, tags.row_splits, read_tags(tags.classes)
    )
    each = 1.0 if units.weights is None else units.weights
    columns = [np.bincount(units.groups, count * each, minlength=units.count) for count in counts]
    return np.stack(columns, axis=1)


def f1(right: Doubles, predicted: Doubles, true: Doubles) -> Doubles:
    """Compute F1; 1 where there is nothing to find and nothing was found."""
    either = predicted + true
    return np.where(either > 0, 2 * right / np.where(either > 0, either, 1), 1.0)


class TagSums(NamedTuple):
    """(Weighted) sums of the timesteps' classes, and of `tag_sums`, [resamples] each."""

    classes: ClassSums
    right: Doubles
    predicted: Doubles
    true: Doubles


def of_classes(measure: Measure[ClassSums]) -> Measure[TagSums]:
    """Make a measure of classes one of tags."""
    return Measure(measure.metric, lambda sums: measure.of(sums.classes))


TAG_METRICS: tuple[Measure[TagSums], ...] = (
    Measure(METRICS["entity_f1"], lambda sums: f1(sums.right, sums.predicted, sums.true)),
    Measure(METRICS["token_accuracy"], lambda sums: share_right(sums.classes)),
    *(of_classes(measure) for measure in BESIDE_ACCURACY),
)


def tag_metrics(sums: Doubles, measures: Sequence[Measure[TagSums]] = TAG_METRICS) -> Metrics:
    """Compute metrics of tags from (weighted) sums of `class_sums` and `tag_sums`, [resamples,
    columns]."""
    return measured(measures, TagSums(class_columns(sums[:, :-3]), *sums[:, -3:].T))


def set_sums(
    truth: NDArray[Any],
    predicted: NDArray[np.floating],
    groups: Integers,
    *,
    count: int,
    weights: NDArray[np.floating] | None = None,
) -> Doubles:
    """Sum what the metrics of sets need. Columns: units; sets that are right as a whole; negative
    log likelihood; of every label how often it was right, predicted, true. [groups, 3 + 3 *
    labels]"""
    there, said = truth == 1, predicted > 0.5
    sure = np.clip(predicted.astype(np.float64), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    loss = -np.where(there, np.log(sure), np.log1p(-sure)).sum(axis=1)
    columns = np.concatenate(
        [
            np.stack([np.ones(len(truth)), (there == said).all(axis=1), loss], axis=1),
            there & said,
            said,
            there,
        ],
        axis=1,
    )
    if weights is not None:
        columns = columns * weights[:, None]
    sums = np.zeros((count, columns.shape[1]))
    np.add.at(sums, groups, columns)
    return sums


class SetSums(NamedTuple):
    """(Weighted) sums of `set_sums`, [resamples], or of labels [resamples, labels].

    Attributes:
        right: sets that are right as a whole.
        loss: negative log likelihood.
        hits, found, there: how often a label was right, predicted, true.
    """

    units: Doubles
    right: Doubles
    loss: Doubles
    hits: Doubles
    found: Doubles
    there: Doubles


def mean_label_f1(sums: SetSums) -> Doubles:
    """Average F1 over the labels that truth or predictions hold."""
    of_labels = f1(sums.hits, sums.found, sums.there)
    seen = sums.found + sums.there > 0
    return np.asarray(np.where(seen, of_labels, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1))


SET_METRICS: tuple[Measure[SetSums], ...] = (
    Measure(METRICS["negative_log_likelihood"], lambda sums: sums.loss / sums.units),
    Measure(METRICS["accuracy"], lambda sums: sums.right / sums.units),  # of whole sets
    Measure(METRICS["macro_f1"], mean_label_f1),
)


def set_metrics(sums: Doubles, measures: Sequence[Measure[SetSums]] = SET_METRICS) -> Metrics:
    """Compute metrics of sets of labels from (weighted) sums of `set_sums`, [resamples,
    columns]."""
    return measured(measures, SetSums(*sums[:, :3].T, *np.split(sums[:, 3:], 3, axis=1)))


def each_target(
    truth: NDArray[Any], predicted: NDArray[np.floating], target: SeveralTargets
) -> list[tuple[str, NDArray[Any], NDArray[np.floating], LabelEncoder | ValueEncoder]]:
    """List name, truth, predictions and encoder of each of several targets."""
    widths = [len(e.classes) if isinstance(e, LabelEncoder) else 1 for e in target.each]
    parts = np.split(predicted, np.cumsum(widths)[:-1], axis=1)
    columns = list(truth.T)
    return list(zip(target.names, columns, parts, target.each, strict=True))
