"""Measure the metric that trials of lists of numbers are selected by."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.batches import Batch
from rnnauto.data.targets import SeveralTargets, ValueEncoder
from rnnauto.families.lists.encode import EncodedLists
from rnnauto.families.lists.metrics import PlaceSums, place_columns
from rnnauto.judge.evaluate import score
from rnnauto.judge.metrics import PLACE_METRICS, measured, names_measured
from rnnauto.search.trial import StudyProblem


@dataclass
class ListMeter:
    """The answers to a validation part so far, at the true timesteps.

    Attributes:
        target: the targets as those of a value per timestep.
        places: sums of distances between places.
        kept: truth and values, [units, targets].
    """

    problem: StudyProblem
    target: SeveralTargets | ValueEncoder
    places: Doubles = field(default_factory=lambda: np.zeros(3))
    kept: list[tuple[NDArray[Any], Doubles]] = field(default_factory=list)

    def add(self, outputs: NDArray[Any], batch: Batch) -> None:
        """Take the outputs for a batch."""
        targets = self.problem.features.targets
        mean, deviation = np.array(self.problem.scales[:targets]).T
        truth = np.asarray(batch.targets[..., :targets], np.float64)
        values = outputs[:, : truth.shape[1], :targets] * deviation + mean
        known = np.asarray(np.isfinite(truth).any(axis=2))
        self.kept.append((truth[known], values[known]))
        some = known.any(axis=1)
        columns = place_columns(truth[some], values[some], known[some])
        self.places = self.places + np.array([column.sum() for column in columns])

    def value(self) -> float:
        """Compute the objective of all that was taken."""
        objective = self.problem.objective
        if objective in names_measured(PLACE_METRICS):
            return float(measured(PLACE_METRICS, PlaceSums(*self.places[:, None]))[objective][0])
        truth, values = (np.concatenate(each) for each in zip(*self.kept, strict=True))
        if isinstance(self.target, ValueEncoder):
            truth, values = truth[:, 0], values[:, 0]
        alone = np.zeros(len(truth), np.int64)
        scores = score(truth, values, target=self.target, groups=alone, resamples=0)
        return scores.metrics[objective].value


def meter(problem: StudyProblem, data: EncodedLists, chosen: Integers) -> ListMeter:
    """Begin to measure the objective on a validation part."""
    each = tuple(
        ValueEncoder(mean=mean, deviation=deviation)
        for mean, deviation in problem.scales[: problem.features.targets]
    )
    several = SeveralTargets(names=problem.targets, each=each) if problem.targets else each[0]
    return ListMeter(problem, several)
