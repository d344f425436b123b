"""Write one timestep of a recurrent layer in plain operators: the numbers of Keras' cell.

A step of a few rows costs about what ONNX' recurrent operators cost, one of a whole batch less.
"""

from typing import Any

import keras
import numpy as np

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.recurrent import ACTIVATIONS, check_activations
from rnnauto.networks.cells import ExponentialTrace


def emit_step(graph: Graph, layer: Any, x: str, states: list[str]) -> tuple[str, list[str]]:
    """Add one timestep of a layer that `networks.cells.recurrent_layer` made.

    Args:
        x: float32 [batch, channels]; states: those before it, each [batch, units].

    Returns: output [batch, units], and the states after it.
    """
    if isinstance(layer, ExponentialTrace):
        return trace_step(graph, layer, x, states[0])
    cell = layer.cell
    if isinstance(layer, keras.layers.LSTM):
        check_activations(cell, "tanh")
        return lstm_step(graph, cell, x, states)
    if isinstance(layer, keras.layers.GRU):
        check_activations(cell, "tanh")
        return gru_step(graph, cell, x, states[0])
    check_activations(cell, *ACTIVATIONS)
    output = graph.op(ACTIVATIONS[cell.activation.__name__], gates(graph, cell, x, states[0]))
    return output, [output]


def gates(graph: Graph, cell: Any, x: str, state: str) -> str:
    """Add what all gates are computed from, [batch, gates * units]: one product."""
    kernels = np.concatenate([cell.kernel.numpy(), cell.recurrent_kernel.numpy()])
    both = graph.op("Concat", x, state, axis=-1)
    return affine(graph, both, kernels, cell.bias.numpy())


def affine(graph: Graph, x: str, kernel: Any, bias: Any) -> str:
    return graph.op("Gemm", x, graph.constant(kernel, "float32"), graph.constant(bias, "float32"))


def parted(graph: Graph, x: str, *sizes: int) -> list[str]:
    """Part the channels of a value."""
    if len(sizes) == 1:
        return [x]
    return graph.ops("Split", x, graph.constant(list(sizes), "int64"), outputs=len(sizes), axis=-1)


def lstm_step(graph: Graph, cell: Any, x: str, states: list[str]) -> tuple[str, list[str]]:
    units = cell.units
    entering, forget, candidate, leaving = parted(
        graph, gates(graph, cell, x, states[0]), *[units] * 4
    )
    entering, forget, leaving = (graph.op("Sigmoid", gate) for gate in (entering, forget, leaving))
    kept = graph.op("Mul", forget, states[1])
    carry = graph.op("Add", kept, graph.op("Mul", entering, graph.op("Tanh", candidate)))
    output = graph.op("Mul", leaving, graph.op("Tanh", carry))
    return output, [output, carry]


def gru_step(graph: Graph, cell: Any, x: str, state: str) -> tuple[str, list[str]]:
    if not cell.reset_after:
        raise ValueError(f"no step is known for `{cell.name}`, which resets before its product")
    units = cell.units
    of_input = affine(graph, x, cell.kernel.numpy(), cell.bias.numpy()[0])
    of_state = affine(graph, state, cell.recurrent_kernel.numpy(), cell.bias.numpy()[1])
    both, candidate = parted(graph, of_input, 2 * units, units)
    both_before, before = parted(graph, of_state, 2 * units, units)
    opened = graph.op("Sigmoid", graph.op("Add", both, both_before))
    update, reset = parted(graph, opened, units, units)
    new = graph.op("Tanh", graph.op("Add", candidate, graph.op("Mul", reset, before)))
    difference = graph.op("Mul", update, graph.op("Sub", state, new))
    output = graph.op("Add", new, difference)
    return output, [output]


def trace_step(graph: Graph, layer: Any, x: str, state: str) -> tuple[str, list[str]]:
    decay = keras.ops.convert_to_numpy(keras.ops.sigmoid(layer.decay_logit))
    kernel = graph.constant(layer.project.kernel.numpy() * (1.0 - decay), "float32")
    faded = graph.op("Mul", state, graph.constant(decay, "float32"))
    trace = graph.op("Add", graph.op("MatMul", x, kernel), faded)
    read = affine(graph, trace, layer.read_out.kernel.numpy(), layer.read_out.bias.numpy())
    return graph.op("Tanh", read), [trace]
