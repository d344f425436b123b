"""The layers that foretelling needs: what came before, and how unlike it what came is."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnauto.networks.layers import Dropout

FARTHEST = 8.0  # deviations: what is read is cut there, so that a fault does not drown what follows
NARROWEST, WIDEST = -3.0, 5.0  # logarithms of the deviations that are foretold
MOST_DEVIATIONS = 1e4  # of a residual: its square is a number in float32
DISTURBED, NOISE = 0.02, 5.0  # share of the values that are read, and the most noise in deviations
HALF_LOG_TWO_PI = 0.5 * float(np.log(2 * np.pi))


class Delay(keras.layers.Layer):
    """[batch, timesteps, channels] one timestep later, cut at FARTHEST, and a channel that is 1
    where there was a timestep before, 0 at the first."""

    def call(self, x: Any) -> Any:
        return tf.pad(seen(x), [[0, 0], [1, 0], [0, 0]])[:, :-1]

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], (shape[-1] or 0) + 1)


def seen(x: Any) -> Any:
    """What the timestep after each will read of it, [batch, timesteps, channels + 1]."""
    ones = tf.ones_like(x[..., :1])
    return tf.concat([tf.clip_by_value(x, -FARTHEST, FARTHEST), ones], -1)


class Disturb(Dropout):
    """Adds noise to some of the numbers that are read in training, the first channels of [batch,
    timesteps, channels]: a network that has met odd values goes on from them as before."""

    def __init__(self, numbers: int, **options: Any) -> None:
        super().__init__(**options)
        self.numbers = numbers

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        # one draw says which and by how much: those below the share are uniform there
        draws = tf.random.stateless_uniform(tf.shape(x), seed=self.counter.value)
        self.counter.assign(self.counter.value + tf.constant([0, 1]))
        noise = (2 * draws / DISTURBED - 1) * NOISE
        odd = (draws < DISTURBED) & (tf.range(tf.shape(x)[-1]) < self.numbers)
        return tf.where(odd, x + noise, x)


class Surprise(keras.layers.Layer):
    """How unlike what was foretold each number and each category is, [batch, timesteps, numbers +
    categories + numbers].

    Numbers have a joint normal density: each residual, in deviations that were foretold, is held
    against those of the numbers before it at the same timestep (the Cholesky factor of the inverse
    covariance, Pourahmadi 1999), of which `mixing` has learnt how they go together. What a number
    adds is its part of half the squared length of these: of the negative log density less what
    that is at its peak. Of a category it is the negative log probability. Then come the logarithms
    of the deviations and the rest of the density: all channels of a timestep add up to its
    negative log likelihood in nats, of standardised numbers. What is missing has 0.
    """

    def __init__(self, numbers: int, vocabularies: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.numbers = numbers
        self.vocabularies = list(vocabularies)
        self.mixing = None
        if numbers > 1:
            self.mixing = self.add_weight(
                shape=(numbers, numbers), initializer="zeros", name="mixing"
            )
        self.built = True

    def factor(self) -> Any:
        """How residuals go together: 1 on the diagonal, what is learnt below, 0 above."""
        below = np.tri(self.numbers, k=-1, dtype=np.float32)
        return np.eye(self.numbers, dtype=np.float32) + tf.convert_to_tensor(self.mixing) * below

    def call(self, foretold: Any, found: dict[str, Any]) -> Any:
        """Score what came.

        Args:
            foretold: what the head gives: means, logarithms of deviations, logits, of at least as
                many timesteps as came.
            found: `scaled`, `raw` float32 [batch, timesteps, numbers] and `codes` int32.
        """
        first = next(iter(found.values()))
        foretold = foretold[:, : tf.shape(first)[1]]
        parts = tf.split(foretold, [self.numbers, self.numbers, *self.vocabularies], -1)
        surprises, wide = [], []
        if self.numbers:
            there = tf.logical_not(tf.math.is_nan(found["raw"]))
            spread = tf.clip_by_value(parts[1], NARROWEST, WIDEST)
            residual = (found["scaled"] - parts[0]) * tf.exp(-spread)
            residual = tf.clip_by_value(residual, -MOST_DEVIATIONS, MOST_DEVIATIONS)
            residual = tf.where(there, residual, 0.0)
            surprises.append(0.5 * residual * self.against_others(residual, there))
            wide.append(tf.where(there, spread + HALF_LOG_TWO_PI, 0.0))
        for at, logits in enumerate(parts[2:]):
            codes = found["codes"][..., at : at + 1]
            surprises.append(-tf.gather(tf.nn.log_softmax(logits), codes, batch_dims=2))
        return tf.concat([*surprises, *wide], -1)

    def against_others(self, residual: Any, there: Any) -> Any:
        """The residuals times the inverse of their covariance, [batch, timesteps, numbers]."""
        if self.mixing is None:
            return residual
        factor = self.factor()
        alone = tf.where(there, tf.matmul(residual, factor, transpose_b=True), 0.0)
        return tf.matmul(alone, factor)

    def compute_output_spec(self, foretold: Any, found: dict[str, Any]) -> Any:
        width = 2 * self.numbers + len(self.vocabularies)
        return keras.KerasTensor((*foretold.shape[:-1], width), dtype="float32")
