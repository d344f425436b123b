"""Predictions as a table: the user's ids, row order and label types."""

import polars as pl

from rnnauto.data.encode import Encoders, LabelEncoder
from rnnauto.data.layout import Layout
from rnnauto.data.sequences import ROW, Sequences
from rnnauto.deploy.runner import Predictions

TIMESTEP = "timestep"


def prediction_table(
    frame: pl.DataFrame,
    sequences: Sequences,
    predictions: Predictions,
    layout: Layout,
    encoders: Encoders,
    *,
    probabilities: bool,
) -> pl.DataFrame:
    """One row per sequence, or per timestep in the order of the file's rows.

    Columns: the ids (or `row`), the time column or `timestep` where there is one target per
    timestep, `prediction`, and with `probabilities` one `probability_<label>` per class.
    """
    columns = prediction_columns(predictions, encoders, probabilities=probabilities)
    if not layout.per_timestep:
        return sequences.ids.hstack(columns)
    if sequences.rows is None:  # a row of the file is a whole sequence: say which timestep
        lengths = pl.Series(sequences.lengths)
        owners = pl.Series(range(len(sequences)), dtype=pl.Int64).repeat_by(lengths)
        owners = owners.filter(lengths > 0).explode()
        steps = pl.int_ranges(1, lengths + 1, eager=True).filter(lengths > 0).explode()
        keys = sequences.ids[owners].with_columns(steps.alias(TIMESTEP))
        return keys.hstack(columns)
    back = pl.Series("back", sequences.rows).arg_sort()
    names = [*layout.id, *([layout.time] if layout.time else [])]
    keys = frame.select(names) if names else pl.DataFrame({ROW: range(1, frame.height + 1)})
    return keys.hstack([column.gather(back) for column in columns])


def prediction_columns(
    predictions: Predictions, encoders: Encoders, *, probabilities: bool
) -> list[pl.Series]:
    if predictions.labels is None or predictions.probabilities is None:
        return [pl.Series("prediction", predictions.values)]
    assert isinstance(encoders.target, LabelEncoder)
    columns = [
        typed_labels(pl.Series("prediction", predictions.labels, pl.String), encoders.target)
    ]
    if probabilities:
        columns += [
            pl.Series(f"probability_{label}", predictions.probabilities[:, at])
            for at, label in enumerate(encoders.target.classes)
        ]
    return columns


def typed_labels(labels: pl.Series, target: LabelEncoder) -> pl.Series:
    """Labels as the file wrote them: 1 stays a number, true a boolean."""
    if target.kind == "integer":
        return labels.cast(pl.Int64)
    if target.kind == "number":
        return labels.cast(pl.Float64)
    return labels == "true" if target.kind == "boolean" else labels
