"""Score written answers beside the baselines', on the same sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.sequences import targets_in
from rnnauto.errors import DataError
from rnnauto.families.decoder.baselines import (
    AnswerBaseline,
    fit_answer_baselines,
    likelihood_by,
    texts_by,
    write_by,
)
from rnnauto.families.decoder.metrics import (
    ANSWER_METRICS,
    LIKELIHOOD_METRICS,
    answer_metrics,
    answer_sums,
)
from rnnauto.families.decoder.pairs import DecoderPart, EncodedPairs
from rnnauto.families.decoder.prepare import DecoderPrepared
from rnnauto.families.decoder.tokens import cut
from rnnauto.judge.corpus import CORPUS_METRICS, corpus_metrics, corpus_sums, signatures
from rnnauto.judge.evaluate import RESAMPLES, Evaluation, Scores, beats_every
from rnnauto.judge.metrics import (
    Metrics,
    compact_groups,
    interval,
    names_measured,
    resample_weights,
)
from rnnauto.layout import Layout


@dataclass(frozen=True)
class Answered:
    """Answers to all sequences.

    Attributes:
        log_probability: of each in nats.
        likelihood: the log probability of the true answers; None where they are not known.
        asked: how many answers are told of each sequence.
        further: of each sequence the next likeliest answers with their log probabilities, best
            first; fewer than were asked for where there are no more.
    """

    texts: list[str]
    tokens: list[list[str]]
    log_probability: NDArray[np.float32]
    likelihood: NDArray[np.float64] | None = None
    asked: int = 1
    further: tuple[tuple[tuple[str, float], ...], ...] = ()

    def take(self, chosen: Integers) -> "Answered":
        """Keep the answers to the chosen sequences."""
        return Answered(
            texts=[self.texts[at] for at in chosen],
            tokens=[self.tokens[at] for at in chosen],
            log_probability=self.log_probability[chosen],
            likelihood=None if self.likelihood is None else self.likelihood[chosen],
            asked=self.asked,
            further=tuple(self.further[at] for at in chosen) if self.further else (),
        )


def metric_names() -> tuple[str, ...]:
    """List the metrics, as `evaluate` names them."""
    counted = (*names_measured(ANSWER_METRICS), *names_measured(CORPUS_METRICS))
    return (*counted, *names_measured(LIKELIHOOD_METRICS))


def answer_metric(layout: Layout) -> str:
    """Name the main metric: where many answers are right, no single one can be held against
    them."""
    return "perplexity" if layout.rnn_type == "one-to-many" else "token_accuracy"


def fit_and_validate(
    prepared: DecoderPrepared, *, seed: int, metric: str
) -> tuple[tuple[AnswerBaseline, ...], dict[str, float]]:
    """Fit baselines for the test part, and score such baselines on the validation part by a metric,
    where they have it."""
    train, validation = prepared.parts.folds[0]
    layout, encoder, pairs = prepared.layout, prepared.encoders.target, prepared.development
    held_out = prepared.parts.development.take(validation, per_timestep=False)
    truth = cut(targets_in(held_out), encoder.tokens)

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
        if metric in scores.metrics:
            validated[baseline.name] = scores.metrics[metric].value
    return fit_on(pairs), validated


def evaluate_answers(
    part: DecoderPart, written: Answered, baselines: Sequence[AnswerBaseline], *, seed: int = 0
) -> Evaluation:
    """Score written answers, and the baselines' answers.

    Args:
        part: all with a known answer.

    Raises: DataError where there is none.
    """
    encoder, metric = part.encoders.target, answer_metric(part.layout)
    if not len(part):
        raise DataError("none of the answers is known", hint="scoring needs a target column")
    pairs, truth = part.pairs(), cut(targets_in(part.sequences), encoder.tokens)
    tokens = pl.Series("tokens", written.tokens, dtype=pl.List(pl.String))
    rivals = [write_by(baseline, part.sequences, pairs, encoder) for baseline in baselines]
    of_model, *of_rivals = corpus_sums(
        targets_in(part.sequences).cast(pl.String).fill_null("").to_list(),
        [
            written.texts,
            *(
                texts_by(baseline, lists, part.sequences, encoder)
                for baseline, lists in zip(baselines, rivals, strict=True)
            ),
        ],
        encoder.tokens,
    )
    model = score_answers(truth, tokens, written.likelihood, corpus=of_model, seed=seed)
    others = {
        baseline.name: score_answers(
            truth, lists, likelihood_by(baseline, pairs), corpus=corpus, seed=seed
        )
        for baseline, lists, corpus in zip(baselines, rivals, of_rivals, strict=True)
    }
    return Evaluation(
        scores=model,
        baselines=others,
        rows=len(part),
        sequences=len(part),
        beats_baselines=beats_every(model, others, metric),
        labels=None,
        main_metric=metric,
        signatures=signatures(encoder.tokens),
    )


def score_answers(
    truth: pl.Series,
    written: pl.Series,
    likelihood: NDArray[Any] | None,
    *,
    corpus: Doubles | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Compute every metric with its interval; the bootstrap draws sequences.

    Args: corpus: of `corpus_sums`; None: only what is counted in tokens is measured.
    """
    numbers, count = compact_groups(np.arange(len(truth), dtype=np.int64), seed=seed)
    columns = answer_sums(truth, written, likelihood)
    columns = np.concatenate([np.ones((len(columns), 1)), columns], axis=1)
    width = columns.shape[1]

    def metrics_of(sums: Doubles) -> Metrics:
        known = answer_metrics(sums[:, :width])
        return known if corpus is None else known | corpus_metrics(sums[:, width:])

    if corpus is not None:
        columns = np.concatenate([columns, corpus], axis=1)
    sums = np.stack([np.bincount(numbers, column, minlength=count) for column in columns.T], axis=1)
    values = metrics_of(sums.sum(axis=0, keepdims=True))
    weights = resample_weights(count, resamples=resamples if count > 1 else 0, seed=seed)
    resampled = metrics_of(weights @ sums)
    return Scores(
        metrics={name: interval(float(values[name][0]), resampled[name]) for name in values},
        confusion=None,
        units=len(truth),
        resampled=resampled,
    )


def evaluate_part(
    part: DecoderPart,
    written: Answered,
    baselines: Sequence[AnswerBaseline],
    *,
    seed: int,
    temperature: float | None = None,
) -> Evaluation:
    """Do as `evaluate_answers`; a temperature is for probabilities of classes."""
    return evaluate_answers(part, written, baselines, seed=seed)
