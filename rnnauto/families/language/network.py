"""Build networks whose state goes in and comes out, so that a long sequence can be read in windows.

The state is one tensor [batch, units of all states of all layers]: a window that starts from the
state after the one before gives what reading both at once gives. Training stops the gradient at
the border of a window (truncated backpropagation through time, Williams and Peng 1990).
"""

from dataclasses import dataclass
from typing import Any

import keras

from rnnauto.cells import CELLS
from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.built import Built
from rnnauto.networks.cells import Carried
from rnnauto.networks.layers import Dropout
from rnnauto.networks.stack import encode_timesteps, scales_of


def state_size(architecture: Architecture) -> int:
    return CELLS[architecture.cell].states * architecture.units * architecture.layers


@dataclass(frozen=True)
class LanguageParts:
    """The last layer, which tells of a state what may follow.

    Attributes:
        head: the layer.
    """

    head: Any


def build_carried(features: Features, architecture: Architecture) -> Built:
    """Build a network with carried state; there must be at least one timestep.

    Inputs: those of `data.batches.Batch` but no static features, and `state` float32 [batch,
    state]. Outputs: `outputs` float32 [batch, timesteps, outputs] and `state` after the last
    timestep.
    """
    length = keras.Input((), dtype="int32", name="length")
    inputs: dict[str, Any] = {"length": length}
    scales = scales_of(features)
    x = encode_timesteps(features, inputs, scales)
    state = keras.Input((state_size(architecture),), name="state")
    inputs["state"] = state
    width = CELLS[architecture.cell].states * architecture.units
    after, carried = [], []
    for number in range(architecture.layers):
        x = Dropout(name=f"dropout_{number}")(x)
        layer = Carried(architecture.cell, architecture.units, name=f"carried_{number}")
        x, new = layer(x, state[:, number * width : (number + 1) * width])
        after.append(new)
        carried.append(layer)
    x = Dropout(name="dropout_head")(x)
    head = keras.layers.Dense(features.outputs, name="head")
    outputs = head(x)
    states = keras.layers.Concatenate(name="after")(after) if len(after) > 1 else after[0]
    model = keras.Model(inputs, {"outputs": outputs, "state": states})
    parts = LanguageParts(head)
    return Built(model, scales, tuple(carried), parts)
