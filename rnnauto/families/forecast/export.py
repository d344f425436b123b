"""Write the SavedModel of a forecast, what was seen in data units in, quantiles in data units out,
and the ONNX graph beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.columns import less_zeros, zeros_of
from rnnauto.data.encode import RESERVED
from rnnauto.deploy.check import ALONE, EXTRA, check_differences, run_members, some_of
from rnnauto.deploy.inputs import from_zero, look_up, specs_of, vocabulary_table
from rnnauto.deploy.onnx_check import check_graph
from rnnauto.deploy.onnx_run import MODEL, STEP, open_graph
from rnnauto.deploy.runner import RawBatch, Run, load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.forecast.answer import raw_windows, raw_zeros
from rnnauto.families.forecast.graph import CODES, WORDS, write_graph
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.prepare import ForecastPrepared
from rnnauto.families.forecast.series import SeriesEncoders, SeriesWindows, indicator_counts
from rnnauto.families.forecast.signatures import forecast_inputs, open_light
from rnnauto.families.forecast.steps.window import (
    check_step,
    moved_on,
    step_inputs,
    window_of,
    write_step,
)
from rnnauto.families.forecast.windows import training_units, window_inputs
from rnnauto.layout import Layout

Function = Callable[[dict[str, Any]], dict[str, Any]]
# of a level: a hundred-thousandth of it is eight times what rounding may do
LEVEL = np.float32(0.1)


def export(
    path: Path, members: list[Any], prepared: ForecastPrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them; then the
    same as an ONNX graph."""
    layout, encoders = prepared.layout, prepared.encoders
    served = serve_forecast(members, layout=layout, encoders=encoders)
    write_saved_model(path, served, served.functions)
    run = load_saved_model(path)
    least = rounding(members, len(encoders.targets))
    checks = check_forecast(run, members, prepared.test, least=least)
    (path.parent / MODEL).write_bytes(write_graph(members, layout, encoders))
    light = open_light(path.parent, layout, encoders)
    checks |= compare_graph(run, light, prepared.test, least=least)
    (path.parent / STEP).write_bytes(write_step(members, layout, encoders))
    step = open_windows(path.parent, layout, encoders)
    for name, each in (("step", run), ("onnx step", step)):
        checks |= check_step(run, each, prepared.test, name=name, least=least)
    return run, checks


def rounding(members: list[Any], targets: int) -> Floats:
    """Tell what differences are measured in at least, [targets]: what a network adds to the level
    of the train part is no more exact than float32 has that level, however small the sum is."""
    levels = np.zeros(targets, np.float32)
    for member in members:
        parts = member.parts
        if parts.scale.kind == parts.transform.kind == "none":
            own = np.abs(parts.scale.mean.numpy()) + parts.scale.deviation.numpy()
            levels = np.maximum(levels, own)
    return LEVEL * levels


def open_windows(folder: Path, layout: Layout, encoders: SeriesEncoders) -> Run:
    """Open the ONNX graph that reads a row more, which gives its state as `state_after`."""
    size = sum(window_of(layout, encoders).sizes)
    inputs = step_inputs(layout, encoders) | {"state": ("float32", (None, size))}
    outputs = {"quantiles": None, "state_after": (None, size)}
    graph = open_graph(folder / STEP, inputs, outputs, apart=False)

    def step(batch: RawBatch) -> dict[str, NDArray[Any]]:
        found = graph(batch)
        return {**found, "state": found["state_after"]}

    return Run(folder, {"step": step}, graph)


def serve_forecast(members: list[Any], *, layout: Layout, encoders: SeriesEncoders) -> Any:
    """Make a module whose `functions` are all that are called from outside. `serving_default` takes
    what `forecast_inputs` lists, and returns the mean over the members of `quantiles` [batch,
    horizon, targets, levels], those of the layout, and `value`, the median [batch, horizon,
    targets].

    Sequences longer than the lookback count by their last timesteps; shorter ones are allowed.
    `step` takes one row of each series and the state before it, and returns the same.
    """
    module = tf.Module()
    module.variables_kept = [v.value for member in members for v in member.model.variables]
    module.tables = word_tables(encoders)
    zeros = raw_zeros(layout, encoders.moving_count)

    def encoded(raw: dict[str, Any]) -> dict[str, Any]:
        return network_inputs(raw, module.tables, layout, encoders)

    def told(inputs: dict[str, Any]) -> dict[str, Any]:
        outputs = [member.model(inputs, training=False) for member in members]
        mean = tf.add_n(outputs) / len(outputs)
        shape = [tf.shape(mean)[0], layout.horizon, len(encoders.targets), len(layout.levels)]
        quantiles = tf.reshape(mean, shape)
        if zeros["past"].any():
            quantiles = tf.cast(quantiles, tf.float64) + zeros["past"][:, None]
        return {"value": quantiles[..., middle(layout.levels)], "quantiles": quantiles}

    module.functions = functions_of(encoded, told, layout, encoders)
    return module


def functions_of(
    encoded: Function, told: Function, layout: Layout, encoders: SeriesEncoders
) -> dict[str, Any]:
    """Make what a module does with windows and with rows.

    Args: encoded: raw inputs to those of the networks; told: these to what is returned.
    """
    window = window_of(layout, encoders)
    size = sum(window.sizes)

    def predict(**raw: Any) -> dict[str, Any]:
        return told(encoded(raw))

    def step(state: Any, **raw: Any) -> dict[str, Any]:
        inputs, after = moved_on(encoded(raw), state, window)
        return {**told(inputs), "state": after}

    def initial_state(batch: Any) -> dict[str, Any]:
        return {"state": tf.zeros([batch, size])}

    rows = specs_of(step_inputs(layout, encoders))
    specs = {
        predict: specs_of(forecast_inputs(layout, encoders)),
        step: rows | {"state": tf.TensorSpec([None, size], tf.float32, name="state")},
        initial_state: {"batch": tf.TensorSpec([], tf.int32, name="batch")},
    }
    made = {
        function.__name__: tf.function(function, autograph=False).get_concrete_function(**taken)
        for function, taken in specs.items()
    }
    return {"serving_default": made.pop("predict"), **made}


def word_tables(encoders: SeriesEncoders) -> dict[str, list[Any]]:
    """Make the tables that look words up, of every kind of columns."""
    return {
        kind: [vocabulary_table(encoder.vocabulary) for encoder in getattr(encoders, kind)]
        for kind in ("categories", "static_categories", "ahead_categories")
    }


def network_inputs(
    raw: dict[str, Any], tables: dict[str, list[Any]], layout: Layout, encoders: SeriesEncoders
) -> dict[str, Any]:
    """Encode raw inputs as those of the networks: zeros are taken off, words become ids."""
    counts = indicator_counts(encoders.ahead_categories)
    zeros = raw_zeros(layout, encoders.moving_count)
    words = {*CODES, *WORDS.values()}
    inputs = {
        name: from_zero(value, zeros[name]) if name in zeros else value
        for name, value in raw.items()
        if name not in words
    }
    for kind, name in CODES.items():
        if kind in raw:
            inputs[name] = look_up(raw[kind], tables[kind])
    for numbers, name in WORDS.items():
        if name in raw:
            ids = look_up(raw[name], tables["ahead_categories"])
            places = tf.maximum(ids - RESERVED + 1, 0)
            flags = [tf.one_hot(places[..., at], count) for at, count in enumerate(counts)]
            moving = [inputs[numbers]] if encoders.moving_count else []
            inputs[numbers] = tf.concat([*moving, *flags], axis=-1)
    return inputs


def compare_graph(
    run: Run, light: Run, windows: SeriesWindows, *, least: Floats
) -> dict[str, float]:
    """Compare the ONNX graph with the SavedModel, in the units that `check_forecast` has. Returns
    and raises: as `check_graph`."""
    encoded, zeros = windows.encoded, zeros_of(windows.layout.targets)[:, None]
    chosen = some_of(len(encoded))
    units = training_units(encoded)[encoded.owners[chosen]][:, None, :, None]
    units = np.maximum(units, least[:, None])

    def told(outputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
        quantiles = less_zeros(outputs["quantiles"], zeros)
        return quantiles / units[: len(quantiles)]

    return check_graph(run, light, raw_windows(windows, chosen), told)


def check_forecast(
    run: Run, members: list[Any], windows: SeriesWindows, *, least: Floats
) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself under other padding.

    Args: least: as `rounding` gives it.

    Returns: the largest differences found, in the units of the series' errors, or in parts of the
    value where that is larger. Raises: ExportError where one is too large.
    """
    encoded = windows.encoded
    chosen = some_of(len(encoded))
    zeros = zeros_of(windows.layout.targets)[:, None]

    def asked(some: Integers, *, extra: int = 0) -> Floats:
        return less_zeros(run(raw_windows(windows, some, extra=extra))["quantiles"], zeros)

    batch = asked(chosen)
    units = training_units(encoded)[encoded.owners[chosen]][:, None, :, None]
    units = np.maximum(np.maximum(units, least[:, None]), np.abs(batch))
    trained = np.mean(
        [np.asarray(output) for output in run_members(members, window_inputs(encoded, chosen))], 0
    )
    alone = [asked(window[None])[0] for window in chosen[:ALONE]]
    padded = asked(chosen, extra=EXTRA)
    ways = {"keras": trained.reshape(batch.shape), "alone": np.stack(alone), "padding": padded}
    differences = {
        name: float(
            np.max(
                np.abs(quantiles - batch[: len(quantiles)]) / units[: len(quantiles)], initial=0.0
            )
        )
        for name, quantiles in ways.items()
    }
    return check_differences(differences)
