"""Write the layers of forecasts as nodes of ONNX; each is called as its layer is."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.layers import Emitter
from rnnauto.exchange.pieces import at_places, cast, column, joined, padded, select, size_of
from rnnauto.families.forecast.layers import (
    LEAST_SPREAD,
    Channels,
    Fill,
    History,
    Quantiles,
    Recent,
    Scale,
    SimpleForecast,
    Steps,
    Transform,
    doubled,
)
from rnnauto.families.forecast.levels import HIGHEST_LOG, middle

EVERY = slice(None)


def floats(graph: Graph, values: Any) -> str:
    return graph.constant(values, "float32")


def total(graph: Graph, x: str) -> str:
    """The sum over the timesteps, which stay an axis of one."""
    return graph.op("ReduceSum", x, graph.constant([1], "int64"), keepdims=1)


def emit_recent(graph: Graph, layer: Recent, x: str, length: str) -> str:
    dtype = "int64" if isinstance(layer.filler, int) else "float32"
    one = graph.constant([1], "int64")
    x = padded(graph, x, one, dtype=dtype)  # there may be no timestep at all
    steps = graph.constant(np.arange(layer.size) - layer.size, "int32")
    at = graph.op("Add", column(graph, length), steps)
    none = graph.constant(0, "int32")
    values = at_places(graph, x, graph.op("Max", at, none))
    there = graph.op("GreaterOrEqual", at, none)
    there = graph.op("Unsqueeze", there, graph.constant([2], "int64"))
    return graph.op("Where", there, values, graph.constant(layer.filler, dtype))


def emit_transform(graph: Graph, layer: Transform, x: str) -> str:
    if layer.kind == "none":
        return x
    shifted = graph.op("Add", x, floats(graph, layer.shift.numpy()))
    least = graph.op("Max", shifted, floats(graph, layer.least.numpy()))
    return graph.op("Where", graph.op("IsNaN", x), x, graph.op("Log", least))


def transformed_back(graph: Graph, layer: Transform, x: str) -> str:
    """As `Transform.back`."""
    if layer.kind == "none":
        return x
    values = graph.op("Exp", graph.op("Min", x, floats(graph, HIGHEST_LOG)))
    return graph.op("Sub", values, floats(graph, layer.shift.numpy()[:, None]))


def emit_fill(graph: Graph, layer: Fill, x: str) -> tuple[str, str]:
    steps = layer.input.shape[1]
    none = floats(graph, 0.0)
    missing = graph.op("IsNaN", x)
    known = graph.op("Not", missing)
    flags = cast(graph, known, "float32")
    count = graph.op("Max", total(graph, flags), floats(graph, 1.0))
    mean = graph.op("Div", total(graph, graph.op("Where", missing, none, x)), count)
    absent = graph.constant(-1, "int64")
    places = graph.constant(np.arange(steps)[None, :, None], "int64")
    last = graph.op("Where", known, places, absent)  # [batch, steps, targets]
    for back in doubled(steps):
        pads = graph.constant([0, back, 0, 0, 0, 0], "int64")
        earlier = graph.op("Pad", select(graph, last, (EVERY, slice(0, -back))), pads, absent)
        last = graph.op("Max", last, earlier)
    nearest = graph.op("Max", last, graph.constant(0, "int64"))
    before = graph.op("GatherElements", x, nearest, axis=1)
    found = graph.op("GreaterOrEqual", last, graph.constant(0, "int64"))
    return graph.op("Where", found, before, mean), flags


def emit_history(graph: Graph, layer: History, x: str, flags: str, *level: str) -> str:
    centre, spread = level
    steps = layer.input[0].shape[1]
    first = graph.op("ArgMax", flags, axis=1, keepdims=1)
    at = graph.constant(np.arange(steps)[None, :, None], "int64")
    season = graph.constant(layer.season, "int64")
    apart = graph.op("Mod", graph.op("Sub", at, first), season)  # of the sign of the season
    later = graph.op("Min", graph.op("Add", first, apart), graph.constant(steps - 1, "int64"))
    places = graph.op("Where", graph.op("Less", at, first), later, at)
    values = graph.op("GatherElements", x, places, axis=1)
    return graph.op("Div", graph.op("Sub", values, centre), spread)


def emit_scale(graph: Graph, layer: Scale, x: str, flags: str) -> tuple[str, str, str]:
    count = graph.op("Max", total(graph, flags), floats(graph, 1.0))
    if layer.kind == "none":
        zeros = graph.op("Mul", count, floats(graph, 0.0))
        centre = graph.op("Add", zeros, floats(graph, layer.mean.numpy()))
        spread = graph.op("Add", zeros, floats(graph, layer.deviation.numpy()))
    else:
        centre = graph.op("Div", total(graph, graph.op("Mul", x, flags)), count)
        if layer.kind == "mean":
            sizes = graph.op("Mul", graph.op("Abs", x), flags)
            spread = graph.op("Div", total(graph, sizes), count)
        else:
            apart = graph.op("Sub", x, centre)
            squares = graph.op("Mul", graph.op("Mul", apart, apart), flags)
            spread = graph.op("Sqrt", graph.op("Div", total(graph, squares), count))
        least = floats(graph, LEAST_SPREAD * layer.deviation.numpy())
        spread = graph.op("Max", spread, least)
    return graph.op("Div", graph.op("Sub", x, centre), spread), centre, spread


def emit_simple(graph: Graph, layer: SimpleForecast, x: str) -> str:
    if layer.kind == "smoothed":
        weights = floats(graph, layer.weigh.numpy().transpose(0, 2, 1))
        each = graph.op("MatMul", graph.op("Transpose", x, perm=[2, 0, 1]), weights)
        return graph.op("Transpose", each, perm=[1, 2, 0])
    last = select(graph, x, (EVERY, slice(-1, None)))
    ahead = np.arange(1, layer.horizon + 1, dtype=np.float32)[None, :, None]
    if layer.kind == "none":
        return graph.op("Mul", graph.op("Mul", last, floats(graph, ahead)), floats(graph, 0.0))
    if layer.kind == "last":
        return graph.op("Add", last, floats(graph, 0.0 * ahead))
    if layer.kind == "trend":
        step = graph.op("Sub", last, select(graph, x, (EVERY, slice(-2, -1))))
        return graph.op("Add", last, graph.op("Mul", floats(graph, ahead), step))
    steps = layer.input.shape[1]
    seasonal = season_before(graph, x, steps, (layer.horizon, layer.season), 1)
    if layer.kind == "seasonal":
        return seasonal
    newest = 1 if layer.kind == "seasonal_last" else min(layer.season, steps - layer.season)
    recent = select(graph, x, (EVERY, slice(-newest, None)))
    earlier = select(graph, x, (EVERY, slice(-newest - layer.season, -layer.season)))
    growth = graph.op("Sub", recent, earlier)
    mean = graph.op("ReduceMean", growth, axes=[1], keepdims=1)
    seasons = np.floor((ahead - 1.0) / layer.season) + 1.0
    return graph.op("Add", seasonal, graph.op("Mul", floats(graph, seasons), mean))


def season_before(graph: Graph, x: str, steps: int, cycle: tuple[int, int], back: int) -> str:
    """For each step of the horizon the value at its place in the season `back` seasons ago.

    Args: cycle: the horizon and the season.
    """
    horizon, season = cycle
    places = steps - back * season + np.arange(horizon) % season
    return graph.op("Gather", x, graph.constant(places, "int64"), axis=1)


def emit_channels(graph: Graph, layer: Channels, x: str, flags: str) -> str:
    steps = layer.input[0].shape[1]
    if layer.kind == "none":
        moved = x
    elif layer.kind in {"last", "trend", "seasonal_last"}:
        moved = graph.op("Sub", x, select(graph, x, (EVERY, slice(-1, None))))
    else:
        season = select(graph, x, (EVERY, slice(-layer.season, None)))
        moved = graph.op("Sub", x, graph.op("ReduceMean", season, axes=[1], keepdims=1))
    parts = [moved, changes(graph, x, 1), flags]
    if 1 < layer.season < steps:
        parts.append(changes(graph, x, layer.season))
    return joined(graph, parts)


def changes(graph: Graph, x: str, back: int) -> str:
    """x(t) - x(t - back), 0 for the first of them."""
    later = select(graph, x, (EVERY, slice(back, None)))
    change = graph.op("Sub", later, select(graph, x, (EVERY, slice(0, -back))))
    pads = graph.constant([0, back, 0, 0, 0, 0], "int64")
    return graph.op("Pad", change, pads, floats(graph, 0.0))


def emit_steps(graph: Graph, layer: Steps, state: str, x: str, simple: str) -> str:
    steps, horizon = layer.input[1].shape[1], layer.horizon
    batch = size_of(graph, state, 0)
    along = along_horizon(graph, state, horizon)
    places = layer.places.numpy()
    rest = graph.constant(places.shape, "int64")
    wide = graph.op("Expand", floats(graph, places), joined(graph, [batch, rest], 0))
    last = select(graph, x, (EVERY, slice(-1, None)))
    parts = [along, wide, graph.op("Sub", last, simple)]
    if layer.season > 1:
        for back in range(1, min(2, steps // layer.season) + 1):
            seasonal = season_before(graph, x, steps, (horizon, layer.season), back)
            parts.append(graph.op("Sub", seasonal, simple))
    return joined(graph, parts)


def along_horizon(graph: Graph, vector: str, count: int) -> str:
    """[batch, channels] over again for some timesteps: [batch, timesteps, channels]."""
    one = graph.op("Unsqueeze", vector, graph.constant([1], "int64"))
    return graph.op("Tile", one, graph.constant([1, count, 1], "int64"))


def emit_quantiles(graph: Graph, layer: Quantiles, corrections: str, *window: str) -> str:
    horizon, targets = layer.error.shape
    count = len(layer.levels)
    batch = size_of(graph, corrections, 0)

    def shaped(x: str, *sizes: int) -> str:
        shape = joined(graph, [batch, graph.constant(sizes, "int64")], 0)
        return graph.op("Reshape", x, shape, allowzero=1)

    last = graph.constant([3], "int64")
    each = apart(graph, shaped(corrections, horizon, targets, count), count)
    placed = outwards(graph, each, middle(layer.levels), layer.widening.numpy()[..., None])
    error = floats(graph, layer.error.numpy()[..., None])
    corrected = graph.op("Mul", error, joined(graph, placed))
    simple, centre, spread = (graph.op("Unsqueeze", x, last) for x in window)
    scaled = graph.op("Mul", spread, graph.op("Add", simple, corrected))
    values = transformed_back(graph, layer.transform, graph.op("Add", centre, scaled))
    return shaped(told(graph, layer, values), horizon, targets * count)


def apart(graph: Graph, x: str, count: int) -> list[str]:
    """The last axis in pieces of one."""
    if count == 1:
        return [x]
    sizes = graph.constant([1] * count, "int64")
    return list(graph.ops("Split", x, sizes, outputs=count, axis=-1))


def outwards(graph: Graph, corrections: list[str], centre: int, widening: Any) -> list[str]:
    """As `layers.outwards`."""
    placed = {centre: corrections[centre]}
    for side, name, factor in ((-1, "Sub", widening[0]), (1, "Add", widening[1])):
        far, at, factors = "", centre + side, floats(graph, factor)
        while 0 <= at < len(corrections):
            gap = graph.op("Softplus", corrections[at])
            far = graph.op("Add", far, gap) if far else gap
            placed[at] = graph.op(name, corrections[centre], graph.op("Mul", factors, far))
            at += side
    return [placed[at] for at in range(len(corrections))]


def told(graph: Graph, layer: Quantiles, values: str) -> str:
    """As `Quantiles.told`."""
    rising = apart(graph, values, len(layer.levels))
    for at in range(1, len(rising)):
        rising[at] = graph.op("Max", rising[at], rising[at - 1])
    values = joined(graph, rising) if len(rising) > 1 else values
    if layer.lowest is None:
        return values
    lowest = floats(graph, layer.lowest)
    return graph.op("Where", graph.op("LessOrEqual", values, lowest), lowest, values)


EMITTERS: Mapping[type, Emitter] = {
    Recent: emit_recent,
    Transform: emit_transform,
    Fill: emit_fill,
    History: emit_history,
    Scale: emit_scale,
    SimpleForecast: emit_simple,
    Channels: emit_channels,
    Steps: emit_steps,
    Quantiles: emit_quantiles,
}
