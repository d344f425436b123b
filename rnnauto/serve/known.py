"""Learn what a model's signatures take and give: from their record, and from one call of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.deploy.runner import BATCH_TIMESTEPS, RawBatch, Shape, Signature, Signatures

MOST_OUTPUTS = 1 << 25  # numbers that a call may compute on its way ...
MOST_ALONE = 1 << 27  # ... and one of a single row
Tensors = Mapping[str, tuple[str, Shape]]  # type and shape by name; None stands for any size


@dataclass(frozen=True)
class KnownSignature:
    """What a function of a model takes and gives, and with what else it can be called at once.

    Attributes:
        timed: the outputs that have a timestep for each one of the input.
        pads: whether sequences of different lengths may share a call.
        alone: whether what one row is answered depends on the rows beside it.
        width: numbers that it may compute for each timestep of a row.
    """

    name: str
    inputs: Tensors
    outputs: Tensors
    timed: frozenset[str]
    pads: bool
    alone: bool
    width: int

    @property
    def budget(self) -> int:
        """Rows times timesteps of one call, at most."""
        return max(1, min(BATCH_TIMESTEPS, MOST_OUTPUTS // self.width))

    @property
    def most_timesteps(self) -> int:
        return MOST_ALONE // self.width


def learn(run: Any, signatures: Signatures) -> dict[str, KnownSignature]:
    """Call every signature of an open model once, with nothing in it, and keep what it gives.

    The first call is the slowest; what cannot be called is found before anybody asks.
    """
    known: dict[str, KnownSignature] = {}
    signatures = {name: each for name, each in signatures.items() if name in run.signatures}
    states = [name for name, each in signatures.items() if "state" in each.outputs]
    first = [name for name in states if "state" not in signatures[name].inputs]
    size = 0
    for name in [*first, *(each for each in signatures if each not in first)]:
        outputs = run(blank(signatures[name], size), name)
        if name in first:
            size = outputs["state"].shape[1]
        known[name] = described(name, signatures[name], outputs, size)
    order = sorted(known, key=lambda name: name != "serving_default")
    return {name: known[name] for name in order}


def blank(signature: Signature, size: int) -> RawBatch:
    """Make one row of one timestep with nothing in it; the state has `size` numbers."""
    batch: RawBatch = {}
    for name, (dtype, shape) in signature.inputs.items():
        sizes = [1, size] if name == "state" else [each or 1 for each in shape]
        if dtype == "string":
            batch[name] = np.full(sizes, "", object)
        else:  # ids, lengths and counts are 1
            batch[name] = np.full(sizes, 1 if dtype.startswith("int") else 0, dtype)
    return batch


def described(
    name: str, signature: Signature, outputs: Mapping[str, Any], size: int
) -> KnownSignature:
    inputs = {
        key: (dtype, (None, size) if key == "state" else shape)
        for key, (dtype, shape) in signature.inputs.items()
    }
    free = {key for key, (_, shape) in inputs.items() if len(shape) > 1 and shape[1] is None}
    shapes = {key: given_shape(signature.outputs.get(key), array) for key, array in outputs.items()}
    timed = frozenset(key for key, shape in shapes.items() if len(shape) > 1 and shape[1] is None)
    sizes = [array.shape[-1] for array in outputs.values() if array.ndim > 1]
    return KnownSignature(
        name=name,
        inputs=inputs,
        outputs={key: (type_of(outputs[key]), shape) for key, shape in shapes.items()},
        timed=timed,
        pads=bool(free) and "state" not in inputs,
        # a draw depends on the place of its row; of texts nobody knows the timesteps outside
        alone="seed" in inputs or "batch" in inputs or (bool(timed) and not free),
        width=max([1, *sizes]) if timed or reads_text(inputs) else 1,
    )


def reads_text(inputs: Tensors) -> bool:
    """Say whether there is an input whose timesteps are inside its texts."""
    return any(dtype == "string" and len(shape) == 1 for dtype, shape in inputs.values())


def given_shape(wanted: Shape | None, found: Any) -> Shape:
    if wanted is not None and len(wanted) == found.ndim:
        return wanted
    return (None, *found.shape[1:]) if found.ndim else ()


def type_of(array: Any) -> str:
    return "string" if array.dtype.kind in "OSU" else str(array.dtype)
