"""Read a missing number as the one that was seen last, decaying to the mean."""

from typing import Any

import keras
import tensorflow as tf

RATE = 0.1  # a timestep, or a median gap, that the decay begins with


class Decay(keras.layers.Layer):
    """Missing numbers become what was seen last, which decays to the mean with the time since: the
    input decay of GRU-D (Che et al. 2018, Recurrent Neural Networks for Multivariate Time Series
    with Missing Values).

    Reads what `Standardise` gives, so that the mean is 0: [batch, timesteps, channels], the numbers
    first, then an indicator for each of the `places` that may be missing, then whatever else. A
    number that is missing becomes exp(-max(0, rate * elapsed + offset)) times the last one, 0
    before there is one. `elapsed` is the time since that, in median gaps where `gap` tells the
    place, mean and deviation of the channel of the gaps; else in timesteps.
    """

    def __init__(
        self,
        numbers: int,
        places: tuple[int, ...],
        gap: tuple[int, float, float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.numbers = numbers
        self.places = list(places)
        self.gap = gap
        shape = (len(places),)
        start = keras.initializers.Constant(RATE)
        self.rate = self.add_weight(shape=shape, initializer=start, name="rate")
        self.offset = self.add_weight(shape=shape, initializer="zeros", name="offset")
        self.built = True

    @property
    def size(self) -> int:
        """How many numbers carry it on: of each place the last number seen, then the time since."""
        return 2 * len(self.places)

    def order(self, channels: int) -> list[int]:
        """Where each channel is taken from, once the filled numbers stand behind them all."""
        filled = {place: channels + at for at, place in enumerate(self.places)}
        return [filled.get(channel, channel) for channel in range(channels)]

    def call(self, x: Any) -> Any:
        return self.read_on(x, tf.zeros([tf.shape(x)[0], self.size]))[0]

    def read_on(self, x: Any, held: Any) -> tuple[Any, Any]:
        """Go on from what is held, [batch, size], zeros before the first timestep.

        Returns: the channels, and what is held after the last timestep.
        """
        count = len(self.places)
        away = x[..., self.numbers : self.numbers + count]
        here = tf.gather(x, self.places, axis=-1)
        waited = tf.where(away > 0.5, self.gaps(x), 0.0)
        last, elapsed = seen_last(
            tf.pad(away, [[0, 0], [1, 0], [0, 0]]),
            tf.concat([held[:, None, :count], here], 1),
            tf.concat([held[:, None, count:], waited], 1),
        )
        kept = tf.exp(-tf.nn.relu(self.rate * elapsed + self.offset))[:, 1:]
        filled = tf.where(away > 0.5, kept * last[:, 1:], here)
        both = tf.concat([x, filled], -1)
        order = self.order(int(x.shape[-1]))
        return tf.gather(both, order, axis=-1), tf.concat([last[:, -1], elapsed[:, -1]], -1)

    def gaps(self, x: Any) -> Any:
        """The time since the timestep before, [batch, timesteps, 1]."""
        if self.gap is None:
            return tf.ones_like(x[..., :1])
        place, mean, deviation = self.gap
        return tf.nn.relu(x[..., place : place + 1] * deviation + mean)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape


def seen_last(away: Any, last: Any, elapsed: Any) -> tuple[Any, Any]:
    """Give each timestep the newest number that is not away, and the time since it.

    Every pass looks twice as far back as the one before it.

    Args:
        away: 1 where a number is missing, 0 elsewhere, and at the first timestep.
        last: the numbers; elapsed: the time since the timestep before where one is missing, else
            the time to be added up to; all [batch, timesteps, places].
    """
    timesteps = last.shape[1]

    def twice(span: Any, away: Any, last: Any, elapsed: Any) -> tuple[Any, Any, Any, Any]:
        missing = away > 0.5
        both = (
            tf.where(missing, earlier(last, span), last),
            elapsed + tf.where(missing, earlier(elapsed, span), 0.0),
        )
        return 2 * span, away * earlier(away, span), *both

    if timesteps is not None:
        span = 1
        while span < timesteps:
            span, away, last, elapsed = twice(span, away, last, elapsed)
        return last, elapsed
    timesteps = tf.shape(last)[1]
    found = tf.while_loop(
        lambda span, *_: span < timesteps, twice, (tf.constant(1), away, last, elapsed)
    )
    return found[2], found[3]


def earlier(x: Any, span: Any) -> Any:
    """[batch, timesteps, places] so many timesteps later, 0 before the first."""
    timesteps = x.shape[1] or tf.shape(x)[1]
    later = tf.pad(x[:, : timesteps - span], [[0, 0], [span, 0], [0, 0]])
    later.set_shape(x.shape)
    return later
