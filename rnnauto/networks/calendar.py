"""Turn times into cyclic features in the SavedModel, as `data/calendar.py` does for training."""

import math
from typing import Any

import tensorflow as tf

from rnnauto.data.calendar import CYCLES


def cyclic(seconds: Any, cycles: tuple[str, ...]) -> Any:
    """Seconds float64 [batch, timesteps] to float32 [batch, timesteps, 2 * cycles]."""
    parts = []
    for name in cycles:
        period = tf.constant(CYCLES[name], tf.float64)
        angle = tf.constant(2 * math.pi, tf.float64) * tf.math.floormod(seconds, period) / period
        parts += [tf.sin(angle), tf.cos(angle)]
    return tf.cast(tf.stack(parts, -1), tf.float32)
