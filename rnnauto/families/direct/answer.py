"""Answer sequences with values, or with the probabilities of classes and labels."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import timestep_index
from rnnauto.data.columns import less_zeros
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
    label_texts,
    zeros_in,
)
from rnnauto.data.unanswered import gather_to_answer
from rnnauto.deploy.beginnings import in_pieces
from rnnauto.deploy.latency import Single, spread
from rnnauto.deploy.runner import Run, batches_of, blocks_in, raw_batch
from rnnauto.families.direct.encode import (
    DirectEncoders,
    DirectPart,
    check_classes,
    each_target,
    outputs_of,
    text_targets,
)
from rnnauto.layout import Layout
from rnnauto.mapped import give_all_back
from rnnauto.prepared import Source, no_history, to_be_judged
from rnnauto.problems.required_columns import read_for, refuse
from rnnauto.reading.read import Table

Answers = NDArray[np.float32]


def to_predict(
    data: Source, layout: Layout, encoders: DirectEncoders, *, history: Source | None
) -> DirectPart:
    """Read sequences to answer; the target may be absent. Raises: DataError where a column is
    absent or holds what the model cannot read."""
    no_history(history, layout)
    texts = text_targets(layout, encoders)
    classes = {**encoders.words, **texts}
    table = read_for(
        layout, data, target=False, text_targets=texts, may_be_empty=True, classes=classes
    )
    unseen = layout.target if layout.answer_length else ()
    asked = gather_to_answer(table, layout, unseen=unseen)
    return DirectPart(asked.frame, asked.sequences, layout, encoders, asked.lost, table)


def to_judge(
    data: Source, layout: Layout, encoders: DirectEncoders, *, history: Source | None
) -> DirectPart:
    """Read sequences whose target is known. Raises: DataError, also for a class that the model does
    not know."""
    no_history(history, layout)
    table = to_learn(data, layout, encoders)
    sequences = to_be_judged(table, layout)
    part = DirectPart(table.frame, sequences, layout, encoders, table=table)
    check_classes(part, table.source)
    return part


def to_learn(data: Source, layout: Layout, encoders: DirectEncoders) -> Table:
    """Read a table with targets, among which may be classes that the model does not know. Raises:
    DataError, also for a class that cannot be one of its kind."""
    texts = text_targets(layout, encoders)
    classes = {**encoders.words, **texts}
    table = read_for(layout, data, target=True, text_targets=texts, classes=classes)
    for column, encoder in zip(layout.targets, each_target(encoders.target), strict=True):
        for name in column.columns or (column.name,):
            check_kind(table, table.frame[name], encoder)
    return table


def check_kind(table: Table, targets: pl.Series, encoder: TargetEncoder) -> None:
    """Check that new classes are such that they can stand among those of the model: among whole
    numbers a whole one. Raises: DataError for the first that cannot."""
    if not isinstance(encoder, LabelEncoder) or encoder.kind == "text":
        return
    texts = label_texts(targets)
    strange = texts.is_not_null() & ~texts.is_in(list(encoder.classes))
    what, wanted = "no number", "numbers"
    if encoder.kind == "integer":
        strange &= ~texts.str.contains(r"^-?\d+(\.0+)?$").fill_null(False)
        what, wanted = "no whole number", "whole numbers"
    elif encoder.kind == "boolean":
        what, wanted = "neither true nor false", "true and false"
    else:
        strange &= texts.cast(pl.Float64, strict=False).is_null()
    refuse(table, targets, strange, what, wanted)


def answer(run: Run, part: DirectPart, *, beams: int = 1) -> Answers:
    """Predict every sequence, in the order given; `beams` are for texts that are written.

    Returns: probabilities [units, classes] or [units, labels], or values less their zero [units];
    of several targets the probabilities side by side, or values [units, targets]. A unit is a
    sequence, or a timestep where there is one target per timestep.
    """
    sequences, layout, encoders = part.sequences, part.layout, part.encoders
    units = len(sequences.numbers) if layout.per_timestep else len(sequences)
    one_value = isinstance(encoders.target, ValueEncoder)
    scores = np.full((units,) if one_value else (units, outputs_of(encoders)), np.nan, np.float32)
    for chosen in batches_of(sequences.lengths, blocks_in(sequences)):
        pieces = in_pieces(run, sequences, chosen, layout, encoders)
        if pieces is not None:
            for places, outputs in pieces:
                told = side_by_side(outputs, encoders.target)[0]
                if layout.per_timestep:
                    scores[places] = told
                else:
                    scores[chosen] = told[-1]
            continue
        outputs = run(raw_batch(sequences, chosen, layout, encoders))
        give_all_back()
        answers = side_by_side(outputs, encoders.target)
        if layout.per_timestep:
            real = np.arange(answers.shape[1]) < sequences.lengths[chosen][:, None]
            scores[timestep_index(sequences.row_splits, chosen)] = answers[real]
        else:
            scores[chosen] = answers
    return scores


def side_by_side(outputs: dict[str, NDArray[Any]], target: TargetEncoder) -> NDArray[np.float32]:
    """Join the probabilities, or the values less their zeros, among the outputs of
    `serving_default`, [..., outputs]; the values of a single target [...]."""
    match target:
        case ValueEncoder():
            return less_zeros(outputs["value"], zeros_in(target))
        case EndingValue():
            both = np.stack([outputs["value"], outputs["end"]], axis=-1)
            return less_zeros(both, zeros_in(target))
        case SeveralTargets():
            parts = [
                outputs[f"probabilities_{name}"]
                if isinstance(encoder, LabelEncoder)
                else less_zeros(outputs[f"value_{name}"][..., None], zeros_in(encoder))
                for name, encoder in zip(target.names, target.each, strict=True)
            ]
            return np.concatenate(parts, axis=-1)
        case _:
            return outputs["probabilities"]


def numbers_told(encoders: DirectEncoders) -> tuple[str, ...]:
    """Name the outputs that `side_by_side` reads."""
    target = encoders.target
    if isinstance(target, SeveralTargets):
        kinds = [
            "value" if isinstance(each, ValueEncoder) else "probabilities" for each in target.each
        ]
        return tuple(f"{kind}_{name}" for kind, name in zip(kinds, target.names, strict=True))
    return ("value",) if isinstance(target, ValueEncoder) else ("probabilities",)


def single(run: Run, part: DirectPart) -> Single:
    """Make the calls that time single answers: one sequence each, spread over all of them."""
    return Single(
        [
            raw_batch(part.sequences, one[None], part.layout, part.encoders)
            for one in spread(len(part))
        ]
    )
