"""Read one row more of a series, inside the SavedModel and as ONNX: what comes after all so far.

The state, float32 [batch, size], is a window of the rows that a network can see, beside a count of
them and the static features, which the first row tells. A fresh one is zeros.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnnauto.arrays import Floats
from rnnauto.data.columns import less_zeros, zeros_of
from rnnauto.deploy.check import ALONE, check_differences, some_of
from rnnauto.deploy.raw_inputs import Inputs
from rnnauto.deploy.runner import RawBatch, Run
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.inputs import declare
from rnnauto.exchange.pieces import cast, joined, size_of
from rnnauto.families.forecast.answer import raw_windows
from rnnauto.families.forecast.graph import emit_quantiles, encode_windows
from rnnauto.families.forecast.series import SeriesEncoders, SeriesWindows, reach_of
from rnnauto.families.forecast.signatures import forecast_inputs
from rnnauto.families.forecast.windows import training_units
from rnnauto.layout import Layout

NAN = float("nan")
ALONG = ("past", "numbers", "categories", "known", "known_categories")  # of raw rows


@dataclass(frozen=True)
class Window:
    """What a state holds.

    Attributes:
        lookback: rows.
        row: the width of each input that a row has; `statics`: of each static one.
    """

    lookback: int
    row: dict[str, int]
    statics: dict[str, int]

    @property
    def width(self) -> int:
        return sum(self.row.values())

    @property
    def sizes(self) -> list[int]:
        return [1, *self.statics.values(), self.lookback * self.width]

    @property
    def fillers(self) -> list[float]:
        """What stands before the first row, as `Recent` has it, [width]."""
        return [0.0 if name == "codes" else NAN for name, n in self.row.items() for _ in range(n)]


def window_of(layout: Layout, encoders: SeriesEncoders) -> Window:
    row = {
        "past": len(encoders.targets),
        "numbers": len(encoders.numbers),
        "codes": len(encoders.categories),
        "known": encoders.ahead_count,
    }
    statics = {
        "static_numbers": len(encoders.static_numbers),
        "static_codes": len(encoders.static_categories),
    }
    lookback, _ = reach_of(layout)
    kept = [{name: n for name, n in each.items() if n} for each in (row, statics)]
    return Window(lookback, *kept)


def step_inputs(layout: Layout, encoders: SeriesEncoders) -> Inputs:
    """List the inputs of `step` but for the state: those of `serving_default`, of one row."""
    inputs = forecast_inputs(layout, encoders)
    del inputs["length"]
    return {
        name: (dtype, (None, 1, *shape[2:]) if name in ALONG else shape)
        for name, (dtype, shape) in inputs.items()
    }


def moved_on(inputs: dict[str, Any], state: Any, window: Window) -> tuple[dict[str, Any], Any]:
    """Put a row behind those of a state.

    Args: inputs: those of the networks, of one row.

    Returns: those of the networks for the whole window, and the state after.
    """
    count, *statics, rows = tf.split(state, window.sizes, -1)
    for at, name in enumerate(window.statics):
        given = tf.cast(inputs[name], tf.float32)
        statics[at] = tf.where(count < 1.0, given, statics[at])
    row = tf.concat([tf.cast(inputs[name], tf.float32) for name in window.row], -1)
    rows = tf.reshape(rows, [-1, window.lookback, window.width])
    rows = tf.concat([rows[:, 1:], row], 1)
    count = tf.minimum(count + 1.0, float(window.lookback))
    places = tf.range(window.lookback, dtype=tf.float32)
    absent = (places < window.lookback - count)[..., None]
    filled = tf.where(absent, tf.constant(window.fillers), rows)
    parts = tf.split(filled, list(window.row.values()), -1)
    seen = dict(zip([*window.row, *window.statics], [*parts, *statics], strict=True))
    for name in {"codes", "static_codes"} & seen.keys():
        seen[name] = tf.cast(seen[name], tf.int32)
    seen["length"] = tf.fill([tf.shape(state)[0]], window.lookback)
    if "ahead" in inputs:
        seen["ahead"] = inputs["ahead"]
    flat = tf.reshape(rows, [-1, window.lookback * window.width])
    return seen, tf.concat([count, *statics, flat], -1)


def write_step(members: list[Any], layout: Layout, encoders: SeriesEncoders) -> bytes:
    """Write `step` as an ONNX graph; it gives the state as `state_after`."""
    graph, window = Graph(), window_of(layout, encoders)
    size = sum(window.sizes)
    raw = declare(graph, step_inputs(layout, encoders))
    state = graph.input("state", "float32", (None, size))
    inputs = encode_windows(graph, raw, layout, encoders)
    seen, after = emit_moved_on(graph, inputs, state, window)
    emit_quantiles(graph, members, seen, layout, encoders)
    graph.output("state_after", after, "float32", (None, size))
    return graph.serialise("step")


def emit_moved_on(
    graph: Graph, inputs: dict[str, str], state: str, window: Window
) -> tuple[dict[str, str], str]:
    """Do as `moved_on`."""
    sizes = graph.constant(window.sizes, "int64")
    count, *statics, rows = graph.ops("Split", state, sizes, outputs=len(window.sizes), axis=1)
    one = graph.constant(1.0, "float32")
    fresh = graph.op("Less", count, one)
    for at, name in enumerate(window.statics):
        given = cast(graph, inputs[name], "float32")
        statics[at] = graph.op("Where", fresh, given, statics[at])
    row = joined(graph, [cast(graph, inputs[name], "float32") for name in window.row])
    shape = graph.constant([-1, window.lookback, window.width], "int64")
    axis = graph.constant([1], "int64")
    last = graph.constant([window.lookback], "int64")
    kept = graph.op("Slice", graph.op("Reshape", rows, shape), axis, last, axis)
    rows = joined(graph, [kept, row], 1)
    count = graph.op(
        "Min", graph.op("Add", count, one), graph.constant(float(window.lookback), "float32")
    )
    places = graph.constant(np.arange(window.lookback), "float32")
    begin = graph.op("Sub", graph.constant(float(window.lookback), "float32"), count)
    absent = graph.op("Less", places, begin)  # [batch, lookback]
    absent = graph.op("Unsqueeze", absent, graph.constant([2], "int64"))
    filled = graph.op("Where", absent, graph.constant(window.fillers, "float32"), rows)
    widths = list(window.row.values())
    parts = [filled]
    if len(widths) > 1:
        parts = graph.ops(
            "Split", filled, graph.constant(widths, "int64"), outputs=len(widths), axis=2
        )
    seen = dict(zip([*window.row, *window.statics], [*parts, *statics], strict=True))
    for name in {"codes", "static_codes"} & seen.keys():
        seen[name] = cast(graph, seen[name], "int64")
    length = graph.constant([window.lookback], "int32")
    seen["length"] = graph.op("Expand", length, size_of(graph, state, 0))
    if "ahead" in inputs:
        seen["ahead"] = inputs["ahead"]
    flat = graph.constant([-1, window.lookback * window.width], "int64")
    return seen, joined(graph, [count, *statics, graph.op("Reshape", rows, flat)])


def check_step(
    run: Run, step: Run, windows: SeriesWindows, *, name: str, least: Floats
) -> dict[str, float]:
    """Compare what is told after the last of some rows, given one by one, with what is told of them
    together, in the units that exports are checked in.

    Args:
        step: has the signature `step`.
        least: what differences are measured in at least, [targets].

    Returns: the largest difference. Raises: ExportError where it is too large.
    """
    chosen = some_of(len(windows))[:ALONE]
    raw = raw_windows(windows, chosen)
    longest = int(raw["length"].max(initial=0))
    some = np.flatnonzero((raw["length"] == longest) & (longest > 0))
    if not len(some):
        return {name: 0.0}
    raw = {key: array[some] for key, array in raw.items() if key != "length"}
    window = window_of(windows.layout, windows.encoders)
    state: NDArray[Any] = np.zeros((len(some), sum(window.sizes)), np.float32)
    found: dict[str, NDArray[Any]] = {}
    for at in range(longest):
        row: RawBatch = {
            key: array[:, at : at + 1] if key in ALONG else array for key, array in raw.items()
        }
        found = step({**row, "state": state}, "step")
        state = found["state"]
    length = np.full(len(some), longest, np.int32)
    zeros = zeros_of(windows.layout.targets)[:, None]
    wanted = less_zeros(run({**raw, "length": length})["quantiles"], zeros)
    units = training_units(windows.encoded)[windows.encoded.owners[chosen[some]]]
    units = np.maximum(np.maximum(units[:, None, :, None], least[:, None]), np.abs(wanted))
    apart = np.abs(less_zeros(found["quantiles"], zeros) - wanted) / units
    return check_differences({name: float(np.max(apart))})
