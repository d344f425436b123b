"""Find the lists that are furthest off, worst first."""

import numpy as np

from rnnauto.families.lists.encode import ListPart
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.judge.diagnosis import WrongAnswer
from rnnauto.judge.mistakes import MOST, row_of


def worst(part: ListPart, answers: ListAnswers) -> list[WrongAnswer]:
    """Find the sequences of largest mean error, in deviations of the targets; `truth` and
    `prediction` are those of the timestep that is furthest off."""
    target = part.encoders.target
    truth = part.lists().padded(target.longest).astype(np.float64)
    deviation = np.array([encoder.deviation for encoder in target.each])
    error = np.abs(answers.values - truth) / deviation  # [sequences, longest, targets]
    known = np.isfinite(error)
    mean = np.where(known, error, 0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    order = np.argsort(-mean, kind="stable")[:MOST]
    wrong = []
    for number in order[mean[order] > 0]:
        furthest = int(np.where(known[number], error[number], -1).argmax())
        wrong.append(
            WrongAnswer(
                id=row_of(part.sequences.ids, int(number)),
                truth=float((truth[number] + target.zeros).reshape(-1)[furthest]),
                prediction=float((answers.values[number] + target.zeros).reshape(-1)[furthest]),
                error=float(mean[number]),
            )
        )
    return wrong
