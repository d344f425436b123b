"""Pick what the page shows of written answers."""

import numpy as np

from rnnauto.data.sequences import Sequences, targets_in
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.families.decoder.prepare import DecoderPrepared
from rnnauto.inspection import show
from rnnauto.report.picture import Json, sequences_shown, short, thinned

SENTENCES = 8
MOST_TOKENS = 80


def data_shown(prepared: DecoderPrepared) -> Json:
    """Show some sequences."""
    return sequences_shown(prepared.parts.development, prepared.layout)


def answers_shown(part: DecoderPart, answers: Answered) -> Json:
    """Show the source, the true answer and the one that was written."""
    sequences, targets = part.sequences, targets_in(part.sequences)
    chosen = thinned(len(sequences), SENTENCES)
    written = [
        {
            "source": source_of(sequences, int(number)),
            "truth": show(targets[int(number)]),
            "prediction": answers.texts[number],
            "probability": short(float(np.exp(answers.log_probability[number]))),
        }
        for number in chosen
    ]
    penalty = part.encoders.target.length_penalty
    return {"kind": "written", "written": written, "length_penalty": penalty}


def source_of(sequences: Sequences, number: int) -> str:
    """Write a source as one text, at most so many timesteps of it."""
    if sequences.texts is not None:
        return str(sequences.texts[number])
    values = [show(float(value)) for value in sequences.static_numbers[number]]
    values += [show(column[number]) for column in sequences.static_categories]
    begin = int(sequences.row_splits[number])
    end = min(int(sequences.row_splits[number + 1]), begin + MOST_TOKENS)
    values += [show(column[at]) for column in sequences.categories for at in range(begin, end)]
    return " ".join(values)
