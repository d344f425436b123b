"""The model beside the baselines, on the test part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import Encoded, Encoders, encode
from rnnauto.data.prepare import Prepared
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.data.targets import TargetEncoder
from rnnauto.judge.evaluate import Evaluation, evaluate, score
from rnnauto.judge.evaluate_forecasts import evaluate_forecasts, validated_forecasts
from rnnauto.judge.language import (
    LabelShares,
    NGrams,
    evaluate_language_test,
    fit_and_validate_language,
)
from rnnauto.judge.measures import main_metric
from rnnauto.judge.metrics import unit_groups
from rnnauto.judge.several import Predictor, fit_predictors

AnyBaselines = tuple[Predictor, ...] | NGrams | LabelShares


def fit_and_validate(prepared: Prepared, *, seed: int) -> tuple[AnyBaselines, dict[str, float]]:
    """Baselines for the test part, and what such baselines reach on the validation part.

    For the test part they learn from train and validation together: a baseline needs no
    validation part, and deserves all the data that the model had.
    """
    if prepared.layout.task == "language-modelling":
        return fit_and_validate_language(prepared)
    train, validation = prepared.parts.folds[0]
    if isinstance(prepared.development, EncodedSeries):
        assert isinstance(prepared.encoders, SeriesEncoders)
        held = prepared.development.take(validation)
        return (), validated_forecasts(held, season=prepared.encoders.season)
    assert isinstance(prepared.encoders, Encoders)
    target = prepared.encoders.target
    held_out = prepared.development.take(validation)
    earlier = fit_predictors(prepared.development.take(train), target=target, seed=seed)
    validated = {
        baseline.name: point_score(held_out, baseline(held_out), target) for baseline in earlier
    }
    return fit_predictors(prepared.development, target=target, seed=seed), validated


def point_score(encoded: Encoded, predicted: NDArray[Any], target: TargetEncoder) -> float:
    scores = score(
        encoded.targets,
        predicted,
        target=target,
        row_splits=encoded.row_splits if encoded.per_timestep else None,
        groups=unit_groups(encoded.row_splits, per_timestep=encoded.per_timestep),
        resamples=1,
    )
    return scores.metrics[main_metric(target, per_timestep=encoded.per_timestep)].value


def evaluate_test(
    prepared: Prepared,
    predicted: NDArray[np.float32],
    baselines: AnyBaselines,
    *,
    seed: int,
) -> Evaluation:
    if isinstance(baselines, NGrams | LabelShares):
        return evaluate_language_test(prepared, predicted, baselines, seed=seed)
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(prepared.encoders, SeriesEncoders)
        season = prepared.encoders.season
        return evaluate_forecasts(prepared.test.encoded, predicted, season=season, seed=seed)
    assert isinstance(prepared.encoders, Encoders)
    assert isinstance(prepared.test, Sequences)
    test = encode(prepared.test, prepared.encoders, per_timestep=prepared.layout.per_timestep)
    return evaluate(test, predicted, baselines, target=prepared.encoders.target, seed=seed)
