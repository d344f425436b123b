"""The likeliest way through tags that are in order, inside a SavedModel: `data/tag_order.py`."""

from typing import Any

import tensorflow as tf

from rnnauto.data.tag_order import NEVER, SMALLEST, Order


def likeliest_ways(probabilities: Any, length: Any, order: Order) -> Any:
    """Find the likeliest tags that are in order, int32 [batch, timesteps].

    Args:
        probabilities: [batch, timesteps, tags].
        length: true timesteps, [batch].
    """
    if order.follows is not None:
        return weighed_ways(probabilities, length, order.follows, order.shut)
    timesteps, tags = tf.shape(probabilities)[1], probabilities.shape[-1]
    logs, real = by_time(probabilities, length)
    first, second = tf.constant(order.first), tf.constant(order.second)
    batch = tf.shape(probabilities)[0]
    nothing = tf.fill([batch, 1], NEVER)

    def read(state: Any, given: Any) -> Any:
        totals, over = state[:2]
        scores, here = given
        wide = tf.concat([totals, over, nothing], 1)
        one, other = tf.gather(wide, first, axis=1), tf.gather(wide, second, axis=1)
        totals = tf.where(here, tf.maximum(one, other) + scores, totals)
        place = tf.where(
            here, tf.where(one >= other, first, second), tf.range(tags, dtype=tf.int64)
        )
        ended = totals + order.shut
        return totals, tf.reduce_max(ended, 1, keepdims=True), place, tf.argmax(ended, 1)

    start = (
        tf.fill([batch, tags], NEVER),
        tf.zeros([batch, 1]),
        tf.zeros([batch, tags], tf.int64),
        tf.zeros([batch], tf.int64),
    )
    *_, places, last = tf.scan(read, (logs, real), start)

    def trace(state: Any, given: Any) -> Any:
        come = state[0]
        place, ended = given
        code = tf.where(come == tags, ended, come)
        return tf.gather(place, code, axis=1, batch_dims=1), code

    begin = (tf.fill([batch], tf.constant(tags, tf.int64)), tf.zeros([batch], tf.int64))
    codes = tf.scan(trace, (places, last), begin, reverse=True)[1]
    return tf.cast(tf.transpose(codes)[:, :timesteps], tf.int32)


def by_time(probabilities: Any, length: Any) -> tuple[Any, Any]:
    """Give log probabilities, [timesteps, batch, tags], and which are there, [timesteps, batch, 1],
    of one timestep more: TensorFlow's loops cannot run over none."""
    logs = tf.math.log(tf.maximum(tf.pad(probabilities, [[0, 0], [0, 1], [0, 0]]), SMALLEST))
    real = tf.sequence_mask(length, tf.shape(logs)[1])
    return tf.transpose(logs, [1, 0, 2]), tf.transpose(real)[..., None]


def weighed_ways(probabilities: Any, length: Any, follows: Any, shut: Any) -> Any:
    """Do as `likeliest_ways`, where each tag is more or less likely behind each other one."""
    timesteps, tags = tf.shape(probabilities)[1], probabilities.shape[-1]
    batch = tf.shape(probabilities)[0]
    table, behind = tf.constant(follows), tf.constant(follows.T)
    never = tf.fill([batch, 1], NEVER)

    def read(state: Any, given: Any) -> Any:
        totals = state[1]
        scores, here = given
        best = tf.reduce_max(totals[:, :, None] + table, 1) + scores
        return totals, tf.where(here, tf.concat([best, never], 1), totals)

    start = tf.concat([tf.fill([batch, tags], NEVER), tf.zeros([batch, 1])], 1)
    logs, real = by_time(probabilities, length)
    before, totals = tf.scan(read, (logs, real), (start, start))

    def trace(state: Any, given: Any) -> Any:
        code = state[1]
        earlier, here = given
        come = tf.argmax(earlier + tf.gather(behind, code), 1)
        return code, tf.where(here[:, 0], come, code)

    last = tf.argmax(totals[-1, :, :tags] + shut, 1)
    codes = tf.scan(trace, (before, real), (last, last), reverse=True)[0]
    return tf.cast(tf.transpose(codes)[:, :timesteps], tf.int32)
