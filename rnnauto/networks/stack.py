"""Build what the networks of all families share: features side by side, recurrent layers."""

from typing import Any

import keras

from rnnauto.cells import CELLS
from rnnauto.networks.architecture import Architecture, Features, Numbers, Statics
from rnnauto.networks.built import Scales
from rnnauto.networks.cells import recurrent_layer
from rnnauto.networks.decay import Decay
from rnnauto.networks.grams import Grams
from rnnauto.networks.layers import (
    Around,
    Dropout,
    Learnt,
    OwnScale,
    Reverse,
    Standardise,
    TokenDropout,
    embedding_width,
)

FILTER_WIDTH = 4  # timesteps that a filter reads: one before, the timestep itself, two after


def scales_of(features: Numbers, *, vectors: Any = None) -> Scales:
    """The layers that standardise what is known up to now, and the static features.

    Args: vectors: the embedding that `vectors_of` made.
    """
    numbers = number_scale(features.numbers, features.missing, name="standardise")
    statics = None
    if features.static_numbers:
        counts = features.static_numbers, features.static_missing
        statics = Standardise(*counts, name="static_standardise")
    return Scales(numbers, statics, vectors)


def vectors_of(features: Features, architecture: Architecture) -> Any:
    """The embedding of word vectors; None where there are none."""
    if features.vectors is None:
        return None
    at, _, width = features.vectors
    tuned = architecture.vectors == "tuned"
    return keras.layers.Embedding(
        features.vocabularies[at], width, trainable=tuned, name="word_vectors"
    )


def number_scale(numbers: int, missing: tuple[int, ...], *, name: str) -> Standardise | None:
    """The layer for the numbers of every timestep; None where there are none."""
    return Standardise(numbers, missing, name=name) if numbers else None


def encode_timesteps(features: Features, inputs: dict[str, Any], scales: Scales) -> Any:
    """Standardised numbers and embedded categories side by side, [batch, timesteps, channels]."""
    scale = scales.numbers
    parts = []
    if scale is not None:
        inputs["numbers"] = keras.Input((None, features.numbers), name="numbers")
        parts.append(scale(inputs["numbers"]))
    if features.vocabularies:
        count = len(features.vocabularies)
        inputs["codes"] = keras.Input((None, count), dtype="int32", name="codes")
        for at, entries in enumerate(features.vocabularies):
            codes, learnt = inputs["codes"][:, :, at], entries
            if features.vectors is not None and features.vectors[0] == at:
                # the vector stays where the word is taken for unknown: it must do alone
                parts.append(scales.vectors(codes))
                learnt = features.vectors[1]
            codes = learnt_from(codes, features, at)
            width = embedding_width(features.sized[at] if features.sized else learnt)
            embed = keras.layers.Embedding(learnt, width, name=f"embed_{at}")
            parts.append(embed(codes))
    return joined(parts, name="timesteps")


def learnt_from(codes: Any, features: Features, at: int, *, by: str = "") -> Any:
    """The ids of a vocabulary, [batch, timesteps], as a table learns from them: what is known by
    its vector alone is unknown, and so are some of its words in training.

    Args: by: which table that is, in the names of layers.
    """
    if features.vectors is not None and features.vectors[0] == at:
        codes = Learnt(features.vectors[1], name=f"learnt{by}")(codes)
    if at in features.words:
        codes = TokenDropout(name=f"token_dropout{by}_{at}")(codes)
    return codes


def decay_of(
    features: Numbers, architecture: Architecture, *, gap: tuple[int, float, float] | None = None
) -> Decay | None:
    """The layer that has missing numbers decay from what was seen last; None where they are the
    mean.

    Args: gap: of `Features`.
    """
    if architecture.filling != "decay" or not features.missing:
        return None
    return Decay(features.numbers, features.missing, gap, name="decay")


def encode_statics(features: Statics, inputs: dict[str, Any], scale: Standardise | None) -> Any:
    """The static features as one vector [batch, channels]; None where there are none."""
    parts = []
    if scale is not None:
        inputs["static_numbers"] = keras.Input((features.static_numbers,), name="static_numbers")
        parts.append(scale(inputs["static_numbers"]))
    if features.static_vocabularies:
        count = len(features.static_vocabularies)
        inputs["static_codes"] = keras.Input((count,), dtype="int32", name="static_codes")
        for at, entries in enumerate(features.static_vocabularies):
            sized = features.static_sized
            width = embedding_width(sized[at] if sized else entries)
            embed = keras.layers.Embedding(entries, width, name=f"static_embed_{at}")
            parts.append(embed(inputs["static_codes"][:, at]))
    return joined(parts, name="statics") if parts else None


def scale_apart(x: Any, length: Any, numbers: int) -> Any:
    """[batch, timesteps, channels], of which so many are numbers, with these by the scale of their
    own sequence beside."""
    return joined([x, OwnScale(numbers, name="own_scale")(x, length)], name="with_own_scale")


def convolve(x: Any, filters: int) -> Any:
    """[batch, timesteps, channels] with what filters see at every timestep and its neighbours on
    both sides, zeros past the ends; as it is where there are no filters.

    The values past a sequence's true length must be 0, as `Patch` leaves them.
    """
    if not filters:
        return x
    around = Around(FILTER_WIDTH, name="neighbours")(x)
    seen = keras.layers.Dense(filters, activation="relu", name="filters")(around)
    return joined([x, seen], name="with_neighbours")


def count_grams(
    x: Any, features: Features, inputs: dict[str, Any], architecture: Architecture
) -> Any:
    """The answer, [batch, outputs], with what the n-grams of words, characters or codes say of it;
    as it is where none are counted."""
    if not architecture.ngrams:
        return x
    parts = [x]
    for at in features.words:
        codes = learnt_from(inputs["codes"][:, :, at], features, at, by="_grams")
        shape = (architecture.ngrams, architecture.gram_rows, features.outputs)
        grams = Grams(*shape, name=f"grams_{at}")
        parts.append(grams(codes, inputs["length"]))
    return keras.layers.Add(name="with_grams")(parts) if len(parts) > 1 else x


def recur_all(
    x: Any, steps: Any, architecture: Architecture, *, layers: int, start: Any
) -> tuple[Any, tuple[Any, ...]]:
    """Some recurrent layers, each behind a dropout; the first begins from `start`.

    Returns: what the last gives, and the layers that read forwards, below to top.
    """
    forward = []
    for number in range(layers):
        x = Dropout(name=f"dropout_{number}")(x)
        first = start if number == 0 else None
        x, layer = recur(x, steps, architecture, number=number, start=first)
        forward.append(layer)
    return x, tuple(forward)


def recur(
    x: Any, steps: Any, architecture: Architecture, *, number: int, start: Any
) -> tuple[Any, Any]:
    """One recurrent layer, [batch, timesteps, units], or twice the units when bidirectional.

    Returns: that, and the layer that reads forwards.

    No mask is needed: padding is on the right, so no true timestep is read after a padded one.
    """
    directions = ["forward", "backward"] if architecture.bidirectional else ["forward"]
    outputs, forward = [], None
    for direction in directions:
        name = f"{architecture.cell}_{direction}_{number}"
        layer = recurrent_layer(architecture.cell, architecture.units, name=name)
        states = None
        if start is not None:
            states = [
                keras.layers.Dense(architecture.units, activation="tanh", name=f"{name}_start_{s}")(
                    start
                )
                for s in range(CELLS[architecture.cell].states)
            ]
        if direction == "forward":
            forward = layer
            outputs.append(layer(x, initial_state=states))
        else:
            turned = layer(Reverse(name=f"turn_{number}")(x, steps), initial_state=states)
            outputs.append(Reverse(name=f"turn_back_{number}")(turned, steps))
    return joined(outputs, name=f"both_{number}"), forward


def joined(parts: list[Any], *, name: str) -> Any:
    return keras.layers.Concatenate(name=name)(parts) if len(parts) > 1 else parts[0]
