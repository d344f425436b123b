"""Predictions as a table: the user's ids, row order and label types."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.data.encode import Encoders, LabelEncoder
from rnnauto.data.layout import Layout
from rnnauto.data.sequences import ROW, Sequences

TIMESTEP = "timestep"


def prediction_table(
    frame: pl.DataFrame,
    sequences: Sequences,
    scores: NDArray[np.float32],
    layout: Layout,
    encoders: Encoders,
    *,
    probabilities: bool,
) -> pl.DataFrame:
    """One row per sequence, or per timestep in the order of the file's rows.

    Columns: the ids (or `row`), the time column or `timestep` where there is one target per
    timestep, `prediction`, and with `probabilities` one `probability_<label>` per class.
    """
    columns = prediction_columns(scores, encoders, probabilities=probabilities)
    if not layout.per_timestep:
        return beside(sequences.ids, columns)
    if sequences.rows is None:  # a row of the file is a whole sequence: say which timestep
        lengths = pl.Series(sequences.lengths)
        owners = pl.Series(range(len(sequences)), dtype=pl.Int64).repeat_by(lengths)
        owners = owners.filter(lengths > 0).explode()
        steps = pl.int_ranges(1, lengths + 1, eager=True).filter(lengths > 0).explode()
        keys = sequences.ids[owners].with_columns(steps.alias(TIMESTEP))
        return beside(keys, columns)
    order = sequences.rows.argsort()  # back to the order of the file
    rows = sequences.rows[order]
    names = [*layout.id, *([layout.time] if layout.time else [])]
    keys = frame.select(names)[rows] if names else pl.DataFrame({ROW: rows + 1})
    return beside(keys, [column.gather(order) for column in columns])


def beside(keys: pl.DataFrame, columns: list[pl.Series]) -> pl.DataFrame:
    """A key may be named `prediction` too: then the answer's name gets an underscore."""
    for column in columns:
        name = column.name
        while name in keys.columns:
            name += "_"
        keys = keys.with_columns(column.alias(name))
    return keys


def prediction_columns(
    scores: NDArray[np.float32], encoders: Encoders, *, probabilities: bool
) -> list[pl.Series]:
    """Args: scores: probabilities [units, classes], or values [units]."""
    target = encoders.target
    if not isinstance(target, LabelEncoder):
        return [pl.Series("prediction", scores)]
    best = pl.Series(scores.argmax(axis=1))
    columns = [typed_labels(pl.Series("prediction", target.classes).gather(best), target)]
    if probabilities:
        columns += [
            pl.Series(f"probability_{label}", scores[:, at])
            for at, label in enumerate(target.classes)
        ]
    return columns


def typed_labels(labels: pl.Series, target: LabelEncoder) -> pl.Series:
    """Labels as the file wrote them: 1 stays a number, true a boolean."""
    if target.kind == "integer":
        return labels.cast(pl.Int64)
    if target.kind == "number":
        return labels.cast(pl.Float64)
    return labels == "true" if target.kind == "boolean" else labels
