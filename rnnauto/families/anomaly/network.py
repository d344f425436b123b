"""Build the network that foretells each timestep from those before it, and scores what came."""

from dataclasses import dataclass
from typing import Any

import keras

from rnnauto.families.anomaly.layers import Delay, Disturb, Surprise
from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.built import Built
from rnnauto.networks.decay import Decay
from rnnauto.networks.layers import AlongTime, Dropout, Patch
from rnnauto.networks.stack import (
    decay_of,
    encode_statics,
    encode_timesteps,
    joined,
    recur_all,
    scales_of,
)


@dataclass(frozen=True)
class AnomalyParts:
    """What a step calls, one after the other.

    Attributes:
        architecture: of the network.
        timesteps: what the timestep after each reads of it, [batch, timesteps, channels], missing
            numbers as the mean.
        decay: the layer that has them decay to it; None where none does.
        known: what is known of a timestep before it comes, the place in the calendar, [batch,
            timesteps, channels]; None where nothing is.
        statics: the static features, [batch, channels]; None where there are none.
        found: what came, by name, as `surprise` takes it.
        head: the layer that foretells.
        surprise: the layer that scores.
    """

    architecture: Architecture
    timesteps: Any
    decay: Decay | None
    known: Any
    statics: Any
    found: dict[str, Any]
    head: Any
    surprise: Surprise


def build(features: Features, architecture: Architecture) -> Built:
    """Build the network.

    Inputs: those of `data.batches.Batch`. Output: what `Surprise` gives, float32 [batch, timesteps,
    numbers + categories + numbers].
    """
    length = keras.Input((), dtype="int32", name="length")
    inputs: dict[str, Any] = {"length": length}
    scales = scales_of(features)
    timesteps = encode_timesteps(features, inputs, scales)
    statics = encode_statics(features, inputs, scales.statics)
    numbers = numbers_foretold(features)
    found, known = {}, None
    if scales.numbers is not None:
        scaled = scales.numbers(inputs["numbers"])
        if numbers:
            found = {"scaled": scaled[:, :, :numbers], "raw": inputs["numbers"][:, :, :numbers]}
        if numbers < features.numbers:
            known = scaled[:, :, numbers : features.numbers]
    if features.vocabularies:
        found["codes"] = inputs["codes"]
    decay = decay_of(features, architecture, gap=features.gap)
    x = timesteps if decay is None else decay(timesteps)
    x = Delay(name="before")(Disturb(numbers, name="disturbed")(x))
    x = x if known is None else joined([x, known], name="with_calendar")
    if statics is not None:
        x = AlongTime(name="with_statics")(x, statics)
    x = Patch(1, name="timesteps_there")(x, length)
    x, forward = recur_all(x, length, architecture, layers=architecture.layers, start=None)
    x = Dropout(name="dropout_head")(x)
    head = keras.layers.Dense(features.outputs, name="head")
    surprise = Surprise(numbers, features.vocabularies, name="surprise")
    model = keras.Model(inputs, surprise(head(x), found))
    parts = AnomalyParts(architecture, timesteps, decay, known, statics, found, head, surprise)
    return Built(model, scales, forward, parts)


def numbers_foretold(features: Features) -> int:
    """Count the numbers that are foretold: all but the places in the calendar."""
    return (features.outputs - sum(features.vocabularies)) // 2
