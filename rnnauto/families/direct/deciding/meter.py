"""Measure the metric that trials of values, classes and sets of labels are selected by."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers, splits_of
from rnnauto.data.batches import Batch
from rnnauto.data.targets import (
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.judge.evaluate import score, side_by_side
from rnnauto.judge.measures import Units, each_target, metrics_of, sums_of
from rnnauto.judge.metrics import Metrics
from rnnauto.search.trial import StudyProblem
from rnnauto.search.validation import votes_of


@dataclass
class DirectMeter:
    """The answers to a validation part so far, as `judge` sums them.

    Attributes:
        target: the encoder that the judge takes answers by.
        sums: of each target, by its place: those of classes and labels.
        last: the units that were summed last, which say what the sums are of.
        kept: truth, values and weights, of which `r2` has no sums that add up.
    """

    problem: StudyProblem
    target: TargetEncoder
    sums: list[Doubles] = field(default_factory=list)
    last: list[Units] = field(default_factory=list)
    kept: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = field(default_factory=list)

    def add(self, outputs: NDArray[Any], batch: Batch) -> None:
        """Take the outputs for a batch."""
        truth, row_splits, weights = batch.targets, None, batch.weights
        if self.problem.features.per_timestep:
            outputs = outputs[:, : truth.shape[1]]  # a network gives one timestep, even of none
            row_splits = splits_of(np.full(len(truth), truth.shape[1]))
            truth = truth.reshape(-1, *truth.shape[2:])
            outputs = outputs.reshape(-1, outputs.shape[-1])
        answers = votes_of(outputs, self.problem.answer)
        if self.problem.answer.loss == "values":
            mean, deviation = np.array(self.problem.scales).T
            self.add_values(truth, answers * deviation + mean, weights)
        else:
            self.add_classes(truth, answers, row_splits, weights)

    def add_values(self, truth: NDArray[Any], values: Doubles, weights: Floats | None) -> None:
        """Keep values, [units, targets], but for the ends of answers."""
        each = np.ones(len(truth)) if weights is None else weights.ravel()
        if isinstance(self.target, ValueEncoder):
            truth, values = truth.reshape(len(truth), -1)[:, 0], values[:, 0]
        self.kept.append((truth, values, each))

    def add_classes(
        self,
        truth: NDArray[Any],
        answers: Doubles,
        row_splits: Integers | None,
        weights: Floats | None,
    ) -> None:
        """Sum what the metrics need of each target."""
        columns: list[tuple[NDArray[Any], NDArray[Any], TargetEncoder]]
        columns = [(truth, answers, self.target)]
        if isinstance(self.target, SeveralTargets):
            parts = each_target(truth, answers, self.target)
            columns = [(part, chances, encoder) for _, part, chances, encoder in parts]
        each = None if weights is None else weights.ravel().astype(np.float64)
        every = [
            (Units(part, chances, np.zeros(len(part), np.int64), 1, row_splits, each), encoder)
            for part, chances, encoder in columns
        ]
        now = [sums_of(units, encoder) for units, encoder in every]
        before = self.sums or [np.zeros_like(each) for each in now]
        self.sums = [one + other for one, other in zip(before, now, strict=True)]
        self.last = [units for units, _ in every]

    def value(self) -> float:
        """Compute the objective of all that was taken."""
        metrics = self.of_values() if self.kept else self.of_classes()
        return float(np.asarray(metrics[self.problem.measured]).item())

    def of_values(self) -> Metrics:
        truth, values, weights = (np.concatenate(each) for each in zip(*self.kept, strict=True))
        alone = np.zeros(len(truth), np.int64)
        scores = score(
            truth, values, target=self.target, groups=alone, resamples=0, weights=weights
        )
        return {name: np.array(each.value) for name, each in scores.metrics.items()}

    def of_classes(self) -> Metrics:
        target = self.target
        encoders = target.each if isinstance(target, SeveralTargets) else (target,)
        found = [
            metrics_of(sums, units, encoder)
            for sums, units, encoder in zip(self.sums, self.last, encoders, strict=True)
        ]
        if not self.problem.targets:
            return found[0]
        return side_by_side(dict(zip(self.problem.targets, found, strict=True)))


def meter(problem: StudyProblem, data: Any, chosen: Integers) -> DirectMeter:
    """Begin to measure the objective on a validation part."""
    return DirectMeter(problem, target_of(problem))


def target_of(problem: StudyProblem) -> TargetEncoder:
    """Make an encoder that the judge tells metrics by; of classes but tags the names do not
    matter."""
    answer = problem.answer
    if answer.loss == "labels":
        return LabelSetEncoder(labels=numbered(answer.widths[0]), kind="text")
    encoders: tuple[LabelEncoder | ValueEncoder, ...]
    if answer.loss == "values":
        scales = problem.scales[: len(answer.widths) - answer.unscored]
        encoders = tuple(ValueEncoder(mean=mean, deviation=width) for mean, width in scales)
    else:
        names = [problem.tags or numbered(width) for width in answer.widths]
        costs = problem.costs
        encoders = tuple(LabelEncoder(classes=each, kind="text", costs=costs) for each in names)
    return SeveralTargets(names=problem.targets, each=encoders) if problem.targets else encoders[0]


def numbered(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))
