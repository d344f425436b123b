"""Ask the ONNX graph that reads a timestep more: arrays in, arrays out, in microseconds."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats
from rnnauto.deploy.onnx_gate import read_onnx, values_by_name
from rnnauto.deploy.onnx_run import STEP, cannot_answer, open_graph
from rnnauto.deploy.raw_inputs import Inputs
from rnnauto.deploy.runner import RawBatch
from rnnauto.deploy.streaming import Streaming
from rnnauto.errors import RnnautoError
from rnnauto.files import damaged

STATE, AFTER = "state", "state_after"  # a name stands for one value in a graph


class Asked(NamedTuple):
    """What is known of a `step` before it is opened, as `Streaming` has it, where no rows are
    streamed."""

    inputs: Inputs
    along: frozenset[str]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class StepGraph:
    """An open `step.onnx`.

    Attributes:
        path: its file.
        session: of onnxruntime.
        outputs: those that are asked for.
        fresh: the state before the first timestep, float32 [size].
        any_size: whether it takes more timesteps of a sequence than one.
        digest: a hash of the file.
    """

    path: Path
    session: Any
    outputs: tuple[str, ...]
    fresh: Floats
    any_size: bool
    digest: str

    def __call__(self, batch: RawBatch) -> dict[str, NDArray[Any]]:
        try:
            found = self.session.run(self.outputs, batch)
        except Exception as error:  # onnxruntime's errors have nothing in common
            raise cannot_answer(self.path, error) from error
        *answers, after = found
        return {**dict(zip(self.outputs, answers, strict=False)), STATE: after}


def open_step(folder: Path, streaming: Streaming | Asked) -> StepGraph:
    """Open the `step.onnx` of a model folder, once it has passed the gate and takes and gives what
    its family says. Raises: ModelFolderError."""
    path = folder / STEP
    content, model = read_onnx(path)
    taken = values_by_name(model["graph"]["inputs"])
    size, timesteps = state_size(path, taken), chunk_of(taken, streaming)
    inputs = {
        name: (dtype, (None, timesteps, *shape[2:]) if name in streaming.along else shape)
        for name, (dtype, shape) in streaming.inputs.items()
    }
    given = dict.fromkeys(streaming.outputs) | {AFTER: (None, size)}
    graph = open_graph(path, {**inputs, STATE: ("float32", (None, size))}, given, apart=False)
    return StepGraph(
        path=path,
        session=graph.session,
        outputs=tuple(given),
        fresh=np.zeros(size, np.float32),
        any_size=timesteps is None,
        digest=hashlib.sha256(content).hexdigest(),
    )


def state_size(path: Path, taken: Any) -> int:
    """Find how long the state is. Raises: ModelFolderError where there is none."""
    dtype, shape = taken.get(STATE, ("", ()))
    if dtype != "float32" or len(shape) != 2 or not shape[1]:
        raise no_state(path)
    return int(shape[1])


def no_state(path: Path) -> RnnautoError:
    return damaged(path, f"it has no input `{STATE}` of a known size")


def chunk_of(taken: Any, streaming: Streaming | Asked) -> int | None:
    """Find how many timesteps of a sequence a call takes: 1, or any number."""
    sizes = [taken[name][1][1:2] for name in streaming.along if name in taken]
    return 1 if (1,) in sizes else None
