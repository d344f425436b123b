"""Tell how to look into one sequence of values, classes or sets of labels."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.batches import pad, whole
from rnnauto.data.decisions import decided
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.deploy.runner import Run
from rnnauto.deploy.shares import sequence_keys
from rnnauto.families.direct.answer import Answers, answer
from rnnauto.families.direct.encode import DirectPart, outputs_of
from rnnauto.families.direct.table import THERE, as_sets, prediction_columns
from rnnauto.inspection import show
from rnnauto.unroll.copies import prefixes
from rnnauto.unroll.family import Told, Unrolling
from rnnauto.unroll.reads import column_texts
from rnnauto.unroll.record import Said
from rnnauto.unroll.sequence_parts import of_sequences


def told(run: Run, one: DirectPart, answers: Answers) -> Told:
    """Say what was answered, for the sequence or for every timestep of it."""
    encoders, targets = one.encoders, one.sequences.targets
    row_splits = one.sequences.row_splits if one.layout.per_timestep else None
    columns = prediction_columns(answers, encoders, probabilities=False, row_splits=row_splits)
    texts = column_texts(columns)
    truths: list[str | None] = [None] * len(texts)
    if targets is not None:
        truths = [truth_of(each, encoders.target) for each in targets]
    chances = chances_of(answers, encoders.target, row_splits)
    said = tuple(
        Said(text=text, truth=truth, right=rightness(text, truth, encoders.target), chance=chance)
        for text, truth, chance in zip(texts, truths, chances, strict=True)
    )
    return Told(None, said) if one.layout.per_timestep else Told(said[0])


def truth_of(value: Any, target: TargetEncoder) -> str | None:
    """Write a true answer as an answer is written."""
    if value is None:
        return None
    if isinstance(target, LabelSetEncoder):
        labels = list(map(show, value))
        if set(labels) <= set(target.labels):
            there = np.isin(target.labels, labels)[None]
            return str(as_sets(there, target)[0])
    return show(value)


def chances_of(
    answers: Answers, target: TargetEncoder, row_splits: Integers | None
) -> list[float | None]:
    """Give the probability of each answer, where it is one class."""
    if not isinstance(target, LabelEncoder):
        return [None] * len(answers)
    pairs = zip(answers, target.answered(answers, row_splits), strict=True)
    return [float(f"{row[said]:.4g}") for row, said in pairs]


def rightness(text: str, truth: str | None, target: TargetEncoder) -> bool | None:
    """Say whether an answer is right, where it is one class or a set of labels."""
    told = isinstance(target, LabelEncoder | LabelSetEncoder)
    return text == truth if truth is not None and told else None


def weights_of(answers: Answers, target: TargetEncoder, *, scaled: bool) -> NDArray[np.float64]:
    """Weigh the outputs so that their sum says how much the model is of its opinion, [units,
    outputs]: the probability of the class that was said, the value, the mean of several targets.

    Args:
        scaled: values are in deviations, as networks give them; else as they are told.
    """
    matrix = np.nan_to_num(answers.reshape(len(answers), -1).astype(np.float64))
    match target:
        case LabelEncoder():
            return np.asarray(np.eye(matrix.shape[1])[decided(matrix, target.worth)], np.float64)
        case LabelSetEncoder():
            return np.asarray(np.where(matrix > THERE, 1.0, -1.0) / matrix.shape[1])
        case ValueEncoder(deviation=deviation):
            return np.full_like(matrix, deviation if scaled else 1.0)
        case EndingValue():
            unit = target.value.deviation if scaled else 1.0
            return np.broadcast_to(np.array([unit, 0.0]), matrix.shape)
        case SeveralTargets():
            parts = np.split(matrix, np.cumsum(target.widths)[:-1], axis=1)
            each = [
                one_of_several(part, one, scaled=scaled)
                for part, one in zip(parts, target.each, strict=True)
            ]
            return np.concatenate(each, axis=1) / len(each)


def one_of_several(
    outputs: NDArray[np.float64], target: LabelEncoder | ValueEncoder, *, scaled: bool
) -> NDArray[np.float64]:
    """Do as `weights_of` for one of several targets: values count in their deviations."""
    if isinstance(target, ValueEncoder):
        return np.full_like(outputs, 1.0 if scaled else 1.0 / target.deviation)
    return weights_of(outputs.astype(np.float32), target, scaled=scaled)


def scored(one: DirectPart, answers: Answers) -> str:
    """Say in words what of the answer is looked at."""
    target, per_timestep = one.encoders.target, one.layout.per_timestep
    match target:
        case LabelEncoder() if per_timestep:
            words = "the probability of what was said"
        case LabelEncoder():
            words = (
                f"the probability of `{target.classes[int(decided(answers[:1], target.worth)[0])]}`"
            )
        case LabelSetEncoder():
            words = "how sure the set of labels is"
        case SeveralTargets():
            words = "what was said of the targets"
        case _:
            words = f"the answer `{', '.join(one.layout.target)}`"
    return f"{words}, mean of all timesteps" if per_timestep else words


def inputs(one: DirectPart, answers: Answers) -> dict[str, NDArray[Any]]:
    encoded = one.encoded()
    return dict(pad(encoded, whole(encoded, np.arange(1))).inputs)


def weights(one: DirectPart, answers: Answers) -> NDArray[Any]:
    """Weigh the outputs of a network, [outputs], or [timesteps, outputs]."""
    found = weights_of(answers, one.encoders.target, scaled=True)
    return np.asarray(found / len(found) if one.layout.per_timestep else found[0])


def scores(run: Run, copies: DirectPart, answers: Answers) -> Doubles:
    """Ask about copies: what of the answer to the whole is left, [copies] or [copies,
    timesteps]."""
    found = answer(run, copies).reshape(-1, outputs_of(copies.encoders)).astype(np.float64)
    by = weights_of(answers, copies.encoders.target, scaled=False)
    left = (found.reshape(len(copies), len(by), -1) * by).sum(axis=2)
    return np.asarray(left if copies.layout.per_timestep else left[:, 0])


def so_far(run: Run, one: DirectPart, answers: Answers, ends: NDArray[np.int64]) -> Doubles:
    """Score the answer of sequences that end early; NaN where each timestep has an answer."""
    copies = prefixes(one.sequences, ends, one.layout)
    return scores(run, replace(one, sequences=copies), answers)


def faults(part: DirectPart, answers: Answers) -> Doubles:
    """Measure how wrong the answers to sequences are: the share of wrong classes or labels, or the
    distance of values in their deviations; NaN where no truth is known, [sequences]."""
    encoded = part.encoded()
    truth = np.asarray(encoded.targets, np.float64).reshape(len(encoded.targets), -1)
    matrix = answers.reshape(len(answers), -1).astype(np.float64)
    wrong = np.column_stack(
        [
            wrongness(each, outputs, known)
            for each, outputs, known in parts_of(part.encoders.target, matrix, truth)
        ]
    ).mean(axis=1)
    if not part.layout.per_timestep:
        return np.asarray(wrong)
    owners = np.repeat(np.arange(len(part)), part.lengths)
    counted = np.isfinite(wrong)
    total = np.bincount(owners[counted], wrong[counted], minlength=len(part))
    known = np.bincount(owners[counted], minlength=len(part))
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)


def parts_of(
    target: TargetEncoder, matrix: NDArray[np.float64], truth: NDArray[np.float64]
) -> list[tuple[Any, NDArray[np.float64], NDArray[np.float64]]]:
    """Split outputs and truth by target."""
    match target:
        case SeveralTargets():
            outputs = np.split(matrix, np.cumsum(target.widths)[:-1], axis=1)
            return [
                (each, part, truth[:, at : at + 1])
                for at, (each, part) in enumerate(zip(target.each, outputs, strict=True))
            ]
        case EndingValue():
            return [(target.value, matrix[:, :1], truth[:, :1])]
        case _:
            return [(target, matrix, truth)]


def wrongness(
    target: LabelEncoder | LabelSetEncoder | ValueEncoder,
    outputs: NDArray[np.float64],
    truth: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Measure how wrong each unit is; NaN where the truth is missing, [units]."""
    if isinstance(target, LabelEncoder):
        missing = truth[:, 0] < 0
        return np.where(missing, np.nan, decided(outputs, target.worth) != truth[:, 0])
    if isinstance(target, LabelSetEncoder):
        missing = truth[:, 0] < 0
        return np.where(missing, np.nan, ((outputs > THERE) != (truth > THERE)).mean(axis=1))
    return np.asarray(np.abs(outputs[:, 0] - truth[:, 0]) / target.deviation)


def unrolling(part: DirectPart) -> Unrolling:
    """Say how to look into one sequence."""
    layout = part.layout
    return of_sequences(
        part,
        scores,
        keys=lambda one: sequence_keys(one.sequences, one.layout, one.table),
        faults=faults,
        told=told,
        scored=scored,
        inputs=inputs,
        weights=weights,
        so_far=None if layout.per_timestep or layout.one_timestep else so_far,
    )
