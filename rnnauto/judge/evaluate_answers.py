"""Answered answers scored beside the baselines', on the same sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.data.answer_tokens import TokensEncoder, cut
from rnnauto.data.encode import Encoders
from rnnauto.data.pairs import encode_pairs
from rnnauto.data.sequences import Sequences
from rnnauto.errors import DataError
from rnnauto.judge.answer_baselines import AnswerBaseline, likelihood_by, write_by
from rnnauto.judge.answer_metrics import answer_metrics, answer_sums
from rnnauto.judge.evaluate import RESAMPLES, Evaluation, Scores, beats
from rnnauto.judge.metrics import compact_groups, interval, resample_weights
from rnnauto.layout import Layout


@dataclass(frozen=True)
class Answered:
    """Answers to all sequences: texts, their tokens, and the log probability of each in nats;
    `likelihood` is that of the true answers, None where they are not known."""

    texts: list[str]
    tokens: list[list[str]]
    log_probability: NDArray[np.float32]
    likelihood: NDArray[np.float64] | None = None


def answer_metric(layout: Layout) -> str:
    """The main metric: where many answers are right, no single one can be held against them."""
    return "perplexity" if layout.rnn_type == "one-to-many" else "token_accuracy"


def evaluate_answers(
    sequences: Sequences,
    written: Answered,
    baselines: Sequence[AnswerBaseline],
    *,
    layout: Layout,
    encoders: Encoders,
    seed: int = 0,
) -> Evaluation:
    """Args: sequences: all with a known answer. Raises: DataError where there is none."""
    encoder, metric = encoders.target, answer_metric(layout)
    assert sequences.targets is not None and isinstance(encoder, TokensEncoder)
    if not len(sequences):
        raise DataError("none of the answers is known", hint="scoring needs a target column")
    pairs = encode_pairs(sequences, encoders)
    truth = cut(sequences.targets, encoder.tokens)
    tokens = pl.Series("tokens", written.tokens, dtype=pl.List(pl.String))
    model = score_answers(truth, tokens, written.likelihood, seed=seed)
    others = {
        baseline.name: score_answers(
            truth,
            write_by(baseline, sequences, pairs, encoder),
            likelihood_by(baseline, pairs),
            seed=seed,
        )
        for baseline in baselines
    }
    return Evaluation(
        scores=model,
        baselines=others,
        rows=len(sequences),
        sequences=len(sequences),
        beats_baselines=bool(others)
        and all(beats(model, other, metric) for other in others.values()),
        labels=None,
        main_metric=metric,
    )


def score_answers(
    truth: pl.Series,
    written: pl.Series,
    likelihood: NDArray[Any] | None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Scores:
    """Every metric with its interval; the bootstrap draws sequences."""
    numbers, count = compact_groups(np.arange(len(truth), dtype=np.int64), seed=seed)
    each = answer_sums(truth, written, likelihood)
    each = np.concatenate([np.ones((len(each), 1)), each], axis=1)
    sums = np.stack([np.bincount(numbers, column, minlength=count) for column in each.T], axis=1)
    values = answer_metrics(sums.sum(axis=0, keepdims=True))
    weights = resample_weights(count, resamples=resamples if count > 1 else 0, seed=seed)
    resampled = answer_metrics(weights @ sums)
    return Scores(
        metrics={name: interval(float(values[name][0]), resampled[name]) for name in values},
        confusion=None,
        units=len(truth),
        resampled=resampled,
    )
