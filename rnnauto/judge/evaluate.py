"""Compute scores with intervals, and compare them with baselines on the same units."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.encode import Encoded
from rnnauto.data.targets import LabelEncoder, SeveralTargets, TargetEncoder
from rnnauto.errors import DataError
from rnnauto.judge.calibration import calibration
from rnnauto.judge.diagnosis import Calibration
from rnnauto.judge.measures import (
    AnyMeasures,
    Units,
    answered,
    each_target,
    known_units,
    main_metric,
    metrics_of,
    sums_of,
)
from rnnauto.judge.metrics import (
    Interval,
    Metrics,
    compact_groups,
    confusion_counts,
    interval,
    resample_weights,
    unit_groups,
)
from rnnauto.judge.scored import Advantage, Number, Scored, VerdictKind
from rnnauto.judge.words import digits, span
from rnnauto.mapped import trim
from rnnauto.metrics import best_of, lower_is_better, metric_words

RESAMPLES = 1_000


class Predictor(Protocol):
    """A baseline of values, classes or sets of labels."""

    @property
    def name(self) -> str: ...

    def __call__(self, encoded: Encoded) -> Doubles: ...


@dataclass(frozen=True)
class Scores:
    """Every metric of one predictor on one part.

    Attributes:
        confusion: units [true class][predicted class]; None for a regression.
        resampled: the metrics on every bootstrap resample, [resamples] each. Two scores of the
            same units, seed and number of resamples saw the same resamples.
    """

    metrics: dict[str, Interval]
    confusion: list[list[int]] | None
    units: int
    resampled: Mapping[str, Doubles] = field(repr=False, compare=False)

    def to_json(self) -> dict[str, dict[str, Number]]:
        """Write the metrics as JSON has them."""
        return {name: scored_of(estimate).model_dump() for name, estimate in self.metrics.items()}


@dataclass(frozen=True)
class Verdict:
    """Does the network beat the baselines? In one plain sentence, without its full stop.

    Attributes:
        kind: beats (clearly better than every baseline), even, or behind (clearly worse than one).
        best: the best baseline; None where there is none.
        difference: how much better the network is than that one.
    """

    kind: VerdictKind
    sentence: str
    best: str | None = None
    difference: Interval | None = None

    @property
    def comparison(self) -> Advantage:
        """The numbers behind the sentence."""
        advantage = self.difference
        return Advantage(
            kind=self.kind,
            best_baseline=self.best,
            difference=None if advantage is None else scored_of(advantage),
        )


@dataclass(frozen=True)
class Evaluation:
    """A model's scores beside the baselines'.

    Attributes:
        rows: units with a known target: the rows of the prediction file that were scored.
        sequences: sequences with at least one of them.
        labels: classes in the order of the confusion matrix; None where there is none.
        main_metric: the name of the metric that the comparison goes by.
        calibration: of single classes.
        signatures: by metric, how another program computes the same number.
    """

    scores: Scores
    baselines: dict[str, Scores]
    rows: int
    sequences: int
    beats_baselines: bool
    labels: tuple[str, ...] | None
    main_metric: str
    calibration: Calibration | None = None
    signatures: Mapping[str, str] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, Interval]:
        """The model's own metrics, by name."""
        return self.scores.metrics

    @property
    def verdict(self) -> str:
        """The verdict in one sentence."""
        return verdict_of(self).sentence

    def to_json(self) -> dict[str, Any]:
        """Write the keys of `evaluate --json`; what is undefined is null."""
        confusion = None
        if self.scores.confusion is not None and self.labels is not None:
            confusion = {"labels": list(self.labels), "counts": self.scores.confusion}
        verdict, reliable = verdict_of(self), self.calibration
        return {
            "metrics": self.scores.to_json(),
            "baselines": {name: scores.to_json() for name, scores in self.baselines.items()},
            "rows": self.rows,
            "sequences": self.sequences,
            "beats_baselines": self.beats_baselines,
            "verdict": verdict.sentence,
            "comparison": verdict.comparison.model_dump(),
            "confusion": confusion,
            "calibration": None if reliable is None else reliable.model_dump(),
            "signatures": dict(self.signatures),
        }


def scored_of(estimate: Interval) -> Scored:
    """Write an interval as JSON has it: what is not finite is None."""
    value, low, high = (
        number if math.isfinite(number) else None
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return Scored(value=value, low=low, high=high)


def score(
    truth: NDArray[Any],
    predicted: NDArray[np.floating],
    *,
    target: TargetEncoder | None = None,
    row_splits: Integers | None = None,
    groups: Integers | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    measures: AnyMeasures | None = None,
    weights: NDArray[np.floating] | None = None,
) -> Scores:
    """Compute every metric with its interval, over the units whose truth is known; of several
    targets also each by itself, as `<metric>_<target>`, beside the mean over the targets.

    Args:
        truth: integer classes (-1 where missing), or values (NaN where missing), [units]; one more
            axis with several targets or sets of labels.
        predicted: probabilities [units, classes], or values [units]; several side by side.
        target: None where classes or values speak for themselves.
        row_splits: the sequences of units, where there is one target per timestep.
        groups: [units], the group that the bootstrap draws a unit with (`unit_groups`); None where
            every unit stands alone. With a single group the intervals are undefined (NaN).
        measures: what to compute of the sums; None: what the target's kind has.
        weights: how much each unit counts, [units]; the confusion counts units.

    Raises: DataError where no truth is known, or none of it has a weight.
    """
    known = some_known(truth, weights)
    groups = np.arange(len(truth)) if groups is None else groups
    numbers = np.zeros(len(truth), np.int64)
    numbers[known], count = compact_groups(groups[known], seed=seed)
    drawn = resample_weights(count, resamples=resamples if count > 1 else 0, seed=seed)

    def measured(
        part: NDArray[Any], answers: NDArray[np.floating], encoder: TargetEncoder | None
    ) -> tuple[Metrics, Metrics]:
        units = Units(part, answers, numbers, count, row_splits, weights)
        # predictions beyond all bounds give infinite or undefined metrics, which are reported so
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            sums = sums_of(units, encoder)
            whole = metrics_of(sums.sum(axis=0, keepdims=True), units, encoder, measures)
            return whole, metrics_of(drawn @ sums, units, encoder, measures)

    if isinstance(target, SeveralTargets):
        columns = each_target(truth, predicted, target)
        by_target = {
            name: measured(part, column, encoder) for name, part, column, encoder in columns
        }
        values, resampled = (
            side_by_side({name: both[at] for name, both in by_target.items()}) for at in (0, 1)
        )
    else:
        values, resampled = measured(truth, predicted, target)
    return Scores(
        metrics={name: interval(float(values[name][0]), resampled[name]) for name in values},
        confusion=confusion_of(Units(truth, predicted, numbers, count, row_splits), known, target),
        units=int(known.sum()),
        resampled=resampled,
    )


def some_known(truth: NDArray[Any], weights: NDArray[np.floating] | None) -> NDArray[np.bool_]:
    """Do as `known_units`. Raises: DataError where there is none, or none that counts."""
    known = known_units(truth)
    if weights is not None and known.any() and not weights[known].any():
        raise DataError(
            "the weight of every known target is 0",
            hint="give some of the rows that are scored a weight above 0",
        )
    if not known.any():
        raise DataError(
            f"none of the {len(truth):,} targets is known",
            hint="scoring needs a target column with values (of the classes that the model knows)",
        )
    return known


def side_by_side(by_target: dict[str, Metrics]) -> Metrics:
    """Give the mean over the targets under the bare name, then one more for each target."""
    names = list(next(iter(by_target.values())))
    mean = {
        name: np.mean([metrics[name] for metrics in by_target.values()], axis=0) for name in names
    }
    single = {
        f"{name}_{target}": metrics[name] for name in names for target, metrics in by_target.items()
    }
    return mean | single


def confusion_of(
    units: Units, known: NDArray[np.bool_], target: TargetEncoder | None
) -> list[list[int]] | None:
    """Count known units by true and predicted class; None where answers are no single classes."""
    truth, several = units.truth, isinstance(target, SeveralTargets)
    if truth.ndim > 1 or truth.dtype.kind not in "iu" or several:
        return None
    classes = answered(units, target if isinstance(target, LabelEncoder) else None)[known]
    width = units.predicted.shape[1]
    counts: list[list[int]] = confusion_counts(truth[known], classes, classes=width).tolist()
    return counts


def difference(a: Scores, b: Scores, metric: str) -> Interval:
    """Measure how much better `a` is than `b` (positive: better), over the same resamples of both.

    Both must come from the same units, groups and seed: what makes a resample hard is then hard
    for both and cancels, and the interval is narrower than the two intervals suggest.
    """
    assert a.units == b.units and len(a.resampled[metric]) == len(b.resampled[metric])
    sign = -1.0 if lower_is_better(metric) else 1.0
    with np.errstate(invalid="ignore"):  # infinite on both sides
        resampled = sign * (a.resampled[metric] - b.resampled[metric])
    return interval(sign * (a.metrics[metric].value - b.metrics[metric].value), resampled)


def beats(model: Scores, baseline: Scores, metric: str) -> bool:
    """Whether the whole 95% interval of the paired difference is in the model's favour.

    False where the interval is undefined: a single sequence shows nothing.
    """
    return difference(model, baseline, metric).low > 0


def beats_every(model: Scores, baselines: Mapping[str, Scores], metric: str) -> bool:
    """Whether there are baselines, and the model beats each."""
    return bool(baselines) and all(beats(model, each, metric) for each in baselines.values())


def verdict_of(evaluation: Evaluation) -> Verdict:
    """Judge whether a baseline is as good as the network, or better, by the paired bootstrap
    interval of their difference on the test part."""
    metric = evaluation.main_metric
    words, value = metric_words(metric), digits(evaluation.metrics[metric].value)
    if not math.isfinite(evaluation.metrics[metric].value):
        return Verdict("behind", f"the network has no {words} on the test part that is a number")
    if not evaluation.baselines:
        return Verdict("even", f"there is no baseline to compare with: {words} {value}")
    lower = lower_is_better(metric)
    sign = -1.0 if lower else 1.0
    scored = {name: scores.metrics[metric].value for name, scores in evaluation.baselines.items()}
    known = [name for name, number in scored.items() if math.isfinite(number)] or list(scored)
    best = max(known, key=lambda name: sign * scored[name])
    advantage = difference(evaluation.scores, evaluation.baselines[best], metric)
    both = f"{words} {value} against {digits(scored[best])}"
    said, aside = both + ", lower is better" * lower, " (lower is better)" * lower
    kind: VerdictKind = "even"
    if not math.isfinite(advantage.low):
        sentence = f"one sequence shows nothing: {both} of the best baseline, `{best}`{aside}"
    elif advantage.low > 0 and evaluation.beats_baselines:
        kind = "beats"
        sentence = f"the network beats every baseline: {both} of the best, `{best}`{aside}"
    elif advantage.low > 0:
        sentence = (
            f"the network beats the best baseline, `{best}` ({said}), but not every one clearly"
        )
    else:
        between = span(Scored(value=advantage.value, low=advantage.low, high=advantage.high))
        gap = f"difference {between}"
        sentence = f"`{best}` is as good as the network ({said}; {gap}): use the simpler"
        if advantage.high < 0:
            kind = "behind"
            sentence = f"`{best}` is better than the network ({said}; {gap}): use it instead"
    return Verdict(kind, sentence, best, advantage)


def rival(target: TargetEncoder, name: str) -> TargetEncoder:
    """Give the target as a baseline answers it: by a rule of its own."""
    return target.as_rival(name) if isinstance(target, LabelEncoder) else target


def judged_by(evaluation: Evaluation, metric: str) -> Evaluation:
    """Compare with the baselines by another metric than the main one; by that where there is none
    ("") or a baseline has not this, or more of it is not always better."""
    every = (evaluation.scores, *evaluation.baselines.values())
    known = all(metric in scores.metrics for scores in every)
    if not metric or not known or best_of(metric) is not None:
        return evaluation
    beaten = beats_every(evaluation.scores, evaluation.baselines, metric)
    return replace(evaluation, main_metric=metric, beats_baselines=beaten)


def evaluate(
    encoded: Encoded,
    predicted: NDArray[np.floating],
    baselines: Sequence[Predictor],
    *,
    target: TargetEncoder,
    seed: int = 0,
    resamples: int = RESAMPLES,
    temperature: float | None = None,
    measures: AnyMeasures | None = None,
) -> Evaluation:
    """Score a model's predictions, and the baselines', on the same units.

    Args:
        predicted: as `runner.predict` gives it: probabilities, or values in data units.
        temperature: what was fitted on validation, to try it on probabilities of classes.
        measures: as for `score`.
    """
    groups = unit_groups(encoded.row_splits, per_timestep=encoded.per_timestep)

    def scored(predictions: NDArray[np.floating], of: TargetEncoder) -> Scores:
        return score(
            encoded.targets,
            predictions,
            target=of,
            row_splits=encoded.row_splits if encoded.per_timestep else None,
            groups=groups,
            seed=seed,
            resamples=resamples,
            measures=measures,
            weights=encoded.weights,
        )

    model = scored(predicted, target)
    trim()
    others = {}
    for baseline in baselines:
        others[baseline.name] = scored(baseline(encoded), rival(target, baseline.name))
        trim()
    metric = main_metric(target, per_timestep=encoded.per_timestep)
    labels, reliable = None, None
    if isinstance(target, LabelEncoder):
        labels = target.classes
        reliable = calibration(predicted, encoded.targets, temperature=temperature)
    sequence_of = np.arange(len(encoded))
    if encoded.per_timestep:
        sequence_of = np.repeat(sequence_of, encoded.lengths)
    return Evaluation(
        scores=model,
        baselines=others,
        rows=model.units,
        sequences=len(np.unique(sequence_of[known_units(encoded.targets)])),
        beats_baselines=beats_every(model, others, metric),
        labels=labels,
        main_metric=metric,
        calibration=reliable,
    )
