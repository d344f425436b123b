"""Tell how to look into one sequence that is answered with lists of numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.batches import whole
from rnnauto.data.columns import data_units
from rnnauto.data.unanswered import with_left_out
from rnnauto.deploy.runner import Run
from rnnauto.deploy.shares import sequence_keys
from rnnauto.errors import DataError
from rnnauto.families.lists.answer import answer, to_judge
from rnnauto.families.lists.batches import pad_lists
from rnnauto.families.lists.encode import ListPart
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.unroll.family import Told, Unrolling
from rnnauto.unroll.reads import short
from rnnauto.unroll.record import Said
from rnnauto.unroll.sequence_parts import of_sequences, take


def told(run: Run, one: ListPart, answers: ListAnswers) -> Told:
    """Say the numbers of every timestep of the answer, those of several targets side by side."""
    zeros, length = one.encoders.target.zeros, int(answers.lengths[0])
    values = np.asarray(data_units(answers.values[0, :length], zeros), np.float64)
    truth = None
    if one.sequences.targets is not None:
        truth = np.asarray(data_units(one.lists().padded(length)[0], zeros), np.float64)
    each = tuple(
        Said(
            text=" ".join(map(short, row)),
            truth=None
            if truth is None or not np.isfinite(truth[at]).all()
            else " ".join(map(short, truth[at])),
        )
        for at, row in enumerate(values)
    )
    return Told(None, each, written=())


def scored(one: ListPart, answers: ListAnswers) -> str:
    return f"the mean of the answer `{one.encoders.target.names[0]}`"


def inputs(one: ListPart, answers: ListAnswers) -> dict[str, NDArray[Any]]:
    lists = one.lists()
    return dict(pad_lists(lists, whole(lists, np.arange(1))).inputs)


def weights(one: ListPart, answers: ListAnswers) -> NDArray[Any]:
    """Weigh the outputs of a network, [timesteps, outputs]: the first target alone."""
    target, length = one.encoders.target, int(answers.lengths[0])
    found = np.zeros((length, len(target.each) + target.ends))
    found[:, 0] = target.each[0].deviation / max(length, 1)
    return found


def scores(run: Run, copies: ListPart, answers: ListAnswers) -> Doubles:
    """Give the mean of the first target over the timesteps of the answer, [copies]."""
    length = max(int(answers.lengths[0]), 1)
    values = answer(run, copies).values[:, :length, 0]
    return np.asarray(values.astype(np.float64).mean(axis=1))


def faults(part: ListPart, answers: ListAnswers) -> Doubles:
    """Measure the mean distance from the truth in deviations, [sequences]."""
    deviations = np.array([each.deviation for each in part.encoders.target.each])
    truth = part.lists().padded(answers.values.shape[1])
    distance = np.abs(answers.values.astype(np.float64) - truth) / deviations
    known = np.isfinite(distance).sum(axis=(1, 2))
    total = np.nansum(distance, axis=(1, 2))
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def take_known(part: ListPart, number: int) -> ListPart:
    """Take the part of one sequence, with its answer where the table has one that can be read: what
    is to be predicted is read without."""
    one: ListPart = take(part, number)
    table = part.table
    if one.sequences.targets is not None or table is None or one.layout.rows_are_timesteps:
        return one
    row = with_left_out(table)[number : number + 1]
    if not set(one.layout.target) <= set(row.columns):
        return one
    try:
        known = to_judge(row, one.layout, one.encoders, history=None)
    except DataError:  # it is missing: nothing is known
        return one
    return replace(one, sequences=replace(one.sequences, targets=known.sequences.targets))


def unrolling(part: ListPart) -> Unrolling:
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
        take=take_known,
    )
