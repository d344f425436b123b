"""Let an answer count the n-grams of a sequence beside what the recurrence says of it."""

from typing import Any

import keras
import tensorflow as tf

EDGE = 1  # before the first token and behind the last
OFFSET = 2  # of a token's id, so that none is an edge
MODULUS = 1_000_003  # its square is no int32, but MODULUS * FACTOR is
FACTOR, STEP, SPREAD, SALT = 1_009, 31, 7, 131


class Grams(keras.layers.Layer):
    """Ids, int32 [batch, timesteps], to [batch, outputs]: the sum of what a table says of every
    n-gram of up to `longest` tokens, over the root of how many there are.

    N-grams of the true timesteps, with an edge on either side, share the rows of the table by a
    hash, as in Weinberger et al. 2009; zeros begin it. Beside a recurrent network it is what Cheng
    et al. 2016 call the wide part.
    """

    def __init__(self, longest: int, rows: int, outputs: int, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest
        self.table = self.add_weight(shape=(rows, outputs), initializer="zeros", name="table")
        self.built = True

    def call(self, codes: Any, length: Any) -> Any:
        timesteps = tf.shape(codes)[1]
        tokens = tf.where(tf.sequence_mask(length, timesteps), codes + OFFSET, EDGE)
        tokens = tf.pad(tokens, [[0, 0], [1, 1]], constant_values=EDGE)
        # LiteRT slices no booleans
        true = tf.cast(tf.sequence_mask(length + 2, timesteps + 2), tf.float32)
        rows, there = [], []
        mixed = tf.zeros_like(tokens)
        for size in range(1, self.longest + 1):
            mixed = mixed if size == 1 else mixed[:, :-1]
            mixed = (mixed * FACTOR + tokens[:, size - 1 :] * STEP + size) % MODULUS
            rows.append((mixed * SPREAD + size * SALT) % self.table.shape[0])
            there.append(true[:, size - 1 :])
        known = tf.expand_dims(tf.concat(there, 1), -1)
        found = tf.gather(tf.convert_to_tensor(self.table), tf.concat(rows, 1)) * known
        return tf.reduce_sum(found, 1) / tf.sqrt(tf.reduce_sum(known, 1))

    def compute_output_shape(
        self, codes_shape: tuple[int | None, ...], length_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (codes_shape[0], self.table.shape[-1])
