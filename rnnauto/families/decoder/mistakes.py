"""Find the written answers whose truth was the least likely."""

import numpy as np
import polars as pl

from rnnauto.data.sequences import targets_in
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.judge.diagnosis import WrongAnswer
from rnnauto.judge.mistakes import MOST, row_of


def worst(part: DecoderPart, answers: Answered) -> list[WrongAnswer]:
    """Find those answers other than the true ones whose truth was the least likely."""
    truth = targets_in(part.sequences).cast(pl.String).to_list()
    likelihood = answers.likelihood
    if likelihood is None:
        return []
    wrong = [at for at, text in enumerate(answers.texts) if text.split() != str(truth[at]).split()]
    order = sorted(wrong, key=lambda at: float(likelihood[at]))[:MOST]
    return [
        WrongAnswer(
            id=row_of(part.sequences.ids, at),
            truth=truth[at],
            prediction=answers.texts[at],
            probability=float(np.exp(likelihood[at])),
        )
        for at in order
    ]
