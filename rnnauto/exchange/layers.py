"""Write the layers that the networks of several families share, as nodes of ONNX.

Every emitter is called as its layer is, with the graph and the layer before it; tensors are the
names of values. Whatever is not known before the graph runs (batch and timesteps) it asks for.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras.src.ops.numpy import GetItem, Multiply, Tile

from rnnauto.data.encode import UNKNOWN
from rnnauto.exchange.decay import emit_decay
from rnnauto.exchange.grams import emit_grams
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import (
    at_places,
    cast,
    column,
    joined,
    mask_of,
    padded,
    select,
    size_of,
    whole,
    zero_past,
)
from rnnauto.exchange.recurrent import emit_recurrent
from rnnauto.networks.cells import ExponentialTrace
from rnnauto.networks.decay import Decay
from rnnauto.networks.fused import GRU, LSTM, SimpleRNN
from rnnauto.networks.grams import Grams
from rnnauto.networks.layers import (
    FLAT,
    AlongTime,
    Around,
    Dropout,
    Learnt,
    OwnScale,
    Patch,
    PatchCount,
    Pool,
    Reverse,
    Standardise,
    TokenDropout,
)

Emitter = Callable[..., Any]
ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid"}


def emit_dense(graph: Graph, layer: Any, x: str) -> str:
    x = graph.op("MatMul", x, graph.constant(layer.kernel.numpy(), "float32"))
    if layer.use_bias:
        x = graph.op("Add", x, graph.constant(layer.bias.numpy(), "float32"))
    name = layer.activation.__name__
    return x if name == "linear" else graph.op(ACTIVATIONS[name], x)


def emit_embedding(graph: Graph, layer: Any, codes: str) -> str:
    table = graph.constant(layer.embeddings.numpy(), "float32")
    return graph.op("Gather", table, codes, axis=0)


def emit_standardise(graph: Graph, layer: Standardise, x: str) -> str:
    missing = graph.op("IsNaN", x)
    mean, deviation = (
        graph.constant(weight.numpy(), "float32") for weight in (layer.mean, layer.deviation)
    )
    scaled = graph.op("Div", graph.op("Sub", x, mean), deviation)
    scaled = graph.op("Where", missing, graph.constant(0.0, "float32"), scaled)
    if not layer.indicators:
        return scaled
    flags = graph.op("Gather", missing, graph.constant(layer.indicators, "int64"), axis=-1)
    return joined(graph, [scaled, cast(graph, flags, "float32")])


def emit_nothing(graph: Graph, layer: Any, x: str, **training: Any) -> str:
    """What only training does."""
    return x


def emit_concatenate(graph: Graph, layer: Any, parts: list[str]) -> str:
    return graph.op("Concat", *parts, axis=layer.axis)


def emit_sum(graph: Graph, layer: Any, parts: list[str]) -> str:
    return graph.op("Sum", *parts)


def emit_patch(graph: Graph, layer: Patch, x: str, length: str) -> str:
    timesteps = size_of(graph, x, 1)
    x = zero_past(graph, x, length, timesteps)
    size = graph.constant([layer.size], "int64")
    one = graph.constant([1], "int64")
    patches = graph.op("Max", whole(graph, timesteps, layer.size, "int64"), one)
    if layer.size == 1:
        return padded(graph, x, graph.op("Sub", patches, timesteps))
    steps = graph.op("Mul", patches, size)
    x = padded(graph, x, graph.op("Sub", steps, timesteps))
    channels = graph.op("Mul", size_of(graph, x, 2), size)
    shape = graph.op("Concat", size_of(graph, x, 0), patches, channels, axis=0)
    return graph.op("Reshape", x, shape, allowzero=1)


def emit_patch_count(graph: Graph, layer: PatchCount, length: str) -> str:
    return length if layer.size == 1 else whole(graph, length, layer.size, "int32")


def emit_learnt(graph: Graph, layer: Learnt, codes: str) -> str:
    codes = cast(graph, codes, "int64")
    known = graph.op("Less", codes, graph.constant(layer.entries, "int64"))
    return graph.op("Where", known, codes, graph.constant(UNKNOWN, "int64"))


def emit_around(graph: Graph, layer: Around, x: str) -> str:
    timesteps = size_of(graph, x, 1)
    pads = [0, layer.before, 0, 0, layer.width - 1 - layer.before, 0]
    wide = graph.op("Pad", x, graph.constant(pads, "int64"))
    axis = graph.constant([1], "int64")
    seen = []
    for at in range(layer.width):
        begin = graph.constant([at], "int64")
        seen.append(graph.op("Slice", wide, begin, graph.op("Add", timesteps, begin), axis))
    return joined(graph, seen)


def emit_own_scale(graph: Graph, layer: OwnScale, x: str, length: str) -> str:
    x = select(graph, x, (slice(None), slice(None), slice(0, layer.numbers)))
    timesteps, axis = size_of(graph, x, 1), graph.constant([1], "int64")
    count = graph.op("Max", cast(graph, length, "float32"), graph.constant(1.0, "float32"))
    count = graph.op("Unsqueeze", count, graph.constant([1, 2], "int64"))

    def mean_of(each: str) -> str:
        return graph.op("Div", graph.op("ReduceSum", each, axis, keepdims=1), count)

    mean = mean_of(zero_past(graph, x, length, timesteps))
    apart = zero_past(graph, graph.op("Sub", x, mean), length, timesteps)
    variance = graph.op(
        "Add", mean_of(graph.op("Mul", apart, apart)), graph.constant(FLAT, "float32")
    )
    return graph.op("Div", apart, graph.op("Sqrt", variance))


def emit_reverse(graph: Graph, layer: Reverse, x: str, length: str) -> str:
    lengths = cast(graph, length, "int64")
    return graph.op("ReverseSequence", x, lengths, batch_axis=0, time_axis=1)


def emit_along_time(graph: Graph, layer: AlongTime, x: str, vector: str) -> str:
    one = graph.constant([1], "int64")
    shape = graph.op("Concat", graph.op("Shape", x, start=0, end=2), one, axis=0)
    wide = graph.op("Expand", graph.op("Unsqueeze", vector, one), shape)
    return joined(graph, [x, wide])


def emit_pool(graph: Graph, layer: Pool, x: str, length: str) -> str:
    zero, one = graph.constant(0.0, "float32"), graph.constant([1], "int64")
    count = column(graph, length)
    if layer.kind == "mean":
        total = graph.op(
            "ReduceSum", zero_past(graph, x, length, size_of(graph, x, 1)), one, keepdims=0
        )
        return graph.op(
            "Div",
            total,
            graph.op("Max", cast(graph, count, "float32"), graph.constant(1.0, "float32")),
        )
    some = graph.op("Greater", count, graph.constant(0, "int32"))
    if layer.kind == "max":
        mask = mask_of(graph, length, size_of(graph, x, 1))
        mask = graph.op("Unsqueeze", mask, graph.constant([2], "int64"))
        kept = graph.op("Where", mask, x, graph.constant(np.finfo(np.float32).min, "float32"))
        return graph.op("Where", some, graph.op("ReduceMax", kept, axes=[1], keepdims=0), zero)
    before = graph.op("Sub", count, graph.constant(1, "int32"))
    places = graph.op("Max", before, graph.constant(0, "int32"))
    ends = graph.op("Squeeze", at_places(graph, x, places), one)
    if layer.backward_from < layer.input[0].shape[-1]:
        forwards = select(graph, ends, (slice(None), slice(0, layer.backward_from)))
        backwards = select(graph, x, (slice(None), 0, slice(layer.backward_from, None)))
        ends = joined(graph, [forwards, backwards])
    return graph.op("Where", some, ends, zero)


def emit_recurrent_layer(
    graph: Graph, layer: Any, x: str, initial_state: list[str] | None = None
) -> str:
    return emit_recurrent(graph, layer, x, states=initial_state)[0]


def emit_item(graph: Graph, operation: Any, x: str, key: Any) -> str:
    return select(graph, x, key if isinstance(key, tuple) else (key,))


def emit_multiply(graph: Graph, operation: Any, x1: Any, x2: Any) -> str:
    sides = [
        side if isinstance(side, str) else graph.constant(side, "float32") for side in (x1, x2)
    ]
    return graph.op("Mul", *sides)


def emit_tile(graph: Graph, operation: Any, x: str) -> str:
    return graph.op("Tile", x, graph.constant(operation.repeats, "int64"))


SHARED: Mapping[type, Emitter] = {
    keras.layers.Dense: emit_dense,
    keras.layers.Embedding: emit_embedding,
    keras.layers.Concatenate: emit_concatenate,
    keras.layers.Add: emit_sum,
    Standardise: emit_standardise,
    Decay: emit_decay,
    Dropout: emit_nothing,
    TokenDropout: emit_nothing,
    Patch: emit_patch,
    PatchCount: emit_patch_count,
    Around: emit_around,
    OwnScale: emit_own_scale,
    Grams: emit_grams,
    Learnt: emit_learnt,
    Reverse: emit_reverse,
    AlongTime: emit_along_time,
    Pool: emit_pool,
    SimpleRNN: emit_recurrent_layer,
    LSTM: emit_recurrent_layer,
    GRU: emit_recurrent_layer,
    ExponentialTrace: emit_recurrent_layer,
    GetItem: emit_item,
    Multiply: emit_multiply,
    Tile: emit_tile,
}
