"""Score anomaly models beside simple rules, on the same timesteps."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnauto.arrays import Doubles, Flags
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.families.anomaly.baselines import Baseline, fit_baselines, tell, with_threshold
from rnnauto.families.anomaly.encode import AnomalyPart, Surprises, encode, known_timesteps
from rnnauto.families.anomaly.metrics import alarm_metrics, alarm_sums, periods_of
from rnnauto.families.anomaly.prepare import AnomalyPrepared
from rnnauto.judge.evaluate import RESAMPLES, Evaluation, Scores, beats_every
from rnnauto.judge.metrics import compact_groups, interval, resample_weights, unit_groups

METRIC = "negative_log_likelihood"


def fit_and_validate(
    prepared: AnomalyPrepared, *, seed: int, metric: str = METRIC
) -> tuple[tuple[Baseline, ...], dict[str, float]]:
    """Fit rules for the test part, with thresholds by the calibration part, and measure the
    likelihood that such rules reach on the validation part; no other `metric` selects."""
    encoders, development = prepared.encoders, prepared.development
    train, validation = prepared.parts.folds[0]
    held_out = development.take(validation)
    counted = held_out.targets != MISSING_TARGET
    validated = {}
    for rule in fit_baselines(development.take(train), encoders, seed=seed):
        nats = tell(rule, held_out, encoders).likelihood[counted]
        if np.isfinite(nats).any():
            validated[rule.name] = float(np.nanmean(nats))
    calibration = prepared.test.calibration
    assert calibration is not None
    aside = encode(calibration, encoders)
    final = fit_baselines(development, encoders, seed=seed)
    return tuple(with_threshold(rule, aside, encoders) for rule in final), validated


def evaluate_part(
    part: AnomalyPart,
    answers: Surprises,
    baselines: Sequence[Baseline],
    *,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    """Score the flags and likelihoods of a model and of the rules on the same timesteps; the
    verdict goes by the likelihood of normal timesteps, where a rule has one."""
    encoded = part.encoded()
    known = known_timesteps(encoded, part.encoders)
    # what a timestep is of a day takes a look at every sequence
    period = periods_of(part.sequences.row_splits, part.sequences.times, part.encoders.target.unit)
    how: dict[str, Any] = {"known": known, "period": period, "seed": seed}
    model = scores_of(part, answers.flags, answers.likelihood.astype(np.float64), **how)
    others = {}
    for rule in baselines:
        told = tell(rule, encoded, part.encoders)
        flags = np.nan_to_num(told.score, nan=-np.inf) > rule.threshold
        others[rule.name] = scores_of(part, flags, told.likelihood, **how)
    comparable = {
        name: scores for name, scores in others.items() if np.isfinite(scores.metrics[METRIC].value)
    }
    owners = np.repeat(np.arange(len(part)), part.lengths)
    return Evaluation(
        scores=model,
        baselines=others,
        rows=model.units,
        sequences=len(np.unique(owners[known])),
        beats_baselines=beats_every(model, comparable, METRIC),
        labels=None,
        main_metric=METRIC,
    )


def scores_of(
    part: AnomalyPart,
    flags: Flags,
    likelihood: Doubles,
    *,
    known: Flags,
    period: Doubles,
    seed: int,
) -> Scores:
    """Compute every metric with its interval: sequences are drawn, or stretches of a few long
    ones. `known` and `period` are those of `alarm_sums`."""
    row_splits = part.sequences.row_splits
    groups = unit_groups(row_splits, per_timestep=True)
    numbers, count = compact_groups(groups, seed=seed)
    sums = alarm_sums(
        flags & known,
        likelihood,
        part.faults,
        row_splits,
        known,
        period=period,
        groups=numbers,
        count=count,
    )
    weights = resample_weights(count, resamples=RESAMPLES if count > 1 else 0, seed=seed)
    with np.errstate(invalid="ignore"):
        values = alarm_metrics(sums.sum(axis=0, keepdims=True), part.layout, part.encoders)
        resampled = alarm_metrics(weights @ sums, part.layout, part.encoders)
    return Scores(
        metrics={name: interval(float(values[name][0]), resampled[name]) for name in values},
        confusion=None,
        units=int(known.sum()),
        resampled=resampled,
    )
