"""Write what makes raw values into inputs of the networks, as `deploy/inputs.py` does."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnauto.arrays import Doubles
from rnnauto.data.calendar import CYCLES
from rnnauto.data.columns import zeros_of
from rnnauto.data.encode import RESERVED, UNKNOWN, CategoryEncoder, Encoders
from rnnauto.deploy.raw_inputs import Inputs
from rnnauto.exchange.gaps import gap_numbers
from rnnauto.exchange.graph import LABELS, Graph
from rnnauto.exchange.pieces import cast, column, joined, select
from rnnauto.layout import Layout

EVERY = slice(None)


def declare(graph: Graph, inputs: Inputs) -> dict[str, str]:
    """Give a graph its inputs."""
    return {name: graph.input(name, dtype, shape) for name, (dtype, shape) in inputs.items()}


def encode_raw(
    graph: Graph,
    raw: Mapping[str, str],
    layout: Layout,
    encoders: Encoders[Any],
    *,
    clock: str = "",
) -> dict[str, str]:
    """Encode what `deploy.raw_inputs.graph_inputs` lists as the inputs of the networks.

    Args: clock: of `exchange.gaps`, where they go on from a state.
    """
    inputs = {"length": raw["length"]}
    for name, read in (("numbers", layout.features), ("static_numbers", layout.static)):
        if name in raw:
            inputs[name] = from_zero(graph, raw[name], zeros_of(read))
    if "tokens" in raw:
        ids = look_up_one(graph, raw["tokens"], encoders.categories[0].vocabulary)
        inputs["codes"] = graph.op("Unsqueeze", ids, graph.constant([2], "int64"))
    words = raw.get("views", raw.get("categories"))
    if words is not None:
        inputs["codes"] = look_up(graph, words, encoders.categories, axes=3)
    if "static_categories" in raw:
        inputs["static_codes"] = look_up(
            graph, raw["static_categories"], encoders.static_categories, axes=2
        )
    if encoders.calendar:
        append(graph, inputs, "numbers", cyclic(graph, raw["time"], encoders.calendar))
    if encoders.gaps is not None:
        append(graph, inputs, "numbers", gap_numbers(graph, raw["time"], encoders.gaps, clock))
    if encoders.moments:
        at = raw["time"] if encoders.timed else positions(graph, raw["length"])
        append(graph, inputs, "numbers", moment_numbers(graph, at, encoders.moments))
        append(graph, inputs, "codes", moment_codes(graph, at, encoders.moments))
    return inputs


def from_zero(graph: Graph, numbers: str, zeros: Doubles) -> str:
    """Take the zeros off raw numbers [..., numbers], in float64; float32, NaN where missing or
    infinite."""
    if zeros.any():
        less = graph.op("Sub", numbers, graph.constant(zeros, "float64"))
        numbers = cast(graph, less, "float32")
    return graph.op("Where", finite(graph, numbers), numbers, graph.constant(math.nan, "float32"))


def with_zero(graph: Graph, values: str, zero: Any) -> tuple[str, str]:
    """Add to values float32 what was taken off, in float64; as they are where nothing was. Returns:
    that, and its type."""
    if not np.any(zero):
        return values, "float32"
    doubles = cast(graph, values, "float64")
    return graph.op("Add", doubles, graph.constant(zero, "float64")), "float64"


def finite(graph: Graph, numbers: str) -> str:
    """Say which numbers are finite: one less itself is 0 of these alone."""
    return graph.op("Not", graph.op("IsNaN", graph.op("Sub", numbers, numbers)))


def look_up(graph: Graph, words: str, encoders: Sequence[CategoryEncoder], *, axes: int) -> str:
    """Look up strings, one in the last axis a category encoder, as ids int64 of the same shape."""
    if len(encoders) == 1:
        return look_up_one(graph, words, encoders[0].vocabulary)
    ids = []
    for at, encoder in enumerate(encoders):
        own = select(graph, words, (*[EVERY] * (axes - 1), slice(at, at + 1)))
        ids.append(look_up_one(graph, own, encoder.vocabulary))
    return joined(graph, ids)


def look_up_one(
    graph: Graph,
    words: str,
    vocabulary: Sequence[str],
    *,
    first: int = RESERVED,
    absent: int = UNKNOWN,
) -> str:
    """Look up strings of any shape, as ids int64: entry `i` has `first + i`."""
    if not vocabulary:
        return graph.op("Expand", graph.constant(absent, "int64"), graph.op("Shape", words))
    return graph.op(
        "LabelEncoder",
        words,
        domain=LABELS,
        keys_strings=list(vocabulary),
        values_int64s=list(range(first, first + len(vocabulary))),
        default_int64=absent,
    )


def cyclic(graph: Graph, seconds: str, cycles: Sequence[str]) -> str:
    """Seconds float64 [batch, timesteps] to float32 [batch, timesteps, 2 * cycles]."""
    parts = []
    for name in cycles:
        period = graph.constant(CYCLES[name], "float64")
        rest = graph.op("Mod", seconds, period, fmod=1)  # of the sign of what is divided
        below = graph.op("Less", rest, graph.constant(0.0, "float64"))
        place = graph.op("Where", below, graph.op("Add", rest, period), rest)
        turned = graph.op("Mul", graph.constant(2 * math.pi, "float64"), place)
        angle = cast(graph, graph.op("Div", turned, period), "float32")
        parts += [graph.op("Sin", angle), graph.op("Cos", angle)]
    last = graph.constant([2], "int64")
    return joined(graph, [graph.op("Unsqueeze", part, last) for part in parts])


def positions(graph: Graph, length: str) -> str:
    """1, 2, ... for every sequence, float64 [batch, longest]; length int32 [batch]."""
    none = graph.constant([0], "int32")
    longest = graph.op("ReduceMax", joined(graph, [length, none], 0), keepdims=0)
    end = graph.op("Add", longest, graph.constant(1, "int32"))
    steps = graph.op("Range", graph.constant(1, "int32"), end, graph.constant(1, "int32"))
    # as many rows as there are sequences
    wide = graph.op("Add", graph.op("Mul", column(graph, length), none), steps)
    return cast(graph, wide, "float64")


def moment_numbers(graph: Graph, moments: str, known: Sequence[float]) -> str:
    """Moments float64 [batch, timesteps] to float32 [batch, timesteps, 1]."""
    span = graph.constant(known[-1] - known[0] or 1.0, "float64")
    less = graph.op("Sub", moments, graph.constant(known[0], "float64"))
    share = cast(graph, graph.op("Div", less, span), "float32")
    return graph.op("Unsqueeze", share, graph.constant([2], "int64"))


def moment_codes(graph: Graph, moments: str, known: Sequence[float]) -> str:
    """Moments float64 [batch, timesteps] to ids int64 [batch, timesteps, 1]."""
    last = graph.constant([2], "int64")
    each = graph.op("Unsqueeze", moments, last)
    reached = graph.op("GreaterOrEqual", each, graph.constant(known, "float64"))
    count = graph.op("ReduceSum", cast(graph, reached, "int64"), last, keepdims=1)
    at = graph.op("Max", count, graph.constant(1, "int64"))
    code = graph.op("Add", at, graph.constant(RESERVED - 1, "int64"))
    return graph.op("Where", finite(graph, each), code, graph.constant(UNKNOWN, "int64"))


def append(graph: Graph, inputs: dict[str, str], name: str, channels: str) -> None:
    inputs[name] = joined(graph, [inputs[name], channels]) if name in inputs else channels
