"""Build the network of values, classes or sets of labels: features, recurrent stack, head."""

from dataclasses import dataclass
from typing import Any

import keras

from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.built import Built
from rnnauto.networks.decay import Decay
from rnnauto.networks.layers import AlongTime, Dropout, Patch, PatchCount, Pool
from rnnauto.networks.stack import (
    convolve,
    count_grams,
    decay_of,
    encode_statics,
    encode_timesteps,
    recur_all,
    scale_apart,
    scales_of,
    vectors_of,
)


@dataclass(frozen=True)
class DirectParts:
    """What a step calls, one after the other.

    Attributes:
        architecture: of the network.
        timesteps: what is read, [batch, timesteps, channels], missing numbers as the mean.
        decay: the layer that has them decay to it, before the first layer joins timesteps to
            patches; None where none does.
        read: what the first recurrent layer reads, [batch, patches, channels].
        statics: the static features, [batch, channels]; None where there are none.
        starts: the states that the first layer begins with; none where these are zeros.
        head: the last layer.
        pools: whether the timesteps are summed up.
    """

    architecture: Architecture
    timesteps: Any
    decay: Decay | None
    read: Any
    statics: Any
    starts: tuple[Any, ...]
    head: Any
    pools: bool


def build(features: Features, architecture: Architecture) -> Built:
    """Build the network.

    Inputs: those of `data.batches.Batch`. Output: logits float32 [batch, outputs], or [batch,
    timesteps, outputs] with one target per timestep; standardised values for a regression.
    """
    length = keras.Input((), dtype="int32", name="length")
    inputs: dict[str, Any] = {"length": length}
    scales = scales_of(features, vectors=vectors_of(features, architecture))
    timesteps = x = encode_timesteps(features, inputs, scales)
    decay = decay_of(features, architecture, gap=features.gap)
    x = x if decay is None else decay(x)
    if architecture.own_scale:
        x = scale_apart(x, length, features.numbers)
    start = encode_statics(features, inputs, scales.statics)
    x = Patch(architecture.patch, name="patch")(x, length)
    x = read = convolve(x, architecture.convolution)
    steps = PatchCount(architecture.patch, name="patch_count")(length)
    x, forward = recur_all(x, steps, architecture, layers=architecture.layers, start=start)
    if features.per_timestep and start is not None:
        x = AlongTime(name="with_statics")(x, start)
    if not features.per_timestep:
        x = Pool(architecture.pooling, architecture.units, name="pool")(x, steps)
        if start is not None:  # the head sees the static features too: the state may forget them
            x = keras.layers.Concatenate(name="with_statics")([x, start])
    x = Dropout(name="dropout_head")(x)
    head = keras.layers.Dense(features.outputs, name="head")
    x = head(x)
    if not features.per_timestep:
        x = count_grams(x, features, inputs, architecture)
    model = keras.Model(inputs, x)
    parts = DirectParts(
        architecture=architecture,
        timesteps=timesteps,
        decay=decay,
        read=read,
        statics=start,
        starts=() if start is None else tuple(forward[0].input[1:]),  # beside what it reads
        head=head,
        pools=not features.per_timestep,
    )
    return Built(model, scales, forward, parts)
