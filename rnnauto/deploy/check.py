"""Compare what an exported model says with what the trained networks say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.data.split import LONGEST, first_timesteps
from rnnauto.errors import ExportError

TOLERANCE = 1e-5  # of a probability, or of the target's standard deviation
SEQUENCES = 32
ALONE = 8
EXTRA = 37


def some_of(count: int) -> Integers:
    """Choose numbers of the sequences, or windows, to compare, at even distances."""
    return np.unique(np.linspace(0, count - 1, min(SEQUENCES, count)).astype(np.int64))


def to_compare(part: Any, *, per_timestep: bool) -> Any:
    """Take of a part the sequences that are compared, and of what is long its first timesteps: all
    of a recording of millions would take gigabytes, several times. Texts stay whole.

    Args: per_timestep: whether timesteps have a target each.
    """
    some = part.take(some_of(len(part)))
    first = first_timesteps(some.sequences, most=LONGEST, per_timestep=per_timestep)
    return some if first is some.sequences else replace(some, sequences=first)


def check_differences(
    differences: dict[str, float], *, tolerance: float = TOLERANCE
) -> dict[str, float]:
    """Check that differences are small. Raises: ExportError that names every difference that is too
    large, or no number."""
    bad = {name: value for name, value in differences.items() if not value <= tolerance}
    if bad:
        listed = ", ".join(f"{name}: {value:.2g}" for name, value in bad.items())
        raise ExportError(
            f"the export differs from the trained model by more than {tolerance:g} ({listed})",
            hint="nothing was written; this is a fault of rnnauto, please report it",
        )
    return differences


@contextmanager
def beside_first(folder: Path, first: object) -> Iterator[None]:
    """Have the error of a last export say that a first model is in the folder.

    Args: first: that model; None: there is none.
    """
    try:
        yield
    except ExportError as error:
        if first is None:
            raise
        raise ExportError(
            error.message,
            hint=f"`{folder}` holds the model of an earlier trial, which has passed; this is a "
            "fault of rnnauto, please report it",
        ) from error


def run_members(members: list[Any], inputs: dict[str, NDArray[Any]]) -> list[Any]:
    """Compute the logits of every member; as one graph, since step by step a long recording takes
    minutes."""
    import tensorflow as tf

    graph = tf.function(lambda batch: [member.model(batch, training=False) for member in members])
    tensors = {name: tf.constant(array) for name, array in inputs.items()}
    return list(graph(tensors))


def difference(one: list[NDArray[np.float32]], other: list[NDArray[np.float32]]) -> float:
    """Find the largest difference; infinite where a value is not a number."""
    parts = [np.abs(a - b).max(initial=0.0) for a, b in zip(one, other, strict=True)]
    largest = float(np.max(parts)) if parts else 0.0
    return largest if np.isfinite(largest) else float("inf")
