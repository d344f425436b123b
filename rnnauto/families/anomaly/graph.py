"""Write anomaly models as ONNX graphs: what the SavedModel does, of whole sequences and of
timesteps more."""

from typing import Any

import numpy as np

from rnnauto.cells import CELLS
from rnnauto.data.encode import clock_sizes
from rnnauto.deploy.raw_inputs import graph_inputs
from rnnauto.exchange.answers import for_each_sequence, mean_of
from rnnauto.exchange.decay import emit_decay_on
from rnnauto.exchange.gaps import parted_clock, with_clock
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, encode_raw
from rnnauto.exchange.layers import emit_along_time, emit_dense
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import cast, column, joined, select, size_of, steps_to
from rnnauto.exchange.recurrent import emit_recurrent
from rnnauto.exchange.steps import parted
from rnnauto.families.anomaly.emitters import EMITTERS, emit_seen, emit_surprise, without_last
from rnnauto.families.anomaly.encode import AnomalyEncoders, scored_names
from rnnauto.families.anomaly.steps import encoder_of, sizes_of
from rnnauto.layout import Layout

EVERY = slice(None)


def write_graph(
    members: list[Any], layout: Layout, encoders: AnomalyEncoders, threshold: float
) -> bytes:
    """Write the mean of the members, of whole sequences."""
    graph = Graph()
    raw = declare(graph, graph_inputs(layout, encoders))
    inputs = encode_raw(graph, raw, layout, encoders)
    outputs = [emit_network(graph, member.model, inputs, EMITTERS) for member in members]
    known = emit_known(graph, inputs, encoders, "")
    emit_answers(graph, mean_of(graph, outputs), known, scored_names(encoders), threshold)
    return graph.serialise("anomaly")


def write_step(
    members: list[Any], layout: Layout, encoders: AnomalyEncoders, threshold: float
) -> bytes:
    """Write `step` of the mean of the members: what `graph_inputs` lists, of some true timesteps of
    each sequence, and the state before them."""
    wanted = graph_inputs(layout, encoders)
    del wanted["length"]
    own = sum(sum(sizes_of(member)) for member in members)
    sizes = [own, *clock_sizes(encoders)]
    graph = Graph()
    raw = declare(graph, wanted)
    state = graph.input("state", "float32", (None, sum(sizes)))
    held, clock = parted_clock(graph, state, sizes)
    inputs = encode_raw(graph, {**raw, "length": ""}, layout, encoders, clock=clock)
    outputs, begun, after = emit_read_on(graph, members, inputs, held)
    known = emit_known(graph, inputs, encoders, begun)
    emit_answers(graph, mean_of(graph, outputs), known, scored_names(encoders), threshold)
    after = with_clock(graph, after, raw, clock)
    graph.output("state_after", after, "float32", (None, sum(sizes)))
    return graph.serialise("step")


def emit_read_on(
    graph: Graph, members: list[Any], inputs: dict[str, str], state: str
) -> tuple[list[str], str, str]:
    """Read some timesteps more, as `steps.read_on` does."""
    parts = parted(graph, state, *[size for member in members for size in sizes_of(member)])
    begun, outputs, after = select(graph, parts[0], (EVERY, -1)), [], []
    one = graph.constant([1], "int64")
    for member in members:
        own = len(sizes_of(member))
        (before, *held), parts = parts[:own], parts[own:]
        found = emit_network(graph, encoder_of(member), inputs, EMITTERS)
        x, remembered = found["timesteps"], []
        if member.parts.decay is not None:
            x, kept = emit_decay_on(graph, member.parts.decay, x, held.pop())
            remembered.append(kept)
        here = emit_seen(graph, x)
        x = joined(graph, [graph.op("Unsqueeze", before, one), here], 1)
        x = without_last(graph, x)
        after.append(graph.op("Gather", here, graph.constant(-1, "int64"), axis=1))
        x = joined(graph, [x, found["known"]]) if "known" in found else x
        if "statics" in found:
            x = emit_along_time(graph, None, x, found["statics"])  # type: ignore[arg-type]
        shape = member.parts.architecture
        for layer, states in zip(member.forward, held, strict=True):
            each = parted(graph, states, *[shape.units] * CELLS[shape.cell].states)
            x, states_after = emit_recurrent(graph, layer, x, states=each)
            after.append(joined(graph, states_after))
        after += remembered
        came = {name: found[name] for name in ("scaled", "raw") if name in found}
        came |= {"codes": inputs["codes"]} if "codes" in member.parts.found else {}
        foretold = emit_dense(graph, member.parts.head, x)
        outputs.append(emit_surprise(graph, member.parts.surprise, foretold, came))
    return outputs, begun, joined(graph, after)


def emit_answers(
    graph: Graph, mean: str, known: str, names: tuple[str, ...], threshold: float
) -> None:
    """Give out what `export.decoded` returns, of the mean of the members and of which timesteps
    have a score."""
    last, nothing = graph.constant([-1], "int64"), graph.constant(np.nan, "float32")
    each = select(graph, mean, (EVERY, EVERY, slice(0, len(names))))
    scores = graph.op("Where", graph.op("Unsqueeze", known, last), each, nothing)
    score = graph.op("ReduceSum", scores, last, keepdims=0)
    limit = graph.constant(threshold, "float32")
    total = graph.op("ReduceSum", mean, last, keepdims=0)
    likelihood = graph.op("Where", known, total, nothing)
    timed = (None, None)
    graph.output("score", score, "float32", timed)
    graph.output("flag", graph.op("Greater", score, limit), "bool", timed)
    graph.output("scores", scores, "float32", (*timed, len(names)))
    graph.output("negative_log_likelihood", likelihood, "float32", timed)
    limits = graph.op("Expand", limit, size_of(graph, mean, 0))
    graph.output("threshold", limits, "float32", (None,))
    columns = for_each_sequence(graph, names, mean)
    graph.output("columns", columns, "string", (None, len(names)))


def emit_known(graph: Graph, inputs: dict[str, str], encoders: AnomalyEncoders, begun: str) -> str:
    """Say which timesteps have a score, as `export.is_known` does."""
    read = inputs["numbers"] if "numbers" in inputs else inputs["codes"]
    shape = graph.op("Shape", read, start=0, end=2)
    later = graph.op("Greater", steps_to(graph, size_of(graph, read, 1)), zero(graph))
    known = graph.op("Expand", later, shape)
    if begun:
        before = graph.op("Greater", begun, graph.constant(0.5, "float32"))
        known = graph.op("Or", known, column(graph, before))
    if encoders.categories:
        return known
    numbers = select(graph, inputs["numbers"], (EVERY, EVERY, slice(0, len(encoders.numbers))))
    there = cast(graph, graph.op("Not", graph.op("IsNaN", numbers)), "int64")
    some = graph.op("ReduceSum", there, graph.constant([-1], "int64"), keepdims=0)
    return graph.op("And", known, graph.op("Greater", some, graph.constant(0, "int64")))


def zero(graph: Graph) -> str:
    return graph.constant(0, "int32")
