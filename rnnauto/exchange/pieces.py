"""Write what many layers need of a graph: sizes, masks, slices, places."""

from typing import Any

from rnnauto.exchange.graph import TYPES, Graph

LARGEST = (1 << 63) - 1  # the end of a slice that has none


def cast(graph: Graph, x: str, dtype: str) -> str:
    return graph.op("Cast", x, to=TYPES[dtype])


def size_of(graph: Graph, x: str, axis: int) -> str:
    """The size of one axis, int64 [1]."""
    return graph.op("Shape", x, start=axis, end=axis + 1)


def column(graph: Graph, x: str) -> str:
    """[batch] to [batch, 1]."""
    return graph.op("Unsqueeze", x, graph.constant([1], "int64"))


def joined(graph: Graph, parts: list[str], axis: int = -1) -> str:
    return graph.op("Concat", *parts, axis=axis) if len(parts) > 1 else parts[0]


def steps_to(graph: Graph, size: str) -> str:
    """0, 1, ... int32 [size], of a size int64 [1]."""
    end = cast(graph, graph.op("Squeeze", size, graph.constant([0], "int64")), "int32")
    return graph.op("Range", graph.constant(0, "int32"), end, graph.constant(1, "int32"))


def mask_of(graph: Graph, length: str, timesteps: str) -> str:
    """Which timesteps are true ones, bool [batch, timesteps]."""
    return graph.op("Less", steps_to(graph, timesteps), column(graph, length))


def zero_past(graph: Graph, x: str, length: str, timesteps: str) -> str:
    """[batch, timesteps, channels] with zeros past the true lengths."""
    mask = graph.op("Unsqueeze", mask_of(graph, length, timesteps), graph.constant([2], "int64"))
    return graph.op("Where", mask, x, graph.constant(0.0, "float32"))


def whole(graph: Graph, count: str, size: int, dtype: str) -> str:
    """How many groups of `size` hold `count` things, rounded up; of integers."""
    if size == 1:
        return count
    more = graph.op("Add", count, graph.constant(size - 1, dtype))
    return graph.op("Div", more, graph.constant(size, dtype))


def padded(graph: Graph, x: str, count: str, *, dtype: str = "float32") -> str:
    """[batch, timesteps, channels] with `count` more timesteps of zeros, int64 [1], maybe none."""
    ends = [size_of(graph, x, 0), count, size_of(graph, x, 2)]
    more = graph.op("Expand", graph.constant(0, dtype), joined(graph, ends, 0))
    return joined(graph, [x, more], 1)


def at_places(graph: Graph, x: str, places: str) -> str:
    """Of [batch, timesteps, ...] the timesteps at places int32 [batch, count]."""
    indices = graph.op("Unsqueeze", cast(graph, places, "int64"), graph.constant([2], "int64"))
    return graph.op("GatherND", x, indices, batch_dims=1)


def select(graph: Graph, x: str, key: tuple[Any, ...]) -> str:
    """Index as numpy does, by whole numbers, slices without a step, and None."""
    begins, ends, axes, single, new = [], [], [], [], []
    axis, place = 0, 0
    for each in key:
        if each is None:
            new.append(place)
            place += 1
            continue
        if isinstance(each, slice):
            assert each.step is None
            begin, end = each.start or 0, LARGEST if each.stop is None else each.stop
            place += 1
        else:
            begin, end = each, LARGEST if each == -1 else each + 1
            single.append(axis)
        if (begin, end) != (0, LARGEST):
            begins.append(begin)
            ends.append(end)
            axes.append(axis)
        axis += 1
    if axes:
        limits = (graph.constant(each, "int64") for each in (begins, ends, axes))
        x = graph.op("Slice", x, *limits)
    if single:
        x = graph.op("Squeeze", x, graph.constant(single, "int64"))
    if new:
        x = graph.op("Unsqueeze", x, graph.constant(new, "int64"))
    return x
