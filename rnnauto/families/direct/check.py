"""Check that an export is the trained model, and that answers depend on their sequence alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.batches import pad, whole
from rnnauto.data.targets import LabelSetEncoder, TargetEncoder, ValueEncoder, value_encoders
from rnnauto.deploy.check import ALONE, EXTRA, check_differences, difference, run_members, some_of
from rnnauto.deploy.onnx_check import check_graph
from rnnauto.deploy.runner import Run, raw_batch
from rnnauto.families.direct.answer import side_by_side
from rnnauto.families.direct.encode import DirectPart


def check_export(run: Run, members: list[Any], part: DirectPart) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself under other padding.

    Returns: the largest differences found, by name. Raises: ExportError where one is too large.
    """
    chosen = some_of(len(part))
    batch = outputs_of(run, part, chosen)
    differences = {"keras": 0.0, "alone": 0.0, "padding": 0.0}
    differences["keras"] = difference(batch, keras_outputs(members, part, chosen))
    for at, number in enumerate(chosen[:ALONE]):
        alone = outputs_of(run, part, np.array([number]))
        differences["alone"] = max(differences["alone"], difference([batch[at]], alone))
    if part.layout.tokens is None:
        padded = outputs_of(run, part, chosen, extra=EXTRA)
        differences["padding"] = difference(batch, padded)
    return check_differences(differences)


def compare_graph(run: Run, light: Run, part: DirectPart) -> dict[str, float]:
    """Compare the ONNX graph with the SavedModel. Returns and raises: as `check_graph`."""
    target = part.encoders.target
    batch = raw_batch(part.sequences, some_of(len(part)), part.layout, part.encoders)
    return check_graph(
        run,
        light,
        batch,
        lambda outputs: side_by_side(outputs, target) / unit_of(target),
        per_timestep=part.layout.per_timestep,
    )


def outputs_of(
    run: Run, part: DirectPart, chosen: Integers, *, extra: int = 0
) -> list[NDArray[np.float32]]:
    """Run the SavedModel: per sequence the probabilities, or values in deviations; true timesteps
    only."""
    target = part.encoders.target
    outputs = run(raw_batch(part.sequences, chosen, part.layout, part.encoders, extra=extra))
    return by_sequence(side_by_side(outputs, target) / unit_of(target), part, chosen)


def unit_of(target: TargetEncoder) -> Any:
    """Give the unit that differences are measured in: 1 for probabilities, deviations [targets] for
    values."""
    deviations = [encoder.deviation for encoder in value_encoders(target)]
    return np.array(deviations, np.float32) if deviations else np.float32(1)


def keras_outputs(
    members: list[Any], part: DirectPart, chosen: Integers
) -> list[NDArray[np.float32]]:
    """Run the trained networks: their mean, in the form that `outputs_of` has."""
    encoded = part.take(chosen).encoded()
    batch = pad(encoded, whole(encoded, np.arange(len(chosen))))
    logits = [output.numpy() for output in run_members(members, batch.inputs)]
    mean = np.mean([decoded(output, part.encoders.target) for output in logits], axis=0)
    return by_sequence(mean, part, chosen)


def decoded(outputs: NDArray[np.float32], target: TargetEncoder) -> NDArray[np.float32]:
    """Turn a network's outputs [..., outputs] into probabilities, or values in deviations."""
    values = value_encoders(target)
    if values:
        means = np.array([encoder.mean / encoder.deviation for encoder in values], np.float32)
        scaled = outputs + means
        return np.asarray(scaled[..., 0] if isinstance(target, ValueEncoder) else scaled)
    if isinstance(target, LabelSetEncoder):
        return np.asarray(1 / (1 + np.exp(-outputs)))
    bounds = np.cumsum(target.widths)[:-1]
    parts = [np.exp(x - x.max(-1, keepdims=True)) for x in np.split(outputs, bounds, axis=-1)]
    return np.concatenate([part / part.sum(-1, keepdims=True) for part in parts], axis=-1)


def by_sequence(
    outputs: NDArray[np.float32], part: DirectPart, chosen: Integers
) -> list[NDArray[np.float32]]:
    """Cut outputs into those of each sequence, its true timesteps only."""
    if not part.layout.per_timestep:
        return list(outputs)
    lengths = part.lengths[chosen]
    return [row[:length] for row, length in zip(outputs, lengths, strict=True)]
