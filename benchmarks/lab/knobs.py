"""Turn the trainings of the product, without touching its code: what arms change between one
training and the next are variables of a graph that is traced once.

`installed` puts the layers and steps here in place of the product's. All knobs at their first
values, they compute the same.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import rnnauto.families.language.train as language_train
import rnnauto.networks.layers as layers
import rnnauto.search.epochs as epochs
import rnnauto.search.train as product
from rnnauto.data.encode import UNKNOWN
from rnnauto.networks.adam import Adam

KEEPS = 0.99  # of the moving average, at every step

FIRST = {
    "held": 0.0,  # 1: dropout takes a channel from all timesteps of a sequence
    "held_words": 0.0,  # 1: a token is taken for unknown wherever it stands in a sequence
    "weight_decay": 0.0,  # decoupled, times the learning rate
    "embedding_rate": 1.0,  # learning rate of embeddings, in rates of the others
}
KNOBS = {name: tf.Variable(value, trainable=False) for name, value in FIRST.items()}


def turn(values: dict[str, float]) -> None:
    """Set knobs; those that are not named to their first values."""
    for name, knob in KNOBS.items():
        knob.assign(values.get(name, FIRST[name]))


def dropout_call(self: Any, x: Any, training: bool = False) -> Any:
    if not training:
        return x
    shape = tf.shape(x)
    if x.shape.rank == 3:
        timesteps = tf.where(KNOBS["held"] > 0, 1, shape[1])
        shape = tf.stack([shape[0], timesteps, shape[2]])
    drawn = tf.random.stateless_uniform(shape, seed=self.counter.value)
    self.counter.assign(self.counter.value + tf.constant([0, 1]))
    kept = 1.0 - self.rate.value
    return tf.where(drawn < kept, x / kept, 0.0)


def token_dropout_call(self: Any, x: Any, training: bool = False) -> Any:
    if not training:
        return x
    seed = self.counter.value
    self.counter.assign(seed + tf.constant([0, 1]))

    def by_place() -> Any:
        return tf.random.stateless_uniform(tf.shape(x), seed=seed)

    def by_token() -> Any:
        table = tf.random.stateless_uniform([tf.shape(x)[0], 1021], seed=seed)
        return tf.gather(table, (x * 31) % 1021, axis=1, batch_dims=1)

    drawn = tf.cond(KNOBS["held_words"] > 0, by_token, by_place)
    return tf.where(drawn < self.rate.value, UNKNOWN, x)


class LabAdam(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), a rate of its own for
    embeddings, and a moving average of the weights."""

    def build(self, variables: Any) -> None:
        super().build(variables)
        self.averages = [
            self.add_variable_from_reference(each, name="average") for each in variables
        ]
        self.paths = [each.path for each in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        rate = tf.cast(learning_rate, tf.float32)
        if "embed" in self.paths[self._get_variable_index(variable)]:
            rate = rate * KNOBS["embedding_rate"]
        elif len(variable.shape) > 1:
            variable.assign_sub(rate * KNOBS["weight_decay"] * variable)
        super().update_step(gradient, variable, rate)


plain_apply_clipped = product.apply_clipped


def apply_clipped(optimizer: Any, gradients: list[Any], model: Any, clip_norm: Any) -> Any:
    norm = plain_apply_clipped(optimizer, gradients, model, clip_norm)
    for average, variable in zip(optimizer.averages, model.trainable_variables, strict=True):
        average.value.assign(KEEPS * average.value + (1.0 - KEEPS) * variable.value)
    return norm


def averaged_weights(network: Any) -> list[Any]:
    """Give all weights of a network with the moving average of those that are trained."""
    steps = float(network.optimizer.iterations.numpy())
    scale = 1.0 - KEEPS**steps
    found = {
        id(variable): average.value.numpy() / scale
        for variable, average in zip(
            network.model.trainable_variables, network.optimizer.averages, strict=True
        )
    }
    return [
        found[id(weight)] if id(weight) in found else np.array(weight)
        for weight in network.model.weights
    ]


def one_cycle(number: int, count: int | None) -> float:
    """Up over a third of the epochs, then down a cosine to 0 (Smith and Topin 2018)."""
    if count is None:
        return 1.0
    place = (number + 0.5) / count
    if place < 1 / 3:
        return 0.1 + 0.9 * 3 * place
    return float(0.5 * (1 + np.cos(np.pi * (place - 1 / 3) * 1.5)))


plain_decayed = epochs.decayed


def schedule(shape: str) -> None:
    """Have rates decay by half a cosine, or by one cycle."""
    epochs.decayed = one_cycle if shape == "one cycle" else plain_decayed


def install() -> None:
    """Put all that is here in place of the product's."""
    layers.Dropout.call = dropout_call
    layers.TokenDropout.call = token_dropout_call
    for module in (product, language_train):
        module.apply_clipped = apply_clipped
        module.make_optimizer = lambda name: LabAdam() if name == "adam" else keras.optimizers.SGD()


Watch = Callable[[Any, Callable[[], Any]], Any]


def watch_validation(watch: Watch) -> None:
    """Have every validation of a training go through a function, which is given the network and
    what validates it."""
    plain_part, plain_language = product_validate_part, language_validate

    def validate_part(learner: Any, network: Any, *given: Any, **options: Any) -> Any:
        return watch(network, lambda: plain_part(learner, network, *given, **options))

    def validate(network: Any, problem: Any, batches: Any, **options: Any) -> Any:
        read = list(batches)
        return watch(network, lambda: plain_language(network, problem, read, **options))

    product.validate_part = validate_part
    language_train.validate = validate


product_validate_part, language_validate = product.validate_part, language_train.validate
