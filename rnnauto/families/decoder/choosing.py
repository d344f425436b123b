"""Choose how much the length of an answer counts where beams are compared, once the networks of a
model are known."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, evenly
from rnnauto.data.sequences import targets_in
from rnnauto.families.decoder.answer import write
from rnnauto.families.decoder.evaluate import answer_metric
from rnnauto.families.decoder.graphs import write_graphs
from rnnauto.families.decoder.metrics import answer_metrics, answer_sums
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.families.decoder.prepare import DecoderPrepared
from rnnauto.families.decoder.signatures import open_light
from rnnauto.families.decoder.tokens import cut
from rnnauto.prepared import with_rule
from rnnauto.search.select import Trial

PENALTIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5)
BEAMS = 5  # that they are compared with
MOST = 256  # sequences of a validation part that are answered
METRIC = "token_accuracy"


def choose_penalty(
    prepared: DecoderPrepared,
    *,
    members: Sequence[Any],
    parts: Sequence[tuple[Trial, int]],
    **given: Any,
) -> DecoderPrepared:
    """Choose the penalty of length whose answers to what the networks were not trained on are
    best, where none is given or known; 0, where the answers cannot be told right from wrong, or a
    penalty chosen on one half of them is not better on the other.

    Args:
        parts: the trial and the fold of each member.
    """
    if prepared.encoders.target.length_penalty is not None:
        return prepared
    penalty = 0.0
    if answer_metric(prepared.layout) == METRIC:
        by_fold: dict[int, list[Any]] = {}
        for member, (_, fold) in zip(members, parts, strict=True):
            by_fold.setdefault(fold, []).append(member)
        sums = [
            sums_of(each, held_out(prepared, fold, MOST // len(by_fold)))
            for fold, each in by_fold.items()
        ]
        penalty = PENALTIES[best_by_halves(np.concatenate(sums, axis=1))]
    return with_rule(prepared, length_penalty=penalty)


def held_out(prepared: DecoderPrepared, fold: int, most: int) -> DecoderPart:
    """Take sequences of the validation part of a fold, at even distances."""
    _, validation = prepared.parts.folds[fold]
    sequences = prepared.parts.development.take(evenly(validation, most), per_timestep=False)
    return DecoderPart(sequences, prepared.layout, prepared.encoders)


def sums_of(members: Sequence[Any], part: DecoderPart) -> Doubles:
    """Write answers with every penalty, and sum what the metrics need of each, with a column of
    sequences in front, [penalties, sequences, 5]."""
    layout = part.layout
    truth = cut(targets_in(part.sequences), part.encoders.target.tokens)
    found = []
    with tempfile.TemporaryDirectory(prefix="rnnauto-") as place:
        folder = Path(place)
        write_graphs(folder, members, layout, part.encoders)
        run = open_light(folder, layout, part.encoders)
        for penalty in PENALTIES:
            answered = write(run, part, beams=BEAMS, length_penalty=penalty)
            written = pl.Series(answered.tokens, dtype=pl.List(pl.String))
            sums = answer_sums(truth, written, None)
            found.append(np.concatenate([np.ones((len(sums), 1)), sums], axis=1))
    return np.stack(found)


def best_by_halves(sums: Doubles) -> int:
    """Choose a penalty, [penalties, sequences, 5]: the best of all sequences, or the first, unless
    those that are best on one half of them are better than that on the other."""

    def score(chosen: Doubles) -> Doubles:
        return np.asarray(answer_metrics(chosen.sum(axis=1))[METRIC])

    sides = [sums[:, side::2] for side in (0, 1)]
    if not all(side.shape[1] for side in sides):
        return 0
    gained = 0.0
    for learned, judged in (sides, sides[::-1]):
        scores = score(judged)
        gained += float(scores[score(learned).argmax()] - scores[0])
    return int(score(sums).argmax()) if gained > 0 else 0
