"""Find the answers that are furthest off, worst first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.sequences import Sequences
from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.families.direct.encode import DirectPart
from rnnauto.judge.diagnosis import Plain, WrongAnswer
from rnnauto.judge.mistakes import MOST, row_of, timestep_of
from rnnauto.layout import Layout


def worst(part: DirectPart, answers: NDArray[Any]) -> list[WrongAnswer] | None:
    """Find at most twenty wrong answers; None where an answer has several targets or is a set."""
    target, truth = part.encoders.target, part.encoded().targets
    if isinstance(target, LabelEncoder):
        return worst_classes(part.sequences, truth, answers, target, part.layout)
    if isinstance(target, ValueEncoder):
        return worst_values(part.sequences, truth, answers, part.layout, zero=target.zero)
    return None


def worst_classes(
    test: Sequences,
    truth: NDArray[Any],
    chances: NDArray[Any],
    target: LabelEncoder,
    layout: Layout,
) -> list[WrongAnswer]:
    """Find wrong classes, by the probability that the true class was given."""
    said = target.answered(chances, test.row_splits if layout.per_timestep else None)
    wrong = np.flatnonzero((truth >= 0) & (said != truth) & np.isfinite(chances).all(axis=1))
    order = wrong[np.argsort(chances[wrong, truth[wrong]], kind="stable")][:MOST]
    return [
        WrongAnswer(
            id=id_of(test, int(unit), layout),
            truth=target.classes[truth[unit]],
            prediction=target.classes[said[unit]],
            probability=float(chances[unit, said[unit]]),
        )
        for unit in order
    ]


def worst_values(
    test: Sequences, truth: NDArray[Any], values: NDArray[Any], layout: Layout, *, zero: float
) -> list[WrongAnswer]:
    """Find the values with the largest errors. Args: zero: taken off truth and values."""
    values = values.reshape(-1).astype(np.float64)
    error = np.abs(values - truth)
    known = np.flatnonzero(np.isfinite(error))
    order = known[np.argsort(-error[known], kind="stable")][:MOST]
    return [
        WrongAnswer(
            id=id_of(test, int(unit), layout),
            truth=float(truth[unit]) + zero,
            prediction=float(values[unit]) + zero,
            error=float(error[unit]),
        )
        for unit in order
    ]


def id_of(test: Sequences, unit: int, layout: Layout) -> dict[str, Plain]:
    """Give the ids of the sequence, and with a target per timestep where in it that is."""
    if not layout.per_timestep:
        return row_of(test.ids, unit)
    return timestep_of(test, unit)
