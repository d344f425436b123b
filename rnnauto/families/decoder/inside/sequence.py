"""Tell how to look into one sequence that is answered with a text."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.batches import whole
from rnnauto.data.sequences import targets_in
from rnnauto.deploy.runner import Run
from rnnauto.deploy.shares import sequence_keys
from rnnauto.families.decoder.answer import score
from rnnauto.families.decoder.attention import weights_of
from rnnauto.families.decoder.batches import pad_pairs
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.pairs import DecoderPart, EncodedPairs, encode_pairs
from rnnauto.families.decoder.tokens import cut
from rnnauto.unroll.family import Told, Unrolling
from rnnauto.unroll.record import Said
from rnnauto.unroll.sequence_parts import of_sequences

END = "end"


def told(run: Run, one: DecoderPart, answers: Answered) -> Told:
    """Say what was written, token by token, beside the tokens of the true answer."""
    written, targets = tuple(answers.tokens[0]), one.sequences.targets
    truth = None if targets is None or targets[0] is None else str(targets[0])
    true = [] if truth is None else tokens_of(truth, one)
    each = []
    for at, token in enumerate((*written, END)):
        wanted = None if truth is None else (true[at] if at < len(true) else END)
        each.append(
            Said(text=token, truth=wanted, right=None if wanted is None else token == wanted)
        )
    chance = float(f"{np.exp(answers.log_probability[0]):.4g}")
    right = None if truth is None else list(written) == true
    answer = Said(text=answers.texts[0], truth=truth, right=right, chance=chance)
    return Told(answer, tuple(each), written=written)


def tokens_of(text: str, one: DecoderPart) -> list[str]:
    """Cut a text as answers are cut."""
    tokens = one.encoders.target.tokens
    return list(cut(pl.Series("answer", [text], dtype=pl.String), tokens)[0])


def scored(one: DecoderPart, answers: Answered) -> str:
    return "the log probability of the answer that was written"


def as_written(one: DecoderPart, answers: Answered, *, copies: int = 1) -> EncodedPairs:
    """Encode a sequence as if what was written were the truth."""
    texts = pl.Series("answer", [answers.texts[0]] * copies, dtype=pl.String)
    return encode_pairs(replace(one.sequences, targets=texts), one.encoders)


def inputs(one: DecoderPart, answers: Answered) -> dict[str, NDArray[Any]]:
    pairs = as_written(one, answers)
    return dict(pad_pairs(pairs, whole(pairs, np.arange(1))).inputs)


def weights(one: DecoderPart, answers: Answered) -> NDArray[Any]:
    """Weigh the logits of the tokens that were written, [tokens, entries]."""
    pairs = as_written(one, answers)
    targets = pad_pairs(pairs, whole(pairs, np.arange(1))).targets[0]
    return np.asarray(np.eye(one.encoders.target.entries)[targets] / len(targets))


def scores(run: Run, copies: DecoderPart, answers: Answered) -> Doubles:
    """Give the log probability of what was written, of copies of its source, [copies]."""
    return score(run, copies, as_written(copies, answers, copies=len(copies)))


def attention(members: Sequence[Any], given: dict[str, NDArray[Any]]) -> Doubles | None:
    """Average where networks look, [tokens, steps of the source]; None where they do not."""
    weights = weights_of(members, given)
    return None if weights is None else weights[0]


def faults(part: DecoderPart, answers: Answered) -> Doubles:
    """Say which answers are not the true ones, [sequences]."""
    truth = targets_in(part.sequences).to_list()
    pairs = zip(answers.tokens, truth, strict=True)
    return np.array(
        [
            np.nan if true is None else float(tokens != tokens_of(str(true), part))
            for tokens, true in pairs
        ],
        np.float64,
    )


def unrolling(part: DecoderPart) -> Unrolling:
    """Say how to look into one sequence."""
    return of_sequences(
        part,
        scores,
        keys=lambda one: sequence_keys(one.sequences, one.layout, one.table),
        faults=faults,
        told=told,
        scored=scored,
        inputs=inputs,
        weights=weights,
        so_far=None,
        attention=attention,
    )
