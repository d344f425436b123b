"""Run a network on one sequence, and keep what goes on inside: states, gates, gradients."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnnauto.networks.built import Built
from rnnauto.networks.cells import Carried, ExponentialTrace
from rnnauto.networks.layers import Standardise
from rnnauto.unroll import cells

Array = NDArray[np.float64]
NOT_READ = ("answer_", "move_")  # how the names begin of what is written or read already
STATIC = "static_"
LONG = 200  # timesteps from which a network is compiled


@dataclass(frozen=True)
class ReadLayer:
    """A recurrent layer over one sequence.

    Attributes:
        number: counted from 1, below to top.
        backward: whether it reads from the end.
        decodes: whether it is of a decoder.
        states: its states and gates, [steps, units] each, in the order of the timesteps.
    """

    number: int
    backward: bool
    decodes: bool
    states: dict[str, Array]


@dataclass(frozen=True)
class Watched:
    """What went on inside a network.

    Attributes:
        outputs: what it gave, [1, ...].
        layers: its recurrent layers, below to top, those that read first.
        gradient: that of the score times what is read, summed over the channels, one array
            [timesteps] for each place where something is read.
    """

    outputs: Any
    layers: tuple[ReadLayer, ...]
    gradient: tuple[Array, ...]


def watch(built: Built, inputs: Mapping[str, NDArray[Any]], weights: NDArray[Any]) -> Watched:
    """Run a network.

    Args:
        inputs: of one sequence, as it is trained on.
        weights: by which its outputs are summed up to the score whose gradient is taken, as
            `outputs[0]`, or cut to the same length.
    """
    names: list[str] = []  # of what is read, in the order of `leaves`
    recurrent: list[Any] = []

    def run(given: dict[str, Any]) -> tuple[Any, ...]:
        leaves: list[Any] = []
        fed: list[tuple[Any, Any]] = []
        names.clear()
        recurrent.clear()
        with tf.GradientTape() as tape:

            def watched(layer: Any) -> Any:
                def call(*arguments: Any, **options: Any) -> Any:
                    found = layer(*arguments, **options)
                    if is_recurrent(layer):
                        recurrent.append(layer)
                        fed.append(fed_to(layer, arguments, options))
                    elif is_read(layer) and layer.name not in names:
                        tape.watch(found)
                        names.append(layer.name)
                        leaves.append(found)
                    return found

                return call

            outputs = built.model._run_through_graph(given, operation_fn=watched)
            told = outputs["outputs"] if isinstance(outputs, dict) else outputs
            wanted = tf.constant(weights, told.dtype)
            score = tf.reduce_sum(told[0, : len(weights)] * wanted)
        gradients = tape.gradient(score, leaves, unconnected_gradients="zero")
        products = [
            leaf * tf.convert_to_tensor(by) for leaf, by in zip(leaves, gradients, strict=True)
        ]
        return told, fed, products

    given = with_state(built, inputs)
    longest = max((array.shape[1] for array in given.values() if array.ndim > 1), default=1)
    # a loop that is not compiled takes a millisecond for each timestep, and compiling a second
    told, fed, products = (tf.function(run, autograph=False) if longest > LONG else run)(given)
    layers = [read_layer(layer, *each) for layer, each in zip(recurrent, fed, strict=True)]
    pairs = zip(names, products, strict=True)
    found = [summed(product) for name, product in pairs if not name.startswith(STATIC)]
    ordered = sorted(layers, key=lambda layer: (layer.decodes, layer.number, layer.backward))
    return Watched(told.numpy(), tuple(ordered), tuple(found))


def with_state(built: Built, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Take the inputs that a network has; a state that it carries starts at zero."""
    given = dict(inputs)
    if "state" in built.model.input and "state" not in given:
        given["state"] = np.zeros((1, built.model.input["state"].shape[1]), np.float32)
    return {name: tf.convert_to_tensor(given[name]) for name in built.model.input}


def is_recurrent(layer: Any) -> bool:
    return isinstance(layer, keras.layers.RNN | ExponentialTrace | Carried)


def is_read(layer: Any) -> bool:
    """Whether a layer gives numbers or tokens of the input as the network sees them."""
    kinds = (Standardise, keras.layers.Embedding)
    return isinstance(layer, kinds) and not layer.name.startswith(NOT_READ)


def summed(product: Any) -> Array:
    """Add up what is read times its gradient over all channels, [timesteps]."""
    return np.asarray(np.nan_to_num(product.numpy().astype(np.float64))[0].sum(axis=-1))


def fed_to(layer: Any, arguments: Sequence[Any], options: Mapping[str, Any]) -> tuple[Any, Any]:
    """Give what a recurrent layer reads, and the states that it begins with; None: zeros."""
    x, *more = arguments
    states = more[0] if more else options.get("initial_state")
    if isinstance(layer, Carried):
        states = tf.split(states, layer.states, -1)
    return x, states


def read_layer(layer: Any, x: Any, states: Any) -> ReadLayer:
    """Run a recurrent layer again over what it reads, and keep what it holds."""
    inner = layer.layer if isinstance(layer, Carried) else layer
    backward = "_backward_" in layer.name
    steps = x[0].numpy().astype(np.float64)
    run, weights, count = kind_of(inner)
    begin = [np.zeros(inner.units) for _ in range(count)]
    if states is not None:
        each = states if isinstance(states, list | tuple) else [states]
        begin = [state[0].numpy().astype(np.float64) for state in each]
    found = run(weights, steps, begin)
    turned = {name: array[::-1] if backward else array for name, array in found.items()}
    number = int(re.sub(r".*_", "", layer.name)) + 1
    return ReadLayer(number, backward, layer.name.startswith("decoder_"), turned)


def kind_of(layer: Any) -> tuple[Any, dict[str, Any], int]:
    """Find how a layer is run in numpy, with its weights and the number of its states."""
    if isinstance(layer, ExponentialTrace):
        weights = {
            "project": layer.project.kernel,
            "decay": layer.decay_logit,
            "read": layer.read_out.kernel,
            "bias": layer.read_out.bias,
        }
        return cells.trace, in_doubles(weights), 1
    cell = layer.cell
    weights = in_doubles(
        {"kernel": cell.kernel, "recurrent": cell.recurrent_kernel, "bias": cell.bias}
    )
    if isinstance(layer, keras.layers.LSTM):
        return cells.lstm, weights, 2
    if isinstance(layer, keras.layers.GRU):
        return cells.gru, weights, 1
    rectified = cell.activation is keras.activations.relu
    return cells.simple, weights | {"rectified": rectified}, 1


def in_doubles(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {name: weight.numpy().astype(np.float64) for name, weight in weights.items()}
