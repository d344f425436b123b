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
    timesteps, tags = tf.shape(probabilities)[1], probabilities.shape[-1]
    # TensorFlow's loops cannot run over no timestep
    logs = tf.math.log(tf.maximum(tf.pad(probabilities, [[0, 0], [0, 1], [0, 0]]), SMALLEST))
    logs = tf.transpose(logs, [1, 0, 2])
    real = tf.transpose(tf.sequence_mask(length, timesteps + 1))[..., None]
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
