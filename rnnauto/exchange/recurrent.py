"""Write one recurrent layer as a node of ONNX: the numbers of Keras' layer of the same weights."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import size_of
from rnnauto.networks.cells import ExponentialTrace

IN_GATES = [0, 3, 1, 2]  # Keras' input, forget, candidate, output; ONNX' input, output, forget, ...
# sequences of a batch, up to which one operator is faster than a loop
FEW = {"RNN": 4, "GRU": 64}
ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu"}

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Node:
    """A recurrent operator with its weights.

    Attributes:
        kind: `RNN`, `LSTM` or `GRU`.
        weights: kernel [gates * units, channels], recurrent kernel [gates * units, units], and the
            biases of both, [2 * gates * units].
        attributes: of the node.
        bend: the operator that gives the state of an RNN; None where it is a sum.
        dense: the layer that reads what the operator gives; None where that is the answer.
    """

    kind: str
    weights: tuple[Weights, Weights, Weights]
    attributes: dict[str, Any] = field(default_factory=dict)
    bend: str | None = None
    dense: Any = None

    @property
    def loops(self) -> bool:
        """Whether a loop of small operators is written as well."""
        return self.kind == "RNN" or bool(self.attributes.get("linear_before_reset"))


def emit_recurrent(
    graph: Graph, layer: Any, x: str, *, states: list[str] | None = None
) -> tuple[str, list[str]]:
    """Add a layer that `networks.cells.recurrent_layer` made.

    The operators are never given the true lengths of a batch: several runtimes drop them. Take the
    state of the last true timestep from the outputs instead.

    Args:
        x: float32 [batch, timesteps, channels]; at least one timestep, be it padding.
        states: those before the first timestep, each [batch, units]; None: zeros.

    Returns: outputs [batch, timesteps, units], and the states after the last timestep.
    """
    node = node_of(layer)
    by_time = graph.op("Transpose", x, perm=[1, 0, 2])
    how = by_size if node.loops else in_one_node
    outputs, *after = how(graph, node, by_time, states)
    outputs = graph.op("Transpose", outputs, perm=[1, 0, 2])
    if node.dense is not None:
        outputs = read_out(graph, node.dense, outputs)
    return outputs, after


def in_one_node(graph: Graph, node: Node, by_time: str, states: list[str] | None) -> list[str]:
    """Run all timesteps [timesteps, batch, channels] by the operator: outputs [timesteps, batch,
    units] and the states after them."""
    first = graph.constant([0], "int64")
    given = [graph.op("Unsqueeze", state, first) for state in states or []]
    weights = [graph.constant(array[None], "float32") for array in node.weights]
    count = 3 if node.kind == "LSTM" else 2
    outputs, *after = graph.ops(
        node.kind, by_time, *weights, "", *given, outputs=count, **node.attributes
    )
    outputs = graph.op("Squeeze", outputs, graph.constant([1], "int64"))
    return [outputs, *(graph.op("Squeeze", state, first) for state in after)]


def by_size(graph: Graph, node: Node, by_time: str, states: list[str] | None) -> list[str]:
    """Run an RNN or GRU by its operator where sequences are few, and else by a loop of small
    operators: onnxruntime's RNN bends one number at a time, and takes six times as long for a large
    batch."""
    one, loop = graph.inner("few"), graph.inner("many")
    few = in_one_node(one, node, by_time, states)
    many = in_a_loop(loop, node, by_time, states)
    batch = size_of(graph, by_time, 1)
    batch = graph.op("Squeeze", batch, graph.constant([0], "int64"))
    large = graph.op("Greater", batch, graph.constant(FEW[node.kind], "int64"))
    return graph.ops(
        "If",
        large,
        outputs=2,
        then_branch=loop.finished(*many),
        else_branch=one.finished(*few),
    )


def in_a_loop(graph: Graph, node: Node, by_time: str, states: list[str] | None) -> list[str]:
    """Do as `in_one_node`, timestep by timestep, where there is one state."""
    kernel, recurrent, bias = node.weights
    units = node.attributes["hidden_size"]
    # a GRU's reset gate turns what the state gives, its bias among it
    apart = node.kind == "GRU"
    fed_bias = bias[len(recurrent) :]
    x = graph.op("MatMul", by_time, graph.constant(kernel.T, "float32"))
    own = bias[: len(recurrent)] if apart else bias[: len(recurrent)] + fed_bias
    x = graph.op("Add", x, graph.constant(own, "float32"))
    if states is None:
        batch = size_of(graph, by_time, 1)
        shape = graph.op("Concat", batch, graph.constant([units], "int64"), axis=0)
        start = graph.op("Expand", graph.constant(0.0, "float32"), shape)
    else:
        (start,) = states
    step = graph.inner("step")
    state, seen = f"{step.prefix}state", f"{step.prefix}seen"
    if apart:
        after = gru_step(step, recurrent, fed_bias, state, seen)
    elif node.bend is None:  # every unit is fed by itself alone
        fed = step.op("Mul", state, step.constant(np.diag(recurrent), "float32"))
        after = step.op("Add", fed, seen)
    else:
        fed = step.op("MatMul", state, step.constant(recurrent.T, "float32"))
        after = step.op(node.bend, step.op("Add", fed, seen))
    body = step.finished(after, step.op("Identity", after), inputs=(state, seen))
    last, outputs = graph.ops("Scan", start, x, outputs=2, body=body, num_scan_inputs=1)
    return [outputs, last]


def gru_step(step: Graph, recurrent: Weights, bias: Weights, state: str, seen: str) -> str:
    """The state after a timestep: update and reset gate, and what the state would become."""
    units = len(recurrent) // 3
    two = step.constant([2 * units, units], "int64")
    fed = step.op("MatMul", state, step.constant(recurrent.T, "float32"))
    fed = step.op("Add", fed, step.constant(bias, "float32"))
    fed_gates, fed_new = step.ops("Split", fed, two, outputs=2, axis=1)
    seen_gates, seen_new = step.ops("Split", seen, two, outputs=2, axis=1)
    gates = step.op("Sigmoid", step.op("Add", fed_gates, seen_gates))
    one = step.constant([units, units], "int64")
    update, reset = step.ops("Split", gates, one, outputs=2, axis=1)
    new = step.op("Tanh", step.op("Add", seen_new, step.op("Mul", reset, fed_new)))
    kept = step.op("Mul", update, step.op("Sub", state, new))
    return step.op("Add", new, kept)


def read_out(graph: Graph, dense: Any, x: str) -> str:
    product = graph.op("MatMul", x, graph.constant(dense.kernel.numpy(), "float32"))
    return graph.op("Tanh", graph.op("Add", product, graph.constant(dense.bias.numpy(), "float32")))


def node_of(layer: Any) -> Node:
    """Put the weights of a layer into the order that ONNX has."""
    units = {"hidden_size": int(layer.units)}
    if isinstance(layer, ExponentialTrace):
        return trace_node(layer, units)
    cell = layer.cell
    kernel, recurrent = cell.kernel.numpy(), cell.recurrent_kernel.numpy()
    bias = cell.bias.numpy()
    if isinstance(layer, keras.layers.LSTM):
        check_activations(cell, "tanh")
        both = np.concatenate([by_gate(bias), np.zeros_like(bias)])
        return Node("LSTM", (by_gate(kernel).T, by_gate(recurrent).T, both), units)
    if isinstance(layer, keras.layers.GRU):
        check_activations(cell, "tanh")
        both = bias.ravel() if cell.reset_after else np.concatenate([bias, np.zeros_like(bias)])
        reset = {"linear_before_reset": int(cell.reset_after)}
        return Node("GRU", (kernel.T, recurrent.T, both), {**units, **reset})
    check_activations(cell, *ACTIVATIONS)
    both = np.concatenate([bias, np.zeros_like(bias)])
    bend = ACTIVATIONS[cell.activation.__name__]
    return Node("RNN", (kernel.T, recurrent.T, both), {**units, "activations": [bend]}, bend)


def trace_node(layer: Any, units: dict[str, Any]) -> Node:
    """The traces are a recurrent network without a bend, each unit fed by itself alone."""
    decay = keras.ops.convert_to_numpy(keras.ops.sigmoid(layer.decay_logit))
    kernel = layer.project.kernel.numpy() * (1.0 - decay)
    straight = {"activations": ["Affine"], "activation_alpha": [1.0], "activation_beta": [0.0]}
    none = np.zeros(2 * len(decay), np.float32)
    weights = (kernel.T, np.diag(decay), none)
    return Node("RNN", weights, {**units, **straight}, dense=layer.read_out)


def by_gate(array: Weights) -> Weights:
    """An LSTM's weights [..., 4 * units] with the gates in the order that ONNX has."""
    gates = np.split(array, 4, -1)
    return np.concatenate([gates[at] for at in IN_GATES], -1)


def check_activations(cell: Any, *names: str) -> None:
    """Check that a cell is one of those written here: any other would be written as these."""
    gates = getattr(cell, "recurrent_activation", keras.activations.sigmoid)
    if cell.activation.__name__ not in names or gates is not keras.activations.sigmoid:
        raise ValueError(f"no operator of ONNX for the activations of `{cell.name}`")
