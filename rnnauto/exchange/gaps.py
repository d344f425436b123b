"""Write how long ago the last timestep was as nodes of ONNX, as `networks/gaps.py` computes it."""

import math
from collections.abc import Mapping, Sequence

from rnnauto.data.gaps import Gaps
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import cast, joined, select

EVERY = slice(None)


def gap_numbers(graph: Graph, time: str, gaps: Gaps, clock: str = "") -> str:
    """Times float64 [batch, timesteps] to float32 [batch, timesteps, 2].

    Args: clock: that before the first timestep, float32 [batch, 4]; "": there was none.
    """
    time = known(graph, time)
    first = select(graph, time, (EVERY, slice(0, 1)))
    if clock:
        parts = cast(graph, select(graph, clock, (EVERY, slice(1, 4))), "float64")
        last = graph.op("ReduceSum", parts, graph.constant([-1], "int64"), keepdims=1)
        some = select(graph, clock, (EVERY, slice(0, 1)))
        begun = graph.op("Greater", some, graph.constant(0.5, "float32"))
        first = graph.op("Where", begun, last, first)
    before = joined(graph, [first, select(graph, time, (EVERY, slice(0, -1)))], 1)
    steps, none = graph.op("Sub", time, before), graph.constant(0.0, "float64")
    steps = graph.op("Where", graph.op("Less", steps, none), none, steps)
    steps = graph.op("Div", steps, graph.constant(gaps.unit, "float64"))
    more = graph.op("Log", graph.op("Add", steps, graph.constant(1.0, "float64")))
    last_axis = graph.constant([2], "int64")
    each = [graph.op("Unsqueeze", part, last_axis) for part in (steps, more)]
    return cast(graph, joined(graph, each), "float32")


def known(graph: Graph, time: str) -> str:
    """Take infinite times for missing ones: one less itself is none."""
    none = graph.op("IsNaN", graph.op("Sub", time, time))
    return graph.op("Where", none, graph.constant(math.nan, "float64"), time)


def clock_after(graph: Graph, time: str) -> str:
    """Keep the last of times float64 [batch, timesteps], as float32 [batch, 4]."""
    rest, parts = select(graph, known(graph, time), (EVERY, slice(-1, None))), []
    for _ in range(3):
        part = cast(graph, rest, "float32")
        parts.append(part)
        rest = graph.op("Sub", rest, cast(graph, part, "float64"))
    one = graph.op("Expand", graph.constant(1.0, "float32"), graph.op("Shape", parts[0]))
    return joined(graph, [one, *parts])


def parted_clock(graph: Graph, state: str, sizes: Sequence[int]) -> tuple[str, str]:
    """Part the state of the networks and the clock behind it, "" where `sizes` have none."""
    if len(sizes) == 1:
        return state, ""
    own = slice(0, sizes[0])
    rest = slice(sizes[0], sum(sizes))
    return select(graph, state, (EVERY, own)), select(graph, state, (EVERY, rest))


def with_clock(graph: Graph, state: str, raw: Mapping[str, str], clock: str) -> str:
    """Put the clock after the times of `raw` behind a state, where there was one before."""
    return joined(graph, [state, clock_after(graph, raw["time"])]) if clock else state
