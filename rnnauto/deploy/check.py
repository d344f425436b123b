"""Is the exported model the trained one? Does a prediction depend on its sequence alone?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.batches import pad, whole
from rnnauto.data.encode import Encoders, encode
from rnnauto.data.sequences import Sequences
from rnnauto.data.targets import (
    LabelSetEncoder,
    TargetEncoder,
    ValueEncoder,
    output_widths,
    value_encoders,
)
from rnnauto.deploy.runner import Run, raw_batch, side_by_side
from rnnauto.errors import ExportError
from rnnauto.layout import Layout

TOLERANCE = 1e-5  # of a probability, or of the target's standard deviation
SEQUENCES = 32
ALONE = 8
EXTRA = 37


def check_export(
    run: Run, members: list[Any], sequences: Sequences, layout: Layout, encoders: Encoders
) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself under other padding.

    Returns: the largest differences found, by name. Raises: ExportError where one is too large.
    """
    chosen = np.linspace(0, len(sequences) - 1, min(SEQUENCES, len(sequences))).astype(np.int64)
    chosen = np.unique(chosen)
    if isinstance(encoders.target, TokensEncoder):
        from rnnauto.deploy.check_decoder import compare_decoder  # which builds on this file

        some = sequences.take(chosen, per_timestep=False)
        return check_differences(compare_decoder(run, members, some, layout, encoders))
    batch = outputs_of(run, sequences, chosen, layout, encoders)
    found = {"keras": 0.0, "alone": 0.0, "padding": 0.0}
    found["keras"] = difference(batch, keras_outputs(members, sequences, chosen, layout, encoders))
    for at, number in enumerate(chosen[:ALONE]):
        alone = outputs_of(run, sequences, np.array([number]), layout, encoders)
        found["alone"] = max(found["alone"], difference([batch[at]], alone))
    if layout.tokens is None:
        padded = outputs_of(run, sequences, chosen, layout, encoders, extra=EXTRA)
        found["padding"] = difference(batch, padded)
    return check_differences(found)


def check_differences(found: dict[str, float], *, tolerance: float = TOLERANCE) -> dict[str, float]:
    """Raises: ExportError that names every difference that is too large, or no number."""
    bad = {name: value for name, value in found.items() if not value <= tolerance}
    if bad:
        listed = ", ".join(f"{name}: {value:.2g}" for name, value in bad.items())
        raise ExportError(
            f"the export differs from the trained model by more than {tolerance:g} ({listed})",
            hint="nothing was written; this is a fault of rnnauto, please report it",
        )
    return found


def outputs_of(
    run: Run,
    sequences: Sequences,
    chosen: Integers,
    layout: Layout,
    encoders: Encoders,
    *,
    extra: int = 0,
) -> list[NDArray[np.float32]]:
    """Per sequence the probabilities, or values in deviations; true timesteps only."""
    outputs = run(raw_batch(sequences, chosen, layout, encoders, extra=extra))
    values = side_by_side(outputs, encoders.target) / unit_of(encoders.target)
    return by_sequence(values, sequences, chosen, layout)


def unit_of(target: TargetEncoder) -> Any:
    """What differences are measured in: 1 for probabilities, deviations [targets] for values."""
    deviations = [encoder.deviation for encoder in value_encoders(target)]
    return np.array(deviations, np.float32) if deviations else np.float32(1)


def keras_outputs(
    members: list[Any],
    sequences: Sequences,
    chosen: Integers,
    layout: Layout,
    encoders: Encoders,
) -> list[NDArray[np.float32]]:
    encoded = encode(
        sequences.take(chosen, per_timestep=layout.per_timestep),
        encoders,
        per_timestep=layout.per_timestep,
    )
    batch = pad(encoded, whole(encoded, np.arange(len(chosen))))
    logits = [part.numpy() for part in run_members(members, batch.inputs)]
    mean = np.mean([decoded(part, encoders.target) for part in logits], axis=0)
    return by_sequence(mean, sequences, chosen, layout)


def decoded(outputs: NDArray[np.float32], target: TargetEncoder) -> NDArray[np.float32]:
    """A network's outputs [..., outputs] as probabilities, or values in deviations."""
    values = value_encoders(target)
    if values:
        means = np.array([encoder.mean / encoder.deviation for encoder in values], np.float32)
        found = outputs + means
        return np.asarray(found[..., 0] if isinstance(target, ValueEncoder) else found)
    if isinstance(target, LabelSetEncoder):
        return np.asarray(1 / (1 + np.exp(-outputs)))
    bounds = np.cumsum(output_widths(target))[:-1]
    parts = [np.exp(x - x.max(-1, keepdims=True)) for x in np.split(outputs, bounds, axis=-1)]
    return np.concatenate([part / part.sum(-1, keepdims=True) for part in parts], axis=-1)


def run_members(members: list[Any], inputs: dict[str, NDArray[Any]]) -> list[Any]:
    """Logits of every member; as one graph, since step by step a long recording takes minutes."""
    import tensorflow as tf

    graph = tf.function(lambda given: [model(given, training=False) for model in members])
    tensors = {name: tf.constant(array) for name, array in inputs.items()}
    return list(graph(tensors))


def by_sequence(
    outputs: NDArray[np.float32], sequences: Sequences, chosen: Integers, layout: Layout
) -> list[NDArray[np.float32]]:
    if not layout.per_timestep:
        return list(outputs)
    lengths = sequences.lengths[chosen]
    return [part[:length] for part, length in zip(outputs, lengths, strict=True)]


def difference(one: list[NDArray[np.float32]], other: list[NDArray[np.float32]]) -> float:
    """Largest difference; infinite where a value is not a number."""
    parts = [np.abs(a - b).max(initial=0.0) for a, b in zip(one, other, strict=True)]
    largest = float(np.max(parts)) if parts else 0.0
    return largest if np.isfinite(largest) else float("inf")
