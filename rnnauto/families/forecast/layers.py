"""Compute a forecast by layers: from a window in data units to a simple forecast and its
correction.

All work on windows [batch, steps, targets] of a fixed number of steps, the newest at the right.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnauto.families.forecast.levels import HIGHEST_LOG, middle

PLACES = 8  # channels that tell the steps of the horizon apart
LEAST_SPREAD = 1e-3  # of the train part's deviation: a window that stands still has a scale too


class Recent(keras.layers.Layer):
    """The last `size` true timesteps of right-padded [batch, timesteps, channels], at the right of
    [batch, size, channels]; before a sequence's first timestep stands `filler`."""

    def __init__(self, size: int, filler: float, **options: Any) -> None:
        super().__init__(**options)
        self.size = size
        self.filler = filler

    def call(self, x: Any, length: Any) -> Any:
        x = tf.pad(x, [[0, 0], [0, 1], [0, 0]])  # there may be no timestep at all
        at = length[:, None] - self.size + tf.range(self.size)
        values = tf.gather(x, tf.maximum(at, 0), axis=1, batch_dims=1)
        return tf.where(tf.expand_dims(at >= 0, -1), values, tf.cast(self.filler, x.dtype))

    def compute_output_shape(self, x_shape: Any, length_shape: Any) -> Any:
        return (x_shape[0], self.size, x_shape[-1])


class Transform(keras.layers.Layer):
    """Raw values to those that are forecast: as they are, or their logarithm, of `least` and more.

    `shift` is 1 where there are zeros: log(1 + x).
    """

    def __init__(self, kind: str, targets: int, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.least = self.add_weight(
            shape=(targets,), initializer="ones", trainable=False, name="least"
        )
        self.shift = self.add_weight(
            shape=(targets,), initializer="zeros", trainable=False, name="shift"
        )
        self.built = True

    def call(self, x: Any) -> Any:
        if self.kind == "none":
            return x
        return tf.where(tf.math.is_nan(x), x, tf.math.log(tf.maximum(x + self.shift, self.least)))

    def back(self, x: Any) -> Any:
        """Turn transformed [batch, horizon, targets, quantiles] back into data units."""
        if self.kind == "none":
            return x
        return tf.exp(tf.minimum(x, HIGHEST_LOG)) - self.shift[:, None]

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


class Fill(keras.layers.Layer):
    """Missing values become the last known before them; before the first, the mean of the window
    (0 in one without any). Second output: 1.0 where known."""

    def call(self, x: Any) -> tuple[Any, Any]:
        known = tf.logical_not(tf.math.is_nan(x))
        flags = tf.cast(known, tf.float32)
        count = tf.reduce_sum(flags, 1, keepdims=True)
        mean = tf.reduce_sum(tf.where(known, x, 0.0), 1, keepdims=True) / tf.maximum(count, 1.0)
        steps = x.shape[1]
        last = tf.where(known, tf.range(steps)[None, :, None], -1)  # [batch, steps, targets]
        for back in doubled(steps):  # the greatest so far
            earlier = tf.pad(last[:, :-back], [[0, 0], [back, 0], [0, 0]], constant_values=-1)
            last = tf.maximum(last, earlier)
        before = tf.transpose(
            tf.gather(
                tf.transpose(x, [0, 2, 1]),
                tf.transpose(tf.maximum(last, 0), [0, 2, 1]),
                axis=2,
                batch_dims=2,
            ),
            [0, 2, 1],
        )
        return tf.where(last >= 0, before, mean), flags

    def compute_output_shape(self, shape: Any) -> Any:
        return shape, shape


def doubled(steps: int) -> list[int]:
    """List 1, 2, 4, ... below a number of timesteps: looking back so far, one after the other, each
    sees all before it, in memory that grows with the timesteps and not with their square."""
    return [1 << power for power in range((steps - 1).bit_length())]


class History(keras.layers.Layer):
    """Filled values [batch, steps, targets] relative to the level of another window, those before
    the first known one repeated from the season after them: where a smoothing can begin."""

    def __init__(self, season: int, **options: Any) -> None:
        super().__init__(**options)
        self.season = season

    def call(self, x: Any, flags: Any, centre: Any, spread: Any) -> Any:
        steps = x.shape[1]
        first = tf.argmax(flags, axis=1, output_type=tf.int32)[:, None]  # [batch, 1, targets]
        at = tf.range(steps)[None, :, None]
        later = tf.minimum(first + tf.math.floormod(at - first, self.season), steps - 1)
        places = tf.transpose(tf.where(at < first, later, at), [0, 2, 1])
        values = tf.gather(tf.transpose(x, [0, 2, 1]), places, axis=2, batch_dims=2)
        return (tf.transpose(values, [0, 2, 1]) - centre) / spread

    def compute_output_shape(
        self, x_shape: Any, flags_shape: Any, centre_shape: Any, spread_shape: Any
    ) -> Any:
        return x_shape


class Scale(keras.layers.Layer):
    """Values of a window relative to its own level: (x - centre) / spread, and these two, [batch,
    1, targets]. `none`: the mean and deviation of the train part, the same for all windows."""

    def __init__(self, kind: str, targets: int, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.mean = self.add_weight(
            shape=(targets,), initializer="zeros", trainable=False, name="mean"
        )
        self.deviation = self.add_weight(
            shape=(targets,), initializer="ones", trainable=False, name="deviation"
        )
        self.built = True

    def call(self, x: Any, flags: Any) -> tuple[Any, Any, Any]:
        count = tf.maximum(tf.reduce_sum(flags, 1, keepdims=True), 1.0)
        if self.kind == "none":
            centre = tf.zeros_like(count) + self.mean
            spread = tf.zeros_like(count) + self.deviation
        else:
            centre = tf.reduce_sum(x * flags, 1, keepdims=True) / count
            if self.kind == "mean":
                spread = tf.reduce_sum(tf.abs(x) * flags, 1, keepdims=True) / count
            else:
                square = tf.square(x - centre)
                spread = tf.sqrt(tf.reduce_sum(square * flags, 1, keepdims=True) / count)
            spread = tf.maximum(spread, LEAST_SPREAD * self.deviation)
        return (x - centre) / spread, centre, spread

    def compute_output_shape(self, x_shape: Any, flags_shape: Any) -> Any:
        level_shape = (x_shape[0], 1, x_shape[-1])
        return x_shape, level_shape, level_shape


class SimpleForecast(keras.layers.Layer):
    """What the network corrects, [batch, horizon, targets], from scaled values [batch, steps,
    targets].

    `none`: the level of the window, 0; `last`: the last value; `trend`: from there on as in the
    last step; `seasonal`: the value a season earlier; `seasonal_trend`: that, and what the last
    season was above the one before, for each season passed; `seasonal_last`: that, and what the
    last value was above the one a season before it; `smoothed`: a weighted sum of all values, whose
    weights [targets, horizon, steps] are those of an exponential smoothing.
    """

    def __init__(self, kind: str, horizon: int, season: int, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.horizon = horizon
        self.season = season

    def build(self, shape: Any) -> None:
        if self.kind == "smoothed":
            steps, targets = shape[1:]
            self.weigh = self.add_weight(
                shape=(targets, self.horizon, steps), initializer="zeros", trainable=False
            )

    def call(self, x: Any) -> Any:
        if self.kind == "smoothed":
            each = tf.matmul(tf.transpose(x, [2, 0, 1]), self.weigh, transpose_b=True)
            return tf.transpose(each, [1, 2, 0])
        last = x[:, -1:]
        ahead = tf.range(1, self.horizon + 1, dtype=tf.float32)[None, :, None]
        if self.kind == "none":
            return 0.0 * (last * ahead)
        if self.kind == "last":
            return last + 0.0 * ahead
        if self.kind == "trend":
            return last + ahead * (last - x[:, -2:-1])
        seasonal = season_before(x, self.horizon, self.season, 1)
        if self.kind == "seasonal":
            return seasonal
        # x.shape[1] is the lookback, more than a season
        steps = 1 if self.kind == "seasonal_last" else min(self.season, x.shape[1] - self.season)
        growth = x[:, -steps:] - x[:, -steps - self.season : -self.season]
        seasons = tf.floor((ahead - 1.0) / self.season) + 1.0
        return seasonal + seasons * tf.reduce_mean(growth, 1, keepdims=True)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], self.horizon, shape[-1])


def season_before(x: Any, horizon: int, season: int, back: int) -> Any:
    """Take for each step of the horizon the value at its place in the season `back` seasons ago."""
    begin = x.shape[1] - back * season
    values = x[:, begin : begin + season]
    return tf.tile(values, [1, -(-horizon // season), 1])[:, :horizon]


class Channels(keras.layers.Layer):
    """What the recurrent stack sees of the targets at every timestep: the value relative to where
    the forecast starts, the last step, the change over a season, and whether it is known."""

    def __init__(self, kind: str, season: int, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.season = season

    def call(self, x: Any, flags: Any) -> Any:
        parts = [x - start_of(x, self.kind, self.season), changes(x, 1), flags]
        if 1 < self.season < x.shape[1]:
            parts.append(changes(x, self.season))
        return tf.concat(parts, -1)

    def compute_output_shape(self, x_shape: Any, flags_shape: Any) -> Any:
        kinds = 4 if 1 < self.season < x_shape[1] else 3
        return (*x_shape[:-1], kinds * x_shape[-1])


def start_of(x: Any, kind: str, season: int) -> Any:
    """Find the level that values are told from: none, the last value, or the mean of the last
    season."""
    if kind == "none":
        return 0.0
    if kind in {"last", "trend", "seasonal_last"}:
        return x[:, -1:]
    return tf.reduce_mean(x[:, -season:], 1, keepdims=True)


def changes(x: Any, back: int) -> Any:
    """Compute x(t) - x(t - back), 0 for the first of them."""
    return tf.pad(x[:, back:] - x[:, :-back], [[0, 0], [back, 0], [0, 0]])


class Steps(keras.layers.Layer):
    """What the decoder sees at every step of the horizon, [batch, horizon, channels]: the state,
    where the simple forecast stands beside other simple ones, and which step it is."""

    def __init__(self, horizon: int, season: int, **options: Any) -> None:
        super().__init__(**options)
        self.horizon = horizon
        self.season = season
        self.places = self.add_weight(
            shape=(horizon, PLACES), initializer="random_normal", name="places"
        )
        self.built = True

    def call(self, state: Any, x: Any, simple: Any) -> Any:
        state = tf.repeat(state[:, None], self.horizon, axis=1)
        places = tf.repeat(self.places.value[None], tf.shape(state)[0], axis=0)
        parts = [state, places, x[:, -1:] - simple]
        if self.season > 1:
            for back in range(1, min(2, x.shape[1] // self.season) + 1):
                parts.append(season_before(x, self.horizon, self.season, back) - simple)
        return tf.concat(parts, -1)

    def compute_output_shape(self, state_shape: Any, x_shape: Any, simple_shape: Any) -> Any:
        backs = min(2, x_shape[1] // self.season) if self.season > 1 else 0
        channels = state_shape[-1] + PLACES + x_shape[-1] * (1 + backs)
        return (state_shape[0], self.horizon, channels)


class Quantiles(keras.layers.Layer):
    """Corrections [batch, horizon, targets * levels] to quantiles in data units, of the same shape:
    the median, and how far each of the others is from its neighbour nearer to the median, so that
    they never cross. `error` [horizon, targets] is the usual error of the simple forecast;
    `widening` [sides, targets] moves the quantiles below the median, and those above it, away from
    it, 1 while training.

    What is told is never below the floors of the targets. Training goes without: where all is cut
    off at a floor there would be no gradient.
    """

    def __init__(
        self,
        transform: Transform,
        horizon: int,
        targets: int,
        levels: tuple[float, ...],
        floors: tuple[float | None, ...],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.transform = transform
        self.levels = levels
        self.floors = floors
        self.error = self.add_weight(
            shape=(horizon, targets), initializer="ones", trainable=False, name="error"
        )
        self.widening = self.add_weight(
            shape=(2, targets), initializer="ones", trainable=False, name="widening"
        )
        self.built = True

    @property
    def lowest(self) -> Any:
        """The floors, [targets, 1]; -inf where a target has none, and None where all have none."""
        if not any(floor is not None for floor in self.floors):
            return None
        known = [-np.inf if floor is None else floor for floor in self.floors]
        return np.array(known, np.float32)[:, None]

    def call(
        self, corrections: Any, simple: Any, centre: Any, spread: Any, training: bool = False
    ) -> Any:
        horizon, targets = self.error.shape
        shape = [tf.shape(corrections)[0], horizon, targets, len(self.levels)]
        each = tf.unstack(tf.reshape(corrections, shape), axis=-1)
        placed = tf.stack(outwards(each, middle(self.levels), self.widening), -1)
        scaled = simple[..., None] + self.error[..., None] * placed
        values = self.transform.back(centre[..., None] + spread[..., None] * scaled)
        if not training:
            values = self.told(values)
        return tf.reshape(values, [tf.shape(corrections)[0], horizon, targets * len(self.levels)])

    def told(self, values: Any) -> Any:
        """Put the quantiles in order, which rounding may have changed, and above their floors."""
        rising = list(tf.unstack(values, axis=-1))
        for at in range(1, len(rising)):
            rising[at] = tf.maximum(rising[at], rising[at - 1])
        values = tf.stack(rising, -1)
        if self.lowest is None:
            return values
        return tf.where(values <= self.lowest, self.lowest, values)

    def compute_output_shape(
        self, corrections_shape: Any, simple_shape: Any, centre_shape: Any, spread_shape: Any
    ) -> Any:
        return corrections_shape


def outwards(corrections: list[Any], centre: int, widening: Any) -> list[Any]:
    """Place quantiles from the median outwards, each beyond its neighbour by softplus of its own
    correction times the widening of its side."""
    placed = {centre: corrections[centre]}
    for side, factor in ((-1, widening[0]), (1, widening[1])):
        far = 0.0
        at = centre + side
        while 0 <= at < len(corrections):
            far = far + tf.math.softplus(corrections[at])
            placed[at] = corrections[centre] + side * (factor * far)
            at += side
    return [placed[at] for at in range(len(corrections))]
