"""Show the scores of an anomaly model on the page: stretches with faults and alarms first."""

import numpy as np

from rnnauto.arrays import Flags, Integers, splits_of
from rnnauto.families.anomaly.encode import AnomalyPart, Surprises
from rnnauto.families.anomaly.metrics import runs_of
from rnnauto.families.anomaly.prepare import AnomalyPrepared
from rnnauto.report.picture import Json, identity, sequences_shown, short

STRETCHES = 4
LONGEST = 300  # timesteps of a stretch


def data_shown(prepared: AnomalyPrepared) -> Json:
    """Show the sequences that were learnt from."""
    return sequences_shown(prepared.parts.development, prepared.layout)


def answers_shown(part: AnomalyPart, answers: Surprises) -> Json:
    """Show some stretches of the test part, with their threshold."""
    splits = stretches_of(part.sequences.row_splits)
    stretches = [
        stretch(part, answers, int(splits[at]), int(splits[at + 1]))
        for at in chosen(part, answers, splits)
    ]
    return {"kind": "watched", "threshold": short(answers.threshold), "watched": stretches}


def stretches_of(row_splits: Integers) -> Integers:
    """Cut sequences into stretches of equal length, LONGEST at most: row splits of these."""
    lengths = []
    for length in np.diff(row_splits):
        pieces = max(1, -(-int(length) // LONGEST))
        lengths += np.diff(np.linspace(0, length, pieces + 1).round()).tolist()
    return splits_of(np.array(lengths, np.int64))


def chosen(part: AnomalyPart, answers: Surprises, splits: Integers) -> list[int]:
    """Choose stretches: with found faults, with missed ones, with false alarms, then those of the
    highest scores; in their order."""
    faults = part.faults == 1
    owner = np.repeat(np.arange(len(splits) - 1), np.diff(splits))

    def among(flags: Flags) -> Integers:
        return np.bincount(owner[flags], minlength=len(splits) - 1)

    found, missed = among(faults & answers.flags), among(faults & ~answers.flags)
    false = among(answers.flags & ~faults)
    highest = np.zeros(len(splits) - 1)
    np.maximum.at(highest, owner, np.nan_to_num(answers.score))
    kept: list[int] = []
    for counts in (found, missed * (found == 0), false * (found == 0)):
        best = int(np.argmax(counts)) if len(counts) else 0
        if len(counts) and counts[best] and best not in kept:
            kept.append(best)
    kept += [int(at) for at in np.argsort(-highest, kind="stable") if at not in kept]
    return sorted(kept[:STRETCHES])


def stretch(part: AnomalyPart, answers: Surprises, begin: int, end: int) -> Json:
    """Show one stretch, its timesteps counted from 1 in their sequence."""
    sequences = part.sequences
    owner = int(np.searchsorted(sequences.row_splits, begin, side="right")) - 1
    first = begin - int(sequences.row_splits[owner]) + 1
    tokens = [""] * (end - begin)
    if sequences.categories and not sequences.numbers.shape[1]:
        tokens = [str(token) for token in sequences.categories[0][begin:end]]
    own = np.array([0, end - begin])
    marks = {"faults": part.faults[begin:end] == 1, "alarms": answers.flags[begin:end]}
    runs = {name: runs_of(flags, own) for name, flags in marks.items()}
    return {
        "id": identity(sequences.ids, owner),
        "points": [
            [first + at, short(float(score)), token]
            for at, (score, token) in enumerate(zip(answers.score[begin:end], tokens, strict=True))
        ],
        **{
            name: [
                [first + int(a), first + int(b) - 1]
                for a, b in zip(each.begin, each.end, strict=True)
            ]
            for name, each in runs.items()
        },
    }
