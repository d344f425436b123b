"""Write what the answers of several networks are in the user's terms."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import with_zero
from rnnauto.exchange.pieces import cast, size_of


def mean_of(graph: Graph, parts: Sequence[str]) -> str:
    """Average values float32 of one shape."""
    if len(parts) == 1:
        return parts[0]
    return graph.op("Div", graph.op("Sum", *parts), graph.constant(float(len(parts)), "float32"))


def in_data_units(graph: Graph, values: str, scale: Any) -> tuple[str, str]:
    """Turn standardised values into those of the data; returns them and their type.

    Args: scale: what has the `mean`, `deviation` and `zero` of a target.
    """
    wide = graph.op("Mul", values, graph.constant(scale.deviation, "float32"))
    return with_zero(
        graph, graph.op("Add", wide, graph.constant(scale.mean, "float32")), scale.zero
    )


def for_each_sequence(graph: Graph, names: Sequence[str], beside: str) -> str:
    """Repeat names for each sequence: [batch, names]."""
    count = graph.constant([len(names)], "int64")
    shape = graph.op("Concat", size_of(graph, beside, 0), count, axis=0)
    return graph.op("Expand", strings(graph, names), shape)


def strings(graph: Graph, words: Sequence[str]) -> str:
    return graph.constant(np.array(words, object))


def ended(graph: Graph, end: str) -> str:
    """Count the timesteps of answers, as `networks.ends.ended` does, int32 [batch]."""
    one = graph.constant(1.0, "float32")
    likely = graph.op("Clip", end, graph.constant(0.0, "float32"), one)
    # a product of shares as the sum of their logarithms, -inf from a certain end on
    logs = graph.op("Log", graph.op("Sub", one, likely))
    going_on = graph.op("CumSum", logs, graph.constant(1, "int64"))
    still = graph.op("GreaterOrEqual", going_on, graph.constant(np.log(0.5), "float32"))
    axis = graph.constant([1], "int64")
    count = graph.op("ReduceSum", cast(graph, still, "int64"), axis, keepdims=0)
    after_first = graph.op("Add", count, graph.constant(1, "int64"))
    return cast(graph, graph.op("Min", after_first, size_of(graph, end, 1)), "int32")
