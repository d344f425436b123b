"""Compute metrics of written answers from sums over sequences.

`token_accuracy` compares place by place: tokens too many or too few are wrong. `edit_distance` is
the Levenshtein distance in tokens over the length of the longer answer, as the mean over sequences.
`perplexity` is that of a token of the true answers, their ends included, given the ones before.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers, splits_of
from rnnauto.judge.metrics import Measure, Metrics, measured, names_measured
from rnnauto.layout import Layout
from rnnauto.metrics import METRICS

BLOCK = 1_024  # sequences that are compared at once
ABSENT = -1
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
    lengths = truth.list.len().to_numpy().astype(np.int64)
    written_lengths = written.list.len().to_numpy().astype(np.int64)
    flat = as_numbers(truth, written)
    sums = np.zeros((len(truth), 4))
    for chosen in blocks(np.maximum(lengths, written_lengths)):
        true = padded(flat[0], splits_of(lengths), chosen)
        said = padded(flat[1], splits_of(written_lengths), chosen)
        width = min(true.shape[1], said.shape[1])
        right = ((true[:, :width] == said[:, :width]) & (true[:, :width] != ABSENT)).sum(axis=1)
        longer = np.maximum(lengths[chosen], written_lengths[chosen])
        distance = edit_distances(true, said, lengths[chosen], written_lengths[chosen])
        whole = (right == lengths[chosen]) & (lengths[chosen] == written_lengths[chosen])
        sums[chosen] = np.stack([right, longer, whole, distance / np.maximum(longer, 1)], axis=1)
    if likelihood is None:
        return sums
    return np.concatenate([sums, -likelihood[:, None], lengths[:, None] + 1.0], axis=1)


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


def as_numbers(truth: pl.Series, written: pl.Series) -> tuple[Integers, Integers]:
    """Give the tokens of both as numbers that are equal where the tokens are, [tokens] each."""
    parts = [
        lists.filter(lists.list.len() > 0).explode().cast(pl.String) for lists in (truth, written)
    ]
    both = pl.concat([part.rename("token") for part in parts])
    numbers = both.rank("dense").to_numpy().astype(np.int64)
    return numbers[: len(parts[0])], numbers[len(parts[0]) :]


def blocks(lengths: Integers) -> Iterator[Integers]:
    """Give sequence numbers in blocks of about equal length."""
    order = np.argsort(lengths, kind="stable")
    for begin in range(0, len(order), BLOCK):
        yield order[begin : begin + BLOCK]


def padded(flat: Integers, row_splits: Integers, chosen: Integers) -> Integers:
    """Pad chosen lists, [sequences, longest]."""
    lengths = np.diff(row_splits)[chosen]
    steps = np.arange(int(lengths.max(initial=0)))
    real = steps < lengths[:, None]
    at = np.where(real, row_splits[chosen][:, None] + steps, 0)
    return np.where(real, flat[at], ABSENT) if flat.size else np.full(real.shape, ABSENT)


def edit_distances(a: Integers, b: Integers, a_lengths: Integers, b_lengths: Integers) -> Integers:
    """Compute the Levenshtein distance of every pair: insertions, deletions and substitutions,
    [pairs].

    Args:
        a, b: padded on the right, [pairs, tokens] each.
    """
    columns = np.arange(b.shape[1] + 1)
    row = np.tile(columns, (len(a), 1))  # distance of a's first tokens to each beginning of b
    result = row[np.arange(len(a)), b_lengths]
    for position in range(a.shape[1]):
        changed = row[:, :-1] + (a[:, position, None] != b)
        best = np.concatenate([row[:, :1] + 1, np.minimum(row[:, 1:] + 1, changed)], axis=1)
        # an insertion costs 1 more than the best so far: a running minimum along b
        row = np.minimum.accumulate(best - columns, axis=1) + columns
        result = np.where(a_lengths == position + 1, row[np.arange(len(a)), b_lengths], result)
    return np.asarray(result, np.int64)


def metric_names() -> tuple[str, ...]:
    """List the metrics, as `evaluate` names them."""
    return (*names_measured(ANSWER_METRICS), *names_measured(LIKELIHOOD_METRICS))


def objectives(layout: Layout, encoders: object) -> tuple[str, ...]:
    """List the metrics that trials can be selected by: those of single tokens, told the ones
    before, for trials write no answers."""
    return ("token_accuracy", "perplexity")
