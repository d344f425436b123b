"""Write the layers of lists as nodes of ONNX; each is called as its layer is."""

from collections.abc import Mapping

import numpy as np

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import finite
from rnnauto.exchange.layers import Emitter
from rnnauto.exchange.pieces import cast, joined, padded, select, size_of, steps_to
from rnnauto.families.lists.layers import Answers, Mirror, Onward, Steps

EVERY = slice(None)


def emit_onward(graph: Graph, layer: Onward, numbers: str, length: str) -> tuple[str, str, str]:
    read = graph.constant([max(at, 0) for at in layer.columns], "int64")
    x = graph.op("Gather", numbers, read, axis=2)
    x = graph.op("Sub", x, graph.constant(layer.mean.numpy(), "float32"))
    x = graph.op("Div", x, graph.constant(layer.deviation.numpy(), "float32"))
    zero, one = graph.constant(0.0, "float32"), graph.constant([1], "int64")
    wide = padded(graph, x, one)  # never none; it is no known timestep
    steps = steps_to(graph, size_of(graph, wide, 1))
    steps = graph.op("Unsqueeze", steps, graph.constant([0, 2], "int64"))
    there = graph.op("Less", steps, graph.op("Unsqueeze", length, graph.constant([1, 2], "int64")))
    goes_on = graph.constant(np.array([at >= 0 for at in layer.columns]))
    known = graph.op("And", graph.op("And", finite(graph, wide), there), goes_on)
    last = latest(graph, known, steps)  # [batch, targets]
    earlier = graph.op("Less", steps, graph.op("Unsqueeze", last, one))
    before = latest(graph, graph.op("And", known, earlier), steps)
    newest, second = value_at(graph, wide, last), value_at(graph, wide, before)
    passed = graph.op("Max", graph.op("Sub", last, before), graph.constant(1, "int32"))
    none = graph.constant(0, "int32")
    base = graph.op("Where", graph.op("GreaterOrEqual", last, none), newest, zero)
    rate = graph.op("Div", graph.op("Sub", newest, second), cast(graph, passed, "float32"))
    step = graph.op("Where", graph.op("GreaterOrEqual", before, none), rate, zero)
    left = graph.op("Sub", x, graph.op("Unsqueeze", base, one))
    continued = graph.constant(layer.continued, "int64")
    both = (graph.op("Gather", of, continued, axis=2) for of in (left, changes(graph, x)))
    moves = joined(graph, list(both))
    return graph.op("Where", finite(graph, moves), moves, zero), base, step


def latest(graph: Graph, known: str, steps: str) -> str:
    """The last known step of each target, int32 [batch, targets]; -1 where there is none."""
    seen = graph.op("Where", known, steps, graph.constant(-1, "int32"))
    return graph.op("ReduceMax", seen, axes=[1], keepdims=0)


def value_at(graph: Graph, x: str, place: str) -> str:
    """Of [batch, timesteps, targets] the values at places [batch, targets]."""
    one = graph.constant([1], "int64")
    at = graph.op("Max", place, graph.constant(0, "int32"))
    return graph.op(
        "Squeeze", graph.op("GatherElements", x, graph.op("Unsqueeze", at, one), axis=1), one
    )


def changes(graph: Graph, x: str) -> str:
    """x(t) - x(t - 1), 0 for the first timestep, where there is one."""
    one = graph.constant([1], "int64")
    first = select(graph, x, (EVERY, slice(0, 1)))
    earlier = select(graph, joined(graph, [first, x], 1), (EVERY, slice(0, -1)))
    change = graph.op("Sub", x, earlier)
    steps = steps_to(graph, size_of(graph, x, 1))
    later = graph.op("Greater", steps, graph.constant(0, "int32"))
    later = graph.op("Unsqueeze", graph.op("Unsqueeze", later, one), graph.constant([0], "int64"))
    return graph.op("Where", later, change, graph.constant(0.0, "float32"))


def emit_mirror(graph: Graph, layer: Mirror, x: str, **training: object) -> str:
    ones = graph.constant(1.0, "float32")
    return graph.op("Expand", ones, graph.op("Shape", x))


def emit_steps(graph: Graph, layer: Steps, summary: str) -> str:
    far = np.linspace(0.0, 1.0, layer.longest, dtype=np.float32)[:, None]
    places = np.concatenate([layer.places.numpy(), far], -1)
    along = graph.op("Unsqueeze", summary, graph.constant([1], "int64"))
    along = graph.op("Tile", along, graph.constant([1, layer.longest, 1], "int64"))
    rest = graph.constant(places.shape, "int64")
    shape = joined(graph, [size_of(graph, summary, 0), rest], 0)
    wide = graph.op("Expand", graph.constant(places, "float32"), shape)
    return joined(graph, [along, wide])


def emit_answers(
    graph: Graph, layer: Answers, corrections: str, base: str = "", step: str = ""
) -> str:
    error = layer.error.numpy()
    corrected = graph.op("Mul", graph.constant(error, "float32"), corrections)
    if layer.kind == "none":
        return corrected
    one = graph.constant([1], "int64")
    simple = graph.op("Unsqueeze", base, one)
    if layer.kind != "last":
        ahead = np.arange(1, len(error) + 1, dtype=np.float32)[None, :, None]
        way = graph.op("Mul", graph.constant(ahead, "float32"), graph.op("Unsqueeze", step, one))
        simple = graph.op("Add", simple, way)
    return graph.op("Add", simple, corrected)


EMITTERS: Mapping[type, Emitter] = {
    Onward: emit_onward,
    Mirror: emit_mirror,
    Steps: emit_steps,
    Answers: emit_answers,
}
