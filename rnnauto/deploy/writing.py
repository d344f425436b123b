"""Answers that a decoder wrote, from a model folder, for all sequences of a table."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, timestep_index
from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.encode import Encoders
from rnnauto.data.pairs import EncodedPairs
from rnnauto.data.sequences import Sequences
from rnnauto.deploy.runner import RawBatch, Run, batches_of, raw_batch
from rnnauto.deploy.table import beside
from rnnauto.judge.evaluate_answers import Answered
from rnnauto.layout import Layout

LOGITS = 1 << 25  # numbers that `score` may keep at once


def write(
    run: Run, sequences: Sequences, layout: Layout, encoders: Encoders, *, beams: int = 1
) -> Answered:
    """The likeliest answer to every sequence: token by token, or the best of some `beams`."""
    texts: list[str] = [""] * len(sequences)
    tokens: list[list[str]] = [[] for _ in range(len(sequences))]
    total = np.zeros(len(sequences), np.float32)
    for chosen in batches_of(sequences.lengths * beams):
        batch = raw_batch(sequences, chosen, layout, encoders)
        if beams == 1:
            found = run(batch)
        else:
            found = run(batch | {"beams": np.asarray(beams, np.int32)}, "decode")
            found = {name: array[:, 0] for name, array in found.items()}
        total[chosen] = found["log_probability"]
        rows = zip(chosen, found["text"], found["tokens"], found["lengths"], strict=True)
        for number, text, strings, length in rows:
            texts[number] = text.decode()
            tokens[number] = [string.decode() for string in strings[:length]]
    return Answered(texts, tokens, total)


def score(
    run: Run, sequences: Sequences, answers: EncodedPairs, layout: Layout, encoders: Encoders
) -> NDArray[np.float64]:
    """Log probability in nats of the true answers and their ends, [sequences]."""
    total = np.zeros(len(sequences))
    for chosen in answer_batches(answers, entries=encoders.outputs):
        batch = raw_batch(sequences, chosen, layout, encoders) | answer_batch(answers, chosen)
        total[chosen] = run(batch, "score")["log_probability"]
    return total


def answer_batches(answers: EncodedPairs, *, entries: int) -> Iterator[Integers]:
    """Sequence numbers, answers of about equal length together."""
    lengths = answers.answer_lengths + 1
    order = np.lexsort((answers.lengths, lengths))
    begin = 0
    while begin < len(order):
        size = 256
        while size > 1 and size * entries * lengths[order[begin : begin + size][-1]] > LOGITS:
            size //= 2
        yield order[begin : begin + size]
        begin += size


def answer_batch(answers: EncodedPairs, chosen: Integers, *, extra: int = 0) -> RawBatch:
    """`answers` int32 [batch, timesteps] and `answer_length`, two of the inputs of `score`.

    Args:
        extra: timesteps of rubbish padding to add, for checks.
    """
    lengths = answers.answer_lengths[chosen]
    real = np.arange(int(lengths.max(initial=0)) + extra) < lengths[:, None]
    padded = np.full(real.shape, 1 if extra else 0, np.int32)
    padded[real] = answers.answers[timestep_index(answers.answer_splits, chosen)]
    return {"answers": padded, "answer_length": lengths.astype(np.int32)}


def written_table(sequences: Sequences, written: Answered, *, probabilities: bool) -> pl.DataFrame:
    """One row per sequence: the ids (or `row`), `prediction`, and with `probabilities` the
    `probability` of the whole answer."""
    columns = [pl.Series("prediction", written.texts, dtype=pl.String)]
    if probabilities:
        columns.append(pl.Series("probability", np.exp(written.log_probability)))
    return beside(sequences.ids, columns)


def tokens_encoder(encoders: Encoders) -> TokensEncoder:
    assert isinstance(encoders.target, TokensEncoder)
    return encoders.target
