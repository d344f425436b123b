"""The model beside the baselines, on the test part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import Encoded, Encoders, encode
from rnnauto.data.prepare import Prepared
from rnnauto.data.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.data.targets import LabelEncoder
from rnnauto.judge.baselines import Baseline, fit_baselines, predict
from rnnauto.judge.evaluate import Evaluation, evaluate, score
from rnnauto.judge.evaluate_forecasts import evaluate_forecasts, validated_forecasts
from rnnauto.judge.metrics import MAIN_METRIC, unit_groups


def fit_and_validate(
    prepared: Prepared, *, seed: int
) -> tuple[tuple[Baseline, ...], dict[str, float]]:
    """Baselines for the test part, and what such baselines reach on the validation part.

    For the test part they learn from train and validation together: a baseline needs no
    validation part, and deserves all the data that the model had.
    """
    train, validation = prepared.parts.folds[0]
    if isinstance(prepared.development, EncodedSeries):
        assert isinstance(prepared.encoders, SeriesEncoders)
        held = prepared.development.take(validation)
        return (), validated_forecasts(held, season=prepared.encoders.season)
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
    assert isinstance(prepared.encoders, Encoders)
    target = prepared.encoders.target
    return len(target.classes) if isinstance(target, LabelEncoder) else None


def point_score(encoded: Encoded, predicted: NDArray[Any], metric: str) -> float:
    groups = unit_groups(encoded.row_splits, per_timestep=encoded.per_timestep)
    scores = score(encoded.targets, predicted, groups=groups, resamples=1)
    return scores.metrics[metric].value


def evaluate_test(
    prepared: Prepared,
    predicted: NDArray[np.float32],
    baselines: tuple[Baseline, ...],
    *,
    seed: int,
) -> Evaluation:
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(prepared.encoders, SeriesEncoders)
        season = prepared.encoders.season
        return evaluate_forecasts(prepared.test.encoded, predicted, season=season, seed=seed)
    assert isinstance(prepared.encoders, Encoders)
    target = prepared.encoders.target
    test = encode(prepared.test, prepared.encoders, per_timestep=prepared.layout.per_timestep)
    labels = target.classes if isinstance(target, LabelEncoder) else None
    return evaluate(test, predicted, baselines, labels=labels, seed=seed)
