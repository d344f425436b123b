"""Encoder-decoder networks: sequences or static features in, tokens of any number out.

Trained with teacher forcing (Williams and Zipser 1989): the decoder reads the true previous token.
Attention is Luong's, dot product with a learned projection (Luong et al. 2015), without input
feeding: all timesteps of an answer attend in one product, and a step of decoding is cheap.
"""

from typing import Any

import keras
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.cells import recurrent_layer, step
from rnnauto.networks.layers import Dropout, Patch, PatchCount, Pool, embedding_width
from rnnauto.networks.stack import encode_statics, encode_timesteps, joined, recur

MEMORY = ("keys", "values", "steps")
FAR = -1e9  # the score of what must not be attended to


class Attend(keras.layers.Layer):
    """What the queries [batch, timesteps, units] find in a memory: the mean of `values` [batch,
    steps, channels], weighted by softmax(query . key) over the true steps; 0 where there are none.
    """

    def call(self, queries: Any, keys: Any, values: Any, steps: Any) -> Any:
        return tf.matmul(self.weights_of(queries, keys, steps), values)

    def weights_of(self, queries: Any, keys: Any, steps: Any) -> Any:
        """[batch, timesteps, steps]; those of a timestep sum to 1, or are 0."""
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


def build_decoder(features: DecoderFeatures, architecture: Architecture) -> keras.Model:
    """The network as it is trained.

    Inputs: those of the source as in `data.batches.Batch`, and `previous` int32 [batch, timesteps],
    the start token and the answer. Output: logits float32 [batch, timesteps, entries].
    """
    inputs: dict[str, Any] = {}
    memory = encode_source(features, architecture, inputs)
    inputs["previous"] = keras.Input((None,), dtype="int32", name="previous")
    embed = keras.layers.Embedding(
        features.entries, embedding_width(features.entries), name="answer_embed"
    )
    x = embed(inputs["previous"])
    for number, states in enumerate(memory["states"]):
        x = Dropout(name=f"answer_dropout_{number}")(x)
        layer = recurrent_layer(architecture.cell, architecture.units, name=f"decoder_{number}")
        x = layer(x, initial_state=states)
    if architecture.attention == "dot":
        context = Attend(name="context")(x, *(memory[name] for name in MEMORY))
    else:
        context = RepeatFor(name="context")(x, memory["summary"])
    x = joined([x, context], name="with_context")
    x = keras.layers.Dense(architecture.units, activation="tanh", name="combine")(x)
    x = Dropout(name="dropout_head")(x)
    if architecture.attention == "dot":
        x = joined([x, Lexical(memory["words"], name="lexical")(context)], name="with_words")
    return keras.Model(inputs, keras.layers.Dense(features.entries, name="head")(x))


def encode_source(
    features: DecoderFeatures, architecture: Architecture, inputs: dict[str, Any]
) -> dict[str, Any]:
    """What a decoder needs of the source, as layers' outputs: `summary` [batch, channels],
    `states` [layers][states] of [batch, units], and with attention the memory."""
    units = architecture.units
    memory: dict[str, Any] = {}
    summary = []
    inputs["length"] = length = keras.Input((), dtype="int32", name="length")
    start = encode_statics(features.source, inputs)  # [batch, channels], or None
    if features.source.numbers or features.source.vocabularies:
        x = encode_timesteps(features.source, inputs)
        x = words = Patch(architecture.patch, name="patch")(x, length)
        steps = PatchCount(architecture.patch, name="patch_count")(length)
        for number in range(0 if features.one_timestep else architecture.layers):
            x = Dropout(name=f"dropout_{number}")(x)
            x = recur(x, steps, architecture, number=number, start=start if number == 0 else None)
        summary.append(Pool("last", units, name="pool")(x, steps))
        if architecture.attention == "dot":
            keys = keras.layers.Dense(units, use_bias=False, name="keys")(x)
            values = joined([x, words], name="attended")
            memory |= {"keys": keys, "values": values, "steps": steps, "words": words.shape[-1]}
    if start is not None:
        summary.append(start)
    memory["summary"] = joined(summary, name="summary")
    memory["states"] = [
        [
            keras.layers.Dense(units, activation="tanh", name=f"decoder_{number}_start_{at}")(
                memory["summary"]
            )
            for at in range(CELLS[architecture.cell].states)
        ]
        for number in range(architecture.layers)
    ]
    return memory


def attention_weights(model: keras.Model, inputs: dict[str, Any]) -> Any:
    """How much of its context every timestep of the answer took from each step of the source,
    float32 [batch, timesteps, steps]; None of a network without attention."""
    attend = model.get_layer("context")
    if not isinstance(attend, Attend):
        return None
    queries, keys, _, steps = attend.input
    read = keras.Model(model.input, [queries, keys, steps])
    return attend.weights_of(*read(inputs, training=False))


def source_half(model: keras.Model) -> keras.Model:
    """The part of a trained network that reads the source.

    Outputs: `memory`, a list of what the context is taken from, and `states`, a list of lists of
    [batch, units].
    """
    memory = model.get_layer("context").input[1:]
    by_name = {layer.name: layer for layer in model.layers}
    names = [
        [
            f"{layer.name}_start_{at}"
            for at in range(max(record.states for record in CELLS.values()))
        ]
        for layer in decoder_layers(model)
    ]
    states = [[by_name[name].output for name in each if name in by_name] for each in names]
    inputs = {name: tensor for name, tensor in model.input.items() if name != "previous"}
    return keras.Model(inputs, {"memory": memory, "states": states})


def decoder_layers(model: keras.Model) -> list[Any]:
    """The recurrent layers of a decoder, first to last."""
    wanted = {f"decoder_{number}" for number in range(len(model.layers))}
    return [layer for layer in model.layers if layer.name in wanted]


def decoder_step(
    model: keras.Model, previous: Any, states: list[list[Any]], memory: list[Any]
) -> tuple[Any, list[list[Any]]]:
    """One timestep of the answer with the trained weights: the same numbers as the whole network.

    Args:
        previous: int32 [batch], the tokens before.
        states: as `source_half` gives them, or as the step before left them.

    Returns: logits [batch, entries] and the states after it.
    """
    x = model.get_layer("answer_embed")(previous)
    after = []
    for layer, before in zip(decoder_layers(model), states, strict=True):
        x, left = step(layer, x, before)
        after.append(left)
    context = model.get_layer("context")(x[:, None], *memory)[:, 0]
    x = model.get_layer("combine")(tf.concat([x, context], -1))
    if any(layer.name == "lexical" for layer in model.layers):
        x = tf.concat([x, model.get_layer("lexical")(context)], -1)
    return model.get_layer("head")(x), after
