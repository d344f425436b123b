"""Turn moments into features in the SavedModel, as `data/moments.py` does for training."""

from typing import Any

import tensorflow as tf


def positions(length: Any) -> Any:
    """1, 2, ... for every sequence, float64 [batch, longest]; length int32 [batch]."""
    longest = tf.reduce_max(tf.concat([length, [0]], 0))
    steps = tf.cast(tf.range(1, longest + 1), tf.float64)
    return tf.broadcast_to(steps, [tf.shape(length)[0], longest])


def numbers(moments: Any, known: tuple[float, ...]) -> Any:
    """Moments float64 [batch, timesteps] to float32 [batch, timesteps, 1]."""
    first = tf.constant(known[0], tf.float64)
    span = tf.constant(known[-1] - known[0] or 1.0, tf.float64)
    return tf.cast((moments - first) / span, tf.float32)[..., None]


def codes(moments: Any, known: tuple[float, ...], *, offset: int, absent: int) -> Any:
    """Moments float64 [batch, timesteps] to int32 [batch, timesteps, 1]."""
    reached = moments[..., None] >= tf.constant(known, tf.float64)
    at = tf.reduce_sum(tf.cast(reached, tf.int32), -1) - 1
    code = tf.where(tf.math.is_finite(moments), tf.maximum(at, 0) + offset, absent)
    return code[..., None]
