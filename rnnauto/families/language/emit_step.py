"""Write what reads a text, or sets of labels, on as nodes of ONNX: what may follow each timestep,
and how likely what came was."""

from typing import Any

import keras
import numpy as np

from rnnauto.cells import CELLS
from rnnauto.data.encode import END, PAD, START, UNKNOWN
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import look_up_one
from rnnauto.exchange.layers import emit_dense
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import joined, size_of
from rnnauto.exchange.recurrent import emit_recurrent, read_out
from rnnauto.families.language.encode import LanguageEncoders, NextSet, NextToken
from rnnauto.families.language.streaming import shown_ids
from rnnauto.networks.cells import ExponentialTrace

NEVER = -1e9  # logit of an output that is no answer


def write_step(members: list[Any], encoders: LanguageEncoders) -> bytes:
    """Write the mean of the members: `tokens`, of which an empty one begins a text, or sets as
    `numbers` 0 and 1, and the state before them; what follows each, and the state after the last.
    """
    graph, sizes = Graph(), [member.model.input["state"].shape[1] for member in members]
    match encoders.target:
        case NextToken() as target:
            tokens = graph.input("tokens", "string", (None, None))
            state = graph.input("state", "float32", (None, sum(sizes)))
            codes = codes_of(graph, tokens, encoders)
            column = graph.op("Unsqueeze", codes, graph.constant([2], "int64"))
            outputs, after = read_on(graph, members, {"codes": column}, state, sizes)
            emit_tokens(graph, outputs, codes, target)
        case NextSet(labels=labels):
            numbers = graph.input("numbers", "float32", (None, None, len(labels)))
            state = graph.input("state", "float32", (None, sum(sizes)))
            outputs, after = read_on(graph, members, {"numbers": numbers}, state, sizes)
            emit_sets(graph, outputs, numbers, len(labels))
    graph.output("state_after", after, "float32", (None, sum(sizes)))
    return graph.serialise("step")


def codes_of(graph: Graph, tokens: str, encoders: LanguageEncoders) -> str:
    """Look up tokens; an empty one begins a text."""
    begins = graph.op("Equal", look_up_one(graph, tokens, ("",)), graph.constant(4, "int64"))
    codes = look_up_one(graph, tokens, encoders.categories[0].vocabulary)
    return graph.op("Where", begins, graph.constant(START, "int64"), codes)


def read_on(
    graph: Graph, members: list[Any], inputs: dict[str, str], state: str, sizes: list[int]
) -> tuple[list[str], str]:
    """Read some timesteps more.

    Returns: the logits of every member before the first timestep and after each, [batch, 1 +
    timesteps, outputs], and the state after the last.
    """
    outputs, after = [], []
    for member, held in zip(members, cut(graph, state, sizes), strict=True):
        shape = member.parts.architecture
        names = {name: member.model.input[name] for name in inputs}
        x = emit_network(graph, keras.Model(names, member.parts.timesteps), inputs)
        width = CELLS[shape.cell].states * shape.units
        before = ""
        for carried, own in zip(
            member.forward, cut(graph, held, [width] * shape.layers), strict=True
        ):
            states = cut(graph, own, [shape.units] * CELLS[shape.cell].states)
            before = output_of(graph, carried.layer, states[0])
            x, states = emit_recurrent(graph, carried.layer, x, states=states, some=True)
            after.append(joined(graph, states))
        first = graph.op("Unsqueeze", before, graph.constant([1], "int64"))
        outputs.append(emit_dense(graph, member.parts.head, joined(graph, [first, x], 1)))
    return outputs, joined(graph, after)


def cut(graph: Graph, x: str, sizes: list[int]) -> list[str]:
    if len(sizes) == 1:
        return [x]
    lengths = graph.constant(sizes, "int64")
    return graph.ops("Split", x, lengths, outputs=len(sizes), axis=1)


def output_of(graph: Graph, layer: Any, state: str) -> str:
    """What a layer gave at the timestep that left this state, [batch, units]."""
    if isinstance(layer, ExponentialTrace):
        return read_out(graph, layer.read_out, state, layer.units)
    return state


def emit_tokens(graph: Graph, outputs: list[str], codes: str, target: NextToken) -> None:
    """Give the probabilities of what may follow, and the log likelihood of each token."""
    never = {PAD, START} | (set() if target.ends else {END})
    mask = [NEVER if at in never else 0.0 for at in range(target.outputs)]
    masked = [graph.op("Add", part, graph.constant(mask, "float32")) for part in outputs]
    logs = mean_of(graph, [graph.op("LogSoftmax", part, axis=-1) for part in masked])
    before, follows = before_and_after(graph, logs, codes)
    shown = graph.op("Gather", follows, graph.constant(shown_ids(target), "int64"), axis=2)
    last = graph.constant([2], "int64")
    known = graph.op("Where", is_special(graph, codes), graph.constant(UNKNOWN, "int64"), codes)
    of_tokens = graph.op("GatherElements", before, graph.op("Unsqueeze", known, last), axis=2)
    likelihood = graph.op("Squeeze", of_tokens, last)
    graph.output("log_likelihood", likelihood, "float32", (None, None))
    count = len(shown_ids(target))
    graph.output("probabilities", graph.op("Exp", shown), "float32", (None, None, count))


def is_special(graph: Graph, codes: str) -> str:
    return graph.op("Equal", codes, graph.constant(START, "int64"))


def emit_sets(graph: Graph, outputs: list[str], numbers: str, labels: int) -> None:
    """Give the probability of each label, and the log likelihood of each set."""
    there = mean_of(graph, [log_sigmoid(graph, part) for part in outputs])
    absent = mean_of(graph, [log_sigmoid(graph, graph.op("Neg", part)) for part in outputs])
    before, follows = before_and_after(graph, there, numbers)
    before_absent, _ = before_and_after(graph, absent, numbers)
    inside = graph.op("Greater", numbers, graph.constant(0.5, "float32"))
    chosen = graph.op("Where", inside, before, before_absent)
    axis = graph.constant([2], "int64")
    likelihood = graph.op("ReduceSum", chosen, axis, keepdims=0)
    graph.output("log_likelihood", likelihood, "float32", (None, None))
    shape = (None, None, labels)
    graph.output("probabilities", graph.op("Exp", follows), "float32", shape)


def log_sigmoid(graph: Graph, x: str) -> str:
    return graph.op("Neg", graph.op("Softplus", graph.op("Neg", x)))


def mean_of(graph: Graph, logs: list[str]) -> str:
    """The logarithm of the mean probability of the members."""
    if len(logs) == 1:
        return logs[0]
    total = graph.op("Sum", *[graph.op("Exp", part) for part in logs])
    mean = graph.op("Div", total, graph.constant(float(len(logs)), "float32"))
    least = graph.constant(np.finfo(np.float32).tiny, "float32")
    return graph.op("Log", graph.op("Max", mean, least))


def before_and_after(graph: Graph, x: str, timesteps: str) -> tuple[str, str]:
    """Cut [batch, 1 + timesteps, ...] into what stands before each timestep, and after each."""
    first, one = graph.constant([0], "int64"), graph.constant([1], "int64")
    before = graph.op("Slice", x, first, size_of(graph, timesteps, 1), one)
    rest = graph.constant([(1 << 63) - 1], "int64")
    return before, graph.op("Slice", x, one, rest, one)
