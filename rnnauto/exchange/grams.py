"""Write the layer that counts n-grams as nodes of ONNX."""

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.pieces import LARGEST, cast, joined, mask_of, size_of
from rnnauto.networks.grams import EDGE, FACTOR, MODULUS, OFFSET, SALT, SPREAD, STEP, Grams


def emit_grams(graph: Graph, layer: Grams, codes: str, length: str) -> str:
    axis = graph.constant([1], "int64")

    def whole(number: int) -> str:
        return graph.constant(number, "int64")

    def cut(x: str, begin: int, end: int = LARGEST) -> str:
        return graph.op("Slice", x, graph.constant([begin], "int64"), whole_row(end), axis)

    def whole_row(number: int) -> str:
        return graph.constant([number], "int64")

    timesteps = size_of(graph, codes, 1)
    tokens = graph.op("Add", cast(graph, codes, "int64"), whole(OFFSET))
    tokens = graph.op("Where", mask_of(graph, length, timesteps), tokens, whole(EDGE))
    sides = graph.constant([0, 1, 0, 1], "int64")
    tokens = graph.op("Pad", tokens, sides, whole(EDGE))
    longer = graph.op("Add", length, graph.constant(2, "int32"))
    true = mask_of(graph, longer, graph.op("Add", timesteps, whole_row(2)))
    rows, there, mixed = [], [], ""
    for size in range(1, layer.longest + 1):
        more = graph.op("Mul", cut(tokens, size - 1), whole(STEP))
        more = graph.op("Add", more, whole(size))
        if mixed:
            before = graph.op("Mul", cut(mixed, 0, -1), whole(FACTOR))
            more = graph.op("Add", before, more)
        mixed = graph.op("Mod", more, whole(MODULUS))
        spread = graph.op("Add", graph.op("Mul", mixed, whole(SPREAD)), whole(size * SALT))
        rows.append(graph.op("Mod", spread, whole(layer.table.shape[0])))
        there.append(cut(true, size - 1))
    known = cast(graph, joined(graph, there, 1), "float32")
    known = graph.op("Unsqueeze", known, graph.constant([2], "int64"))
    table = graph.constant(layer.table.numpy(), "float32")
    found = graph.op("Mul", graph.op("Gather", table, joined(graph, rows, 1), axis=0), known)
    total, count = (graph.op("ReduceSum", each, axis, keepdims=0) for each in (found, known))
    return graph.op("Div", total, graph.op("Sqrt", count))
