"""Compute lists by layers: where they go on from, how what is read got there, and what comes."""

from typing import Any

import keras
import tensorflow as tf

from rnnauto.networks.layers import Dropout

PLACES = 8  # learnt channels that tell the timesteps of an answer apart


class Onward(keras.layers.Layer):
    """Where each target goes on from, its last step, and how it got there, in its deviations.

    From raw numbers [batch, timesteps, numbers] to `moves` [batch, timesteps, 2 * continued], the
    way that is left to the last known value and the step from the timestep before, and to two
    tensors [batch, targets]: that last value, from the target's `mean`, and the last step. All are
    0 of targets that continue no number, and where nothing is known.
    """

    def __init__(self, columns: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.columns = list(columns)
        self.continued = [target for target, at in enumerate(columns) if at >= 0]
        self.mean = self.add_weight(
            shape=(len(columns),), initializer="zeros", trainable=False, name="mean"
        )
        self.deviation = self.add_weight(
            shape=(len(columns),), initializer="ones", trainable=False, name="deviation"
        )
        self.built = True

    def call(self, numbers: Any, length: Any) -> tuple[Any, Any, Any]:
        x = tf.gather(numbers, [max(at, 0) for at in self.columns], axis=2)
        x = (x - self.mean) / self.deviation
        wide = tf.pad(x, [[0, 0], [0, 1], [0, 0]], constant_values=float("nan"))  # never none
        steps = tf.range(tf.shape(wide)[1])[None, :, None]
        goes_on = tf.constant([at >= 0 for at in self.columns])
        known = tf.math.is_finite(wide) & (steps < length[:, None, None]) & goes_on
        last = tf.reduce_max(tf.where(known, steps, -1), 1)  # [batch, targets]
        before = tf.reduce_max(tf.where(known & (steps < last[:, None]), steps, -1), 1)
        newest, earlier = value_at(wide, last), value_at(wide, before)
        passed = tf.cast(tf.maximum(last - before, 1), tf.float32)
        base = tf.where(last >= 0, newest, 0.0)
        step = tf.where(before >= 0, (newest - earlier) / passed, 0.0)
        changes = tf.pad(x[:, 1:] - x[:, :-1], [[0, 0], [1, 0], [0, 0]])[:, : tf.shape(x)[1]]
        both = [tf.gather(of, self.continued, axis=2) for of in (x - base[:, None], changes)]
        moves = tf.concat(both, -1)
        return tf.where(tf.math.is_finite(moves), moves, 0.0), base, step

    def compute_output_shape(self, numbers_shape: Any, length_shape: Any) -> Any:
        shape = (numbers_shape[0], len(self.columns))
        return (*numbers_shape[:-1], 2 * len(self.continued)), shape, shape


class Mirror(Dropout):
    """Signs [batch, targets], in training drawn for every example anew, else 1: what is read and
    what comes of it is mirrored with them."""

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return tf.ones_like(x)
        draws = tf.random.stateless_uniform(tf.shape(x), seed=self.counter.value)
        self.counter.assign(self.counter.value + tf.constant([0, 1]))
        return tf.where(draws < 0.5, -1.0, 1.0)


def value_at(x: Any, place: Any) -> Any:
    """Take from [batch, timesteps, targets] the values at places [batch, targets]."""
    by_target = tf.transpose(x, [0, 2, 1])
    return tf.gather(by_target, tf.maximum(place, 0), axis=2, batch_dims=2)


class Steps(keras.layers.Layer):
    """What the decoder reads at every timestep of an answer, [batch, longest, channels]: the
    summary of the source [batch, channels], how far it is, and learnt channels of each place."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest
        self.places = self.add_weight(
            shape=(longest, PLACES), initializer="random_normal", name="places"
        )
        self.built = True

    def call(self, summary: Any) -> Any:
        batch = tf.shape(summary)[0]
        far = tf.linspace(0.0, 1.0, self.longest)[:, None]
        place = tf.concat([self.places.value, far], -1)
        repeated = tf.repeat(summary[:, None], self.longest, axis=1)
        return tf.concat([repeated, tf.repeat(place[None], batch, axis=0)], -1)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], self.longest, shape[-1] + PLACES + 1)


class Answers(keras.layers.Layer):
    """Corrections [batch, longest, targets] to answers, in deviations of the targets: the simple
    answer, and the correction in units of its usual `error` [longest, targets].

    The simple answer is `none`: the mean; `last`: the last value of what is continued; `trend`:
    from there on as in the last step.
    """

    def __init__(self, kind: str, longest: int, targets: int, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.error = self.add_weight(
            shape=(longest, targets), initializer="ones", trainable=False, name="error"
        )
        self.built = True

    def call(self, corrections: Any, base: Any = None, step: Any = None) -> Any:
        return self.simple(base, step) + self.error * corrections

    def simple(self, base: Any, step: Any) -> Any:
        """Answer simply: [batch, longest or 1, targets], or 0."""
        if self.kind == "none":
            return 0.0
        if self.kind == "last":
            return base[:, None]
        ahead = tf.range(1, self.error.shape[0] + 1, dtype=tf.float32)[None, :, None]
        return base[:, None] + ahead * step[:, None]

    def compute_output_shape(self, shape: Any, *shapes: Any) -> Any:
        return shape
