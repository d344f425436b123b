"""Write what missing numbers are read as in nodes of ONNX, as `networks/decay.py` computes it."""

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import cast, column, joined, select, size_of, steps_to
from rnnauto.networks.decay import Decay

EVERY = slice(None)


def emit_decay(graph: Graph, layer: Decay, x: str) -> str:
    count = graph.constant([layer.size], "int64")
    shape = graph.op("Concat", size_of(graph, x, 0), count, axis=0)
    held = graph.op("Expand", graph.constant(0.0, "float32"), shape)
    return emit_decay_on(graph, layer, x, held)[0]


def emit_decay_on(graph: Graph, layer: Decay, x: str, held: str) -> tuple[str, str]:
    """Go on from what is held, as `Decay.read_on` does."""
    count, after_first = len(layer.places), (EVERY, slice(1, None))
    away = select(graph, x, (EVERY, EVERY, slice(layer.numbers, layer.numbers + count)))
    missing = graph.op("Greater", away, graph.constant(0.5, "float32"))
    here = graph.op("Gather", x, graph.constant(layer.places, "int64"), axis=-1)
    before = select(graph, held, (EVERY, None, slice(0, count)))
    since = select(graph, held, (EVERY, None, slice(count, None)))
    first = graph.op("Expand", graph.constant(True), graph.op("Shape", before))
    seen = joined(graph, [first, graph.op("Not", missing)], 1)
    at = emit_newest(graph, seen)
    last = graph.op("GatherElements", joined(graph, [before, here], 1), at, axis=1)
    begin = graph.op("Neg", cast(graph, since, "float64"))
    times = emit_times(graph, layer, x, away)
    now = joined(graph, [graph.op("Sub", begin, begin), times], 1)
    then = graph.op("GatherElements", joined(graph, [begin, times], 1), at, axis=1)
    elapsed = cast(graph, graph.op("Sub", now, then), "float32")
    rate, offset = (
        graph.constant(weight.numpy(), "float32") for weight in (layer.rate, layer.offset)
    )
    faded = graph.op("Relu", graph.op("Add", graph.op("Mul", elapsed, rate), offset))
    kept = graph.op("Mul", graph.op("Exp", graph.op("Neg", faded)), last)
    filled = graph.op("Where", missing, select(graph, kept, after_first), here)
    order = graph.constant(layer.order(int(layer.input.shape[-1])), "int64")
    x = graph.op("Gather", joined(graph, [x, filled]), order, axis=-1)
    return x, joined(graph, [select(graph, part, (EVERY, -1)) for part in (last, elapsed)])


def emit_times(graph: Graph, layer: Decay, x: str, away: str) -> str:
    """The time of each timestep since the first, float64 [batch, timesteps, places]."""
    if layer.gap is None:
        gaps = graph.constant(1.0, "float32")
    else:
        place, mean, deviation = layer.gap
        gaps = select(graph, x, (EVERY, EVERY, slice(place, place + 1)))
        gaps = graph.op("Mul", gaps, graph.constant(deviation, "float32"))
        gaps = graph.op("Relu", graph.op("Add", gaps, graph.constant(mean, "float32")))
    gaps = graph.op("Expand", gaps, graph.op("Shape", away))
    return graph.op("CumSum", cast(graph, gaps, "float64"), graph.constant(1, "int64"))


def emit_newest(graph: Graph, seen: str) -> str:
    """Find the newest timestep at which a number was seen, int64 [batch, timesteps, places]; at the
    first timestep each is.

    The number of those seen so far tells the newest apart: every one that is seen leaves its place
    under its number, and others leave theirs behind these, where nobody looks.
    """
    one, shape = graph.constant(1, "int64"), graph.op("Shape", seen)
    timesteps = size_of(graph, seen, 1)
    steps = column(graph, cast(graph, steps_to(graph, timesteps), "int64"))
    steps = graph.op("Expand", steps, shape)
    number = graph.op("CumSum", cast(graph, seen, "int64"), one)
    aside = graph.op("Add", graph.op("Add", steps, timesteps), one)
    slots = graph.op("Where", seen, number, aside)
    room = graph.op("Add", graph.op("Add", timesteps, timesteps), one)
    sizes = [size_of(graph, seen, 0), room, size_of(graph, seen, 2)]
    empty = graph.op("Expand", graph.constant(0, "int64"), joined(graph, sizes, 0))
    places = graph.op("ScatterElements", empty, slots, steps, axis=1)
    return graph.op("GatherElements", places, number, axis=1)
