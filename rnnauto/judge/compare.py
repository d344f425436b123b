"""The model beside the baselines, on the test part."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.answer_tokens import TokensEncoder, cut
from rnnauto.data.encode import Encoded, LabelEncoder, encode
from rnnauto.data.pairs import EncodedPairs
from rnnauto.data.prepare import Prepared
from rnnauto.judge.answer_baselines import (
    AnswerBaseline,
    fit_answer_baselines,
    likelihood_by,
    write_by,
)
from rnnauto.judge.baselines import (
    Baselines,
    answer_baselines,
    direct_baselines,
    fit_baselines,
    predict,
)
from rnnauto.judge.evaluate import Evaluation, evaluate, score
from rnnauto.judge.evaluate_answers import (
    Written,
    answer_metric,
    evaluate_answers,
    score_answers,
)
from rnnauto.judge.metrics import MAIN_METRIC, unit_groups


def fit_and_validate(prepared: Prepared, *, seed: int) -> tuple[Baselines, dict[str, float]]:
    """Baselines for the test part, and what such baselines reach on the validation part.

    For the test part they learn from train and validation together: a baseline needs no
    validation part, and deserves all the data that the model had.
    """
    if isinstance(prepared.development, EncodedPairs):
        return answers_and_validate(prepared, prepared.development, seed=seed)
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


def answers_and_validate(
    prepared: Prepared, pairs: EncodedPairs, *, seed: int
) -> tuple[tuple[AnswerBaseline, ...], dict[str, float]]:
    train, validation = prepared.parts.folds[0]
    layout, encoder = prepared.layout, prepared.encoders.target
    assert isinstance(encoder, TokensEncoder)
    metric = answer_metric(layout)
    held_out = prepared.parts.development.take(validation, per_timestep=False)
    assert held_out.targets is not None
    truth = cut(held_out.targets, encoder.tokens)

    def fit_on(part: EncodedPairs) -> tuple[AnswerBaseline, ...]:
        return fit_answer_baselines(
            part,
            entries=prepared.encoders.outputs,
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


def class_count(prepared: Prepared) -> int | None:
    target = prepared.encoders.target
    return len(target.classes) if isinstance(target, LabelEncoder) else None


def point_score(encoded: Encoded, predicted: NDArray[Any], metric: str) -> float:
    groups = unit_groups(encoded.row_splits, per_timestep=encoded.per_timestep)
    scores = score(encoded.targets, predicted, groups=groups, resamples=1)
    return scores.metrics[metric].value


def evaluate_test(
    prepared: Prepared,
    predicted: NDArray[np.float32] | Written,
    baselines: Baselines,
    *,
    seed: int,
) -> Evaluation:
    target = prepared.encoders.target
    if isinstance(predicted, Written):
        return evaluate_answers(
            prepared.test,
            predicted,
            answer_baselines(baselines),
            layout=prepared.layout,
            encoders=prepared.encoders,
            seed=seed,
        )
    test = encode(prepared.test, prepared.encoders, per_timestep=prepared.layout.per_timestep)
    labels = target.classes if isinstance(target, LabelEncoder) else None
    return evaluate(test, predicted, direct_baselines(baselines), labels=labels, seed=seed)
