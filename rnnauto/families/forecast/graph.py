"""Write the ONNX graph of a forecast: what the SavedModel does."""

from typing import Any

from rnnauto.data.encode import RESERVED
from rnnauto.exchange.answers import mean_of
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare, from_zero, look_up, with_zero
from rnnauto.exchange.network import emit_network
from rnnauto.exchange.pieces import cast, joined, select, size_of
from rnnauto.families.forecast.answer import raw_zeros
from rnnauto.families.forecast.emitters import EMITTERS
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.series import SeriesEncoders, indicator_counts
from rnnauto.families.forecast.signatures import forecast_inputs
from rnnauto.layout import Layout

CODES = {"categories": "codes", "static_categories": "static_codes"}
# what is known ahead, of the past and of the future: the numbers, and the words beside them
WORDS = {"known": "known_categories", "ahead": "ahead_categories"}


def write_graph(members: list[Any], layout: Layout, encoders: SeriesEncoders) -> bytes:
    """Write the mean of the members."""
    graph = Graph()
    raw = declare(graph, forecast_inputs(layout, encoders))
    emit_quantiles(graph, members, encode_windows(graph, raw, layout, encoders), layout, encoders)
    return graph.serialise("forecast")


def emit_quantiles(
    graph: Graph,
    members: list[Any],
    inputs: dict[str, str],
    layout: Layout,
    encoders: SeriesEncoders,
) -> None:
    """Give the mean of the members' quantiles, and the median."""
    mean = mean_of(
        graph, [emit_network(graph, member.model, inputs, EMITTERS) for member in members]
    )
    sizes = (layout.horizon or 0, len(encoders.targets), len(layout.levels))
    shape = joined(graph, [size_of(graph, mean, 0), graph.constant(sizes, "int64")], 0)
    quantiles = graph.op("Reshape", mean, shape, allowzero=1)
    zeros = raw_zeros(layout, encoders.moving_count)["past"]
    quantiles, dtype = with_zero(graph, quantiles, zeros[:, None])
    every = slice(None)
    median = select(graph, quantiles, (every, every, every, middle(layout.levels)))
    graph.output("value", median, dtype, (None, *sizes[:2]))
    graph.output("quantiles", quantiles, dtype, (None, *sizes))


def encode_windows(
    graph: Graph, raw: dict[str, str], layout: Layout, encoders: SeriesEncoders
) -> dict[str, str]:
    """Encode raw windows as the inputs of the networks."""
    zeros = raw_zeros(layout, encoders.moving_count)
    words = {*CODES, *WORDS.values()}
    inputs = {
        name: from_zero(graph, value, zeros[name]) if name in zeros else value
        for name, value in raw.items()
        if name not in words
    }
    for kind, name in CODES.items():
        if kind in raw:
            axes = 3 if kind == "categories" else 2
            inputs[name] = look_up(graph, raw[kind], getattr(encoders, kind), axes=axes)
    for numbers, name in WORDS.items():
        if name in raw:
            flags = indicators(graph, raw[name], encoders)
            moving = [inputs[numbers]] if encoders.moving_count else []
            inputs[numbers] = joined(graph, [*moving, *flags])
    return inputs


def indicators(graph: Graph, words: str, encoders: SeriesEncoders) -> list[str]:
    """Words [batch, steps, columns] as indicators float32 [batch, steps, words] of each column."""
    ids = look_up(graph, words, encoders.ahead_categories, axes=3)
    before = graph.op("Sub", ids, graph.constant(RESERVED - 1, "int64"))
    places = graph.op("Max", before, graph.constant(0, "int64"))
    found = []
    for at, count in enumerate(indicator_counts(encoders.ahead_categories)):
        own = select(graph, places, (slice(None), slice(None), slice(at, at + 1)))
        each = graph.constant(list(range(count)), "int64")
        found.append(cast(graph, graph.op("Equal", own, each), "float32"))
    return found
