"""Write predictions as a table: the user's ids, row order and label types."""

import json

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, splits_of
from rnnauto.data.columns import data_units
from rnnauto.data.sequences import Sequences
from rnnauto.data.settling import Settled
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelKind,
    LabelSetEncoder,
    SeveralTargets,
    ValueEncoder,
    decode_label_sets,
    ended,
    lists_of,
    zeros_in,
)
from rnnauto.data.unanswered import emptied
from rnnauto.deploy.table import beside, times_as_texts
from rnnauto.deploy.timesteps import timesteps_table
from rnnauto.families.direct.encode import DirectEncoders, DirectPart, outputs_of

THERE = 0.5  # probability from which a label is in the set


def prediction_table(
    part: DirectPart,
    scores: NDArray[np.float32],
    *,
    probabilities: bool,
    settled: Settled | None = None,
) -> pl.DataFrame:
    """Make one row per sequence, or per timestep in the order of the file's rows.

    Columns: the ids (or `row`), the time column or `timestep` where there is one target per
    timestep, the tokens of token lines, `prediction`, and with `probabilities` one
    `probability_<label>` per class. Of several
    targets each has its own, `prediction_<target>` and `probability_<target>_<label>`; a set of
    labels is a JSON array, and so is a list of numbers from static features, cut where it ends.
    Where answers settle before the end, `early_prediction` is what settled, and `early_timestep`
    where: empty where none did, and the answer to the whole sequence stands.
    """
    sequences, layout, encoders = part.sequences, part.layout, part.encoders
    lost = np.zeros(len(sequences), bool) if part.lost is None else part.lost.flags
    if layout.answer_length:
        return beside(sequences.ids, emptied([answer_lists(scores, sequences, encoders)], lost))
    columns = prediction_columns(
        scores,
        encoders,
        probabilities=probabilities,
        row_splits=sequences.row_splits if layout.per_timestep else None,
    )
    if settled is not None:
        columns[1:1] = early_columns(settled, columns[0], encoders)
    if not layout.per_timestep:
        return beside(sequences.ids, emptied(columns, lost))
    return timesteps_table(part, columns)


def tested_table(
    part: DirectPart, scores: NDArray[np.float32], *, settled: Settled | None = None
) -> pl.DataFrame:
    """Make the table of the test part in a model folder, whose times are texts."""
    table = prediction_table(part, scores, probabilities=True, settled=settled)
    return times_as_texts(table, part.layout)


def early_columns(
    settled: Settled, predicted: pl.Series, encoders: DirectEncoders
) -> list[pl.Series]:
    """Make the columns of answers before the end. Args: predicted: those at the end."""
    target = encoders.target
    assert isinstance(target, LabelEncoder)
    there = pl.Series(settled.timesteps > 0)
    classes = pl.Series("early_prediction", target.classes).gather(np.maximum(settled.classes, 0))
    labels = typed_labels(classes, target.kind)
    return [
        pl.select(pl.when(there).then(labels).otherwise(predicted).alias(labels.name)).to_series(),
        timesteps_settled("early_timestep", settled.timesteps),
    ]


def timesteps_settled(name: str, timesteps: Integers) -> pl.Series:
    """Write timesteps at which answers settled; null where none did."""
    column = pl.Series(name, timesteps)
    return pl.select(pl.when(column > 0).then(column).alias(name)).to_series()


def answer_lists(
    scores: NDArray[np.float32], sequences: Sequences, encoders: DirectEncoders
) -> pl.Series:
    """Make `prediction`, lists of numbers as JSON arrays, [sequences]."""
    if not len(sequences):
        return pl.Series("prediction", [], dtype=pl.String)
    answers = scores.reshape(
        len(sequences), -1, outputs_of(encoders)
    )  # all have equally many timesteps
    lengths = np.full(len(answers), answers.shape[1])
    if isinstance(encoders.target, EndingValue):
        lengths = ended(answers[..., 1])
    values = data_units(answers[..., 0].ravel(), zeros_in(encoders.target)[:1])
    texts = pl.Series(values).cast(pl.String)
    real = np.arange(answers.shape[1]) < lengths[:, None]
    cells = lists_of(texts.filter(pl.Series(real.ravel())), splits_of(lengths))
    return ("[" + cells.list.join(", ") + "]").alias("prediction")


def prediction_columns(
    scores: NDArray[np.float32],
    encoders: DirectEncoders,
    *,
    probabilities: bool,
    row_splits: Integers | None = None,
) -> list[pl.Series]:
    """Make the columns of every target.

    Args:
        scores: what `runner.predict` gives, [units, outputs] or [units].
        row_splits: of the sequences of units that are timesteps; None: each is by itself.
    """
    target = encoders.target
    if isinstance(target, SeveralTargets):
        parts = np.split(scores, np.cumsum(target.widths)[:-1], axis=1)
        return [
            column
            for name, part, encoder in zip(target.names, parts, target.each, strict=True)
            for column in target_columns(part, encoder, f"_{name}", probabilities=probabilities)
        ]
    return target_columns(scores, target, "", probabilities=probabilities, row_splits=row_splits)


def target_columns(
    scores: NDArray[np.float32],
    target: LabelEncoder | LabelSetEncoder | ValueEncoder | EndingValue,
    ending: str,
    *,
    probabilities: bool,
    row_splits: Integers | None = None,
) -> list[pl.Series]:
    """Make `prediction`, and with `probabilities` one `probability_<label>` per class or label."""
    if isinstance(target, EndingValue):  # the value beside how likely it is the last
        scores, target = scores[:, 0], target.value
    if isinstance(target, ValueEncoder):
        values = data_units(scores.reshape(-1), zeros_in(target))
        return [pl.Series(f"prediction{ending}", values)]
    if isinstance(target, LabelEncoder):
        best = pl.Series(target.answered(scores, row_splits))
        labels = pl.Series(f"prediction{ending}", target.classes).gather(best)
        columns = [typed_labels(labels, target.kind)]
        names = target.classes
    else:
        columns = [as_sets(scores > THERE, target).alias(f"prediction{ending}")]
        names = target.labels
    if probabilities:
        columns += [
            pl.Series(f"probability{ending}_{label}", scores[:, at])
            for at, label in enumerate(names)
        ]
    return columns


def typed_labels(labels: pl.Series, kind: LabelKind) -> pl.Series:
    """Type labels as the file wrote them: 1 stays a number, true a boolean."""
    if kind == "integer":
        return labels.cast(pl.Int64)
    if kind == "number":
        return labels.cast(pl.Float64)
    return labels == "true" if kind == "boolean" else labels


def as_sets(there: NDArray[np.bool_], target: LabelSetEncoder) -> pl.Series:
    """Write sets of labels as the file does, or as JSON arrays, which every format can hold."""
    if target.separator:
        return decode_label_sets(there, target).list.join(target.separator)
    names = [
        name if target.kind != "text" else json.dumps(name, ensure_ascii=False)
        for name in target.labels
    ]
    quoted = decode_label_sets(there, target.model_copy(update={"labels": tuple(names)}))
    return "[" + quoted.list.join(", ") + "]"
