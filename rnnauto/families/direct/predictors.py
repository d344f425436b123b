"""Fit baselines for any kind of target: one model per target, or per label of a set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.decisions import Matrix
from rnnauto.data.encode import Encoded
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
)
from rnnauto.families.direct.boosted import Boosted, fit_boosted, predict_boosted
from rnnauto.families.direct.last_timestep import NAME as LAST
from rnnauto.families.direct.last_timestep import at_the_end, fit_last, has_a_last
from rnnauto.families.direct.linear import Baseline, fit_baselines, known_targets, predict
from rnnauto.families.direct.rivals.by_position import NAME as POSITIONS
from rnnauto.families.direct.rivals.by_position import at_positions, fit_by_position, has_positions
from rnnauto.families.direct.rivals.ngram_linear import (
    NgramLinear,
    fit_ngrams,
    has_grams,
    predict_ngrams,
)
from rnnauto.families.direct.rivals.rocket import Rocket, fit_rocket, has_signals, predict_rocket

MOST_LABELS = 200  # with a linear model each
Part = Baseline | Boosted | NgramLinear | Rocket


@dataclass(frozen=True)
class FittedPredictor:
    """A baseline for all that a target holds.

    Attributes:
        parts: a model for each target, or for each label of a set.
        kind: `one`, `several` or `set`.
        worth: by which it answers a class, fitted on the validation part; None where that was not
            asked for, or the rule is the model's to keep.
    """

    name: str
    parts: tuple[Part, ...]
    kind: str
    worth: Matrix | None = None

    def __call__(self, encoded: Encoded) -> Doubles:
        """Predict in the form that `runner.predict` has for the model."""
        if self.kind == "one":
            return answer_of(self.parts[0], encoded)
        answers = [answer_of(part, of_target(encoded, 0)) for part in self.parts]
        if self.kind == "set":  # of two classes, whether the label is there
            return np.stack([answer[:, 1] for answer in answers], axis=1)
        return np.concatenate([answer.reshape(len(answer), -1) for answer in answers], axis=1)


def answer_of(part: Part, encoded: Encoded) -> Doubles:
    """Predict probabilities [units, classes], or values [units]."""
    if isinstance(part, Boosted):
        return predict_boosted(part, encoded)
    if isinstance(part, NgramLinear):
        return predict_ngrams(part, encoded)
    if isinstance(part, Rocket):
        return predict_rocket(part, encoded)
    return predict(part, read_by(part, encoded))


def read_by(part: Baseline, encoded: Encoded) -> Encoded:
    """Give what a linear model reads of sequences: all of them, or what its name says."""
    if part.name == POSITIONS:
        return at_positions(part, encoded)
    return at_the_end(encoded) if part.name == LAST else encoded


def of_target(encoded: Encoded, number: int) -> Encoded:
    """Keep one column of the targets."""
    column: NDArray[Any] = np.ascontiguousarray(encoded.targets[:, number])
    return replace(encoded, targets=column)


def fit_predictors(
    encoded: Encoded, *, target: TargetEncoder, seed: int
) -> tuple[FittedPredictor, ...]:
    """Fit the baselines of a train part, as `fit_baselines` has them, for each target or label.

    Raises: DataError where no target is known.
    """
    classes, kind = classes_of(target), kind_of(target)
    if kind == "one":
        parts = fit_parts(encoded, classes=classes[0], seed=seed)
        return tuple(FittedPredictor(part.name, (part,), "one") for part in parts.values())
    linear = kind == "several" or len(classes) <= MOST_LABELS
    columns = [
        fit_parts(
            of_target(encoded, at), classes=count, seed=seed, linear=linear, share=len(classes)
        )
        for at, count in enumerate(classes)
    ]
    return tuple(
        FittedPredictor(name, tuple(parts[name] for parts in columns), kind)
        for name in columns[0]
        if all(name in parts for parts in columns)
    )


def kind_of(target: TargetEncoder) -> str:
    """Say what a target holds: `one`, `several` or a `set`."""
    if isinstance(target, SeveralTargets):
        return "several"
    return "set" if isinstance(target, LabelSetEncoder) else "one"


def classes_of(target: TargetEncoder) -> list[int | None]:
    """Count the classes that each part of a baseline tells apart; None where it tells values."""
    match target:
        case SeveralTargets():
            return [len(e.classes) if isinstance(e, LabelEncoder) else None for e in target.each]
        case LabelSetEncoder():
            return [2] * len(target.labels)
        case _:
            return [len(target.classes) if isinstance(target, LabelEncoder) else None]


def fit_parts(
    encoded: Encoded, *, classes: int | None, seed: int, linear: bool = True, share: int = 1
) -> dict[str, Part]:
    """Fit baselines for one target, by name: those of `fit_baselines` and, of whole sequences, the
    last timestep alone and trees on summary statistics.

    Args: share: how many targets share the time.
    """
    parts: dict[str, Part] = {
        part.name: part
        for part in fit_baselines(encoded, classes=classes, seed=seed, linear=linear)
    }
    if not linear:
        return parts
    known = known_targets(encoded, classes=classes)
    if has_grams(encoded, share=share):
        grams = fit_ngrams(encoded, known, classes=classes, seed=seed, share=share)
        if grams is not None:
            parts[grams.name] = grams
    if encoded.per_timestep:
        return parts
    if has_a_last(encoded):
        parts[LAST] = fit_last(encoded, known, classes=classes, seed=seed)
    if has_positions(encoded):
        parts[POSITIONS] = fit_by_position(encoded, known, classes=classes, seed=seed)
    if has_signals(encoded, share=share):
        rocket = fit_rocket(encoded, known, classes=classes, seed=seed, share=share)
        if rocket is not None:
            parts[rocket.name] = rocket
    boosted = fit_boosted(encoded, known, classes=classes, seed=seed, share=share)
    if boosted is not None:
        parts[boosted.name] = boosted
    return parts


def judged(encoded: Encoded, target: TargetEncoder) -> tuple[Encoded, TargetEncoder]:
    """Give what is scored: of answers that end by themselves their values, at the true
    timesteps."""
    if not isinstance(target, EndingValue):
        return encoded, target
    return of_target(encoded, 0), target.value


def gathered(baselines: Sequence[Part], target: TargetEncoder) -> tuple[FittedPredictor, ...]:
    """Put stored parts together again; those of one name belong to one predictor."""
    kind = kind_of(target)
    named = groupby(baselines, key=lambda baseline: baseline.name)
    return tuple(FittedPredictor(name, tuple(parts), kind) for name, parts in named)
