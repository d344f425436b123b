"""Replace something in examples by what stands there in another example."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.judge.sample import Inputs, Sample

TIMED = ("numbers", "codes", "past", "known")  # inputs with a timesteps axis


def donated(sample: Sample, *, seed: int) -> Inputs:
    """Take the inputs of each example from another one, stretched to its own length."""
    count = len(sample)
    order = np.random.default_rng(seed).permutation(count)
    donor = np.empty(count, np.int64)
    donor[order] = np.roll(order, 1)  # never itself, where there are two
    inputs: Inputs = {}
    for name, array in sample.inputs.items():
        if name in TIMED:
            steps = np.arange(array.shape[1])
            share = sample.lengths[donor] / np.maximum(sample.lengths, 1)
            at = np.minimum(steps * share[:, None], sample.lengths[donor][:, None] - 1)
            inputs[name] = array[donor[:, None], np.maximum(at, 0).astype(np.int64)]
        elif name in {"ahead", "static_numbers", "static_codes"}:
            inputs[name] = array[donor]
    return inputs


def blank(sample: Sample) -> Inputs:
    """Empty the inputs: nothing is known. For a forecast, whose levels differ between series."""
    empty: dict[str, Any] = {"codes": np.int32(0)}
    return {
        name: np.full_like(array, empty.get(name, np.nan))
        for name, array in sample.inputs.items()
        if name in TIMED
    }


def with_timesteps(sample: Sample, other: Inputs, hidden: NDArray[np.bool_]) -> Inputs:
    """Take the `hidden` timesteps of the inputs, [examples, timesteps], from `other`."""
    changed = {
        name: np.where(hidden[..., None], other[name], array)
        for name, array in sample.inputs.items()
        if name in TIMED
    }
    return {**sample.inputs, **changed}


def with_columns(sample: Sample, other: Inputs, columns: list[tuple[str, int]]) -> Inputs:
    """Take whole columns of the inputs, named by input and place, from `other`."""
    changed = dict(sample.inputs)
    for name, at in columns:
        array = np.array(changed[name])
        array[..., at] = other[name][..., at]
        changed[name] = array
    return changed


def positions(sample: Sample) -> NDArray[np.int64]:
    """Count for every timestep how far it is from the end of its example, 1 for the last,
    [examples, timesteps]; 0 and below in the padding."""
    width = next(array.shape[1] for name, array in sample.inputs.items() if name in TIMED)
    return np.asarray(sample.lengths[:, None] - np.arange(width))


def shortened(sample: Sample, kept: int) -> Sample:
    """Keep only the last timesteps of each example, read from the beginning; for language models,
    whose state starts there."""
    lengths = np.minimum(sample.lengths, kept)
    start = sample.lengths - lengths
    at = start[:, None] + np.arange(max(1, int(lengths.max())))
    at = np.minimum(at, sample.inputs["length"].max() - 1)
    rows = np.arange(len(sample))[:, None]
    inputs = {
        name: array[rows, at] if name in TIMED else array for name, array in sample.inputs.items()
    }
    inputs["length"] = lengths.astype(np.int32)
    return replace(sample, inputs=inputs, lengths=lengths)
