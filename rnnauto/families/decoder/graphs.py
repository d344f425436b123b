"""Write a decoder as two ONNX graphs: what reads a source, and one step of the answer.

`writer` has the loops around them. Here and in `decoding` stand the same networks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnauto.data.encode import END
from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.raw_inputs import graph_inputs
from rnnauto.exchange.answers import mean_of
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, encode_raw
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import column, joined, mask_of, size_of
from rnnauto.exchange.steps import affine, emit_step, parted
from rnnauto.families.decoder.network import FAR, Attend, DecoderParts, source_half
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.families.decoder.writer import NEVER
from rnnauto.layout import Layout
from rnnauto.networks.built import Built

ROWS = "rows"  # all beams of the whole batch
LEAST = 1e-30  # of a probability: a banned token has one of exactly 0


def write_graphs(
    folder: Path, members: Sequence[Built], layout: Layout, encoders: DecoderEncoders
) -> None:
    """Write both graphs into a folder, as `signatures.open_light` opens them."""
    source = source_graph(members, layout, encoders)
    (folder / MODEL).write_bytes(source.serialise("source"))
    (folder / STEP).write_bytes(step_graph(members).serialise("step"))


def source_graph(members: Sequence[Built], layout: Layout, encoders: DecoderEncoders) -> Graph:
    """Write what reads a source: raw values to the memory of each member, and the `state` before
    the first step."""
    graph = Graph()
    raw = declare(graph, graph_inputs(layout, encoders))
    inputs = encode_raw(graph, raw, layout, encoders)
    states: list[str] = []
    for number, member in enumerate(members):
        read = emit_network(graph, source_half(member), inputs)
        states += [state for layer in read["states"] for state in layer]
        parts = emit_memory(graph, member.parts, read["memory"])
        names, kinds = memory_names(member.parts, number), memory_kinds(member.parts)
        for name, part, kind in zip(names, parts, kinds, strict=True):
            graph.output(name, part, *kind)
    size = sum(sizes_of(members))
    graph.output("state", joined(graph, states), "float32", (None, size))
    return graph


def emit_memory(graph: Graph, parts: DecoderParts, memory: list[str]) -> list[str]:
    """Make of a memory what `memory_kinds` says of it."""
    if not isinstance(parts.context, Attend):
        return memory
    keys, values, steps = memory
    true = mask_of(graph, steps, size_of(graph, keys, 1))
    turned = graph.op("Transpose", keys, perm=[0, 2, 1])
    return [turned, values, column(graph, true)]


def sizes_of(members: Sequence[Built]) -> list[int]:
    """List the sizes of all states, in order."""
    layers = [layer for member in members for layer in member.parts.states]
    return [int(state.shape[-1]) for layer in layers for state in layer]


def step_graph(members: Sequence[Built]) -> Graph:
    """Write one timestep of the answer by all members.

    `previous` int32 [rows] are the tokens before it and `state` [rows, sizes] what was carried on;
    the rows of a source, its beams, stand one after the other. `memory_NUMBER_PART` [batch, ...]
    is what the first graph gave; a source's is there once, for all its rows. Where the answer is
    `given`, tokens that are never written count, too. `count` int64 [1] of the likeliest tokens
    are looked for.
    """
    graph = Graph()
    entries = int(members[0].model.output.shape[-1])
    previous = graph.input("previous", "int32", (ROWS,))
    sizes = sizes_of(members)
    state = graph.input("state", "float32", (ROWS, sum(sizes)))
    given = graph.input("given", "bool", ())
    count = graph.input("count", "int64", (1,))
    banned = graph.constant([NEVER] * END + [0.0] * (entries - END), "float32")
    banned = graph.op("Where", given, graph.constant(0.0, "float32"), banned)
    states = iter(parted(graph, state, *sizes))
    shares, after = [], []
    for number, member in enumerate(members):
        before = [[next(states) for _ in layer] for layer in member.parts.states]
        memory = memory_inputs(graph, member.parts, number)
        logits, left = emit_decoder_step(graph, member.parts, previous, before, memory)
        shares.append(graph.op("Softmax", graph.op("Add", logits, banned), axis=-1))
        after += [each for layer in left for each in layer]
    none = graph.constant(0.0, "float32")
    least = graph.op("Where", given, none, graph.constant(LEAST, "float32"))
    scores = graph.op("Log", graph.op("Max", mean_of(graph, shares), least))
    best, tokens = graph.ops("TopK", scores, count, outputs=2, axis=-1)
    graph.output("state_after", joined(graph, after), "float32", (ROWS, sum(sizes)))
    graph.output("log_probabilities", scores, "float32", (ROWS, entries))
    graph.output("best", best, "float32", (ROWS, "count"))
    graph.output("tokens", tokens, "int64", (ROWS, "count"))
    return graph


def memory_names(parts: DecoderParts, number: int) -> tuple[str, ...]:
    """Name what a context of a member is taken from, in both graphs."""
    names = ("keys", "values", "true") if isinstance(parts.context, Attend) else ("summary",)
    return tuple(f"memory_{number}_{name}" for name in names)


def memory_inputs(graph: Graph, parts: DecoderParts, number: int) -> list[str]:
    kinds = memory_kinds(parts)
    names = memory_names(parts, number)
    return [graph.input(name, *kind) for name, kind in zip(names, kinds, strict=True)]


def memory_kinds(parts: DecoderParts) -> list[tuple[str, Any]]:
    """Say what type and shape each part of a memory has, in the order of `memory_names`: the keys
    [batch, units, steps] are turned already, `true` tells steps from padding."""
    if not isinstance(parts.context, Attend):
        return [("float32", (None, int(parts.memory[0].shape[-1])))]
    keys, values, _ = parts.memory
    return [
        ("float32", (None, int(keys.shape[-1]), None)),
        ("float32", (None, None, int(values.shape[-1]))),
        ("bool", (None, 1, None)),
    ]


def emit_decoder_step(
    graph: Graph, parts: DecoderParts, previous: str, states: list[list[str]], memory: list[str]
) -> tuple[str, list[list[str]]]:
    """Add what `network.decoder_step` computes: logits [rows, entries], and the states after it."""
    x = graph.op("Gather", graph.constant(parts.embed.embeddings.numpy()), previous)
    after = []
    for layer, before in zip(parts.recurrent, states, strict=True):
        x, left = emit_step(graph, layer, x, before)
        after.append(left)
    batch = graph.op("Shape", memory[0], start=0, end=1)
    beside = graph.op(
        "Reshape",
        x,
        graph.op("Concat", batch, graph.constant([-1, x_units(parts)], "int64"), axis=0),
    )  # [batch, beams, units]
    context = emit_context(graph, parts, beside, memory)
    width = context_width(parts)
    context = graph.op("Reshape", context, graph.constant([-1, width], "int64"))  # [rows, width]
    with_context = graph.op("Concat", x, context, axis=-1)
    x = graph.op("Tanh", dense(graph, parts.combine, with_context))
    if parts.lexical is not None:
        words = parted(graph, context, width - parts.lexical.words, parts.lexical.words)[-1]
        bent = graph.op("Tanh", dense(graph, parts.lexical.dense, words))
        x = graph.op("Concat", x, graph.op("Add", words, bent), axis=-1)
    return dense(graph, parts.head, x), after


def emit_context(graph: Graph, parts: DecoderParts, queries: str, memory: list[str]) -> str:
    """Add what the queries [batch, beams, units] find in the memory, [batch, beams, channels]."""
    if not isinstance(parts.context, Attend):
        (summary,) = memory
        column = graph.op("Unsqueeze", summary, graph.constant([1], "int64"))
        beams = graph.op("Shape", queries, start=1, end=2)
        one = graph.constant([1], "int64")
        return graph.op("Expand", column, graph.op("Concat", one, beams, one, axis=0))
    keys, values, true = memory
    far = graph.constant(FAR, "float32")
    scores = graph.op("Where", true, graph.op("MatMul", queries, keys), far)
    weights = graph.op("Softmax", scores, axis=-1)
    weights = graph.op("Where", true, weights, graph.constant(0.0, "float32"))
    return graph.op("MatMul", weights, values)


def dense(graph: Graph, layer: Any, x: str) -> str:
    return affine(graph, x, layer.kernel.numpy(), layer.bias.numpy())


def x_units(parts: DecoderParts) -> int:
    return int(parts.queries.shape[-1])


def context_width(parts: DecoderParts) -> int:
    of = parts.memory[1] if isinstance(parts.context, Attend) else parts.memory[0]
    return int(of.shape[-1])
