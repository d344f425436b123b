"""Write `step` of values, classes and sets of labels as nodes of ONNX, as `step.py` computes it."""

from typing import Any

import numpy as np

from rnnauto.cells import CELLS
from rnnauto.data.encode import clock_sizes
from rnnauto.deploy.raw_inputs import ALONG, graph_inputs
from rnnauto.exchange.decay import emit_decay_on
from rnnauto.exchange.gaps import parted_clock, with_clock
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, encode_raw
from rnnauto.exchange.layers import emit_along_time, emit_dense
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import cast, joined, size_of, steps_to
from rnnauto.exchange.recurrent import emit_recurrent
from rnnauto.exchange.steps import parted
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.direct.graph import emit_answers
from rnnauto.families.direct.steps.saved import carry_of, encoder_of
from rnnauto.layout import Layout
from rnnauto.networks.carry import chunk_of, header_of, state_sizes

State = dict[str, str]


def write_step(members: list[Any], layout: Layout, encoders: DirectEncoders) -> bytes:
    """Write `step` of the mean of the members: what `graph_inputs` lists, of some true timesteps of
    each sequence, and the state before them; the answers after each of them, and the state after
    the last."""
    carries = [carry_of(member) for member in members]
    timesteps, sizes = chunk_of(carries), [sum(state_sizes(carries)), *clock_sizes(encoders)]
    wanted = graph_inputs(layout, encoders)
    del wanted["length"]
    graph = Graph()
    raw = declare(
        graph,
        {
            name: (dtype, (None, timesteps, *shape[2:]) if name in ALONG else shape)
            for name, (dtype, shape) in wanted.items()
        },
    )
    state = graph.input("state", "float32", (None, sum(sizes)))
    held, clock = parted_clock(graph, state, sizes)
    inputs = encode_raw(graph, {**raw, "length": ""}, layout, encoders, clock=clock)
    outputs, after = emit_read_on(graph, members, inputs, held)
    answers = emit_answers(graph, outputs, encoders.target, (None, timesteps))
    for name, (value, dtype, shape) in answers.items():
        graph.output(name, value, dtype, shape)
    after = with_clock(graph, after, raw, clock)
    graph.output("state_after", after, "float32", (None, sum(sizes)))
    return graph.serialise("step")


def emit_read_on(
    graph: Graph, members: list[Any], inputs: dict[str, str], state: str
) -> tuple[list[str], str]:
    """Read some timesteps more, as `step.read_on` does."""
    carries = [carry_of(member) for member in members]
    sizes = state_sizes(carries)
    parts = parted(graph, state, *sizes)
    header = dict(zip(header_of(carries), parts, strict=False))
    parts = parts[len(header) :]
    count = header.get("count", "")
    outputs, after = [], []
    timesteps = ""
    for member, carry in zip(members, carries, strict=True):
        held = dict(zip(carry.sizes, parts, strict=False))
        parts = parts[len(held) :]
        found = emit_network(graph, encoder_of(member), inputs)
        timesteps = size_of(graph, found["timesteps"], 1)
        held, x = begun(graph, held, found, count), found["timesteps"]
        if "seen" in held:
            x, seen = emit_decay_on(graph, member.parts.decay, x, held["seen"])
            held = held | {"seen": seen}
        go = patch_on if carry.architecture.patch > 1 else chunk_on
        output, held = go(graph, member, x, held, count)
        if "statics" in held:
            output = emit_along_time(graph, None, output, held["statics"])  # type: ignore[arg-type]
        outputs.append(emit_dense(graph, member.parts.head, output))
        after += [held[name] for name in carry.sizes]
    if count:
        after = [graph.op("Add", count, cast(graph, timesteps, "float32")), *after]
    return outputs, joined(graph, after)


def number(graph: Graph, value: float) -> str:
    return graph.constant(value, "float32")


def begun(graph: Graph, held: State, found: State, count: str) -> State:
    if "statics" not in found:
        return held
    fresh = graph.op("Less", count, number(graph, 1.0))
    starts = [found[name] for name in sorted(found) if name.startswith("start_")]
    first = joined(graph, starts)
    return held | {
        "statics": graph.op("Where", fresh, found["statics"], held["statics"]),
        "layer_0": graph.op("Where", fresh, first, held["layer_0"]),
    }


def read_layer(graph: Graph, member: Any, layer: Any, x: str, state: str) -> tuple[str, str]:
    """Read [batch, timesteps, channels] by a layer from its state."""
    shape = member.parts.architecture
    states = parted(graph, state, *[shape.units] * CELLS[shape.cell].states)
    x, after = emit_recurrent(graph, layer, x, states=states)
    return x, joined(graph, after)


def chunk_on(graph: Graph, member: Any, x: str, held: State, count: str) -> tuple[str, State]:
    after = {}
    for number_, layer in enumerate(member.forward):
        name = f"layer_{number_}"
        x, after[name] = read_layer(graph, member, layer, x, held[name])
    held = held | after
    if "total" in held:
        x, more = mean_so_far(graph, x, held, member.parts.architecture.units)
        held = held | more
    elif "largest" in held:
        x, largest = largest_so_far(graph, x, held["largest"], count)
        held = held | {"largest": largest}
    return x, held


def mean_so_far(graph: Graph, x: str, held: State, units: int) -> tuple[str, State]:
    one = graph.constant([1], "int64")
    sums = graph.op("CumSum", counted(graph, x, 3), graph.constant(1, "int64"))
    less = graph.op("Sub", sums, graph.op("Unsqueeze", held["lost"], one))
    total = graph.op("Add", graph.op("Unsqueeze", held["total"], one), less)
    return mean_of(graph, total, units), added(graph, held, newest(graph, sums))


def counted(graph: Graph, x: str, axes: int) -> str:
    """Put a 1 behind the units, which adds up to the count."""
    ends = graph.constant([0] * (2 * axes - 1) + [1], "int64")
    return graph.op("Pad", x, ends, number(graph, 1.0))


def mean_of(graph: Graph, total: str, units: int) -> str:
    """Divide sums [..., units] by the count beside them."""
    sizes = graph.constant([units, 1], "int64")
    return graph.op("Div", *graph.ops("Split", total, sizes, outputs=2, axis=-1))


def newest(graph: Graph, x: str) -> str:
    """The last timestep of [batch, timesteps, units]."""
    return graph.op("Gather", x, graph.constant(-1, "int64"), axis=1)


def added(graph: Graph, held: State, x: str) -> State:
    rest = graph.op("Sub", x, held["lost"])
    total = graph.op("Add", held["total"], rest)
    lost = graph.op("Sub", graph.op("Sub", total, held["total"]), rest)
    return {"total": total, "lost": lost}


def largest_so_far(graph: Graph, x: str, before: str, count: str) -> tuple[str, str]:
    """The maximum up to each timestep, of all pairs: there are few timesteps in a chunk."""
    least = number(graph, float(np.finfo(np.float32).min))
    some = graph.op("Greater", count, number(graph, 0.0))
    before = graph.op("Where", some, before, least)
    one = graph.constant([1], "int64")
    places = steps_to(graph, size_of(graph, x, 1))
    earlier = graph.op("LessOrEqual", places, graph.op("Unsqueeze", places, one))
    earlier = graph.op("Unsqueeze", earlier, graph.constant([2], "int64"))
    pairs = graph.op("Where", earlier, graph.op("Unsqueeze", x, one), least)
    x = graph.op("ReduceMax", pairs, axes=[2], keepdims=0)
    x = graph.op("Max", x, graph.op("Unsqueeze", before, one))
    return x, newest(graph, x)


def patch_on(graph: Graph, member: Any, x: str, held: State, count: str) -> tuple[str, State]:
    size, channels = member.parts.architecture.patch, int(member.parts.timesteps.shape[-1])
    pending, one = held["pending"], graph.constant([1], "int64")
    places = np.repeat(np.arange(size, dtype=np.float32), channels)
    here = graph.op("Equal", graph.constant(places), pending)  # [batch, size * channels]
    ends = graph.constant([0, 0, 0, channels], "int64")
    repeated = graph.op("Tile", graph.op("Squeeze", x, one), graph.constant([1, size], "int64"))
    y = graph.op("Where", here, repeated, graph.op("Pad", held["waiting"], ends))
    full = graph.op("Greater", pending, number(graph, size - 1.5))
    kept = graph.op(
        "Slice", y, graph.constant([0], "int64"), graph.constant([-channels], "int64"), one
    )
    zero = number(graph, 0.0)
    after = {
        "pending": graph.op("Where", full, zero, graph.op("Add", pending, number(graph, 1.0))),
        "waiting": graph.op("Where", full, zero, kept),
    }
    y = graph.op("Unsqueeze", y, one)
    for number_, layer in enumerate(member.forward):
        name = f"layer_{number_}"
        y, state = read_layer(graph, member, layer, y, held[name])
        after[name] = graph.op("Where", full, state, held[name])
    y = graph.op("Squeeze", y, one)
    y, more = pooled(graph, y, held, count, member.parts.architecture.units)
    after |= {name: graph.op("Where", full, new, held[name]) for name, new in more.items()}
    return graph.op("Unsqueeze", y, one), held | after


def pooled(graph: Graph, y: str, held: State, count: str, units: int) -> tuple[str, State]:
    """Sum up the patches so far and one more, [batch, units]."""
    if "total" in held:
        one_more = counted(graph, y, 2)
        total = graph.op("Add", held["total"], graph.op("Sub", one_more, held["lost"]))
        return mean_of(graph, total, units), added(graph, held, one_more)
    if "largest" not in held:
        return y, {}
    in_full_patches = graph.op("Sub", count, held["pending"])
    some = graph.op("Greater", in_full_patches, number(graph, 0.5))
    y = graph.op("Where", some, graph.op("Max", y, held["largest"]), y)
    return y, {"largest": y}
