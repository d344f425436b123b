"""Write what a language model says as a table: the user's ids and row order."""

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Floats, Integers, timestep_positions
from rnnauto.data.unanswered import among_missing, emptied
from rnnauto.deploy.table import TIMESTEP, beside
from rnnauto.families.language.answer import Continued
from rnnauto.families.language.encode import LanguagePart, NextSet, NextToken

THERE = 0.5  # probability from which a label is predicted


def language_table(
    part: LanguagePart, answers: Continued | Floats, *, probabilities: bool
) -> pl.DataFrame:
    """Write for texts a row each: the likeliest next token, the text's log likelihood in nats and
    its perplexity; for sets a row per timestep: the labels that follow it, with spaces between."""
    match part.encoders.target, answers:
        case NextSet(labels=labels), np.ndarray():
            return set_table(part, answers, labels, probabilities=probabilities)
        case NextToken(), Continued():
            return text_table(part, answers, probabilities=probabilities)
        case _:
            raise TypeError("answers of a model of tokens, and one of sets")


def text_table(part: LanguagePart, answers: Continued, *, probabilities: bool) -> pl.DataFrame:
    sequences = part.sequences
    likeliest = answers.probabilities.argmax(axis=1) if len(sequences) else np.zeros(0, np.int64)
    columns = [
        pl.Series("prediction", answers.tokens, dtype=pl.String).gather(likeliest),
        pl.Series("log_likelihood", answers.log_likelihood),
        perplexity(answers.log_likelihood, answers.counts),
    ]
    if probabilities:
        columns += [
            pl.Series(f"probability_{token}", answers.probabilities[:, at])
            for at, token in enumerate(answers.tokens)
        ]
    lost = np.zeros(len(part), bool) if part.lost is None else part.lost.flags
    return beside(sequences.ids, emptied(columns, lost))


def perplexity(log_likelihood: Floats | Doubles, counts: Integers) -> pl.Series:
    """Compute the perplexity per token; null where there is none."""
    mean = pl.Series("perplexity", log_likelihood / np.maximum(counts, 1))
    return (-mean).exp().set(pl.Series(counts == 0), None)


def set_table(
    part: LanguagePart, shares: Floats, labels: tuple[str, ...], *, probabilities: bool
) -> pl.DataFrame:
    """Write a row for each timestep; of a sequence without any there is a row as well, where that
    was looked for."""
    lengths = part.lengths
    shown = lengths if part.lost is None else np.maximum(lengths, 1)
    owners = np.repeat(np.arange(len(shown)), shown)
    there = np.repeat(lengths > 0, shown)
    texts = [" ".join(labels[at] for at in np.flatnonzero(row > THERE)) for row in shares]
    columns = [
        pl.Series(TIMESTEP, timestep_positions(part.sequences.row_splits) + 1),
        pl.Series("prediction", texts, dtype=pl.String),
    ]
    if probabilities:
        columns += [
            pl.Series(f"probability_{label}", shares[:, at]) for at, label in enumerate(labels)
        ]
    return beside(part.sequences.ids[owners], among_missing(columns, there))


def scored_table(part: LanguagePart, scores: Floats) -> pl.DataFrame:
    """Write a row per sequence: how likely it was, from the scores of its timesteps."""
    encoded = part.encoded()
    owners = np.repeat(np.arange(len(encoded)), encoded.lengths)
    weights = scores[:, 0].astype(np.float64)
    likelihood = np.bincount(owners, weights, minlength=len(encoded)).astype(np.float64)
    columns = [
        pl.Series("timesteps", encoded.lengths),
        pl.Series("log_likelihood", likelihood),
        perplexity(likelihood, encoded.lengths),
    ]
    return beside(part.sequences.ids, columns)
