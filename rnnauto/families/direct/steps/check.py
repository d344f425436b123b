"""Ask a model's `step` about sequences, some timesteps at a time, as whoever streams does."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.deploy.beginnings import ALONG_TIME, beginnings
from rnnauto.deploy.check import ALONE, check_differences, some_of
from rnnauto.deploy.raw_inputs import cut_inputs
from rnnauto.deploy.runner import RawBatch, Run
from rnnauto.deploy.step_run import StepGraph
from rnnauto.families.direct.answer import side_by_side
from rnnauto.families.direct.check import unit_of
from rnnauto.families.direct.encode import DirectEncoders, DirectPart
from rnnauto.layout import Layout


def check_step(run: Run, part: DirectPart, *, any_size: bool) -> dict[str, float]:
    """Compare the `step` of a SavedModel with its answers to whole sequences.

    Args: any_size: whether it takes more timesteps of a sequence than one.

    Returns: the largest difference. Raises: ExportError where it is too large.
    """
    return compared("step", run, saved_step(run, any_size=any_size), part)


def compare_step(run: Run, step: StepGraph, part: DirectPart) -> dict[str, float]:
    """Compare the `step` of ONNX with the answers of the SavedModel to whole sequences. Returns and
    raises: as `check_step`."""
    return compared("onnx step", run, light_step(step, part.layout, part.encoders), part)


def compared(name: str, run: Run, step: "Stepping", part: DirectPart) -> dict[str, float]:
    chosen, unit = some_of(len(part))[:ALONE], unit_of(part.encoders.target)
    return check_differences({name: step_difference(run, step, part, chosen, unit=unit)})


@dataclass(frozen=True)
class Stepping:
    """A `step` that is open.

    Attributes:
        call: what takes a batch and gives answers.
        size: of the state.
        any_size: whether it takes more timesteps of a sequence than one.
    """

    call: Callable[[RawBatch], dict[str, NDArray[Any]]]
    size: int
    any_size: bool


def saved_step(run: Run, *, any_size: bool) -> Stepping:
    """Take the `step` of a SavedModel."""
    state = run({"batch": np.array(1, np.int32)}, "initial_state")["state"]
    return Stepping(partial(run, signature="step"), state.shape[1], any_size)


def light_step(step: StepGraph, layout: Layout, encoders: DirectEncoders) -> Stepping:
    """Take that of ONNX, which reads the views of words."""

    def call(batch: RawBatch) -> dict[str, NDArray[Any]]:
        raw = dict(batch)
        if "token" in raw:
            return step(raw | {"tokens": raw.pop("token")})
        return step(cut_inputs(raw, layout, encoders))

    return Stepping(call, len(step.fresh), step.any_size)


def step_through(
    step: Stepping, steps: RawBatch, part: DirectPart, *, size: int
) -> NDArray[np.float32]:
    """Read a batch on by `size` timesteps at a time: the answers after each of them, [batch,
    timesteps, ...], as `side_by_side` has them."""
    rows, timesteps = next(steps[name].shape[:2] for name in ALONG_TIME & steps.keys())
    state: NDArray[Any] = np.zeros((rows, step.size), np.float32)
    answers = []
    for begin in range(0, timesteps, size):
        here = {
            name: array[:, begin : begin + size] if name in ALONG_TIME else array
            for name, array in steps.items()
        }
        told = step.call({**here, "state": state})
        state = told["state"]
        answers.append(side_by_side(told, part.encoders.target))
    return np.concatenate(answers, axis=1)


def step_difference(
    run: Run, step: Stepping, part: DirectPart, chosen: Integers, *, unit: Any
) -> float:
    """Find the largest difference between the answers of a SavedModel to whole sequences and those
    of `step` to the same timestep by timestep, in units; infinite where one is no number. Where it
    takes any number of timesteps, they are also read at once."""
    cut, steps, lengths = beginnings(part.sequences, chosen, part.layout, part.encoders)
    some = np.flatnonzero(lengths)
    if not len(some):
        return 0.0
    wanted = side_by_side(run(cut), part.encoders.target)
    timesteps = np.arange(int(lengths.max()))
    real = timesteps < lengths[:, None]
    per_timestep = part.layout.per_timestep
    wanted = wanted[:, : len(timesteps)][real] if per_timestep else wanted[some]
    largest = 0.0
    for size in (1, len(timesteps)) if step.any_size else (1,):
        answers = step_through(step, steps, part, size=size)
        found = answers[real] if per_timestep else answers[some, lengths[some] - 1]
        apart = np.abs(found - wanted) / unit / np.maximum(np.abs(wanted / unit), 1.0)
        difference = float(np.max(apart, initial=0.0))
        largest = max(largest, difference) if np.isfinite(difference) else float("inf")
    return largest
