"""The model beside the baselines, on the test part."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import Encoded, encode
from rnnauto.data.prepare import Prepared
from rnnauto.data.targets import LabelEncoder
from rnnauto.judge.baselines import Baseline, fit_baselines, predict, save_baselines
from rnnauto.judge.evaluate import Evaluation, evaluate, score
from rnnauto.judge.language import (
    LabelShares,
    NGrams,
    evaluate_language_test,
    fit_and_validate_language,
    save_language_baselines,
)
from rnnauto.judge.metrics import MAIN_METRIC, unit_groups

AnyBaselines = tuple[Baseline, ...] | NGrams | LabelShares


def fit_and_validate(prepared: Prepared, *, seed: int) -> tuple[AnyBaselines, dict[str, float]]:
    """Baselines for the test part, and what such baselines reach on the validation part.

    For the test part they learn from train and validation together: a baseline needs no
    validation part, and deserves all the data that the model had.
    """
    if prepared.layout.task == "language-modelling":
        return fit_and_validate_language(prepared)
    train, validation = prepared.parts.folds[0]
    classes = class_count(prepared)
    held_out = prepared.development.take(validation)
    earlier = fit_baselines(prepared.development.take(train), classes=classes, seed=seed)
    metric = MAIN_METRIC[prepared.layout.task]
    validated = {
        baseline.name: point_score(held_out, predict(baseline, held_out), metric)
        for baseline in earlier
    }
    return fit_baselines(prepared.development, classes=classes, seed=seed), validated


def class_count(prepared: Prepared) -> int | None:
    target = prepared.encoders.target
    return len(target.classes) if isinstance(target, LabelEncoder) else None


def point_score(encoded: Encoded, predicted: NDArray[Any], metric: str) -> float:
    groups = unit_groups(encoded.row_splits, per_timestep=encoded.per_timestep)
    scores = score(encoded.targets, predicted, groups=groups, resamples=1)
    return scores.metrics[metric].value


def evaluate_test(
    prepared: Prepared,
    predicted: NDArray[np.float32],
    baselines: AnyBaselines,
    *,
    seed: int,
) -> Evaluation:
    if isinstance(baselines, NGrams | LabelShares):
        return evaluate_language_test(prepared, predicted, baselines, seed=seed)
    target = prepared.encoders.target
    test = encode(prepared.test, prepared.encoders, per_timestep=prepared.layout.per_timestep)
    labels = target.classes if isinstance(target, LabelEncoder) else None
    return evaluate(test, predicted, baselines, labels=labels, seed=seed)


def save_any_baselines(path_npz: Path, baselines: AnyBaselines) -> None:
    if isinstance(baselines, NGrams | LabelShares):
        save_language_baselines(path_npz, baselines)
    else:
        save_baselines(path_npz, baselines)
