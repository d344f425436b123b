"""The layers that foretelling needs: what came before, and how unlike it what came is."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

FARTHEST = 8.0  # deviations: what is read is cut there, so that a fault does not drown what follows
NARROWEST, WIDEST = -3.0, 5.0  # logarithms of the deviations that are foretold
MOST_DEVIATIONS = 1e4  # of a residual: its square is a number in float32
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


class Surprise(keras.layers.Layer):
    """How unlike what was foretold each number and each category is, [batch, timesteps, numbers +
    categories + numbers].

    Of a number half its squared residual in deviations that were foretold: its negative log density
    less what that is at its peak. Of a category its negative log probability. Then the logarithms
    of the deviations and what makes of it the negative log density: all channels of a timestep
    add up to its negative log likelihood in nats, of standardised numbers. What is missing
    has 0.
    """

    def __init__(self, numbers: int, vocabularies: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.numbers = numbers
        self.vocabularies = list(vocabularies)

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
            surprises.append(tf.where(there, 0.5 * tf.square(residual), 0.0))
            wide.append(tf.where(there, spread + HALF_LOG_TWO_PI, 0.0))
        for at, logits in enumerate(parts[2:]):
            codes = found["codes"][..., at : at + 1]
            surprises.append(-tf.gather(tf.nn.log_softmax(logits), codes, batch_dims=2))
        return tf.concat([*surprises, *wide], -1)

    def compute_output_spec(self, foretold: Any, found: dict[str, Any]) -> Any:
        width = 2 * self.numbers + len(self.vocabularies)
        return keras.KerasTensor((*foretold.shape[:-1], width), dtype="float32")
