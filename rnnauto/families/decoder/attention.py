"""Show where a decoder looks while it writes: its attention on some of the test part."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.data.batches import whole
from rnnauto.data.sequences import Sequences
from rnnauto.families.decoder.batches import pad_pairs
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.pairs import DecoderPart, encode_pairs
from rnnauto.families.decoder.tokens import cut
from rnnauto.judge.sample import Array

EXAMPLES = 4
MOST_TOKENS = 30  # of a source, or an answer, that is shown
END = "<end>"
DIGITS = 4


def attention_maps(
    members: Sequence[Any], part: DecoderPart, answers: Answered, *, patch: int
) -> list[dict[str, Any]]:
    """Give for some sequences the tokens of the source, those that were written, and `weights`
    [answer and its end][source], the mean of all networks; none where the networks have no
    attention.

    Args:
        members: the trained decoders.
        answers: what they wrote to the part.
        patch: how many timesteps of the source a network reads as one.
    """
    chosen = worth_showing(part.sequences, answers)
    if not len(chosen):
        return []
    some = part.take(chosen).sequences
    texts = pl.Series("answer", [answers.texts[at] for at in chosen], dtype=pl.String)
    pairs = encode_pairs(replace(some, targets=texts), part.encoders)
    batch = pad_pairs(pairs, whole(pairs, np.arange(len(pairs))))
    weights = weights_of(members, dict(batch.inputs))
    if weights is None:
        return []
    written = cut(texts, part.encoders.target.tokens).to_list()
    return [
        one_map(source_tokens(some, at), [*written[at], END], weights[at], patch=patch)
        for at in range(len(some))
    ]


def worth_showing(test: Sequences, answers: Answered) -> NDArray[np.int64]:
    """Choose sequences of at least two tokens and few enough to be read, spread over the test
    part."""
    written = np.array([len(tokens) for tokens in answers.tokens], np.int64)
    short = (written > 0) & (written <= MOST_TOKENS)
    fitting = np.flatnonzero(short & (test.lengths > 1) & (test.lengths <= MOST_TOKENS))
    places = np.linspace(0, len(fitting) - 1, min(EXAMPLES, len(fitting))).round()
    return np.asarray(fitting[places.astype(np.int64)], np.int64)


def weights_of(members: Sequence[Any], inputs: dict[str, NDArray[Any]]) -> Array | None:
    """Average the attention of all networks, [sequences, answer and its end, steps of the source];
    None where they have none."""
    from rnnauto.families.decoder.network import attention_weights

    weights = [attention_weights(member, inputs) for member in members]
    if any(one is None for one in weights):
        return None
    return np.asarray(np.mean([one.numpy() for one in weights], axis=0, dtype=np.float64))


def one_map(source: list[str], answer: list[str], weights: Array, *, patch: int) -> dict[str, Any]:
    """Show the attention of one answer; a network that joins timesteps looks at several tokens at
    once."""
    joined = [" ".join(source[at : at + patch]) for at in range(0, len(source), patch)]
    shown = weights[: len(answer), : len(joined)]
    return {"source": joined, "answer": answer, "weights": shown.round(DIGITS).tolist()}


def source_tokens(sequences: Sequences, number: int) -> list[str]:
    """Give a text for every timestep; of numbers alone its number, from 1."""
    begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
    if not sequences.categories:
        return [str(step) for step in range(1, end - begin + 1)]
    columns = [column[begin:end].cast(pl.String).fill_null("") for column in sequences.categories]
    return [" ".join(texts) for texts in zip(*columns, strict=True)]
