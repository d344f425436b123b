"""Predictions of any family, and their table."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.encode import Encoders
from rnnauto.data.pairs import encode_pairs
from rnnauto.data.sequences import Sequences
from rnnauto.deploy.runner import Run, predict
from rnnauto.deploy.table import prediction_table
from rnnauto.deploy.writing import score, write, written_table
from rnnauto.judge.evaluate_answers import Answered
from rnnauto.layout import Layout

Answers = NDArray[np.float32] | Answered


def answer(
    run: Run, sequences: Sequences, layout: Layout, encoders: Encoders, *, beams: int = 1
) -> Answers:
    """Probabilities or values of every unit, or written answers."""
    if isinstance(encoders.target, TokensEncoder):
        return write(run, sequences, layout, encoders, beams=beams)
    return predict(run, sequences, layout, encoders)


def answer_to_judge(run: Run, sequences: Sequences, layout: Layout, encoders: Encoders) -> Answers:
    """The same, with what is needed to compare it with the truth."""
    answers = answer(run, sequences, layout, encoders)
    if isinstance(answers, Answered):
        pairs = encode_pairs(sequences, encoders)
        return replace(answers, likelihood=score(run, sequences, pairs, layout, encoders))
    return answers


def answer_table(
    frame: pl.DataFrame,
    sequences: Sequences,
    answers: Answers,
    layout: Layout,
    encoders: Encoders,
    *,
    probabilities: bool,
) -> pl.DataFrame:
    """One row per unit; see `prediction_table` and `written_table`."""
    if isinstance(answers, Answered):
        return written_table(sequences, answers, probabilities=probabilities)
    return prediction_table(
        frame, sequences, answers, layout, encoders, probabilities=probabilities
    )
