"""Check that an export is the trained model, that scores depend on their sequence alone, and that
reading on gives what reading all gives."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.batches import pad, whole
from rnnauto.deploy.beginnings import beginnings, light_step, read_through
from rnnauto.deploy.check import ALONE, EXTRA, check_differences, run_members, some_of
from rnnauto.deploy.onnx_check import check_graph, difference
from rnnauto.deploy.runner import Run, Stepping, raw_batch, saved_step
from rnnauto.deploy.step_run import StepGraph
from rnnauto.families.anomaly.encode import AnomalyPart, scored_names

SIZES = (1, 7)  # timesteps that are read at once


def in_units(outputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """Give the scores in parts of the threshold, [batch, timesteps, columns], in which differences
    are measured; a first timestep has 0."""
    unit = max(float(outputs["threshold"][:1].max(initial=1.0)), 1.0)
    return np.nan_to_num(outputs["scores"] / unit, nan=0.0, posinf=np.inf)


def check_export(run: Run, members: list[Any], part: AnomalyPart) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself under other padding.

    Returns: the largest differences found, by name. Raises: ExportError where one is too large.
    """
    chosen = some_of(len(part))
    raw = raw_batch(part.sequences, chosen, part.layout, part.encoders)
    outputs = run(raw)
    batch = by_sequence(in_units(outputs), part, chosen)
    threshold = max(float(outputs["threshold"][0]), 1.0)
    found = {"keras": apart(batch, keras_scores(members, part, chosen, threshold)), "alone": 0.0}
    for at, number in enumerate(chosen[:ALONE]):
        one = np.array([number])
        alone = run(raw_batch(part.sequences, one, part.layout, part.encoders))
        found["alone"] = max(
            found["alone"], apart([batch[at]], by_sequence(in_units(alone), part, one))
        )
    if part.layout.tokens is None:
        more = raw_batch(part.sequences, chosen, part.layout, part.encoders, extra=EXTRA)
        found["padding"] = apart(batch, by_sequence(in_units(run(more)), part, chosen))
    return check_differences(found)


def apart(one: list[NDArray[Any]], other: list[NDArray[Any]]) -> float:
    """Find the largest difference of the scores of some sequences."""
    return max((difference(a, b) for a, b in zip(one, other, strict=True)), default=0.0)


def by_sequence(
    scores: NDArray[Any], part: AnomalyPart, chosen: Integers
) -> list[NDArray[np.float32]]:
    """Cut scores into those of each sequence, its true timesteps only."""
    return [row[:length] for row, length in zip(scores, part.lengths[chosen], strict=True)]


def keras_scores(
    members: list[Any], part: AnomalyPart, chosen: Integers, threshold: float
) -> list[NDArray[np.float32]]:
    """Run the trained networks: the mean of their scores, as `in_units` has them."""
    encoded = part.take(chosen).encoded()
    batch = pad(encoded, whole(encoded, np.arange(len(chosen))))
    outputs = [output.numpy() for output in run_members(members, batch.inputs)]
    scores = np.mean(outputs, axis=0)[..., : len(scored_names(part.encoders))] / threshold
    if scores.shape[1]:
        scores[:, 0] = 0.0
    if not part.encoders.categories:
        numbers = batch.inputs["numbers"][..., : len(part.encoders.numbers)]
        scores[:, : numbers.shape[1]][np.isnan(numbers).all(axis=-1)] = 0.0
    return by_sequence(scores, part, chosen)


def compare_graph(run: Run, light: Run, part: AnomalyPart) -> dict[str, float]:
    """Compare the ONNX graph with the SavedModel. Returns and raises: as `check_graph`."""
    batch = raw_batch(part.sequences, some_of(len(part)), part.layout, part.encoders)
    return check_graph(run, light, batch, in_units, per_timestep=True)


def check_step(run: Run, part: AnomalyPart) -> dict[str, float]:
    """Compare the `step` of a SavedModel with its answers to whole sequences. Returns: the largest
    difference. Raises: ExportError where it is too large."""
    step = saved_step(run, any_size=True)
    return check_differences({"step": step_apart(run, step, part)})


def compare_step(run: Run, step: StepGraph, part: AnomalyPart) -> dict[str, float]:
    """Compare the `step` of ONNX with the answers of the SavedModel to whole sequences. Returns and
    raises: as `check_step`."""
    light = light_step(step, part.layout, part.encoders)
    return check_differences({"onnx step": step_apart(run, light, part)})


def step_apart(run: Run, step: Stepping, part: AnomalyPart) -> float:
    """Find the largest difference between scores of whole beginnings of sequences and of the same
    read on, a timestep or some at a time."""
    chosen = some_of(len(part))[:ALONE]
    raw, steps, lengths = beginnings(part.sequences, chosen, part.layout, part.encoders)
    outputs = run(raw)
    wanted = in_units(outputs)
    real = np.arange(int(lengths.max(initial=0))) < lengths[:, None]
    largest = 0.0
    for many in SIZES:
        found = [
            in_units({**told, "threshold": outputs["threshold"]})
            for told in read_through(step, steps, size=many)
        ]
        read = np.concatenate(found, axis=1)
        largest = max(largest, difference(wanted[:, : real.shape[1]][real], read[real]))
    return largest
