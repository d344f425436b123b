"""Tell how to look into one sequence whose timesteps are scored by how much they surprise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.batches import pad, whole
from rnnauto.deploy.runner import Run
from rnnauto.deploy.shares import sequence_keys
from rnnauto.families.anomaly.answer import answer
from rnnauto.families.anomaly.encode import AnomalyPart, Surprises, scored_names
from rnnauto.unroll.family import Told, Unrolling
from rnnauto.unroll.reads import short
from rnnauto.unroll.record import Said
from rnnauto.unroll.sequence_parts import of_sequences


def told(run: Run, one: AnomalyPart, answers: Surprises) -> Told:
    """Say the score of every timestep, and whether it is flagged, beside a label that is known."""
    each = []
    for score, flag, fault in zip(answers.score, answers.flags, one.faults, strict=True):
        words = "no score" if np.isnan(score) else short(float(score))
        truth = None if fault < 0 else "fault" if fault else "normal"
        right = None if truth is None else bool(flag) == bool(fault)
        each.append(Said(text=f"{words} flagged" if flag else words, truth=truth, right=right))
    return Told(None, tuple(each))


def strangest(answers: Surprises) -> int:
    """Find the timestep of the highest score; the first where none has one."""
    return int(np.nan_to_num(answers.score, nan=-np.inf).argmax())


def scored(one: AnomalyPart, answers: Surprises) -> str:
    return f"the score of timestep {strangest(answers) + 1}, the highest"


def inputs(one: AnomalyPart, answers: Surprises) -> dict[str, NDArray[Any]]:
    encoded = one.encoded()
    return dict(pad(encoded, whole(encoded, np.arange(1))).inputs)


def weights(one: AnomalyPart, answers: Surprises) -> NDArray[Any]:
    """Weigh the outputs of a network, [timesteps, outputs]: the score of the strangest timestep."""
    names, numbers = len(scored_names(one.encoders)), len(one.encoders.numbers)
    found = np.zeros((len(answers.score), names + numbers))
    found[strangest(answers), :names] = 1.0
    return found


def scores(run: Run, copies: AnomalyPart, answers: Surprises) -> Doubles:
    """Give the score of the timestep that is the strangest of the whole, [copies]."""
    found = answer(run, copies).score.reshape(len(copies), -1)[:, strangest(answers)]
    return np.nan_to_num(found.astype(np.float64))


def faults(part: AnomalyPart, answers: Surprises) -> Doubles:
    """Measure the share of flags that are not what the labels say; where there are no labels, of
    timesteps that are flagged, [sequences]."""
    known = part.faults
    wrong = np.where(known < 0, answers.flags, answers.flags != (known == 1)).astype(np.float64)
    owners = np.repeat(np.arange(len(part)), part.lengths)
    total = np.bincount(owners, wrong, minlength=len(part))
    return np.where(part.lengths > 0, total / np.maximum(part.lengths, 1), np.nan)


def unrolling(part: AnomalyPart) -> Unrolling:
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
    )
