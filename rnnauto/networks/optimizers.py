"""Make optimizers, and take their steps with gradients that are clipped."""

from typing import Any

import keras
import tensorflow as tf

from rnnauto.networks.adam import Adam


def make_optimizer(name: str) -> Any:
    """A fresh optimizer; its learning rate is a variable, set by `reset`."""
    return {"adam": Adam, "sgd": keras.optimizers.SGD}[name]()


def apply_clipped(optimizer: Any, gradients: list[Any], model: Any, clip_norm: Any) -> Any:
    """Update the model, the gradients' global norm clipped; returns the norm before that."""
    gradients = [tf.convert_to_tensor(part) for part in gradients]
    norm = tf.linalg.global_norm(gradients)
    # a step without a finite norm is left out: `multiply_no_nan` gives 0 for NaN times 0
    scale = tf.where(tf.math.is_finite(norm), tf.minimum(1.0, clip_norm / (norm + 1e-12)), 0.0)
    clipped = [tf.math.multiply_no_nan(part, scale) for part in gradients]
    optimizer.apply(clipped, model.trainable_variables)
    return norm
