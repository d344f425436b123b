"""Predict by the ONNX graphs of a model folder, without TensorFlow: arrays in, arrays out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from polars import thread_pool_size

from rnnauto.arrays import Integers
from rnnauto.cores import on_all_cores
from rnnauto.data.encode import Encoders
from rnnauto.deploy.onnx_gate import read_onnx, values_by_name
from rnnauto.deploy.raw_inputs import Inputs, cut_inputs, graph_inputs
from rnnauto.deploy.runner import Function, RawBatch, Run, Shape
from rnnauto.errors import ModelFolderError, RnnautoError
from rnnauto.files import FETCH, damaged
from rnnauto.layout import Layout
from rnnauto.networks.quiet import held_back_stderr

MODEL = "model.onnx"
STEP = "step.onnx"  # of a model that goes on from a state
QUIET = 4  # nothing but what ends the process is logged
FEWEST = 16  # sequences that a core is given
LITTLE = 1 << 10  # timesteps of a batch up to which it is for one core


Called = Callable[..., dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class OnnxGraph:
    """An ONNX graph that is open: called with arrays by name, it gives arrays by name.

    Attributes:
        path: its file.
        session: of onnxruntime.
        outputs: type and shape by name; None stands for any size, the first for that of the batch.
        timed: the inputs that have an axis of timesteps.
        apart: whether any sequences of a batch may be answered without the others, and the outputs
            then put together: a large batch is for all cores.
    """

    path: Path
    session: Any
    outputs: Inputs
    timed: frozenset[str]
    apart: bool = True

    def __call__(self, batch: RawBatch, names: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
        """Give the outputs of these names; of none, all."""
        names = names or list(self.outputs)
        rows = min((len(array) for array in batch.values() if np.ndim(array)), default=1)
        if rows == 0:
            return self.of_nothing(batch, names)
        cores = thread_pool_size() if rows * self.longest(batch) > LITTLE else 1
        count = max(1, min(cores, rows // FEWEST)) if self.apart else 1
        parts = [batch] if count == 1 else cut(batch, np.linspace(0, rows, count + 1).astype(int))
        return together(on_all_cores(lambda part: self.ask(part, names), parts))

    def tell(self, batch: RawBatch, names: Sequence[str]) -> list[NDArray[Any]]:
        """List the outputs of these names."""
        return list(self(batch, names).values())

    def ask(self, batch: RawBatch, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        try:
            found = dict(zip(names, self.session.run(names, batch), strict=True))
        except Exception as error:  # onnxruntime's errors have nothing in common
            raise cannot_answer(self.path, error) from error
        for name, array in found.items():
            _, wanted = self.outputs[name]
            sizes = self.filled(wanted, batch) if self.apart else wanted
            if not fits(array.shape, sizes):
                raise damaged(self.path, f"`{name}` has shape {array.shape}, not {sizes}")
        return found

    def of_nothing(self, batch: RawBatch, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Answer a batch of no sequence: the graph is asked for one, of which nothing is kept."""
        one = {
            name: array
            if np.ndim(array) == 0
            else np.full((1, *array.shape[1:]), "" if array.dtype == object else 0, array.dtype)
            for name, array in batch.items()
        }
        return {name: array[:0] for name, array in self.ask(one, names).items()}

    def filled(self, shape: Shape, batch: RawBatch) -> Shape:
        """Put the sizes of a batch into the shape of an output: sequences, and then timesteps."""
        timesteps = [self.longest(batch)]
        rest = (timesteps.pop() if size is None and timesteps else size for size in shape[1:])
        return (len(next(iter(batch.values()))), *rest)

    def longest(self, batch: RawBatch) -> int:
        """Count the timesteps of a batch; 1 where it has none."""
        wide = [array.shape[1] for name, array in batch.items() if name in self.timed]
        if wide:
            return int(wide[0])
        return int(batch["length"].max(initial=0)) if "length" in batch else 1


def cannot_answer(path: Path, error: Exception) -> ModelFolderError:
    """Say that a graph fails, by the first line of what ONNX Runtime says."""
    said = str(error).partition("\n")[0]
    return damaged(path, f"it cannot answer: {said}")


def together(found: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Join the answers to the parts of a batch."""
    if len(found) == 1:
        return found[0]
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def cut(batch: RawBatch, bounds: Integers) -> list[RawBatch]:
    """Cut a batch between some of its sequences."""
    return [
        {name: array[begin:end] if np.ndim(array) else array for name, array in batch.items()}
        for begin, end in zip(bounds[:-1], bounds[1:], strict=True)
    ]


def open_graph(
    path: Path, inputs: Inputs, outputs: Mapping[str, Shape | None], *, apart: bool = True
) -> OnnxGraph:
    """Open an ONNX file, once it has passed the gate and takes and gives what is wanted.

    Raises: ModelFolderError.
    """
    content, model = read_onnx(path)
    fault = next(value_faults(model["graph"], inputs, outputs), None)
    if fault is not None:
        raise damaged(path, f"it does not go with `model.json`: {fault}")
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = QUIET
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have nothing in common
        said = str(error).partition("\n")[0]
        raise ModelFolderError(f"`{path}` cannot be loaded: {said}", hint=FETCH) from error
    given = values_by_name(model["graph"]["outputs"])
    timed = frozenset(name for name, (_, shape) in inputs.items() if shape[1:2] == (None,))
    return OnnxGraph(path, session, given, timed, apart)


def import_onnxruntime() -> Any:
    """Import ONNX Runtime, without what it says of devices that it looks for.

    Raises: RnnautoError where it is not installed.
    """
    if find_spec("onnxruntime") is None:
        raise RnnautoError(
            "ONNX Runtime is not installed here",
            hint="`pip install onnxruntime` brings it; `--runtime tensorflow` does without",
        )
    with held_back_stderr():
        import onnxruntime

        onnxruntime.set_default_logger_severity(QUIET)
    return onnxruntime


def value_faults(graph: dict[str, Any], inputs: Inputs, outputs: Mapping[str, Shape | None]) -> Any:
    """List how the inputs and outputs of a graph differ from those that are wanted."""
    taken, given = values_by_name(graph["inputs"]), values_by_name(graph["outputs"])
    for name in sorted(taken.keys() ^ inputs.keys()):
        yield f"input `{name}` is {'missing' if name in inputs else 'one too many'}"
    for name, wanted in inputs.items():
        if name in taken and not (taken[name][0] == wanted[0] and fits(taken[name][1], wanted[1])):
            yield f"input `{name}` is {described(*taken[name])}, not {described(*wanted)}"
    for name, shape in outputs.items():
        if name not in given:
            yield f"output `{name}` is missing"
        elif shape is not None and not fits(given[name][1], shape):
            yield f"output `{name}` has shape {given[name][1]}, not {shape}"


def fits(found: Shape, wanted: Shape) -> bool:
    return len(found) == len(wanted) and all(
        None in {size, other} or size == other for size, other in zip(found, wanted, strict=True)
    )


def described(dtype: str, shape: Shape) -> str:
    return f"{dtype} {shape}"


def open_sequences(
    folder: Path, layout: Layout, encoders: Encoders[Any], outputs: Mapping[str, Shape | None]
) -> Run:
    """Open the ONNX graph of a model folder that answers sequences of raw values.

    Raises: ModelFolderError.
    """
    graph = open_graph(folder / MODEL, graph_inputs(layout, encoders), outputs)

    def answer(raw: RawBatch) -> dict[str, NDArray[Any]]:
        return graph(cut_inputs(raw, layout, encoders))

    return Run(folder, {"serving_default": answer}, graph)


def by_parts(called: Called) -> Called:
    """Answer a large batch on all cores: for functions that answer every sequence by itself."""

    def answer(**batch: NDArray[Any]) -> dict[str, NDArray[Any]]:
        rows = min((len(array) for array in batch.values() if np.ndim(array)), default=1)
        count = max(1, min(thread_pool_size(), rows // FEWEST))
        parts = [batch] if count == 1 else cut(batch, np.linspace(0, rows, count + 1).astype(int))
        return together(on_all_cores(lambda part: called(**part), parts))

    return answer


def by_batch(folder: Path, called: Mapping[str, Called]) -> Mapping[str, Function]:
    """Make the signatures of functions that ask graphs again and again."""
    return {name: partial(call, folder, name, function) for name, function in called.items()}


def call(folder: Path, name: str, function: Called, batch: RawBatch) -> dict[str, NDArray[Any]]:
    try:
        return function(**batch)
    except (IndexError, ValueError) as error:  # graphs that fit, and give what cannot be
        raise damaged(folder, f"`{name}` cannot answer: {error}") from error
