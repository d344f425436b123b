"""Build a network that forecasts: window, simple forecast, recurrent stack, quantiles of its error.

The network predicts how far the future will be from a simple forecast, in units of that forecast's
usual error, step by step of the horizon: untrained it is the simple forecast, with intervals.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats
from rnnauto.families.forecast.features import ForecastFeatures
from rnnauto.families.forecast.layers import (
    Channels,
    Fill,
    History,
    Quantiles,
    Recent,
    Scale,
    SimpleForecast,
    Steps,
    Transform,
)
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.smooth import smoothing
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built
from rnnauto.networks.layers import Dropout, Standardise, embedding_width
from rnnauto.networks.stack import (
    decay_of,
    encode_statics,
    joined,
    number_scale,
    recur_all,
    scales_of,
)

LEAST_GAP = 1e-4  # deviations between neighbouring quantiles of an untrained network
LEAST_ERROR = 1e-6  # of the size of values where that is below 1: what is less is rounding
FAR = 20.0  # times the size of what usually comes: in no sound scale of its window


@dataclass(frozen=True)
class ForecastParts:
    """The layers whose constants `adapt` and `calibrate` set.

    Attributes:
        transform: of the targets.
        scale: what one window is standardised by.
        channel_scale: of what the recurrent layers read of the targets.
        ahead_scale: of what is known ahead; None where nothing is.
        simple: the simple forecast.
        quantiles: the last layer, with the usual error and the intervals' factors.
        window: the channels, what the simple forecast is made of, the window's centre and its
            spread, as the network's own tensors.
    """

    transform: Transform
    scale: Scale
    channel_scale: Standardise
    ahead_scale: Standardise | None
    simple: SimpleForecast
    quantiles: Quantiles
    window: tuple[Any, ...]


def build_forecast(features: ForecastFeatures, architecture: Architecture) -> Built:
    """Build a network that forecasts.

    Inputs: those of `data.windows.window_inputs`. Output: float32 [batch, horizon, targets *
    levels], the quantiles of each target side by side, in data units.
    """
    targets, horizon, season = features.targets, features.horizon, features.season
    lookback, kind = architecture.lookback, architecture.differencing
    length = keras.Input((), dtype="int32", name="length")
    inputs: dict[str, Any] = {"length": length, "past": keras.Input((None, targets), name="past")}
    transform = Transform(architecture.transform, targets, name="transform")
    scale, scales = Scale(architecture.scaling, targets, name="scale"), scales_of(features)
    seen = transform(Recent(lookback, np.nan, name="recent")(inputs["past"], length))
    filled, flags = Fill(name="fill")(seen)
    scaled, centre, spread = scale(filled, flags)
    forecast = SimpleForecast(kind, horizon, season, name="simple")
    begun = scaled
    if kind == "smoothed":
        history = max(features.history, lookback)
        whole = transform(Recent(history, np.nan, name="history")(inputs["past"], length))
        known = Fill(name="fill_history")(whole)
        begun = History(season, name="begun")(*known, centre, spread)
    simple = forecast(begun)
    channels = Channels(kind, season, name="channels")(scaled, flags)
    channel_scale = Standardise(channels.shape[-1], (), name="channel_scale")
    ahead_scale = number_scale(features.ahead, features.ahead_missing, name="ahead_scale")
    past = [channel_scale(channels), *encode_past(features, architecture, inputs, scales.numbers)]
    known, ahead = encode_ahead(features, lookback, inputs, ahead_scale)
    start = encode_statics(features, inputs, scales.statics)
    hidden = joined([*past, *known], name="timesteps")
    layers = architecture.layers
    hidden, forward = recur_all(hidden, None, architecture, layers=layers, start=start)
    state = hidden[:, -1]
    if start is not None:  # the state may forget the static features
        state = joined([state, start], name="state")
    steps = Steps(horizon, season, name="steps")(state, scaled, simple)
    corrections = decode([steps, *ahead], units=architecture.units, features=features)
    told = (features.levels, features.floors)
    quantiles = Quantiles(transform, horizon, targets, *told, name="quantiles")
    model = keras.Model(inputs, quantiles(corrections, simple, centre, spread))
    parts = ForecastParts(
        transform=transform,
        scale=scale,
        channel_scale=channel_scale,
        ahead_scale=ahead_scale,
        simple=forecast,
        quantiles=quantiles,
        window=(channels, begun, centre, spread),
    )
    return Built(model, scales, forward, parts)


def decode(parts: list[Any], *, units: int, features: ForecastFeatures) -> Any:
    """Decode every step of the horizon by the same small network: corrections [batch, horizon,
    targets * levels], at first those of a normal error."""
    bias = np.tile(normal_gaps(features.levels), features.targets)
    z = Dropout(name="dropout_head")(joined(parts, name="horizon"))
    z = keras.layers.Dense(units, activation="relu", name="decoder")(z)
    return keras.layers.Dense(
        len(bias),
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(bias),
        name="corrections",
    )(z)


def normal_gaps(levels: tuple[float, ...]) -> list[float]:
    """List the corrections that make quantiles those of a normal error of deviation 1: of the
    median 0, of the others how far each is from its neighbour nearer to it, before softplus."""
    places = [round(NormalDist().inv_cdf(level), 4) for level in levels]
    centre = middle(levels)
    nearer = [at + (at < centre) - (at > centre) for at in range(len(levels))]
    gaps = [abs(place - places[near]) for place, near in zip(places, nearer, strict=True)]
    return [
        0.0 if at == centre else float(np.log(np.expm1(max(gap, LEAST_GAP))))
        for at, gap in enumerate(gaps)
    ]


def encode_past(
    features: ForecastFeatures,
    architecture: Architecture,
    inputs: dict[str, Any],
    scale: Standardise | None,
) -> list[Any]:
    """Encode the features that are known up to now, [batch, lookback, channels] each."""
    lookback, decay, parts = architecture.lookback, decay_of(features, architecture), []
    if scale is not None:
        inputs["numbers"] = keras.Input((None, features.numbers), name="numbers")
        recent = Recent(lookback, np.nan, name="recent_numbers")(
            inputs["numbers"], inputs["length"]
        )
        scaled = scale(recent)
        parts.append(scaled if decay is None else decay(scaled))
    if features.vocabularies:
        count = len(features.vocabularies)
        inputs["codes"] = keras.Input((None, count), dtype="int32", name="codes")
        recent = Recent(lookback, 0, name="recent_codes")(inputs["codes"], inputs["length"])
        for at, entries in enumerate(features.vocabularies):
            width = embedding_width(features.sized[at] if features.sized else entries)
            embed = keras.layers.Embedding(entries, width, name=f"embed_{at}")
            parts.append(embed(recent[:, :, at]))
    return parts


def encode_ahead(
    features: ForecastFeatures, lookback: int, inputs: dict[str, Any], scale: Standardise | None
) -> tuple[list[Any], list[Any]]:
    """Encode what is known ahead: its past, beside the other features, and its future."""
    if scale is None:
        return [], []
    inputs["known"] = keras.Input((None, features.ahead), name="known")
    inputs["ahead"] = keras.Input((features.horizon, features.ahead), name="ahead")
    recent = Recent(lookback, np.nan, name="recent_known")(inputs["known"], inputs["length"])
    return [scale(recent)], [scale(inputs["ahead"])]


def adapt(built: Built, inputs: dict[str, NDArray[Any]], truth: Floats) -> None:
    """Set the constants of a fresh network by windows of its train part: levels and deviations of
    what it reads, its simple forecast where that is learnt, and the usual error of it.

    Args:
        truth: what came after each window, float32 [windows, horizon, targets], NaN where missing.
    """
    parts: ForecastParts = built.parts
    real = np.arange(inputs["past"].shape[1]) < inputs["length"][:, None]
    fit_transform(parts.transform, inputs["past"][real])
    set_scale(parts.scale, parts.transform(inputs["past"][real]).numpy())
    for name, layer in (("numbers", built.scales.numbers), ("known", parts.ahead_scale)):
        if layer is not None:
            set_scale(layer, inputs[name][real])
    if built.scales.statics is not None:
        set_scale(built.scales.statics, inputs["static_numbers"])
    window = keras.Model(built.model.input, list(parts.window))
    channels, begun, centre, spread = window(inputs, training=False)
    set_scale(parts.channel_scale, channels.numpy().reshape(-1, channels.shape[-1]))
    target = in_scale((parts.transform(truth).numpy() - centre.numpy()) / spread.numpy())
    simple = parts.simple
    if simple.kind == "smoothed":
        seen = begun.numpy().astype(np.float64)
        simple.weigh.assign(smoothing(seen, target.astype(np.float64), season=simple.season))
    error = np.abs(target - simple(begun).numpy())
    usual = by_column(np.nanmean, error, 1.0) * np.sqrt(np.pi / 2)  # a normal error's deviation
    parts.quantiles.error.assign(np.maximum(usual, least_error(target)))


def in_scale(target: Floats) -> Floats:
    """Leave out, as NaN, what came after windows whose own level says nothing of it: those without
    a known value, or of zeros alone, in whose scale all is large and would be most of a mean.

    Args: target: scaled, [windows, horizon, targets].
    """
    sizes = np.nan_to_num(np.abs(target)).max(axis=1)  # [windows, targets]
    usual = by_column(np.nanmedian, np.where(sizes > 0, sizes, np.nan), np.inf)
    return np.where((sizes > FAR * usual)[:, None], np.nan, target)


def fit_transform(layer: Transform, past: Floats) -> None:
    """Set the constants of a transform. Zeros need log(1 + x).

    Args:
        past: [timesteps, targets].
    """
    zeros = by_column(np.nanmin, past, 1.0) <= 0
    smallest = by_column(np.nanmin, np.where(past > 0, past, np.nan), 1.0)
    layer.shift.assign(zeros.astype(np.float32))
    layer.least.assign(np.where(zeros, 1.0, smallest / 2))


def set_scale(layer: Any, values: Floats) -> None:
    """Set a layer's mean and deviation by [rows, channels]; those that never change keep the
    deviation 1."""
    deviation = by_column(np.nanstd, values, 1.0)
    layer.mean.assign(by_column(np.nanmean, values, 0.0))
    layer.deviation.assign(np.where(deviation > least_error(values), deviation, 1.0))


def least_error(values: Floats) -> Doubles:
    """Find how far values have to be from what is foretold, or from each other, to tell anything,
    [channels]. Args: values: [..., channels]."""
    squares = values.reshape(-1, values.shape[-1]).astype(np.float64) ** 2
    size = np.minimum(np.sqrt(by_column(np.nanmean, squares, 1.0)), 1.0)
    return np.where(size > 0, LEAST_ERROR * size, LEAST_ERROR)


def by_column(
    reduce: Callable[..., Any], values: NDArray[np.floating[Any]], absent: float
) -> NDArray[np.float64]:
    """Reduce the first axis of values in float64; `absent` where nothing is known."""
    some = np.isfinite(values).any(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without any value
        reduced = reduce(values.astype(np.float64), axis=0)
    return np.where(some, reduced, absent)
