"""Write the SavedModel of a forecast: what was seen in data units in, quantiles in data units
out."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from rnnauto.arrays import Floats, Integers
from rnnauto.data.columns import less_zeros, zeros_of
from rnnauto.data.encode import RESERVED
from rnnauto.deploy.check import ALONE, EXTRA, check_differences, run_members, some_of
from rnnauto.deploy.inputs import from_zero, listed, look_up, number_type, vocabulary_table
from rnnauto.deploy.runner import Run, Signature, Signatures, load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.forecast.answer import LEVELS, MEDIAN, raw_windows, raw_zeros
from rnnauto.families.forecast.prepare import ForecastPrepared
from rnnauto.families.forecast.series import SeriesEncoders, SeriesWindows, indicator_counts
from rnnauto.families.forecast.windows import training_units, window_inputs
from rnnauto.layout import Layout
from rnnauto.networks.losses import QUANTILES

# what is known ahead, of the past and of the future: the numbers, and the words beside them
WORDS = {"known": "known_categories", "ahead": "ahead_categories"}

assert tuple(round(100 * level) for level in QUANTILES) == LEVELS


def export(
    path: Path, members: list[Any], prepared: ForecastPrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them."""
    served = serve_forecast(members, layout=prepared.layout, encoders=prepared.encoders)
    write_saved_model(path, served, {"serving_default": served.predict})
    run = load_saved_model(path)
    return run, check_forecast(run, members, prepared.test)


def serve_forecast(members: list[Any], *, layout: Layout, encoders: SeriesEncoders) -> Any:
    """Make a module whose `predict` takes what `forecast_specs` lists, and returns the mean over
    the members of `quantiles` [batch, horizon, targets, 3], 10%, 50% and 90%, and `value`, the
    median [batch, horizon, targets].

    Sequences longer than the lookback count by their last timesteps; shorter ones are allowed.
    """
    module = tf.Module()
    module.variables_kept = [v.value for member in members for v in member.model.variables]
    module.tables = {
        kind: [vocabulary_table(encoder.vocabulary) for encoder in getattr(encoders, kind)]
        for kind in ("categories", "static_categories", "ahead_categories")
    }
    codes = {"categories": "codes", "static_categories": "static_codes"}
    counts = indicator_counts(encoders.ahead_categories)
    zeros = raw_zeros(layout, encoders.moving_count)

    def predict(**raw: Any) -> dict[str, Any]:
        words = {*codes, *WORDS.values()}
        inputs = {
            name: from_zero(value, zeros[name]) if name in zeros else value
            for name, value in raw.items()
            if name not in words
        }
        for kind, name in codes.items():
            if kind in raw:
                inputs[name] = look_up(raw[kind], module.tables[kind])
        for numbers, name in WORDS.items():
            if name in raw:
                ids = look_up(raw[name], module.tables["ahead_categories"])
                places = tf.maximum(ids - RESERVED + 1, 0)
                flags = [tf.one_hot(places[..., at], count) for at, count in enumerate(counts)]
                moving = [inputs[numbers]] if encoders.moving_count else []
                inputs[numbers] = tf.concat([*moving, *flags], axis=-1)
        outputs = [member.model(inputs, training=False) for member in members]
        mean = tf.add_n(outputs) / len(outputs)
        shape = [tf.shape(mean)[0], layout.horizon, len(encoders.targets), len(LEVELS)]
        quantiles = tf.reshape(mean, shape)
        if zeros["past"].any():
            quantiles = tf.cast(quantiles, tf.float64) + zeros["past"][:, None]
        return {"value": quantiles[..., MEDIAN], "quantiles": quantiles}

    specs = forecast_specs(layout, encoders)
    module.predict = tf.function(predict, autograph=False).get_concrete_function(**specs)
    return module


def forecast_specs(layout: Layout, encoders: SeriesEncoders) -> dict[str, Any]:
    """List the inputs of `serving_default`; only those that there are.

    `ahead` is what is known for the horizon, `known` the same of the past: the named columns of
    numbers, then sine and cosine of the place in each of the encoders' cycles; of columns of words
    `ahead_categories` and `known_categories`.
    """
    types = {
        name: number_type(zeros) for name, zeros in raw_zeros(layout, encoders.moving_count).items()
    }
    counts = {
        "past": (2, len(encoders.targets), types["past"]),
        "numbers": (2, len(encoders.numbers), types["numbers"]),
        "categories": (2, len(encoders.categories), tf.string),
        "known": (2, encoders.moving_count, types["known"]),
        "known_categories": (2, len(encoders.ahead_categories), tf.string),
        "static_numbers": (1, len(encoders.static_numbers), types["static_numbers"]),
        "static_categories": (1, len(encoders.static_categories), tf.string),
    }
    specs = {
        name: tf.TensorSpec([*[None] * axes, count], kind, name=name)
        for name, (axes, count, kind) in counts.items()
        if count
    }
    specs["length"] = tf.TensorSpec([None], tf.int32, name="length")
    for name, count, kind in (
        ("ahead", encoders.moving_count, types["ahead"]),
        ("ahead_categories", len(encoders.ahead_categories), tf.string),
    ):
        if count:
            specs[name] = tf.TensorSpec([None, layout.horizon, count], kind, name=name)
    return specs


def check_forecast(run: Run, members: list[Any], windows: SeriesWindows) -> dict[str, float]:
    """Compare the SavedModel with the Keras networks, and with itself under other padding.

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
    units = np.maximum(units, np.abs(batch))
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


def signatures(layout: Layout, encoders: SeriesEncoders) -> Signatures:
    """Say what `serving_default` takes and gives."""
    shape = (None, layout.horizon, len(encoders.targets), len(LEVELS))
    inputs = listed(forecast_specs(layout, encoders))
    return {"serving_default": Signature(inputs, {"quantiles": shape})}
