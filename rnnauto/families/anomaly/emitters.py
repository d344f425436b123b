"""Write the layers that foretelling needs as nodes of ONNX."""

from collections.abc import Mapping

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.layers import Emitter, emit_nothing
from rnnauto.exchange.pieces import cast, joined, select, size_of
from rnnauto.exchange.steps import parted
from rnnauto.families.anomaly.layers import (
    FARTHEST,
    HALF_LOG_TWO_PI,
    MOST_DEVIATIONS,
    NARROWEST,
    WIDEST,
    Delay,
    Disturb,
    Surprise,
)

EVERY = slice(None)


def clipped(graph: Graph, x: str, low: float, high: float) -> str:
    return graph.op("Clip", x, graph.constant(low, "float32"), graph.constant(high, "float32"))


def emit_seen(graph: Graph, x: str) -> str:
    """Write what the timestep after each reads of it, as `layers.seen` has it."""
    first = select(graph, x, (EVERY, EVERY, slice(0, 1)))
    ones = graph.op("Expand", graph.constant(1.0, "float32"), graph.op("Shape", first))
    return joined(graph, [clipped(graph, x, -FARTHEST, FARTHEST), ones])


def without_last(graph: Graph, x: str) -> str:
    """Leave the last timestep out."""
    limits = (graph.constant([at], "int64") for at in (0, -1, 1))
    return graph.op("Slice", x, *limits)


def emit_delay(graph: Graph, layer: Delay, x: str) -> str:
    pads = graph.constant([0, 1, 0, 0, 0, 0], "int64")
    return without_last(graph, graph.op("Pad", emit_seen(graph, x), pads))


def emit_surprise(graph: Graph, layer: Surprise, foretold: str, found: Mapping[str, str]) -> str:
    first = next(iter(found.values()))
    begin, axis = graph.constant([0], "int64"), graph.constant([1], "int64")
    foretold = graph.op("Slice", foretold, begin, size_of(graph, first, 1), axis)
    widths = [layer.numbers, layer.numbers] * bool(layer.numbers) + layer.vocabularies
    parts = parted(graph, foretold, *widths)
    surprises, wide, nothing = [], [], graph.constant(0.0, "float32")
    if layer.numbers:
        (mean, spread), parts = parts[:2], parts[2:]
        missing = graph.op("IsNaN", found["raw"])
        spread = clipped(graph, spread, NARROWEST, WIDEST)
        residual = graph.op("Sub", found["scaled"], mean)
        residual = graph.op("Mul", residual, graph.op("Exp", graph.op("Neg", spread)))
        residual = clipped(graph, residual, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        residual = graph.op("Where", missing, nothing, residual)
        others = residual
        if layer.mixing is not None:
            factor = layer.factor().numpy()
            alone = graph.op("MatMul", residual, graph.constant(factor.T, "float32"))
            alone = graph.op("Where", missing, nothing, alone)
            others = graph.op("MatMul", alone, graph.constant(factor, "float32"))
        half = graph.op("Mul", residual, graph.constant(0.5, "float32"))
        surprises.append(graph.op("Mul", half, others))
        density = graph.op("Add", spread, graph.constant(HALF_LOG_TWO_PI, "float32"))
        wide.append(graph.op("Where", missing, nothing, density))
    for at, logits in enumerate(parts):
        codes = select(graph, found["codes"], (EVERY, EVERY, slice(at, at + 1)))
        logs = graph.op("LogSoftmax", logits, axis=-1)
        likely = graph.op("GatherElements", logs, cast(graph, codes, "int64"), axis=-1)
        surprises.append(graph.op("Neg", likely))
    return joined(graph, [*surprises, *wide])


EMITTERS: Mapping[type, Emitter] = {
    Delay: emit_delay,
    Disturb: emit_nothing,
    Surprise: emit_surprise,
}
