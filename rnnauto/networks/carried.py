"""Networks whose state goes in and comes out, so that a long sequence can be read in windows.

The state is one tensor [batch, units of all states of all layers]: a window that starts from the
state after the one before gives what reading both at once gives. Training stops the gradient at
the border of a window (truncated backpropagation through time, Williams and Peng 1990).
"""

from typing import Any

import keras
import tensorflow as tf

from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.build import encode_timesteps
from rnnauto.networks.cells import STATES, recurrent_layer, run
from rnnauto.networks.layers import Dropout


def state_size(architecture: Architecture) -> int:
    return STATES[architecture.cell] * architecture.units * architecture.layers


def build_carried(features: Features, architecture: Architecture) -> keras.Model:
    """Inputs: those of `data.batches.Batch` but no static features, and `state` float32 [batch,
    state]. Outputs: `outputs` float32 [batch, timesteps, outputs] and `state` after the last
    timestep. There must be at least one timestep."""
    length = keras.Input((), dtype="int32", name="length")
    inputs: dict[str, Any] = {"length": length}
    x = encode_timesteps(features, inputs)
    state = keras.Input((state_size(architecture),), name="state")
    inputs["state"] = state
    width = STATES[architecture.cell] * architecture.units
    after = []
    for number in range(architecture.layers):
        x = Dropout(name=f"dropout_{number}")(x)
        layer = Carried(architecture.cell, architecture.units, name=f"carried_{number}")
        x, new = layer(x, state[:, number * width : (number + 1) * width])
        after.append(new)
    x = Dropout(name="dropout_head")(x)
    outputs = keras.layers.Dense(features.outputs, name="head")(x)
    states = keras.layers.Concatenate(name="after")(after) if len(after) > 1 else after[0]
    return keras.Model(inputs, {"outputs": outputs, "state": states})


class Carried(keras.layers.Layer):
    """A recurrent layer from [batch, timesteps, channels] and its state [batch, states * units] to
    [batch, timesteps, units] and the state after the last timestep."""

    def __init__(self, cell: str, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.layer = recurrent_layer(cell, units, name=cell)
        self.states = STATES[cell]

    def build(self, x_shape: Any, state_shape: Any) -> None:
        self.layer.build(x_shape)

    def call(self, x: Any, state: Any) -> tuple[Any, Any]:
        parts = tf.split(state, self.states, -1)
        x, after = run(self.layer, x, parts)
        return x, tf.concat(after, -1)

    def compute_output_shape(self, x_shape: Any, state_shape: Any) -> tuple[Any, Any]:
        return (*x_shape[:-1], self.units), state_shape
