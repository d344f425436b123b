"""Encoder-decoder networks: sequences or static features in, tokens of any number out.

Trained with teacher forcing (Williams and Zipser 1989): the decoder reads the true previous token.
Attention is Luong's, dot product with a learned projection (Luong et al. 2015), without input
feeding: all timesteps of an answer attend in one product, and a step of decoding is cheap.
"""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from rnnauto.networks.architecture import Architecture, DecoderFeatures
from rnnauto.networks.build import CELLS, encode_statics, encode_timesteps, joined, recur
from rnnauto.networks.layers import Dropout, Patch, PatchCount, Pool, embedding_width

MEMORY = ("keys", "values", "steps")
FAR = -1e9  # the score of what must not be attended to


class Attend(keras.layers.Layer):
    """What the queries [batch, timesteps, units] find in a memory: the mean of `values` [batch,
    steps, channels], weighted by softmax(query . key) over the true steps; 0 where there are none.
    """

    def call(self, queries: Any, keys: Any, values: Any, steps: Any) -> Any:
        true = tf.sequence_mask(steps, tf.shape(keys)[1])[:, None, :]
        scores = tf.where(true, tf.matmul(queries, keys, transpose_b=True), FAR)
        weights = tf.where(true, tf.nn.softmax(scores), 0.0)
        return tf.matmul(weights, values)

    def compute_output_spec(self, queries: Any, keys: Any, values: Any, steps: Any) -> Any:
        return keras.KerasTensor((*queries.shape[:-1], values.shape[-1]))


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
        layer = CELLS[architecture.cell](
            architecture.units, return_sequences=True, name=f"decoder_{number}"
        )
        x = layer(x, initial_state=states)
    if architecture.attention == "dot":
        context = Attend(name="context")(x, *(memory[name] for name in MEMORY))
    else:
        context = RepeatFor(name="context")(x, memory["summary"])
    x = joined([x, context], name="with_context")
    x = keras.layers.Dense(architecture.units, activation="tanh", name="combine")(x)
    x = Dropout(name="dropout_head")(x)
    return keras.Model(inputs, keras.layers.Dense(features.entries, name="head")(x))


def encode_source(
    features: DecoderFeatures, architecture: Architecture, inputs: dict[str, Any]
) -> dict[str, Any]:
    """What a decoder needs of the source, as layers' outputs: `summary` [batch, channels],
    `states` [layers][states] of [batch, units], and with attention the memory."""
    memory: dict[str, Any] = {}
    summary = []
    start = encode_statics(features.source, inputs)
    if features.source.numbers or features.source.vocabularies:
        inputs["length"] = length = keras.Input((), dtype="int32", name="length")
        x = encode_timesteps(features.source, inputs)
        x = Patch(architecture.patch, name="patch")(x, length)
        steps = PatchCount(architecture.patch, name="patch_count")(length)
        for number in range(architecture.layers):
            x = Dropout(name=f"dropout_{number}")(x)
            x = recur(x, steps, architecture, number=number, start=start if number == 0 else None)
        summary.append(Pool("last", architecture.units, name="pool")(x, steps))
        if architecture.attention == "dot":
            keys = keras.layers.Dense(architecture.units, use_bias=False, name="keys")(x)
            memory |= {"keys": keys, "values": x, "steps": steps}
    if start is not None:
        summary.append(start)
    memory["summary"] = joined(summary, name="summary")
    memory["states"] = [
        [
            keras.layers.Dense(size, activation="tanh", name=f"decoder_{number}_start_{at}")(
                memory["summary"]
            )
            for at, size in enumerate(state_sizes(architecture))
        ]
        for number in range(architecture.layers)
    ]
    return memory


def state_sizes(architecture: Architecture) -> list[int]:
    """Widths of a decoder layer's states."""
    sizes = CELLS[architecture.cell](architecture.units).cell.state_size
    return list(sizes) if isinstance(sizes, list | tuple) else [sizes]
