"""Write the ONNX graph of values, classes and sets of labels: what the SavedModel does."""

from typing import Any

from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.deploy.raw_inputs import graph_inputs
from rnnauto.deploy.runner import Shape
from rnnauto.exchange.answers import ended, for_each_sequence, in_data_units, mean_of, strings
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, encode_raw
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import select, size_of
from rnnauto.exchange.ways import emit_ways
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.layout import Layout

Outputs = dict[str, tuple[str, str, Shape]]  # value, type and shape by name


def write_graph(members: list[Any], layout: Layout, encoders: DirectEncoders) -> bytes:
    """Write the mean of the members."""
    graph = Graph()
    raw = declare(graph, graph_inputs(layout, encoders))
    inputs = encode_raw(graph, raw, layout, encoders)
    outputs = [emit_network(graph, member.model, inputs) for member in members]
    shape: Shape = (None,)
    if layout.per_timestep:  # the networks always give one timestep, even of none
        timesteps = size_of(graph, inputs.get("numbers", inputs.get("codes", "")), 1)
        first, axis = graph.constant([0], "int64"), graph.constant([1], "int64")
        outputs = [graph.op("Slice", output, first, timesteps, axis) for output in outputs]
        shape = (None, None)
    length = inputs["length"] if layout.per_timestep else ""
    answers = emit_answers(graph, outputs, encoders.target, shape, length)
    for name, (value, dtype, sizes) in answers.items():
        graph.output(name, value, dtype, sizes)
    return graph.serialise("direct")


def emit_answers(
    graph: Graph, outputs: list[str], target: TargetEncoder, shape: Shape, length: str = ""
) -> Outputs:
    """Average the members' outputs [*shape, outputs], and say it in the user's terms.

    Args: length: true timesteps, of which each has a target; empty: each is by itself.
    """
    match target:
        case SeveralTargets():
            parts = zip(*(cut(graph, output, target.widths) for output in outputs), strict=True)
            return {
                f"{kind}_{name}": answer
                for name, part, encoder in zip(target.names, parts, target.each, strict=True)
                for kind, answer in emit_target(graph, list(part), encoder, shape).items()
            }
        case LabelSetEncoder():
            each = mean_of(graph, [graph.op("Sigmoid", output) for output in outputs])
            count = len(target.labels)
            labels = for_each_sequence(graph, target.labels, each)
            return {
                "probabilities": (each, "float32", (*shape, count)),
                "labels": (labels, "string", (None, count)),
            }
        case LabelEncoder() | ValueEncoder():
            return emit_target(graph, outputs, target, shape, length)
        case EndingValue():
            parts = zip(*(cut(graph, output, (1, 1)) for output in outputs), strict=True)
            both = zip(parts, (target.value, target.end), strict=True)
            value, end = (
                emit_target(graph, list(part), encoder, shape)["value"] for part, encoder in both
            )
            return {
                "value": value,
                "end": end,
                "answer_length": (ended(graph, end[0]), "int32", (None,)),
            }


def emit_target(
    graph: Graph,
    outputs: list[str],
    target: LabelEncoder | ValueEncoder,
    shape: Shape,
    length: str = "",
) -> Outputs:
    """Do as `emit_answers` for a single class, with its probabilities, or a single value."""
    if isinstance(target, ValueEncoder):
        only = [*[slice(None)] * len(shape), 0]
        mean = select(graph, mean_of(graph, outputs), tuple(only))
        value, dtype = in_data_units(graph, mean, target)
        return {"value": (value, dtype, shape)}
    probabilities = mean_of(graph, [graph.op("Softmax", output, axis=-1) for output in outputs])
    worth = probabilities
    if target.worth is not None:
        worth = graph.op("MatMul", probabilities, graph.constant(target.worth, "float32"))
    if target.tags_in_order and length:
        best = emit_ways(graph, probabilities, length, target.order)
    else:
        best = graph.op("ArgMax", worth, axis=-1, keepdims=0)
    count = len(target.classes)
    return {
        "label": (graph.op("Gather", strings(graph, target.classes), best), "string", shape),
        "probabilities": (probabilities, "float32", (*shape, count)),
        "classes": (
            for_each_sequence(graph, target.classes, probabilities),
            "string",
            (None, count),
        ),
    }


def cut(graph: Graph, output: str, widths: tuple[int, ...]) -> list[str]:
    """Cut outputs into those of each target."""
    return graph.ops("Split", output, graph.constant(widths, "int64"), outputs=len(widths), axis=-1)
