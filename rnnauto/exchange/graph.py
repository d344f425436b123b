"""Collect the nodes of an ONNX graph: values are names, and every method gives those it makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Sizes = Sequence[int | str | None]

OPSET, LABELS_OPSET, IR_VERSION = 17, 2, 10  # what runtimes of the last years can read
LABELS = "ai.onnx.ml"
TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


@dataclass
class Graph:
    """An ONNX graph while it is written.

    Attributes:
        nodes, constants, inputs, outputs: what it has so far.
        known: names of the constants, by what they hold.
        prefix: of the names of values; each graph in another has its own.
    """

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    known: dict[Any, str] = field(default_factory=dict)
    prefix: str = ""

    def input(self, name: str, dtype: str, shape: Sizes) -> str:
        """Take an input; None in a shape stands for any size, the first of them the batch, and a
        name for any that is the same everywhere."""
        self.inputs.append(value_info(name, dtype, shape))
        return name

    def output(self, name: str, value: str, dtype: str, shape: Sizes) -> None:
        """Give a value out under a name."""
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(value_info(name, dtype, shape))

    def constant(self, values: Any, dtype: Any = None) -> str:
        """Hold an array, once however often it is asked for; strings are an array of objects."""
        array: NDArray[Any] = np.ascontiguousarray(values, dtype)
        shape = np.shape(values)  # ascontiguousarray makes a scalar a list of one
        array = array.reshape(shape)
        words = array.dtype.kind in "OU"
        held = tuple(array.ravel()) if words else array.tobytes()
        key = (str(array.dtype), shape, held)
        if key not in self.known:
            self.known[key] = name = f"constant_{len(self.constants)}"
            # `helper.make_tensor` would cut strings off before NUL at their ends
            array = array.astype(object) if words else array
            self.constants.append(numpy_helper.from_array(array, name))
        return self.known[key]

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node of one output; returns that. An empty name is an input that is left out."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node of several outputs; returns their names."""
        names = [f"{self.prefix}{kind}_{len(self.nodes)}_{at}" for at in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def inner(self, name: str) -> "Graph":
        """Begin a graph for an attribute of the next node: it sees all values of this one, and its
        constants are this one's."""
        prefix = f"{self.prefix}{name}_{len(self.nodes)}_"
        return Graph(constants=self.constants, known=self.known, prefix=prefix)

    def finished(self, *outputs: str, inputs: tuple[str, ...] = ()) -> Any:
        """Give an inner graph as an attribute; all it takes and gives are float32 matrices or
        sequences of them."""
        taken, given = (
            [helper.make_tensor_value_info(value, TensorProto.FLOAT, None) for value in values]
            for values in (inputs, outputs)
        )
        return helper.make_graph(self.nodes, self.prefix or "inner", taken, given)

    def serialise(self, name: str) -> bytes:
        """Write the whole graph, once the checker of the `onnx` package has passed it.

        Raises: onnx.checker.ValidationError.
        """
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants)
        imports = [
            helper.make_opsetid("", OPSET),
            helper.make_opsetid(LABELS, LABELS_OPSET),
        ]
        model = helper.make_model(graph, opset_imports=imports, producer_name="rnnauto")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def value_info(name: str, dtype: str, shape: Sizes) -> Any:
    """Describe an input or output; sizes that are free have names of their own."""
    sizes = [
        ("batch" if at == 0 else f"{name}_{at}") if size is None else size
        for at, size in enumerate(shape)
    ]
    return helper.make_tensor_value_info(name, TYPES[dtype], sizes)
