"""Answer sequences, or static features, with lists of numbers."""

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.columns import less_zeros
from rnnauto.data.unanswered import gather_to_answer
from rnnauto.deploy.latency import Single, spread
from rnnauto.deploy.runner import Run, batches_of, blocks_in, raw_batch
from rnnauto.families.lists.encode import ListEncoders, ListPart, ListTarget
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.layout import Layout
from rnnauto.prepared import Source, no_history, to_be_judged
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import Table


def to_predict(
    data: Source, layout: Layout, encoders: ListEncoders, *, history: Source | None
) -> ListPart:
    """Read sequences to answer; the targets may be absent. Raises: DataError where a column is
    absent or holds what the model cannot read."""
    no_history(history, layout)
    words = encoders.words
    table = read_for(layout, data, target=False, text_targets=(), may_be_empty=True, classes=words)
    asked = gather_to_answer(table, layout, unseen=layout.target)
    return ListPart(asked.sequences, layout, encoders, asked.lost, table)


def to_judge(
    data: Source, layout: Layout, encoders: ListEncoders, *, history: Source | None
) -> ListPart:
    """Read sequences whose answer is known. Raises: DataError."""
    no_history(history, layout)
    table = to_learn(data, layout, encoders)
    return ListPart(to_be_judged(table, layout), layout, encoders, table=table)


def to_learn(data: Source, layout: Layout, encoders: ListEncoders) -> Table:
    """Read a table with lists to answer with. Raises: DataError."""
    return read_for(layout, data, target=True, text_targets=(), classes=encoders.words)


def answer(run: Run, part: ListPart, *, beams: int = 1) -> ListAnswers:
    """Answer every sequence, in the order given; `beams` are for texts that are written."""
    target = part.encoders.target
    shape = (len(part), target.longest, len(target.each))
    values = np.full(shape, np.nan, np.float32)
    lengths = np.full(len(part), target.longest, np.int64)
    for chosen in batches_of(part.lengths, blocks_in(part.sequences)):
        outputs = run(raw_batch(part.sequences, chosen, part.layout, part.encoders))
        values[chosen] = side_by_side(outputs, target)
        lengths[chosen] = outputs["answer_length"]
    return ListAnswers(values, lengths)


def side_by_side(
    outputs: dict[str, NDArray[np.float32]], target: ListTarget
) -> NDArray[np.float32]:
    """Join the lists among the outputs of `serving_default`, less the zero of each target,
    [batch, longest, targets]."""
    joined = np.stack([outputs[name] for name in output_names(target)], axis=-1)
    return less_zeros(joined, target.zeros)


def output_names(target: ListTarget) -> list[str]:
    """Name the lists among the outputs of the SavedModel."""
    several = len(target.names) > 1
    return [f"value_{name}" for name in target.names] if several else ["value"]


def single(run: Run, part: ListPart) -> Single:
    """Make the calls that time single answers: one sequence each, spread over all of them."""
    return Single(
        [
            raw_batch(part.sequences, one[None], part.layout, part.encoders)
            for one in spread(len(part))
        ]
    )
