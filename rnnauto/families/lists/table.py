"""Write answers as a table: the user's ids, and a list for every target."""

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Floats, Integers, splits_of
from rnnauto.data.columns import data_units
from rnnauto.data.targets import lists_of
from rnnauto.data.unanswered import emptied
from rnnauto.deploy.table import beside, times_as_texts
from rnnauto.families.lists.encode import ListPart
from rnnauto.families.lists.evaluate import ListAnswers


def prediction_table(part: ListPart, answers: ListAnswers, *, probabilities: bool) -> pl.DataFrame:
    """Make one row per sequence: the ids (or `row`) and `prediction`, a JSON array that stops where
    the answer does; of several targets each has its own, `prediction_<target>`. Numbers have no
    probabilities."""
    target = part.encoders.target
    names, values = target.names, data_units(answers.values, target.zeros)
    several = len(names) > 1
    columns = [
        as_json(values[..., at], answers.lengths).alias(
            f"prediction_{name}" if several else "prediction"
        )
        for at, name in enumerate(names)
    ]
    lost = np.zeros(len(part), bool) if part.lost is None else part.lost.flags
    return beside(part.sequences.ids, emptied(columns, lost))


def tested_table(part: ListPart, answers: ListAnswers) -> pl.DataFrame:
    """Make the table of the test part in a model folder."""
    return times_as_texts(prediction_table(part, answers, probabilities=False), part.layout)


def as_json(values: Floats | Doubles, lengths: Integers) -> pl.Series:
    """Write lists [sequences, longest], cut to their lengths, as JSON arrays, which every format
    can hold."""
    real = np.arange(values.shape[1]) < lengths[:, None]
    texts = pl.Series(values[real]).cast(pl.String)
    return "[" + lists_of(texts, splits_of(lengths)).list.join(", ") + "]"
