"""Find out why a loss is no longer finite, and make a second try with smaller steps."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from rnnauto.search.trial import Job, Result, Values

Cause = Literal["", "input", "target", "gradient", "overflow"]
RESCUED = frozenset({"gradient", "overflow"})  # causes that smaller steps may avoid
RECENT = 10  # steps that are compared with those before them
GROWTH = 30.0  # times as large as before: an exploding gradient
CLIP_NORM = 1.0  # where there was none
TIGHTER = 0.1


def find_cause(norms: list[float], batch: Any) -> Cause:
    """Why the loss of the last step is not finite.

    Args:
        norms: of the gradients of all steps so far, before clipping.
        batch: what the last step was given. NaN marks what is missing there; infinity is a fault.
    """
    inputs = [np.asarray(value) for value in batch.inputs.values()]
    if any(infinite(value) for value in inputs):
        return "input"
    if infinite(np.asarray(batch.targets)):
        return "target"
    known = np.array(norms, np.float64)
    finite = known[np.isfinite(known)]
    early, late = finite[:-RECENT], finite[-RECENT:]
    if len(early) and len(late) and late.max() > GROWTH * max(float(np.median(early)), 1e-12):
        return "gradient"
    return "overflow"


def infinite(values: Any) -> bool:
    return bool(np.issubdtype(values.dtype, np.floating) and np.isinf(values).any())


def describe(cause: Cause) -> str:
    match cause:
        case "input":
            return "a feature is infinite, or too large for float32"
        case "target":
            return "a target is infinite, or too large for float32"
        case "gradient":
            return "the gradient had exploded"
        case _:
            return "the network's numbers became too large"


def tamed(job: Job, *, seconds: float | None) -> Job:
    """The same job with half the learning rate and a tighter clip norm."""
    clip = job.values["clip_norm"]
    values: Values = {
        **job.values,
        "learning_rate": job.values["learning_rate"] / 2,
        "clip_norm": CLIP_NORM if clip == "off" else clip * TIGHTER,
    }
    return replace(job, values=values, seconds=seconds)


def rescued(first: Result, second: Result, job: Job) -> Result:
    """The result of a second try, with what had gone wrong before in its reason."""
    values = job.values
    story = (
        f"{first.reason}; trained again with rate {values['learning_rate']:g} "
        f"and clip norm {values['clip_norm']:g}"
    )
    reason = f"{story}: {second.reason}" if second.reason else story
    return replace(
        second, rescued=True, reason=reason, seconds=round(first.seconds + second.seconds, 3)
    )


def better(second: Result, first: Result) -> bool:
    """Whether a second try is to be kept: it is, unless the first one had come further."""
    return first.loss is None or (second.loss is not None and second.loss < first.loss)
