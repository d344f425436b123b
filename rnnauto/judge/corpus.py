"""Judge written answers as translators do: BLEU and chrF by sacrebleu, and the word error rate.

All three are of a corpus: functions of sums over its answers. The bootstrap draws answers and adds
up their sums again; scores of single answers are never averaged. What is compared are the texts, as
`predict` writes them, not the tokens of the network.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Integers
from rnnauto.judge.distances import edit_distances, paired
from rnnauto.judge.metrics import Measure, Metrics, measured, ratio
from rnnauto.layout import Tokens
from rnnauto.metrics import METRICS

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

BLOCK = 128  # answers whose n-grams are in memory at once
TOKENISERS: dict[Tokens, str] = {"word": "13a", "character": "char"}
ORDERS = 4  # n-grams of BLEU
BLEU_SUMS = 2 + 2 * ORDERS
WORD = r"\S+"


class CorpusSums(NamedTuple):
    """(Weighted) sums of `corpus_sums`.

    Attributes:
        bleu: lengths of both sides, and n-grams that are right and that are written by their
            order, [resamples, 10]; chrf: n-grams of characters written, true and right in turn,
            [resamples, 18].
        wrong: words inserted, left out or replaced; words: of the true answers; [resamples] each.
    """

    bleu: Integers
    chrf: Integers
    wrong: Doubles
    words: Doubles


def bleu_of(sums: CorpusSums) -> Doubles:
    """Compute BLEU, [resamples], 0 to 100, as sacrebleu does of its own sums."""
    from sacrebleu.metrics.bleu import BLEU

    scores = [
        BLEU.compute_bleu(
            correct=row[2 : 2 + ORDERS],
            total=row[2 + ORDERS :],
            sys_len=row[0],
            ref_len=row[1],
            smooth_method="exp",
        )
        for row in sums.bleu.tolist()
    ]
    return np.array([each.score for each in scores])


def chrf_of(sums: CorpusSums) -> Doubles:
    """Compute chrF, [resamples], 0 to 100, as sacrebleu does of its own sums."""
    from sacrebleu.metrics.chrf import CHRF

    chrf = CHRF()
    return np.array([chrf._compute_score_from_stats(row).score for row in sums.chrf.tolist()])


CORPUS_METRICS: tuple[Measure[CorpusSums], ...] = (
    Measure(METRICS["bleu"], bleu_of),
    Measure(METRICS["chrf"], chrf_of),
    Measure(METRICS["word_error_rate"], lambda sums: ratio(sums.wrong, sums.words)),
)


def corpus_metrics(sums: Doubles) -> Metrics:
    """Compute metrics from (weighted) sums of `corpus_sums`, [resamples, 30]."""
    counts = np.rint(sums[:, :-2]).astype(np.int64)
    bleu, chrf = counts[:, :BLEU_SUMS], counts[:, BLEU_SUMS:]
    return measured(CORPUS_METRICS, CorpusSums(bleu, chrf, sums[:, -2], sums[:, -1]))


def corpus_sums(
    truth: Sequence[str], written: Sequence[Sequence[str]], tokens: Tokens
) -> list[Doubles]:
    """Sum what the metrics need of every answer, [answers, 30] for each of those who write.

    Args:
        truth: the true answers.
        written: of each model or baseline its answers.
        tokens: of the target, which say what an n-gram of BLEU is of.
    """
    parts: list[list[Doubles]] = [[] for _ in written]
    for begin in range(0, len(truth), BLOCK):
        part = slice(begin, begin + BLOCK)
        true = list(truth[part])
        bleu, chrf = scorers(true, tokens)
        for rows, answers in zip(parts, written, strict=True):
            said = list(answers[part])
            counted = [each._extract_corpus_statistics(said, None) for each in (bleu, chrf)]
            rows.append(np.concatenate([*counted, word_sums(true, said)], axis=1, dtype=float))
    return [np.concatenate(rows) for rows in parts]


def scorers(truth: list[str], tokens: Tokens) -> tuple["BLEU", "CHRF"]:
    """Make sacrebleu's metrics for some true answers, all settings but the tokens its own."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    bleu = BLEU(tokenize=TOKENISERS[tokens], force=True, references=[truth])
    return bleu, CHRF(references=[truth])


def word_sums(truth: Sequence[str], written: Sequence[str]) -> Doubles:
    """Count the words of every answer that are wrong, and those of the truth, [answers, 2]; a word
    is what stands between white space."""
    true, said = (
        pl.Series(texts, dtype=pl.String).str.extract_all(WORD) for texts in (truth, written)
    )
    sums = np.stack([np.zeros(len(true)), true.list.len().to_numpy()], axis=1)
    for pairs in paired(true, said):
        sums[pairs.chosen, 0] = edit_distances(*pairs[1:])
    return sums


def signatures(tokens: Tokens) -> dict[str, str]:
    """Give sacrebleu's signature of each of its metrics: by it others compute the same."""
    bleu, chrf = scorers([""], tokens)
    return {
        "bleu": f"BLEU|{bleu.get_signature().format()}",
        "chrf": f"chrF{chrf.beta}|{chrf.get_signature().format()}",
    }
