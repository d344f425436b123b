"""Score language models beside their baselines: likelihood of what really followed.

A score is a log likelihood in nats and whether the guess was right, of every target: float32
[timesteps, 2]. Models and baselines give the same two numbers, whatever they predict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.data.encode import Encoded
from rnnauto.errors import DataError
from rnnauto.families.language.encode import LanguageEncoders, LanguagePart, NextSet, outputs_of
from rnnauto.families.language.ngrams import (
    LARGEST_KEY,
    LONGEST,
    Grams,
    fit_ngrams,
    score_ngrams,
)
from rnnauto.families.language.prepare import LanguagePrepared
from rnnauto.judge.evaluate import RESAMPLES, Evaluation, Scores, beats_every
from rnnauto.judge.metrics import (
    Measure,
    Metrics,
    compact_groups,
    interval,
    measured,
    names_measured,
    resample_weights,
    unit_groups,
)
from rnnauto.judge.stored import Arrays, load_arrays
from rnnauto.layout import Layout
from rnnauto.metrics import METRICS

NAMES = {1: "unigram", 2: "bigram", 3: "trigram"}
ALWAYS = 2  # orders that are shown beside the best


@dataclass(frozen=True)
class NGrams:
    """Baselines of tokens.

    Attributes:
        grams: those of orders 1, 2, ...
        best: the order that did best on the validation part.
    """

    grams: tuple[Grams, ...]
    best: int


@dataclass(frozen=True)
class LabelShares:
    """Baselines of sets: how often a label is there.

    Attributes:
        alone: whatever was there before, float64 [labels].
        after: where it was absent and where it was there one timestep before, float64 [2, labels].
    """

    alone: Doubles
    after: Doubles


Baselines = NGrams | LabelShares


def language_metric(layout: Layout) -> str:
    return "negative_log_likelihood" if layout.label_sets else "cross_entropy"


def metric_names(layout: Layout) -> tuple[str, ...]:
    """List the metrics of a language model, as `evaluate` names them."""
    return names_measured(language_measures(layout))


def fit_and_validate(
    prepared: LanguagePrepared, *, seed: int, metric: str
) -> tuple[Baselines, dict[str, float]]:
    """Fit baselines for the test part, and measure what such baselines reach on the validation part
    by a metric."""
    layout, encoders, development = prepared.layout, prepared.encoders, prepared.development
    train, validation = prepared.parts.folds[0]
    held_out = development.take(validation)
    baselines = fit_shares_or_ngrams(development.take(train), encoders, layout)
    scored = {
        name: language_metrics(np.sum(columns_of(scores), axis=1)[None], layout)
        for name, scores in all_scores(baselines, held_out, encoders).items()
    }
    losses = {name: float(metrics[language_metric(layout)][0]) for name, metrics in scored.items()}
    final = fit_shares_or_ngrams(development, encoders, layout)
    if isinstance(final, NGrams):
        orders = list(losses.values())
        final = NGrams(final.grams, best=int(np.argmin(orders[: len(final.grams)])) + 1)
    return final, {name: float(scored[name][metric][0]) for name in shown_names(final, losses)}


def fit_shares_or_ngrams(encoded: Encoded, encoders: LanguageEncoders, layout: Layout) -> Baselines:
    if isinstance(encoders.target, NextSet):
        return fit_label_shares(encoded)
    longest = LONGEST[layout.tokens or "word"]
    return NGrams(fit_ngrams(encoded, outputs=outputs_of(encoders), longest=longest), best=1)


def fit_label_shares(encoded: Encoded) -> LabelShares:
    """Count shares with one sighting and one absence added, so that nothing is impossible."""
    now, before = np.asarray(encoded.targets) > 0, encoded.numbers > 0
    alone = (now.sum(0) + 1) / (len(now) + 2)
    after = [
        ((now & (before == there)).sum(0) + 1) / ((before == there).sum(0) + 2)
        for there in (False, True)
    ]
    return LabelShares(alone, np.stack(after))


def all_scores(
    baselines: Baselines | tuple[()], encoded: Encoded, encoders: LanguageEncoders
) -> dict[str, Floats]:
    match baselines:
        case ():
            return {}
        case NGrams(grams=grams):
            scores = score_ngrams(grams, encoded, outputs=outputs_of(encoders))
            return {
                NAMES.get(order, f"{order}-gram"): by_target
                for order, by_target in enumerate(scores, 1)
            }
        case LabelShares(alone=alone, after=after):
            there = np.asarray(encoded.targets) > 0
            before = (encoded.numbers > 0).astype(int)
            return {
                "independent labels": score_sets(np.broadcast_to(alone, there.shape), there),
                "label by label": score_sets(np.take_along_axis(after, before, axis=0), there),
            }


def score_sets(probabilities: Doubles, there: Any) -> Floats:
    likelihood = np.where(there, np.log(probabilities), np.log(1 - probabilities)).sum(1)
    right = ((probabilities > 0.5) == there).all(1)
    return np.stack([likelihood, right], axis=1).astype(np.float32)


def shown_names(baselines: Baselines | tuple[()], scores: Mapping[str, Any]) -> list[str]:
    """Choose the baselines to show: of the n-grams those of one and two tokens and the best
    order."""
    names = list(scores)
    if not isinstance(baselines, NGrams):
        return names
    return [name for at, name in enumerate(names, 1) if at <= ALWAYS or at == baselines.best]


def evaluate_part(
    part: LanguagePart,
    scores: Floats,
    baselines: Baselines | tuple[()],
    *,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    return evaluate_language(
        part.encoded(), scores, baselines, encoders=part.encoders, layout=part.layout, seed=seed
    )


def evaluate_language(
    encoded: Encoded,
    scores: Floats,
    baselines: Baselines | tuple[()],
    *,
    encoders: LanguageEncoders,
    layout: Layout,
    seed: int,
) -> Evaluation:
    """Score a language model and its baselines on the same timesteps.

    Raises: DataError where there is nothing to predict.
    """
    if not len(scores):
        raise DataError(
            "there is no timestep to predict",
            hint="texts need a token, and sequences of sets two timesteps",
        )
    groups = unit_groups(encoded.row_splits, per_timestep=True)

    def scored(by_target: Floats) -> Scores:
        return language_scores(by_target, groups, layout=layout, seed=seed)

    simple = all_scores(baselines, encoded, encoders)
    shown = {name: scored(simple[name]) for name in shown_names(baselines, simple)}
    model, metric = scored(scores), language_metric(layout)
    return Evaluation(
        scores=model,
        baselines=shown,
        rows=len(scores),
        sequences=int(np.count_nonzero(encoded.lengths)),
        beats_baselines=beats_every(model, shown, metric),
        labels=None,
        main_metric=metric,
    )


def language_scores(scores: Floats, groups: Integers, *, layout: Layout, seed: int) -> Scores:
    numbers, count = compact_groups(groups, seed=seed)
    columns = columns_of(scores)
    sums = np.stack([np.bincount(numbers, column, minlength=count) for column in columns], axis=1)
    values = language_metrics(sums.sum(axis=0, keepdims=True), layout)
    weights = resample_weights(count, resamples=RESAMPLES if count > 1 else 0, seed=seed)
    resampled = language_metrics(weights @ sums, layout)
    return Scores(
        metrics={name: interval(float(values[name][0]), resampled[name]) for name in values},
        confusion=None,
        units=len(scores),
        resampled=resampled,
    )


def columns_of(scores: Floats) -> list[Doubles]:
    """List what the metrics need of every target: 1, nats, and whether it was guessed."""
    table = scores.astype(np.float64)
    return [np.ones(len(table)), -table[:, 0], table[:, 1]]


class LanguageSums(NamedTuple):
    """(Weighted) sums of timesteps, nats and right guesses, [resamples] each."""

    units: Doubles
    nats: Doubles
    right: Doubles

    @property
    def entropy(self) -> Doubles:
        return self.nats / self.units


def share_guessed(sums: LanguageSums) -> Doubles:
    return sums.right / sums.units


LanguageMeasures = tuple[Measure[LanguageSums], ...]
NEXT_SET_METRICS: LanguageMeasures = (
    Measure(METRICS["negative_log_likelihood"], lambda sums: sums.entropy),  # nats a timestep
    Measure(METRICS["accuracy"], share_guessed),  # of whole sets
)
NEXT_TOKEN_METRICS: LanguageMeasures = (
    Measure(METRICS["cross_entropy"], lambda sums: sums.entropy),
    Measure(METRICS["perplexity"], lambda sums: np.exp(sums.entropy)),
    Measure(METRICS["accuracy"], share_guessed),
)
NEXT_CHARACTER_METRICS: LanguageMeasures = (
    *NEXT_TOKEN_METRICS,
    Measure(METRICS["bits_per_character"], lambda sums: sums.entropy / np.log(2)),
)


def language_measures(layout: Layout) -> LanguageMeasures:
    if layout.label_sets:
        return NEXT_SET_METRICS
    return NEXT_CHARACTER_METRICS if layout.tokens == "character" else NEXT_TOKEN_METRICS


def language_metrics(sums: Doubles, layout: Layout) -> Metrics:
    """Compute metrics from (weighted) sums of timesteps, nats and right guesses, [resamples, 3]."""
    return measured(language_measures(layout), LanguageSums(*sums.T))


def save_language_baselines(path_npz: Path, baselines: Baselines) -> None:
    """Write baselines as plain compressed arrays; sorted keys as the steps between them, which are
    small."""
    arrays: dict[str, Any]
    match baselines:
        case NGrams(grams=grams, best=best):
            arrays = {"best": np.asarray(best), "orders": np.asarray(len(grams))}
            for order, of_order in enumerate(grams, 1):
                arrays[f"{order}.steps"] = np.diff(of_order.keys, prepend=0)
                arrays[f"{order}.counts"] = of_order.counts.astype(np.uint32)
        case LabelShares(alone=alone, after=after):
            arrays = {"alone": alone, "after": after}
    with path_npz.open("wb") as file:
        np.savez_compressed(file, **arrays)


def load_language_baselines(
    path_npz: Path, layout: Layout, encoders: LanguageEncoders
) -> Baselines:
    """Load baselines. Raises: ModelFolderError where the file is absent or damaged."""
    outputs = outputs_of(encoders)
    read = shares_in if layout.label_sets else grams_in
    return load_arrays(path_npz, lambda arrays: read(arrays, outputs))


def shares_in(arrays: Arrays, labels: int) -> Baselines:
    alone, after = arrays.floats("alone", labels), arrays.floats("after", 2, labels)
    if not all((shares > 0).all() and (shares < 1).all() for shares in (alone, after)):
        raise ValueError("`alone` or `after` holds what is no share")
    return LabelShares(alone, after)


def grams_in(arrays: Arrays, outputs: int) -> Baselines:
    orders = arrays.whole("orders", least=1, most=max(LONGEST.values()))
    if orders > 1 and outputs**orders >= LARGEST_KEY:
        raise ValueError(f"`orders` is {orders}, too many for {outputs} outputs")
    grams = []
    for order in range(1, orders + 1):
        # each step fits, and so their sum does not run over: there are fewer than keys
        steps = arrays.places(f"{order}.steps", outputs**order, None)
        keys, counts = np.cumsum(steps), arrays.get(f"{order}.counts", "u", len(steps))
        if not len(keys) or (steps[1:] == 0).any() or not 0 <= keys.min() <= keys.max():
            raise ValueError(f"`{order}.steps` is not in order")
        if keys.max() >= outputs**order or counts.min() < 1:
            raise ValueError(f"`{order}.counts` is of other tokens")
        grams.append(Grams(keys, counts.astype(np.int64)))
    return NGrams(tuple(grams), best=arrays.whole("best", least=1, most=orders))
