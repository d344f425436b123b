"""Ask a model how much each timestep surprises it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Flags, Integers, timestep_index
from rnnauto.data.sequences import Sequences, gather
from rnnauto.data.unanswered import gather_to_answer
from rnnauto.deploy.beginnings import in_pieces
from rnnauto.deploy.latency import Single, spread
from rnnauto.deploy.runner import Run, batches_of, blocks_in, raw_batch
from rnnauto.errors import DataError
from rnnauto.families.anomaly.encode import (
    AnomalyEncoders,
    AnomalyPart,
    Surprises,
    label_columns,
    none_normal,
    outputs_of,
    scored_names,
    usable,
    with_faults,
)
from rnnauto.layout import Layout
from rnnauto.prepared import Source, no_history
from rnnauto.problems.required_columns import read_for

MOST_LOGITS = 64 << 20  # numbers that the head gives for a batch


def to_predict(
    data: Source, layout: Layout, encoders: AnomalyEncoders, *, history: Source | None
) -> AnomalyPart:
    """Read sequences to score. Raises: DataError where a column is absent or holds what the model
    cannot read."""
    no_history(history, layout)
    table = read_for(
        layout,
        data,
        target=False,
        text_targets=label_columns(layout),
        may_be_empty=True,
        classes=encoders.words,
    )
    asked = gather_to_answer(table, layout)
    return AnomalyPart(asked.frame, asked.sequences, layout, encoders, lost=asked.lost, table=table)


def to_judge(
    data: Source, layout: Layout, encoders: AnomalyEncoders, *, history: Source | None
) -> AnomalyPart:
    """Read sequences whose faults are labelled, or that are normal where a model was fitted without
    labels. Raises: DataError, also where the column of labels is absent."""
    no_history(history, layout)
    names = label_columns(layout)
    table = read_for(
        layout, data, target=False, text_targets=names, may_be_empty=True, classes=encoders.words
    )
    frame = table.frame
    if names and names[0] not in frame.columns:
        raise DataError(
            f"`{table.source}` has no column `{names[0]}`, which labels faults",
            hint="add it, or ask for scores with `rnnauto predict`",
        )
    sequences = usable(gather(frame, layout))
    if not len(sequences):
        raise DataError(
            f"`{table.source}` holds no sequence of two timesteps",
            hint="a timestep is foretold from those before it",
        )
    labelled = with_faults(sequences, frame, layout, encoders.target.normal, table.source)
    odd = none_normal(labelled, layout, encoders.target.normal, table.source)
    noted = replace(table, notes=(*table.notes, *([odd] if odd else [])))
    return AnomalyPart(frame, labelled, layout, encoders, table=noted)


def answer(run: Run, part: AnomalyPart, *, beams: int = 1) -> Surprises:
    """Score every timestep, in the order given; `beams` are for texts that are written."""
    return surprises(run, part.sequences, part.layout, part.encoders)


def surprises(
    run: Run, sequences: Sequences, layout: Layout, encoders: AnomalyEncoders
) -> Surprises:
    """Score every timestep of some sequences."""
    count, threshold = int(sequences.row_splits[-1]), float("nan")
    score, likelihood = (np.full(count, np.nan, np.float32) for _ in range(2))
    scores = np.full((count, len(scored_names(encoders))), np.nan, np.float32)
    flags = np.zeros(count, bool)
    for chosen in batches_with_room(sequences, outputs_of(encoders)):
        for places, real, outputs in told_of(run, sequences, chosen, layout, encoders):
            score[places], scores[places] = outputs["score"][real], outputs["scores"][real]
            flags[places] = outputs["flag"][real]
            likelihood[places] = outputs["negative_log_likelihood"][real]
            threshold = float(outputs["threshold"][0])
    return Surprises(score, flags, scores, likelihood, threshold)


def told_of(
    run: Run,
    sequences: Sequences,
    chosen: Integers,
    layout: Layout,
    encoders: AnomalyEncoders,
) -> Iterator[tuple[Integers, Flags, dict[str, NDArray[Any]]]]:
    """Give the places of timesteps, which of those that are answered they are, [batch, timesteps],
    and the outputs: all of some sequences at once, or a long one in pieces."""
    pieces = in_pieces(run, sequences, chosen, layout, encoders)
    if pieces is not None:
        for places, outputs in pieces:
            yield places, np.ones((1, len(places)), bool), outputs
        return
    outputs = run(raw_batch(sequences, chosen, layout, encoders))
    real = np.arange(outputs["score"].shape[1]) < sequences.lengths[chosen][:, None]
    yield timestep_index(sequences.row_splits, chosen), real, outputs


def batches_with_room(sequences: Sequences, outputs: int) -> Iterator[Integers]:
    """Batch sequence numbers, so that there is room for what the head gives."""
    lengths = sequences.lengths
    for batch in batches_of(lengths, blocks_in(sequences)):
        longest = max(1, int(lengths[batch].max(initial=0)))
        size = max(1, MOST_LOGITS // (outputs * longest))
        for begin in range(0, len(batch), size):
            yield batch[begin : begin + size]


def single(run: Run, part: AnomalyPart) -> Single:
    """Make the calls that time single answers: one sequence each, spread over all of them."""
    return Single(
        [
            raw_batch(part.sequences, one[None], part.layout, part.encoders)
            for one in spread(len(part))
        ]
    )
