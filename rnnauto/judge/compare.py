"""The model beside the baselines, on the test part."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.answer_tokens import TokensEncoder, cut
from rnnauto.data.encode import Encoded, Encoders, encode
from rnnauto.data.pairs import EncodedPairs
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.data.split import Parts
from rnnauto.data.targets import EndingValue, TargetEncoder, ended
from rnnauto.judge.answer_baselines import (
    AnswerBaseline,
    fit_answer_baselines,
    likelihood_by,
    write_by,
)
from rnnauto.judge.evaluate import Evaluation, evaluate, score
from rnnauto.judge.evaluate_answers import Answered, answer_metric, evaluate_answers, score_answers
from rnnauto.judge.evaluate_forecasts import evaluate_forecasts, validated_forecasts
from rnnauto.judge.language import (
    LabelShares,
    NGrams,
    evaluate_language_test,
    fit_and_validate_language,
    language_metric,
)
from rnnauto.judge.measures import main_metric
from rnnauto.judge.metrics import MAIN_METRIC, unit_groups
from rnnauto.judge.several import Predictor, fit_predictors, judged
from rnnauto.judge.stored import answer_baselines
from rnnauto.prepare import Prepared

AnyBaselines = tuple[Predictor, ...] | tuple[AnswerBaseline, ...] | NGrams | LabelShares


def metric_of(prepared: Prepared) -> str:
    """The metric that models and baselines are compared by."""
    layout, encoders = prepared.layout, prepared.encoders
    if isinstance(encoders, SeriesEncoders):
        return MAIN_METRIC["forecasting"]
    if layout.task == "language-modelling":
        return language_metric(layout)
    if layout.writes:
        return answer_metric(layout)
    return main_metric(encoders.target, per_timestep=layout.per_timestep)


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
    if isinstance(prepared.development, EncodedPairs):
        return answers_and_validate(prepared, prepared.development, seed=seed)
    held_out, target = judged(prepared.development.take(validation), prepared.encoders.target)
    development, _ = judged(prepared.development, prepared.encoders.target)
    earlier = fit_predictors(development.take(train), target=target, seed=seed)
    validated = {
        baseline.name: point_score(held_out, baseline(held_out), target) for baseline in earlier
    }
    return fit_predictors(development, target=target, seed=seed), validated


def answers_and_validate(
    prepared: Prepared, pairs: EncodedPairs, *, seed: int
) -> tuple[tuple[AnswerBaseline, ...], dict[str, float]]:
    train, validation = prepared.parts.folds[0]
    layout, encoders = prepared.layout, prepared.encoders
    assert isinstance(encoders, Encoders) and isinstance(prepared.parts, Parts)
    encoder = encoders.target
    assert isinstance(encoder, TokensEncoder)
    metric = answer_metric(layout)
    held_out = prepared.parts.development.take(validation, per_timestep=False)
    assert held_out.targets is not None
    truth = cut(held_out.targets, encoder.tokens)

    def fit_on(part: EncodedPairs) -> tuple[AnswerBaseline, ...]:
        return fit_answer_baselines(
            part,
            entries=encoder.entries,
            texts=layout.tokens is not None,
            generated=layout.rnn_type == "one-to-many",
            seed=seed,
        )

    part = pairs.take(validation)
    validated = {}
    for baseline in fit_on(pairs.take(train)):
        written = write_by(baseline, held_out, part, encoder)
        scores = score_answers(truth, written, likelihood_by(baseline, part), resamples=1)
        validated[baseline.name] = scores.metrics[metric].value
    return fit_on(pairs), validated


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
    predicted: NDArray[np.float32] | Answered,
    baselines: AnyBaselines,
    *,
    seed: int,
) -> Evaluation:
    if isinstance(baselines, NGrams | LabelShares):
        assert not isinstance(predicted, Answered)
        return evaluate_language_test(prepared, predicted, baselines, seed=seed)
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(prepared.encoders, SeriesEncoders)
        assert not isinstance(predicted, Answered)
        season = prepared.encoders.season
        return evaluate_forecasts(prepared.test.encoded, predicted, season=season, seed=seed)
    assert isinstance(prepared.encoders, Encoders)
    assert isinstance(prepared.test, Sequences)
    if isinstance(predicted, Answered):
        return evaluate_answers(
            prepared.test,
            predicted,
            answer_baselines(baselines),
            layout=prepared.layout,
            encoders=prepared.encoders,
            seed=seed,
        )
    test = encode(prepared.test, prepared.encoders, per_timestep=prepared.layout.per_timestep)
    predictors = [each for each in baselines if isinstance(each, Predictor)]
    return evaluate_direct(test, predicted, predictors, target=prepared.encoders.target, seed=seed)


def evaluate_direct(
    encoded: Encoded,
    predicted: NDArray[np.float32],
    predictors: Sequence[Predictor],
    *,
    target: TargetEncoder,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    """`evaluate`; of answers that end by themselves their values are scored at the true timesteps,
    and how far the lengths are off as `length_mae`."""
    if not isinstance(target, EndingValue):
        return evaluate(
            encoded, predicted, predictors, target=target, seed=seed, temperature=temperature
        )
    scored, shown = judged(encoded, target)
    found = evaluate(scored, predicted[:, 0], predictors, target=shown, seed=seed)
    known = np.isfinite(encoded.targets[:, 1])  # whether an answer ends is known up to its end
    lengths = known.reshape(len(encoded), -1).sum(axis=1).astype(np.float32)
    written = predicted[:, 1].reshape(len(encoded), -1)
    off = score(lengths, ended(written).astype(np.float32), seed=seed)
    scores = replace(found.scores, metrics={**found.metrics, "length_mae": off.metrics["mae"]})
    return replace(found, scores=scores)
