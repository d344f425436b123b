"""Write the layer that counts n-grams as nodes of ONNX."""

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import cast, joined, mask_of, select, size_of
from rnnauto.networks.grams import EDGE, FACTOR, MODULUS, OFFSET, SALT, SPREAD, STEP, Grams

EVERY = slice(None)


def emit_grams(graph: Graph, layer: Grams, codes: str, length: str) -> str:
    def number(value: int) -> str:
        return graph.constant(value, "int64")

    axis = graph.constant([1], "int64")
    timesteps = size_of(graph, codes, 1)
    tokens = graph.op("Add", cast(graph, codes, "int64"), number(OFFSET))
    tokens = graph.op("Where", mask_of(graph, length, timesteps), tokens, number(EDGE))
    sides = graph.constant([0, 1, 0, 1], "int64")
    tokens = graph.op("Pad", tokens, sides, number(EDGE))
    longer = graph.op("Add", length, graph.constant(2, "int32"))
    true = mask_of(graph, longer, size_of(graph, tokens, 1))
    rows, there, mixed = [], [], ""
    for size in range(1, layer.longest + 1):
        ends = (EVERY, slice(size - 1, None))
        more = graph.op("Mul", select(graph, tokens, ends), number(STEP))
        more = graph.op("Add", more, number(size))
        if mixed:
            before = select(graph, mixed, (EVERY, slice(0, -1)))
            more = graph.op("Add", graph.op("Mul", before, number(FACTOR)), more)
        mixed = graph.op("Mod", more, number(MODULUS))
        spread = graph.op("Add", graph.op("Mul", mixed, number(SPREAD)), number(size * SALT))
        rows.append(graph.op("Mod", spread, number(layer.table.shape[0])))
        there.append(select(graph, true, ends))
    known = cast(graph, joined(graph, there, 1), "float32")
    known = graph.op("Unsqueeze", known, graph.constant([2], "int64"))
    table = graph.constant(layer.table.numpy(), "float32")
    found = graph.op("Mul", graph.op("Gather", table, joined(graph, rows, 1), axis=0), known)
    total, count = (graph.op("ReduceSum", each, axis, keepdims=0) for each in (found, known))
    return graph.op("Div", total, graph.op("Sqrt", count))
