"""Check that an exported decoder is the trained one, and answers each source by itself."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import splits_of
from rnnauto.data.batches import whole
from rnnauto.data.encode import END
from rnnauto.deploy.check import ALONE, check_differences, run_members, some_of
from rnnauto.deploy.runner import Run
from rnnauto.families.decoder.answer import answer_batch, score, source_batch, write
from rnnauto.families.decoder.batches import pad_pairs
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.pairs import DecoderPart, EncodedPairs, token_ids
from rnnauto.families.decoder.tokens import TokensEncoder, most_tokens

EXTRA = 5


def check_export(run: Run, members: list[Any], part: DecoderPart) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself alone and under other
    padding. Raises: ExportError where a difference is too large."""
    return check_differences(compare_decoder(run, members, part.take(some_of(len(part)))))


def compare_decoder(run: Run, members: list[Any], part: DecoderPart) -> dict[str, float]:
    """Find the largest differences of a token's probability, as the geometric mean over an answer.

    `keras`: true answers, SavedModel against the trained networks; `steps`: written answers, token
    by token against the networks that read all at once; `alone`: in a batch against by itself;
    `padding`: against more padding.
    """
    pairs, encoder = part.pairs(), part.encoders.target
    every = np.arange(len(part), dtype=np.int64)
    known, written = score(run, part, pairs), write(run, part)
    again = written_pairs(pairs, written, encoder)
    padded = run(
        source_batch(part, every) | answer_batch(pairs, every, extra=EXTRA),
        "score",
    )["log_probability"]
    differences = {
        "keras": far(known, by_keras(members, pairs), pairs),
        "steps": far(
            written.log_probability, by_keras(members, again, most=most_tokens(encoder)), again
        ),
        "alone": 0.0,
        "padding": far(known, padded, pairs),
    }
    for number in every[:ALONE]:
        one = np.array([number])
        source, answer = part.take(one), pairs.take(one)
        alone = score(run, source, answer)
        own = write(run, source).log_probability
        apart = far(known[one], alone, answer)
        written_apart = far(written.log_probability[one], own, again.take(one))
        differences["alone"] = max(differences["alone"], apart, written_apart)
    return differences


def written_pairs(pairs: EncodedPairs, written: Answered, encoder: TokensEncoder) -> EncodedPairs:
    """Pair the same sources with the answers that were written."""
    lists = pl.Series("tokens", written.tokens, dtype=pl.List(pl.String))
    lengths = np.array([len(tokens) for tokens in written.tokens], np.int64)
    return EncodedPairs(pairs.source, token_ids(lists, encoder), splits_of(lengths))


def by_keras(
    members: list[Any], pairs: EncodedPairs, *, most: int | None = None
) -> NDArray[np.float64]:
    """Give the log probability of answers by the trained networks, [sequences].

    Args:
        most: the answers were written: only tokens that may be written count, and one of so many
            tokens was cut off before its end.
    """
    batch = pad_pairs(pairs, whole(pairs, np.arange(len(pairs))))
    first = 0 if most is None else END
    parts = []
    for part in run_members(members, batch.inputs):
        logits = part.numpy().astype(np.float64)[..., first:]
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        parts.append(shares / shares.sum(-1, keepdims=True))
    mean = np.mean(parts, axis=0)  # [sequences, timesteps, entries]
    targets = np.asarray(batch.targets)
    known = targets >= first
    likely = np.take_along_axis(mean, np.where(known, targets - first, 0)[..., None], 2)[..., 0]
    if most is not None:
        known[:, most:] = False
    return np.asarray(np.where(known, np.log(likely), 0.0).sum(axis=1))


def far(one: NDArray[Any], other: NDArray[Any], pairs: EncodedPairs) -> float:
    """Give the largest difference of the mean probability of a token; infinite where it is no
    number."""
    tokens = pairs.answer_lengths + 1
    apart = np.abs(np.exp(one / tokens) - np.exp(other / tokens))
    largest = float(apart.max(initial=0.0))
    return largest if np.isfinite(largest) else float("inf")
