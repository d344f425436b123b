"""Write the ONNX graph of lists of numbers: what the SavedModel does."""

from typing import Any

from rnnauto.deploy.raw_inputs import graph_inputs
from rnnauto.exchange.answers import ended, in_data_units, mean_of
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, encode_raw
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import select, size_of
from rnnauto.families.lists.answer import output_names
from rnnauto.families.lists.emitters import EMITTERS
from rnnauto.families.lists.encode import ListEncoders
from rnnauto.layout import Layout

EVERY = slice(None)


def write_graph(members: list[Any], layout: Layout, encoders: ListEncoders) -> bytes:
    """Write the mean of the members."""
    graph, target = Graph(), encoders.target
    raw = declare(graph, graph_inputs(layout, encoders))
    inputs = encode_raw(graph, raw, layout, encoders)
    mean = mean_of(
        graph, [emit_network(graph, member.model, inputs, EMITTERS) for member in members]
    )
    shape = (None, target.longest)
    for at, (name, encoder) in enumerate(zip(output_names(target), target.each, strict=True)):
        value, dtype = in_data_units(graph, select(graph, mean, (EVERY, EVERY, at)), encoder)
        graph.output(name, value, dtype, shape)
    if target.ends:
        end = select(graph, mean, (EVERY, EVERY, -1))
        graph.output("end", end, "float32", shape)
        length = ended(graph, end)
    else:
        longest = graph.constant(target.longest, "int32")
        length = graph.op("Expand", longest, size_of(graph, mean, 0))
    graph.output("answer_length", length, "int32", (None,))
    return graph.serialise("lists")
