"""Pick what the page shows of lists of numbers."""

import numpy as np

from rnnauto.data.columns import data_units
from rnnauto.families.lists.encode import ListPart
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.families.lists.prepare import ListPrepared
from rnnauto.report.picture import Json, histogram, identity, sequences_shown, short, thinned

LISTS = 6
MOST_TIMESTEPS = 300


def data_shown(prepared: ListPrepared) -> Json:
    """Show some sequences, and the values of the lists."""
    answers = data_units(prepared.development.answers, prepared.encoders.target.zeros)
    values = [
        {"name": name} | (histogram(answers[:, at]) or {"bins": []})
        for at, name in enumerate(prepared.encoders.target.names)
    ]
    return sequences_shown(prepared.parts.development, prepared.layout) | {"values": values}


def answers_shown(part: ListPart, answers: ListAnswers) -> Json:
    """Show true and predicted numbers along some lists: [timestep, truth, prediction]; an answer
    that is over has no prediction."""
    target, lists = part.encoders.target, part.lists()
    truth = data_units(lists.padded(target.longest), target.zeros)
    written = data_units(answers.values, target.zeros)
    lines = []
    for number in thinned(len(part), max(1, LISTS // len(target.names))):
        length = min(
            int(max(lists.answer_lengths[number], answers.lengths[number])), MOST_TIMESTEPS
        )
        ended = np.arange(target.longest) >= answers.lengths[number]
        for at, name in enumerate(target.names):
            predicted = np.where(ended, np.nan, written[number, :, at])
            points = [
                [step + 1, short(float(truth[number, step, at])), short(float(predicted[step]))]
                for step in range(min(length, target.longest))
            ]
            ids = identity(part.sequences.ids, int(number))
            lines.append({"id": ids, "target": name, "points": points})
    return {"kind": "lines", "lines": lines[:LISTS]}
