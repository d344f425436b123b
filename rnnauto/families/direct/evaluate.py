"""Score values, classes and sets of labels beside the baselines, on the same units."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.decisions import Matrix
from rnnauto.data.encode import Encoded
from rnnauto.data.settling import Settled
from rnnauto.data.targets import EndingValue, LabelEncoder, TargetEncoder, ended
from rnnauto.families.direct.deciding.rule import Held, fit_decision
from rnnauto.families.direct.encode import DirectPart
from rnnauto.families.direct.predictors import FittedPredictor, fit_predictors, judged
from rnnauto.families.direct.prepare import DirectPrepared
from rnnauto.judge.early_metrics import with_early
from rnnauto.judge.evaluate import Evaluation, Scores, evaluate, score
from rnnauto.judge.metrics import LENGTH_METRICS, unit_groups

NO_CLASS = -2  # of what holds nothing to read: never right


def fit_and_validate(
    prepared: DirectPrepared, *, seed: int, metric: str
) -> tuple[tuple[FittedPredictor, ...], dict[str, float]]:
    """Fit baselines for the test part, and score such baselines on the validation part by a metric.

    For the test part they learn from train and validation together: a baseline needs no
    validation part, and deserves all the data that the model had.
    """
    train, validation = prepared.parts.folds[0]
    held_out, target = judged(prepared.development.seen(validation), prepared.encoders.target)
    development, _ = judged(prepared.development, prepared.encoders.target)
    validated, rules = {}, {}
    for earlier in fit_predictors(development.seen(train), target=target, seed=seed):
        said = earlier(held_out)
        validated[earlier.name] = point_score(held_out, said, target, metric=metric)
        rules[earlier.name] = rival_rule(held_out, said, target, seed=seed)
    every = np.arange(len(development))
    final = fit_predictors(development.seen(every), target=target, seed=seed)
    return tuple(replace(each, worth=rules.get(each.name)) for each in final), validated


def rival_rule(
    held_out: Encoded, said: NDArray[Any], target: TargetEncoder, *, seed: int
) -> Matrix | None:
    """Fit the rule by which a baseline answers a class as that of the model is, to what such a one
    says of the validation part; None where no rule is asked for."""
    if not isinstance(target, LabelEncoder) or not target.decides_by:
        return None
    known = np.flatnonzero(held_out.targets >= 0)
    owners = np.arange(len(held_out))
    if held_out.per_timestep:
        owners = np.repeat(owners, held_out.lengths)
    weights = np.ones(len(known))
    if held_out.weights is not None:
        weights = held_out.weights[known].astype(np.float64)
    held = Held(
        np.asarray(said, np.float64)[known],
        held_out.targets[known].astype(np.int64),
        owners[known],
        weights,
    )
    rule = fit_decision(
        held, target.classes, metric=target.decides_by, costs=target.costs, seed=seed
    )
    return rule.worth


def point_score(
    encoded: Encoded, predicted: NDArray[Any], target: TargetEncoder, *, metric: str
) -> float:
    """Score predictions by one metric, without its interval."""
    scores = score(
        encoded.targets,
        predicted,
        target=target,
        row_splits=encoded.row_splits if encoded.per_timestep else None,
        groups=unit_groups(encoded.row_splits, per_timestep=encoded.per_timestep),
        resamples=1,
        weights=encoded.weights,
    )
    return scores.metrics[metric].value


def evaluate_part(
    part: DirectPart,
    answers: NDArray[np.float32],
    baselines: Sequence[FittedPredictor],
    *,
    seed: int,
    temperature: float | None = None,
    settled: Settled | None = None,
) -> Evaluation:
    """Score the answers to a part, and the baselines' answers.

    Args:
        temperature: what was fitted on validation, to try it on probabilities of classes.
        settled: the answers before the ends of sequences; None where there are none.
    """
    encoded = part.encoded()
    evaluation = evaluate_direct(
        encoded,
        answers,
        baselines,
        target=part.encoders.target,
        seed=seed,
        temperature=temperature,
    )
    if settled is None:
        return evaluation
    known = np.isfinite(answers).all(axis=1)
    at_end = np.where(known, answers.argmax(axis=1), NO_CLASS)
    said = np.where(settled.classes >= 0, settled.classes, at_end)
    scores = with_early(
        evaluation.scores,
        encoded.targets,
        said,
        settled.shares,
        weights=encoded.weights,
        seed=seed,
    )
    return replace(evaluation, scores=scores)


def evaluate_direct(
    encoded: Encoded,
    predicted: NDArray[np.float32],
    predictors: Sequence[FittedPredictor],
    *,
    target: TargetEncoder,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    """Do as `evaluate`; of answers that end by themselves their values are scored at the true
    timesteps, and how far the lengths are off as `length_mae`."""
    if not isinstance(target, EndingValue):
        return evaluate(
            encoded, predicted, predictors, target=target, seed=seed, temperature=temperature
        )
    scored, shown = judged(encoded, target)
    evaluation = evaluate(scored, predicted[:, 0], predictors, target=shown, seed=seed)
    known = np.isfinite(encoded.targets[:, 1])  # whether an answer ends is known up to its end
    lengths = known.reshape(len(encoded), -1).sum(axis=1).astype(np.float32)
    written = predicted[:, 1].reshape(len(encoded), -1)
    weights = encoded.weights
    length_scores = score(
        lengths,
        ended(written).astype(np.float32),
        seed=seed,
        measures=LENGTH_METRICS,
        weights=None if weights is None else weights.reshape(len(encoded), -1)[:, 0],
    )
    scores = replace(evaluation.scores, metrics=evaluation.metrics | length_scores.metrics)
    return replace(evaluation, scores=scores)


def scores_of(part: DirectPart, answers: NDArray[Any], *, seed: int) -> Scores:
    """Score answers, without baselines."""
    return evaluate(part.encoded(), answers, (), target=part.encoders.target, seed=seed).scores
