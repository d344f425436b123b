"""Tell how long ago the last timestep was, in the SavedModel as `data/gaps.py` does in training."""

from typing import Any

import tensorflow as tf

from rnnauto.data.encode import Encoders
from rnnauto.data.gaps import CLOCK, Gaps


def numbers(time: Any, gaps: Gaps, clock: Any = None) -> Any:
    """Times float64 [batch, timesteps] to float32 [batch, timesteps, 2].

    Args: clock: that before the first timestep, float32 [batch, 4]; None: there was none.
    """
    time = known(time)
    first = time[:, :1]
    if clock is not None:
        last = tf.reduce_sum(tf.cast(clock[:, 1:], tf.float64), -1, keepdims=True)
        first = tf.where(clock[:, :1] > 0.5, last, first)
    steps = time - tf.concat([first, time[:, :-1]], 1)
    steps = tf.where(steps < 0.0, tf.zeros_like(steps), steps) / gaps.unit
    return tf.cast(tf.stack([steps, tf.math.log(steps + 1.0)], -1), tf.float32)


def known(time: Any) -> Any:
    """Take infinite times for missing ones."""
    return tf.where(tf.math.is_finite(time), time, float("nan"))


def clock_after(time: Any) -> Any:
    """Keep the last of times float64 [batch, timesteps], to the bit, as float32 [batch, 4]: a 1 and
    three parts that add up to it."""
    rest, parts = known(time)[:, -1], []
    for _ in range(3):
        part = tf.cast(rest, tf.float32)
        parts.append(part)
        rest -= tf.cast(part, tf.float64)
    return tf.stack([tf.ones_like(parts[0]), *parts], -1)


def parted_clock(state: Any, encoders: Encoders[Any]) -> tuple[Any, Any]:
    """Part the state of the networks and the clock behind it, None where there is none."""
    if encoders.gaps is None:
        return state, None
    return state[:, :-CLOCK], state[:, -CLOCK:]


def with_clock(state: Any, raw: dict[str, Any], encoders: Encoders[Any]) -> Any:
    """Put the clock after the times of `raw` behind a state, where gaps are read."""
    return state if encoders.gaps is None else tf.concat([state, clock_after(raw["time"])], -1)
