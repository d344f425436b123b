"""Compute metrics of written answers from sums over sequences.

`token_accuracy` compares place by place: tokens too many or too few are wrong. `edit_distance` is
the Levenshtein distance in tokens over the length of the longer answer, as the mean over sequences.
`perplexity` is that of a token of the true answers, their ends included, given the ones before.
"""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.judge.distances import ABSENT, edit_distances, paired
from rnnauto.judge.metrics import Measure, Metrics, measured
from rnnauto.layout import Layout
from rnnauto.metrics import METRICS

LARGEST_EXPONENT = 700.0


def answer_sums(
    truth: pl.Series, written: pl.Series, likelihood: NDArray[np.floating] | None
) -> Doubles:
    """Sum what the metrics need of every sequence, [sequences, 6 or 8].

    Columns: tokens that are right, tokens to compare, whole answers that are right, edit distance,
    and with a likelihood its negative and how many tokens it is of.

    Args:
        truth, written: lists of tokens, [sequences].
        likelihood: log probability of every true answer and its end, [sequences].
    """
    sums = np.zeros((len(truth), 4))
    for chosen, true, said, lengths, written_lengths in paired(truth, written):
        width = min(true.shape[1], said.shape[1])
        right = ((true[:, :width] == said[:, :width]) & (true[:, :width] != ABSENT)).sum(axis=1)
        longer = np.maximum(lengths, written_lengths)
        distance = edit_distances(true, said, lengths, written_lengths)
        whole = (right == lengths) & (lengths == written_lengths)
        sums[chosen] = np.stack([right, longer, whole, distance / np.maximum(longer, 1)], axis=1)
    if likelihood is None:
        return sums
    told = truth.list.len().to_numpy() + 1.0
    return np.concatenate([sums, -likelihood[:, None], told[:, None]], axis=1)


class AnswerSums(NamedTuple):
    """A column of sequences and the (weighted) sums of `answer_sums`, [resamples] each.

    Attributes:
        right, compared: tokens.
        whole: answers that are right as a whole.
        distance: edit distances.
    """

    sequences: Doubles
    right: Doubles
    compared: Doubles
    whole: Doubles
    distance: Doubles


class LikelihoodSums(NamedTuple):
    """Nats of the true answers, and the tokens and ends that they are of, [resamples] each."""

    nats: Doubles
    tokens: Doubles


ANSWER_METRICS: tuple[Measure[AnswerSums], ...] = (
    Measure(METRICS["token_accuracy"], lambda sums: sums.right / np.maximum(sums.compared, 1)),
    Measure(METRICS["sequence_accuracy"], lambda sums: sums.whole / sums.sequences),
    Measure(METRICS["edit_distance"], lambda sums: sums.distance / sums.sequences),
)
LIKELIHOOD_METRICS: tuple[Measure[LikelihoodSums], ...] = (
    Measure(
        METRICS["perplexity"],
        lambda sums: np.exp(np.minimum(sums.nats / sums.tokens, LARGEST_EXPONENT)),
    ),
)


def answer_metrics(sums: Doubles) -> Metrics:
    """Compute metrics from (weighted) sums of `answer_sums` with a column of sequences in front,
    [resamples, columns + 1]."""
    metrics = measured(ANSWER_METRICS, AnswerSums(*sums[:, :5].T))
    if sums.shape[1] > 5:
        metrics |= measured(LIKELIHOOD_METRICS, LikelihoodSums(*sums[:, 5:].T))
    return metrics


def objectives(layout: Layout, encoders: object) -> tuple[str, ...]:
    """List the metrics that trials can be selected by: those of single tokens, told the ones
    before, for trials write no answers."""
    return ("token_accuracy", "perplexity")
