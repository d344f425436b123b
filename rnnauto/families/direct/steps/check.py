"""Ask a model's `step` about sequences, some timesteps at a time, as whoever streams does."""

from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.deploy.beginnings import beginnings, light_step, read_through
from rnnauto.deploy.check import ALONE, check_differences, some_of
from rnnauto.deploy.runner import Run, Stepping, saved_step
from rnnauto.deploy.step_run import StepGraph
from rnnauto.families.direct.answer import side_by_side
from rnnauto.families.direct.check import unit_of
from rnnauto.families.direct.encode import DirectPart


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


def compared(name: str, run: Run, step: Stepping, part: DirectPart) -> dict[str, float]:
    chosen, unit = some_of(len(part))[:ALONE], unit_of(part.encoders.target)
    return check_differences({name: step_difference(run, step, part, chosen, unit=unit)})


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
        told = read_through(step, steps, size=size)
        answers = np.concatenate(
            [side_by_side(each, part.encoders.target) for each in told], axis=1
        )
        found = answers[real] if per_timestep else answers[some, lengths[some] - 1]
        apart = np.abs(found - wanted) / unit / np.maximum(np.abs(wanted / unit), 1.0)
        difference = float(np.max(apart, initial=0.0))
        largest = max(largest, difference) if np.isfinite(difference) else float("inf")
    return largest
