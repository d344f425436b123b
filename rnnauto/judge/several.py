"""Baselines for any kind of target: a linear model per target, or per label of a set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import Encoded
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
)
from rnnauto.judge.answer_baselines import AnswerBaseline
from rnnauto.judge.baselines import Baseline, Baselines, fit_baselines, predict
from rnnauto.judge.metrics import Doubles

MOST_LABELS = 200  # with a linear model each


@dataclass(frozen=True)
class Predictor:
    """One baseline: its `parts` are for one target each, or for one label of a set each."""

    name: str
    parts: tuple[Baseline, ...]
    kind: str  # one, several or set

    def __call__(self, encoded: Encoded) -> Doubles:
        """Predictions as `runner.predict` gives the model's."""
        if self.kind == "one":
            return predict(self.parts[0], encoded)
        answers = [predict(part, of_target(encoded, 0)) for part in self.parts]
        if self.kind == "set":  # of two classes, whether the label is there
            return np.stack([answer[:, 1] for answer in answers], axis=1)
        return np.concatenate([answer.reshape(len(answer), -1) for answer in answers], axis=1)


def of_target(encoded: Encoded, number: int) -> Encoded:
    """One column of the targets."""
    column: NDArray[Any] = np.ascontiguousarray(encoded.targets[:, number])
    return replace(encoded, targets=column)


def fit_predictors(encoded: Encoded, *, target: TargetEncoder, seed: int) -> tuple[Predictor, ...]:
    """The baselines of a train part, as `fit_baselines` has them, for each target or label.

    Raises: DataError where no target is known.
    """
    match target:
        case SeveralTargets():
            classes = [len(e.classes) if isinstance(e, LabelEncoder) else None for e in target.each]
            kind = "several"
        case LabelSetEncoder():
            classes, kind = [2] * len(target.labels), "set"
        case _:
            only = len(target.classes) if isinstance(target, LabelEncoder) else None
            parts = fit_baselines(encoded, classes=only, seed=seed)
            return tuple(Predictor(part.name, (part,), "one") for part in parts)
    linear = kind == "several" or len(classes) <= MOST_LABELS
    columns = [
        fit_baselines(of_target(encoded, at), classes=count, seed=seed, linear=linear)
        for at, count in enumerate(classes)
    ]
    return tuple(Predictor(parts[0].name, parts, kind) for parts in zip(*columns, strict=True))


def judged(encoded: Encoded, target: TargetEncoder) -> tuple[Encoded, TargetEncoder]:
    """What is scored: of answers that end by themselves their values, at the true timesteps."""
    if not isinstance(target, EndingValue):
        return encoded, target
    return of_target(encoded, 0), target.value


def flat(predictors: Sequence[Predictor | AnswerBaseline]) -> Baselines:
    """Every part, for storing."""
    parts: list[Baseline | AnswerBaseline] = []
    for predictor in predictors:
        parts += predictor.parts if isinstance(predictor, Predictor) else (predictor,)
    return tuple(parts)


def gathered(baselines: Sequence[Baseline], target: TargetEncoder) -> tuple[Predictor, ...]:
    """Stored parts put together again; those of one name belong to one predictor."""
    kind = "one"
    if isinstance(target, SeveralTargets):
        kind = "several"
    elif isinstance(target, LabelSetEncoder):
        kind = "set"
    named = groupby(baselines, key=lambda baseline: baseline.name)
    return tuple(Predictor(name, tuple(parts), kind) for name, parts in named)
