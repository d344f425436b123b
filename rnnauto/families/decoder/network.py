"""Build encoder-decoder networks: sequences or static features in, tokens of any number out.

Trained with teacher forcing (Williams and Zipser 1989): the decoder reads the true previous token.
Attention is Luong's, dot product with a learned projection (Luong et al. 2015), without input
feeding: all timesteps of an answer attend in one product, and a step of decoding is cheap.
"""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built, Scales
from rnnauto.networks.cells import recurrent_layer, step
from rnnauto.networks.layers import Dropout, Patch, PatchCount, Pool, embedding_width
from rnnauto.networks.stack import (
    decay_of,
    encode_statics,
    encode_timesteps,
    joined,
    recur_all,
    scales_of,
    vectors_of,
)

FAR = -1e9  # the score of what must not be attended to


class Attend(keras.layers.Layer):
    """What the queries [batch, timesteps, units] find in a memory: the mean of `values` [batch,
    steps, channels], weighted by softmax(query . key) over the true steps; 0 where there are none.
    """

    def call(self, queries: Any, keys: Any, values: Any, steps: Any) -> Any:
        return tf.matmul(self.weights_of(queries, keys, steps), values)

    def weights_of(self, queries: Any, keys: Any, steps: Any) -> Any:
        """Give the weights, [batch, timesteps, steps]; those of a timestep sum to 1, or are 0."""
        true = tf.sequence_mask(steps, tf.shape(keys)[1])[:, None, :]
        scores = tf.where(true, tf.matmul(queries, keys, transpose_b=True), FAR)
        return tf.where(true, tf.nn.softmax(scores), 0.0)

    def compute_output_spec(self, queries: Any, keys: Any, values: Any, steps: Any) -> Any:
        return keras.KerasTensor((*queries.shape[:-1], values.shape[-1]))


class Lexical(keras.layers.Layer):
    """The last `words` channels of a context, the embeddings of the tokens attended to, on a way of
    their own to the head: a rare word's translation is learnt from few examples (the lexical module
    of Nguyen and Chiang 2018)."""

    def __init__(self, words: int, **options: Any) -> None:
        super().__init__(**options)
        self.words = words
        self.dense = keras.layers.Dense(words, activation="tanh", name="dense")

    def build(self, context_shape: Any) -> None:
        self.dense.build((*context_shape[:-1], self.words))

    def call(self, context: Any) -> Any:
        words = context[..., -self.words :]
        return words + self.dense(words)

    def compute_output_shape(self, context_shape: Any) -> Any:
        return (*context_shape[:-1], self.words)


class RepeatFor(keras.layers.Layer):
    """One vector [batch, channels] for every timestep of the queries."""

    def call(self, queries: Any, vector: Any) -> Any:
        return tf.repeat(vector[:, None, :], tf.shape(queries)[1], axis=1)

    def compute_output_spec(self, queries: Any, vector: Any) -> Any:
        return keras.KerasTensor((*queries.shape[:-1], vector.shape[-1]))


@dataclass(frozen=True)
class DecoderParts:
    """The layers that a step of an answer calls one by one, and where the whole network joins them.

    Attributes:
        embed: of the tokens before.
        recurrent: first to last.
        context: an Attend, or a RepeatFor.
        combine: what was written so far with its context.
        lexical: of networks with attention only.
        head: logits of the tokens.
        memory: what a context is taken from, as the network's own tensors: keys, values and steps,
            or one vector.
        states: where the recurrent layers start, [layers][states] of [batch, units].
        queries: what looks for a context, [batch, timesteps, units].
    """

    embed: Any
    recurrent: tuple[Any, ...]
    context: Any
    combine: Any
    lexical: Lexical | None
    head: Any
    memory: tuple[Any, ...]
    states: list[list[Any]]
    queries: Any


@dataclass(frozen=True)
class Source:
    """What a decoder needs of the source, as layers' outputs.

    Attributes:
        memory: what a context is taken from: keys, values and steps, or `summary` alone.
        states: where its recurrent layers start, [layers][states] of [batch, units].
        words: the last channels of a context, the embeddings; 0 without attention.
        scales: the layers that standardise it.
        forward: the recurrent layers that read it forwards.
    """

    memory: tuple[Any, ...]
    states: list[list[Any]]
    words: int
    scales: Scales
    forward: tuple[Any, ...]


def build_decoder(features: DecoderFeatures, architecture: Architecture) -> Built:
    """Build the network as it is trained.

    Inputs: those of the source as in `data.batches.Batch`, and `previous` int32 [batch, timesteps],
    the start token and the answer. Output: logits float32 [batch, timesteps, entries].
    """
    inputs: dict[str, Any] = {}
    source = encode_source(features, architecture, inputs)
    inputs["previous"] = keras.Input((None,), dtype="int32", name="previous")
    width = embedding_width(features.sized or features.entries)
    embed = keras.layers.Embedding(features.entries, width, name="answer_embed")
    x = embed(inputs["previous"])
    recurrent = []
    for number, states in enumerate(source.states):
        x = Dropout(name=f"answer_dropout_{number}")(x)
        layer = recurrent_layer(architecture.cell, architecture.units, name=f"decoder_{number}")
        x = layer(x, initial_state=states)
        recurrent.append(layer)
    queries = x
    attends = architecture.attention == "dot"
    look = Attend(name="context") if attends else RepeatFor(name="context")
    context = look(queries, *source.memory)
    x = joined([queries, context], name="with_context")
    combine = keras.layers.Dense(architecture.units, activation="tanh", name="combine")
    x = Dropout(name="dropout_head")(combine(x))
    lexical = Lexical(source.words, name="lexical") if attends else None
    if lexical is not None:
        x = joined([x, lexical(context)], name="with_words")
    head = keras.layers.Dense(features.entries, name="head")
    parts = DecoderParts(
        embed=embed,
        recurrent=tuple(recurrent),
        context=look,
        combine=combine,
        lexical=lexical,
        head=head,
        memory=source.memory,
        states=source.states,
        queries=queries,
    )
    model = keras.Model(inputs, head(x))
    # how far back the source matters shows where it is read, if it is read step by step
    return Built(model, source.scales, source.forward or parts.recurrent, parts)


def encode_source(
    features: DecoderFeatures, architecture: Architecture, inputs: dict[str, Any]
) -> Source:
    """Build the layers that read the source; adds to the inputs."""
    units, source = architecture.units, features.source
    scales = scales_of(source, vectors=vectors_of(source, architecture))
    memory: tuple[Any, ...] = ()
    forward: tuple[Any, ...] = ()
    width, summary = 0, []
    inputs["length"] = length = keras.Input((), dtype="int32", name="length")
    start = encode_statics(features.source, inputs, scales.statics)  # [batch, channels], or None
    if features.source.numbers or features.source.vocabularies:
        x = encode_timesteps(features.source, inputs, scales)
        decay = decay_of(features.source, architecture, gap=features.source.gap)
        x = x if decay is None else decay(x)
        x = words = Patch(architecture.patch, name="patch")(x, length)
        steps = PatchCount(architecture.patch, name="patch_count")(length)
        layers = 0 if features.one_timestep else architecture.layers
        x, forward = recur_all(x, steps, architecture, layers=layers, start=start)
        summary.append(Pool("last", units, name="pool")(x, steps))
        if architecture.attention == "dot":
            keys = keras.layers.Dense(units, use_bias=False, name="keys")(x)
            values = joined([x, words], name="attended")
            memory, width = (keys, values, steps), words.shape[-1]
    if start is not None:
        summary.append(start)
    whole = joined(summary, name="summary")
    states = [
        [
            keras.layers.Dense(units, activation="tanh", name=f"decoder_{number}_start_{at}")(whole)
            for at in range(CELLS[architecture.cell].states)
        ]
        for number in range(architecture.layers)
    ]
    return Source(memory or (whole,), states, width, scales, forward)


def attention_weights(built: Built, inputs: dict[str, Any]) -> Any:
    """Compute how much of its context every timestep of the answer took from each step of the
    source, float32 [batch, timesteps, steps]; None of a network without attention."""
    parts: DecoderParts = built.parts
    if not isinstance(parts.context, Attend):
        return None
    keys, _, steps = parts.memory
    read = keras.Model(built.model.input, [parts.queries, keys, steps])
    return parts.context.weights_of(*read(inputs, training=False))


def source_half(built: Built) -> keras.Model:
    """Make the part of a trained network that reads the source.

    Outputs: `memory`, a list of what the context is taken from, and `states`, a list of lists of
    [batch, units].
    """
    parts: DecoderParts = built.parts
    inputs = {name: tensor for name, tensor in built.model.input.items() if name != "previous"}
    return keras.Model(inputs, {"memory": list(parts.memory), "states": parts.states})


def decoder_step(
    parts: DecoderParts, previous: Any, states: list[list[Any]], memory: list[Any]
) -> tuple[Any, list[list[Any]]]:
    """Run one timestep of the answer with the trained weights: the same numbers as the whole
    network.

    Args:
        previous: int32 [batch], the tokens before.
        states: as `source_half` gives them, or as the step before left them.

    Returns: logits [batch, entries] and the states after it.
    """
    x = parts.embed(previous)
    after = []
    for layer, before in zip(parts.recurrent, states, strict=True):
        x, left = step(layer, x, before)
        after.append(left)
    context = parts.context(x[:, None], *memory)[:, 0]
    x = parts.combine(tf.concat([x, context], -1))
    if parts.lexical is not None:
        x = tf.concat([x, parts.lexical(context)], -1)
    return parts.head(x), after
