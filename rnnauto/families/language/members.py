"""Read a text by all networks of a language model together, inside the SavedModel."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True)
class Members:
    """Keras models with carried state; the states of all stand side by side in one tensor.

    Attributes:
        models: the networks.
        sizes: how long the state of each is.
    """

    models: list[Any]
    sizes: tuple[int, ...]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    def state_spec(self) -> Any:
        return tf.TensorSpec([None, self.size], tf.float32, name="state")

    def read(self, inputs: dict[str, Any], state: Any) -> tuple[list[Any], Any]:
        """Compute the logits of every member and the state after the last timestep."""
        logits, after = [], []
        for model, part in zip(self.models, tf.split(state, self.sizes, -1), strict=True):
            outputs = model({**inputs, "state": part}, training=False)
            logits.append(outputs["outputs"])
            after.append(outputs["state"])
        return logits, tf.concat(after, -1)


def mean_of(log_probabilities: list[Any]) -> Any:
    """Compute the logarithm of the members' mean probability."""
    if len(log_probabilities) == 1:
        return log_probabilities[0]
    stacked = tf.reduce_logsumexp(tf.stack(log_probabilities), 0)
    return stacked - tf.math.log(float(len(log_probabilities)))
