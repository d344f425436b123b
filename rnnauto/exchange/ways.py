"""The likeliest way through tags that are in order, as `data/tag_order.py` finds it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnauto.arrays import Floats
from rnnauto.data.tag_order import NEVER, SMALLEST, Order
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import cast, size_of

Filled = Callable[[float, int], str]


def emit_ways(graph: Graph, probabilities: str, length: str, order: Order) -> str:
    """Find the likeliest tags that are in order, int64 [batch, timesteps].

    Args:
        probabilities: [batch, timesteps, tags].
        length: true timesteps, int32 [batch].
    """
    tags = len(order.first)
    smallest = graph.constant(SMALLEST, "float32")
    # a loop cannot run over no timestep
    longer = graph.op("Pad", probabilities, graph.constant([0, 0, 0, 0, 1, 0], "int64"))
    logs = graph.op("Log", graph.op("Max", longer, smallest))
    by_time = graph.op("Transpose", logs, perm=[1, 0, 2])
    batch, one = size_of(graph, probabilities, 0), graph.constant([1], "int64")
    zero, last_axis = graph.constant(0, "int64"), graph.constant([2], "int64")
    steps = graph.op("Squeeze", size_of(graph, longer, 1), graph.constant([0], "int64"))
    count = graph.op("Range", zero, steps, graph.constant(1, "int64"))
    rows = graph.op("Unsqueeze", count, one)  # [timesteps, 1]
    wide_length = graph.op("Unsqueeze", cast(graph, length, "int64"), graph.constant([0], "int64"))
    real = cast(graph, graph.op("Less", rows, wide_length), "float32")
    real = graph.op("Unsqueeze", real, last_axis)  # [timesteps, batch, 1]

    def filled(value: float, width: int) -> str:
        shape = graph.op("Concat", batch, graph.constant([width], "int64"), axis=0)
        return graph.op("Expand", graph.constant(value, "float32"), shape)

    nothing = filled(float(NEVER), 1)
    if order.follows is None:
        places, last = forwards(graph, by_time, real, nothing, order, start=filled)
        codes = backwards(graph, places, last, filled(float(tags), 1))
    else:
        before, last = weighed_forwards(graph, by_time, real, nothing, order, start=filled)
        codes = weighed_backwards(graph, before, real, last, follows=order.follows)
    flat = graph.op("Squeeze", codes, last_axis)
    codes = cast(graph, graph.op("Transpose", flat, perm=[1, 0]), "int64")
    begin = graph.constant([0], "int64")
    return graph.op("Slice", codes, begin, size_of(graph, probabilities, 1), one)


def forwards(
    graph: Graph, by_time: str, real: str, nothing: str, order: Order, *, start: Filled
) -> tuple[str, str]:
    """Give of every timestep what each tag best follows, [timesteps, batch, tags], and the best tag
    to end with, [timesteps, batch, 1]; both float32."""
    tags = len(order.first)
    first, second = graph.constant(order.first), graph.constant(order.second)
    as_places = [graph.constant(each, "float32") for each in (order.first, order.second)]
    own = graph.constant(np.arange(tags), "float32")
    shut, half = graph.constant(order.shut), graph.constant(0.5, "float32")
    step = graph.inner("way")
    totals, over, scores, there = (
        f"{step.prefix}{name}" for name in ("totals", "over", "scores", "real")
    )
    wide = step.op("Concat", totals, over, nothing, axis=1)
    one, other = (step.op("Gather", wide, at, axis=1) for at in (first, second))
    here = step.op("Greater", there, half)
    best = step.op("Add", step.op("Max", one, other), scores)
    after = step.op("Where", here, best, totals)
    place = step.op("Where", step.op("GreaterOrEqual", one, other), *as_places)
    place = step.op("Where", here, place, own)
    ended = step.op("Add", after, shut)
    highest = step.op("ReduceMax", ended, axes=[1], keepdims=1)
    last = cast(step, step.op("ArgMax", ended, axis=1, keepdims=1), "float32")
    body = step.finished(
        after, highest, place, step.op("Identity", last), inputs=(totals, over, scores, there)
    )
    begin = (start(float(NEVER), tags), start(0.0, 1))
    found = graph.ops("Scan", *begin, by_time, real, outputs=4, body=body, num_scan_inputs=2)
    return found[2], found[3]


def backwards(graph: Graph, places: str, last: str, over: str) -> str:
    """Follow the places back from the end: tags [timesteps, batch, 1], float32."""
    step = graph.inner("back")
    come, place, ended = (f"{step.prefix}{name}" for name in ("come", "place", "ended"))
    code = step.op("Where", step.op("Equal", come, over), ended, come)
    before = step.op("GatherElements", place, cast(step, code, "int64"), axis=1)
    body = step.finished(before, step.op("Identity", code), inputs=(come, place, ended))
    return scanned_back(graph, over, places, last, body=body)


def scanned_back(graph: Graph, *inputs: str, body: Any) -> str:
    """Read two sequences from their ends, from a state; returns what is said of every timestep."""
    turned: Any = {"scan_input_directions": [1, 1], "scan_output_directions": [1]}
    return graph.ops("Scan", *inputs, outputs=2, body=body, num_scan_inputs=2, **turned)[1]


def weighed_forwards(
    graph: Graph, by_time: str, real: str, nothing: str, order: Order, *, start: Filled
) -> tuple[str, str]:
    """Give the best totals before every timestep, of all tags and of the begin, [timesteps, batch,
    tags + 1], and the best tag to end with, [batch, 1]; both float32."""
    tags = len(order.first)
    table, half = graph.constant(order.follows), graph.constant(0.5, "float32")
    column = graph.constant([2], "int64")
    step = graph.inner("way")
    totals, scores, there = (f"{step.prefix}{name}" for name in ("totals", "scores", "real"))
    each = step.op("Add", step.op("Unsqueeze", totals, column), table)
    best = step.op("Add", step.op("ReduceMax", each, axes=[1], keepdims=0), scores)
    longer = step.op("Concat", best, nothing, axis=1)
    after = step.op("Where", step.op("Greater", there, half), longer, totals)
    body = step.finished(after, step.op("Identity", totals), inputs=(totals, scores, there))
    begin = graph.op("Concat", start(float(NEVER), tags), start(0.0, 1), axis=1)
    ended, before = graph.ops("Scan", begin, by_time, real, outputs=2, body=body, num_scan_inputs=2)
    cuts = (graph.constant([at], "int64") for at in (0, tags, 1))  # from, to, axis
    ended = graph.op("Add", graph.op("Slice", ended, *cuts), graph.constant(order.shut))
    return before, cast(graph, graph.op("ArgMax", ended, axis=1, keepdims=1), "float32")


def weighed_backwards(graph: Graph, before: str, real: str, last: str, *, follows: Floats) -> str:
    """Find from the end what each tag best follows: tags [timesteps, batch, 1], float32."""
    behind, half = graph.constant(follows.T), graph.constant(0.5, "float32")
    one = graph.constant([1], "int64")
    step = graph.inner("back")
    code, totals, there = (f"{step.prefix}{name}" for name in ("code", "totals", "real"))
    row = step.op("Gather", behind, step.op("Squeeze", cast(step, code, "int64"), one), axis=0)
    come = step.op("ArgMax", step.op("Add", totals, row), axis=1, keepdims=1)
    here = step.op("Greater", there, half)
    after = step.op("Where", here, cast(step, come, "float32"), code)
    body = step.finished(after, step.op("Identity", code), inputs=(code, totals, there))
    return scanned_back(graph, last, before, real, body=body)
