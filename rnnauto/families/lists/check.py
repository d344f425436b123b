"""Check that an export is the trained networks, and answers each sequence by itself."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.batches import pad, whole
from rnnauto.deploy.check import ALONE, EXTRA, check_differences, difference, run_members, some_of
from rnnauto.deploy.onnx_check import check_graph
from rnnauto.deploy.runner import Run, raw_batch
from rnnauto.families.lists.answer import side_by_side
from rnnauto.families.lists.encode import ListPart, ListTarget


def check_export(run: Run, members: list[Any], part: ListPart) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself under other padding.

    Returns: the largest differences found, by name. Raises: ExportError where one is too large.
    """
    chosen = some_of(len(part))
    batch = outputs_of(run, part, chosen)
    differences = {
        "keras": difference(list(batch), list(keras_outputs(members, part, chosen))),
        "alone": 0.0,
        "padding": 0.0,
    }
    for at, number in enumerate(chosen[:ALONE]):
        alone = outputs_of(run, part, np.array([number]))
        differences["alone"] = max(differences["alone"], difference([batch[at]], list(alone)))
    if part.layout.tokens is None:
        padded = outputs_of(run, part, chosen, extra=EXTRA)
        differences["padding"] = difference(list(batch), list(padded))
    return check_differences(differences)


def compare_graph(run: Run, light: Run, part: ListPart) -> dict[str, float]:
    """Compare the ONNX graph with the SavedModel. Returns and raises: as `check_graph`."""
    batch = raw_batch(part.sequences, some_of(len(part)), part.layout, part.encoders)
    return check_graph(run, light, batch, partial(in_deviations, part.encoders.target))


def outputs_of(
    run: Run, part: ListPart, chosen: Integers, *, extra: int = 0
) -> NDArray[np.float32]:
    """Run the SavedModel: `in_deviations`, of each sequence."""
    outputs = run(raw_batch(part.sequences, chosen, part.layout, part.encoders, extra=extra))
    return in_deviations(part.encoders.target, outputs)


def in_deviations(target: ListTarget, outputs: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Give values in deviations, and where there are ends, how likely they are, float32 [sequences,
    longest, outputs]."""
    deviations = np.array([encoder.deviation for encoder in target.each], np.float32)
    parts = [side_by_side(outputs, target) / deviations]
    if target.ends:
        parts.append(outputs["end"][..., None])
    return np.concatenate(parts, axis=-1)


def keras_outputs(members: list[Any], part: ListPart, chosen: Integers) -> NDArray[np.float32]:
    """Run the trained networks: their mean, in the form that `outputs_of` has."""
    source, target = part.take(chosen).lists().source, part.encoders.target
    batch = pad(source, whole(source, np.arange(len(chosen))))
    mean = np.mean([out.numpy() for out in run_members(members, batch.inputs)], axis=0)
    shifts = [encoder.mean / encoder.deviation for encoder in target.each]
    return np.asarray(mean + np.array([*shifts, *[0.0] * target.ends], np.float32))
