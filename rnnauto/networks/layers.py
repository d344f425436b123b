"""The few layers that Keras lacks. All take lengths, never implicit masks (see ARCHITECTURE.md)."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnauto.data.encode import UNKNOWN

FLAT = 1e-4  # added to a variance: what hardly moves stays small


class Standardise(keras.layers.Layer):
    """Raw numbers [batch, ..., features] to zero mean and unit deviation, missing ones to 0.

    Features listed in `indicators` get one more channel each: 1 where the value is missing.
    """

    def __init__(self, features: int, indicators: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.indicators = list(indicators)
        self.mean = self.add_weight(
            shape=(features,), initializer="zeros", trainable=False, name="mean"
        )
        self.deviation = self.add_weight(
            shape=(features,), initializer="ones", trainable=False, name="deviation"
        )
        self.built = True

    def call(self, x: Any) -> Any:
        missing = tf.math.is_nan(x)
        scaled = tf.where(missing, 0.0, (x - self.mean) / self.deviation)
        if not self.indicators:
            return scaled
        flags = tf.gather(tf.cast(missing, tf.float32), self.indicators, axis=-1)
        return tf.concat([scaled, flags], -1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], self.mean.shape[0] + len(self.indicators))


class Dropout(keras.layers.Layer):
    """Dropout whose rate and seed are variables, so that a compiled step serves many trials.

    `counter` int32 [2] is the trial's seed and the number of calls so far.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.rate = self.add_weight(shape=(), initializer="zeros", trainable=False, name="rate")
        self.counter = self.add_weight(
            shape=(2,), dtype="int32", initializer="zeros", trainable=False, name="counter"
        )
        self.built = True

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        draws = tf.random.stateless_uniform(tf.shape(x), seed=self.counter.value)
        self.counter.assign(self.counter.value + tf.constant([0, 1]))
        kept = 1.0 - self.rate.value
        return tf.where(draws < kept, x / kept, 0.0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape


class TokenDropout(Dropout):
    """Takes some tokens, int32 [batch, timesteps], for unknown in training: their neighbours and
    other views must do, and the unknown entry is trained on what it will stand for."""

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        draws = tf.random.stateless_uniform(tf.shape(x), seed=self.counter.value)
        self.counter.assign(self.counter.value + tf.constant([0, 1]))
        return tf.where(draws < self.rate.value, UNKNOWN, x)

    def compute_output_spec(self, x: Any, training: bool = False) -> Any:
        return keras.KerasTensor(x.shape, dtype=x.dtype)


class Learnt(keras.layers.Layer):
    """Takes ids, int32 [batch, timesteps], from `entries` on for the unknown one: words that are
    known by their vectors alone have no row of their own in a table that is learnt."""

    def __init__(self, entries: int, **options: Any) -> None:
        super().__init__(**options)
        self.entries = entries

    def call(self, x: Any) -> Any:
        return tf.where(x < self.entries, x, UNKNOWN)

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, dtype=x.dtype)


class Patch(keras.layers.Layer):
    """Join `size` consecutive timesteps into one: [batch, timesteps, features] to
    [batch, ceil(timesteps / size), size * features].

    Values past the true length become 0, so that nothing depends on what padding holds; there is
    always at least one timestep, because TensorFlow's loops cannot run over none.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, x: Any, length: Any) -> Any:
        timesteps = tf.shape(x)[1]
        patches = tf.maximum(-(-timesteps // self.size), 1)
        mask = tf.expand_dims(tf.sequence_mask(length, timesteps), -1)  # LiteRT slices no booleans
        x = tf.where(mask, x, 0.0)
        x = tf.pad(x, [[0, 0], [0, patches * self.size - timesteps], [0, 0]])
        return tf.reshape(x, [tf.shape(x)[0], patches, self.size * x.shape[-1]])

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (x_shape[0], None, self.size * (x_shape[-1] or 0))


class PatchCount(keras.layers.Layer):
    """True timesteps to true patches, int32 [batch]."""

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, length: Any) -> Any:
        return -(-length // self.size)

    def compute_output_spec(self, length: Any) -> Any:
        return keras.KerasTensor(length.shape, dtype="int32")


class Around(keras.layers.Layer):
    """[batch, timesteps, channels] to [batch, timesteps, width * channels]: every timestep between
    its neighbours, zeros past the ends. A dense layer on top is a convolution, which Keras' own
    cannot be for a batch of no sequences."""

    def __init__(self, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.width = width

    @property
    def before(self) -> int:
        """How many neighbours before a timestep are seen."""
        return (self.width - 1) // 2

    def call(self, x: Any) -> Any:
        timesteps = tf.shape(x)[1]
        wide = tf.pad(x, [[0, 0], [self.before, self.width - 1 - self.before], [0, 0]])
        return tf.concat([wide[:, at : at + timesteps] for at in range(self.width)], -1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], self.width * (shape[-1] or 0))


class OwnScale(keras.layers.Layer):
    """[batch, timesteps, channels] to [batch, timesteps, numbers]: the first channels, each less
    its mean over the true timesteps of its sequence and divided by its deviation there."""

    def __init__(self, numbers: int, **options: Any) -> None:
        super().__init__(**options)
        self.numbers = numbers

    def call(self, x: Any, length: Any) -> Any:
        x = x[..., : self.numbers]
        true = tf.expand_dims(tf.sequence_mask(length, tf.shape(x)[1]), -1)
        count = tf.cast(tf.maximum(length, 1), tf.float32)[:, None]
        mean = tf.reduce_sum(tf.where(true, x, 0.0), 1) / count
        apart = tf.where(true, x - tf.expand_dims(mean, 1), 0.0)
        deviation = tf.sqrt(tf.reduce_sum(tf.square(apart), 1) / count + FLAT)
        return apart / tf.expand_dims(deviation, 1)

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*x_shape[:-1], self.numbers)


class Reverse(keras.layers.Layer):
    """Turn every sequence round within its true length; the padding stays at the right.

    Two forward layers with this around the second read both directions without a mask in the
    loop: the same numbers as a masked Bidirectional, and faster. It gathers by index: tf2onnx 1.17
    takes an LSTM between two `tf.reverse_sequence` for one that reads padding, too.
    """

    def call(self, x: Any, length: Any) -> Any:
        at = tf.range(tf.shape(x)[1])[None]
        end = length[:, None]
        return tf.gather(x, tf.where(at < end, end - 1 - at, at), axis=1, batch_dims=1)

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return x_shape


class AlongTime(keras.layers.Layer):
    """[batch, timesteps, channels] with a vector [batch, more] beside every timestep, which the
    state may forget."""

    def call(self, x: Any, vector: Any) -> Any:
        shape = [tf.shape(x)[0], tf.shape(x)[1], vector.shape[-1]]
        return tf.concat([x, tf.broadcast_to(vector[:, None], shape)], -1)

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], vector_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*x_shape[:-1], (x_shape[-1] or 0) + (vector_shape[-1] or 0))


class Pool(keras.layers.Layer):
    """[batch, timesteps, channels] to [batch, channels], over the true timesteps only.

    `last` takes the last true timestep; of the channels from `backward_from` on, which were read
    from the end, the first. Sequences without any timestep give 0.
    """

    def __init__(self, kind: str, backward_from: int, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.backward_from = backward_from

    def call(self, x: Any, length: Any) -> Any:
        mask = tf.expand_dims(tf.sequence_mask(length, tf.shape(x)[1]), -1)
        some = tf.expand_dims(length > 0, -1)
        if self.kind == "mean":
            total = tf.reduce_sum(tf.where(mask, x, 0.0), 1)
            return total / tf.cast(tf.maximum(length, 1), tf.float32)[:, None]
        if self.kind == "max":
            return tf.where(some, tf.reduce_max(tf.where(mask, x, x.dtype.min), 1), 0.0)
        last = tf.gather(x, tf.maximum(length - 1, 0), axis=1, batch_dims=1)
        ends = tf.concat([last[:, : self.backward_from], x[:, 0, self.backward_from :]], -1)
        return tf.where(some, ends, 0.0)

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (x_shape[0], x_shape[-1])


def embedding_width(entries: int) -> int:
    """Width of an embedding by the size of its vocabulary (fastai's rule of thumb, capped)."""
    return int(np.clip(round(1.6 * entries**0.56), 2, 96))
