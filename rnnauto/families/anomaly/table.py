"""Write scores and flags as a table: the user's ids and row order."""

import numpy as np
import polars as pl

from rnnauto.arrays import Flags, Floats
from rnnauto.data.unanswered import Unanswered, lost_of
from rnnauto.deploy.table import beside, times_as_texts
from rnnauto.deploy.timesteps import timesteps_table
from rnnauto.families.anomaly.encode import AnomalyEncoders, AnomalyPart, Surprises, scored_names


def prediction_table(part: AnomalyPart, answers: Surprises, *, probabilities: bool) -> pl.DataFrame:
    """Make one row per timestep, in the order of the file's rows.

    Columns: the ids (or `row`), the time column or `timestep`, the tokens of texts and token lines,
    and those of `score_columns`. A timestep without a score has empty cells.
    """
    columns = score_columns(
        answers.score, answers.flags, answers.scores, part.encoders, probabilities=probabilities
    )
    if part.layout.tokens is not None:  # a score says nothing without its token
        (name,) = (column.name for column in part.layout.features)
        columns = [part.sequences.categories[0].alias(name), *columns]
    return timesteps_table(part, columns)


def score_columns(
    score: Floats,
    flags: Flags,
    scores: Floats,
    encoders: AnomalyEncoders,
    *,
    probabilities: bool,
) -> list[pl.Series]:
    """Make `score`, `flag`, of several columns `column`, the one that adds most to the score, and
    with `probabilities` a `score_<column>` for each."""
    names = scored_names(encoders)
    known = pl.Series(np.isfinite(score))
    columns = [pl.Series("score", score).fill_nan(None), pl.Series("flag", flags)]
    if len(names) > 1:
        most = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=1)
        columns.append(pl.Series("column", names, dtype=pl.String).gather(most))
    if probabilities:
        columns += [
            pl.Series(f"score_{name}", scores[:, at]).fill_nan(None)
            for at, name in enumerate(names)
        ]
    return [column.set(~known, None) for column in columns]


def without_answer(part: AnomalyPart, answers: Surprises) -> tuple[Unanswered, ...]:
    """Count the rows that hold nothing and the timesteps that have no score, by why."""
    nothing = Unanswered(
        int(np.isnan(answers.score).sum()),
        len(answers.score),
        "timesteps",
        "have no score",
        "nothing comes before the first of a sequence, and nothing is told of one that is missing",
    )
    return (*lost_of(part, answers), nothing)


def tested_table(part: AnomalyPart, answers: Surprises) -> pl.DataFrame:
    """Make the table of the test part in a model folder, whose times are texts, with the labels."""
    table = times_as_texts(prediction_table(part, answers, probabilities=True), part.layout)
    if part.layout.faults is None:
        return table
    faults = pl.Series("fault", part.faults.astype(np.int64))
    faults = faults.set(faults < 0, None)
    rows = part.sequences.rows
    return beside(table, [faults if rows is None else faults.gather(rows.argsort())])
