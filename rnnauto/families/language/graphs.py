"""Write a language model as ONNX graphs: of whole sequences, and of a chunk from a carried state.

`writer` and `sets` have what is asked of them. Here and in `members` stand the same networks.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from rnnauto.data.encode import END, PAD, RESERVED, START, UNKNOWN
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import look_up_one
from rnnauto.exchange.layers import Emitter, emit_dense
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import (
    at_places,
    cast,
    column,
    joined,
    mask_of,
    padded,
    select,
    size_of,
)
from rnnauto.exchange.recurrent import emit_recurrent, read_out
from rnnauto.exchange.steps import parted
from rnnauto.families.language.encode import LanguageEncoders, NextSet, NextToken
from rnnauto.families.language.light.writer import NEVER, SHOWN
from rnnauto.networks.built import Built
from rnnauto.networks.cells import Carried, ExponentialTrace


def emit_carried(graph: Graph, layer: Carried, x: str, state: str) -> tuple[str, str]:
    states = parted(graph, state, *[layer.units] * layer.states)
    x, after = emit_recurrent(graph, layer.layer, x, states=states)
    return x, joined(graph, after)


EMITTERS: Mapping[type, Emitter] = {Carried: emit_carried}


def sizes_of(members: Sequence[Built]) -> list[int]:
    """List how long the state of each member is."""
    return [int(member.model.input["state"].shape[1]) for member in members]


def emit_members(
    graph: Graph, members: Sequence[Built], inputs: dict[str, str], state: str
) -> tuple[list[str], str]:
    """Add what `members.Members.read` computes: the logits of every member, and the state after
    the last timestep."""
    logits, after = [], []
    for member, part in zip(members, parted(graph, state, *sizes_of(members)), strict=True):
        outputs = emit_network(graph, member.model, {**inputs, "state": part}, EMITTERS)
        logits.append(outputs["outputs"])
        after.append(outputs["state"])
    return logits, joined(graph, after)


def emit_mean(graph: Graph, log_probabilities: list[str]) -> str:
    """Add what `members.mean_of` computes: the logarithm of the mean probability."""
    if len(log_probabilities) == 1:
        return log_probabilities[0]
    first = graph.constant([0], "int64")
    stacked = [graph.op("Unsqueeze", part, first) for part in log_probabilities]
    total = graph.op("ReduceLogSumExp", joined(graph, stacked, 0), axes=[0], keepdims=0)
    count = graph.constant(np.log(np.float32(len(log_probabilities))), "float32")
    return graph.op("Sub", total, count)


def emit_tokens(
    graph: Graph, members: Sequence[Built], codes: str, state: str, target: NextToken
) -> tuple[str, str]:
    """Add the log probabilities [batch, timesteps, outputs] of what follows each of the codes
    [batch, timesteps], and the state after the last."""
    channel = graph.op("Unsqueeze", codes, graph.constant([2], "int64"))
    length = lengths_of(graph, codes)
    logits, after = emit_members(graph, members, {"codes": channel, "length": length}, state)
    return token_shares(graph, logits, target), after


def token_shares(graph: Graph, logits: list[str], target: NextToken) -> str:
    """Add the log probabilities of tokens, in the mean of the members."""
    never = {PAD, START} | (set() if target.ends else {END})
    mask = [NEVER if at in never else 0.0 for at in range(target.outputs)]
    parts = [graph.op("Add", part, graph.constant(mask, "float32")) for part in logits]
    return emit_mean(graph, [graph.op("LogSoftmax", part, axis=-1) for part in parts])


def lengths_of(graph: Graph, x: str) -> str:
    """Say that every row is as long as the batch, int32 [batch]."""
    timesteps = cast(graph, size_of(graph, x, 1), "int32")
    return graph.op("Expand", timesteps, size_of(graph, x, 0))


def emit_sets(
    graph: Graph, members: Sequence[Built], numbers: str, state: str
) -> tuple[str, str, str]:
    """Add the log probabilities that labels follow, and that not, [batch, timesteps, labels], and
    the state after."""
    length = lengths_of(graph, numbers)
    logits, after = emit_members(graph, members, {"numbers": numbers, "length": length}, state)
    return *set_shares(graph, logits), after


def set_shares(graph: Graph, logits: list[str]) -> tuple[str, str]:
    """Add the log probabilities that labels are there, and that not, in the mean of the members."""
    there = emit_mean(graph, [log_sigmoid(graph, part) for part in logits])
    absent = emit_mean(graph, [log_sigmoid(graph, graph.op("Neg", part)) for part in logits])
    return there, absent


def logits_before(graph: Graph, members: Sequence[Built], state: str) -> list[str]:
    """Add what the members said at the timestep that left a state, [batch, 1, outputs] each."""
    logits, one = [], graph.constant([1], "int64")
    for member, part in zip(members, parted(graph, state, *sizes_of(members)), strict=True):
        carried = member.forward[-1]
        width = carried.units * carried.states
        held = parted(graph, part, *[width] * len(member.forward))[-1]
        left = parted(graph, held, *[carried.units] * carried.states)[0]
        if isinstance(carried.layer, ExponentialTrace):
            left = read_out(graph, carried.layer.read_out, left)
        logits.append(emit_dense(graph, member.parts.head, graph.op("Unsqueeze", left, one)))
    return logits


def one_later(graph: Graph, first: str, rest: str) -> str:
    """Put what stands before the first timestep in front, and leave the last one out."""
    begin, end, one = (graph.constant([at], "int64") for at in (0, -1, 1))
    return joined(graph, [first, graph.op("Slice", rest, begin, end, one)], 1)


def log_sigmoid(graph: Graph, x: str) -> str:
    return graph.op("Neg", graph.op("Softplus", graph.op("Neg", x)))


def fresh_state(graph: Graph, members: Sequence[Built], batch: str) -> str:
    """Add the state before the first timestep: zeros, for a batch of some size int64 [1]."""
    shape = joined(graph, [batch, graph.constant([sum(sizes_of(members))], "int64")], 0)
    return graph.op("Expand", graph.constant(0.0, "float32"), shape)


def step_graph(members: Sequence[Built], encoders: LanguageEncoders) -> Graph:
    """Write some timesteps, at least one, from a carried `state`: `codes` of tokens, or `numbers`,
    0 and 1, of labels."""
    graph = Graph()
    size = sum(sizes_of(members))
    if isinstance(encoders.target, NextToken):
        outputs = encoders.target.outputs
        codes = graph.input("codes", "int32", (None, None))
        state = graph.input("state", "float32", (None, size))
        following, after = emit_tokens(graph, members, codes, state, encoders.target)
        graph.output("log_probabilities", following, "float32", (None, None, outputs))
        first = token_shares(graph, logits_before(graph, members, state), encoders.target)
        begins = graph.op("Equal", codes, graph.constant(START, "int32"))
        came = graph.op("Where", begins, graph.constant(UNKNOWN, "int32"), codes)
        last = graph.constant([2], "int64")
        places = graph.op("Unsqueeze", cast(graph, came, "int64"), last)
        likely = graph.op("GatherElements", one_later(graph, first, following), places, axis=2)
        told = graph.op("Squeeze", likely, last)
        graph.output("log_likelihood", told, "float32", (None, None))
        likeliest = graph.op("ArgMax", following, axis=-1, keepdims=0)
        graph.output("likeliest", likeliest, "int64", (None, None))
    else:
        labels = len(encoders.target.labels)
        numbers = graph.input("numbers", "float32", (None, None, labels))
        state = graph.input("state", "float32", (None, size))
        there, absent, after = emit_sets(graph, members, numbers, state)
        graph.output("log_probabilities", there, "float32", (None, None, labels))
        graph.output("log_absent", absent, "float32", (None, None, labels))
        shares = set_shares(graph, logits_before(graph, members, state))
        there, absent = (
            one_later(graph, first, rest)
            for first, rest in zip(shares, (there, absent), strict=True)
        )
        inside = graph.op("Greater", numbers, graph.constant(0.5, "float32"))
        chosen = graph.op("Where", inside, there, absent)
        told = graph.op("ReduceSum", chosen, graph.constant([2], "int64"), keepdims=0)
        graph.output("log_likelihood", told, "float32", (None, None))
    graph.output("state_after", after, "float32", (None, size))
    return graph


def whole_graph(members: Sequence[Built], encoders: LanguageEncoders) -> Graph:
    """Write whole sequences of strings: what `serving_default` gives, but for the cutting of texts
    into tokens."""
    if isinstance(encoders.target, NextSet):
        return whole_sets(members, encoders.target)
    return whole_texts(members, encoders, encoders.target)


def whole_texts(members: Sequence[Built], encoders: LanguageEncoders, target: NextToken) -> Graph:
    """Read `words` [batch, timesteps], padded with "", of which `length` are true."""
    graph = Graph()
    vocabulary = encoders.categories[0].vocabulary
    words = graph.input("words", "string", (None, None))
    length = graph.input("length", "int32", (None,))
    ids = look_up_one(graph, words, vocabulary)
    codes = cast(graph, ids, "int32")
    batch = size_of(graph, words, 0)
    start = graph.op("Expand", graph.constant([[START]], "int32"), with_one(graph, batch))
    read = joined(graph, [start, codes], 1)
    following, _ = emit_tokens(graph, members, read, fresh_state(graph, members, batch), target)
    before = select(graph, following, (slice(None), slice(0, -1)))
    places = graph.op("Unsqueeze", ids, graph.constant([2], "int64"))
    of_tokens = graph.op("GatherElements", before, places, axis=2)
    of_tokens = graph.op("Squeeze", of_tokens, graph.constant([2], "int64"))
    true = mask_of(graph, length, size_of(graph, words, 1))
    of_tokens = graph.op("Where", true, of_tokens, graph.constant(0.0, "float32"))
    total = graph.op("ReduceSum", of_tokens, graph.constant([1], "int64"), keepdims=0)
    last = at_places(graph, following, column(graph, length))
    last = graph.op("Squeeze", last, graph.constant([1], "int64"))
    graph.output("log_likelihood", total, "float32", (None,))
    graph.output("token_count", length, "int32", (None,))
    emit_answer(graph, last, vocabulary)
    return graph


def with_one(graph: Graph, batch: str) -> str:
    return joined(graph, [batch, graph.constant([1], "int64")], 0)


def emit_answer(graph: Graph, last: str, vocabulary: tuple[str, ...]) -> None:
    """Give out the next token, of log probabilities [batch, outputs]."""
    listed = graph.constant(np.array(["<unknown>", "<end>", *vocabulary], object))
    ids = [*SHOWN, *range(RESERVED, RESERVED + len(vocabulary))]
    shares = graph.op("Gather", graph.op("Exp", last), graph.constant(ids, "int64"), axis=1)
    best = graph.op("ArgMax", shares, axis=-1, keepdims=0)
    graph.output("next_token", graph.op("Gather", listed, best), "string", (None,))
    graph.output("probabilities", shares, "float32", (None, len(ids)))
    tokens = graph.op("Expand", listed, with_one(graph, size_of(graph, last, 0)))
    graph.output("tokens", tokens, "string", (None, len(ids)))


def whole_sets(members: Sequence[Built], target: NextSet) -> Graph:
    """Read `sets` of labels [batch, timesteps, most labels], padded with "", of which `length`
    timesteps are true."""
    graph = Graph()
    sets = graph.input("sets", "string", (None, None, None))
    length = graph.input("length", "int32", (None,))
    ids = look_up_one(graph, sets, target.labels, first=1, absent=0)
    depth = graph.constant(len(target.labels) + 1, "int64")
    there = graph.op("OneHot", ids, depth, graph.constant([0.0, 1.0], "float32"), axis=-1)
    there = graph.op("ReduceMax", there, axes=[2], keepdims=0)  # [batch, timesteps, 1 + labels]
    numbers = select(graph, there, (slice(None), slice(None), slice(1, None)))
    batch, timesteps = size_of(graph, sets, 0), size_of(graph, sets, 1)
    one = graph.constant([1], "int64")
    lacking = graph.op("Sub", one, graph.op("Min", timesteps, one))
    numbers = padded(graph, numbers, lacking)  # the networks read at least one timestep
    following, _, _ = emit_sets(graph, members, numbers, fresh_state(graph, members, batch))
    following = graph.op("Slice", following, graph.constant([0], "int64"), timesteps, one)
    true = graph.op("Unsqueeze", mask_of(graph, length, timesteps), graph.constant([2], "int64"))
    shares = graph.op("Where", true, graph.op("Exp", following), graph.constant(0.0, "float32"))
    graph.output("probabilities", shares, "float32", (None, None, len(target.labels)))
    listed = graph.constant(np.array(target.labels, object))
    names = graph.op("Expand", listed, with_one(graph, batch))
    graph.output("labels", names, "string", (None, len(target.labels)))
    return graph
