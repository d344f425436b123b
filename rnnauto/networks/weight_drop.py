"""Leave some recurrent weights out of every training step, so that no unit relies on another.

DropConnect (Wan et al. 2013) on what a recurrent layer reads of its own state, as in Merity, Keskar
and Socher 2018, "Regularizing and optimizing LSTM language models": the same weights are left out
of all timesteps of a step, so that the loop that trains is the usual one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rnnauto.networks.fused import Fused


@dataclass(frozen=True)
class WeightDrop:
    """What leaves weights out.

    Attributes:
        matrices: the weights of the layers' own states, variables of [units, gates * units].
        rate: the share that is left out, a variable, so that a compiled step serves many trials.
        counter: int32 [2], the trial's seed and the number of steps so far.
    """

    matrices: tuple[Any, ...]
    rate: Any
    counter: Any

    def reset(self, rate: float, seed: int) -> None:
        """Begin a trial."""
        self.rate.assign(rate)
        self.counter.assign([seed % (2**31 - 1), 0])

    def applied(self, learn: Callable[[], tuple[Any, list[Any]]], variables: list[Any]) -> Any:
        """Do as `learn`, with weights left out and the others larger by as much.

        Args:
            learn: gives anything, and the gradients of the variables.

        Returns: what `learn` gives, the gradients those of the whole weights, which are as they
        were.
        """
        whole = [tf.identity(each) for each in self.matrices]
        scales = [self.drawn(at, tf.shape(each)) for at, each in enumerate(whole)]
        self.counter.assign_add([0, 1])
        for matrix, before, scale in zip(self.matrices, whole, scales, strict=True):
            matrix.assign(before * scale)
        found, gradients = learn()
        for matrix, before in zip(self.matrices, whole, strict=True):
            matrix.assign(before)
        scale_of = {id(matrix): scale for matrix, scale in zip(self.matrices, scales, strict=True)}
        return found, [
            tf.convert_to_tensor(gradient) * scale_of[id(variable)]
            if id(variable) in scale_of
            else gradient
            for gradient, variable in zip(gradients, variables, strict=True)
        ]

    def drawn(self, at: int, shape: Any) -> Any:
        """Draw what the weights of a matrix are multiplied by: 0, or more than 1."""
        seed = self.counter + tf.constant([SPREAD * at, 0])
        kept = 1.0 - self.rate
        return tf.where(tf.random.stateless_uniform(shape, seed=seed) < kept, 1.0 / kept, 0.0)


SPREAD = 7_919  # between the seeds of two matrices


def weight_drop_of(model: Any) -> WeightDrop:
    """Make what leaves weights out of a model's recurrent layers; of exponential traces none, which
    read each unit's own state alone."""
    matrices = tuple(
        layer.cell.recurrent_kernel.value
        for layer in model._flatten_layers()
        if isinstance(layer, Fused)
    )
    rate = tf.Variable(0.0, trainable=False, name="weight_drop")
    counter = tf.Variable([0, 0], trainable=False, dtype=tf.int32, name="weight_drop_counter")
    return WeightDrop(matrices, rate, counter)


def learnt_by(
    learn: Callable[[], tuple[Any, list[Any]]], variables: list[Any], drop: WeightDrop | None
) -> tuple[Any, list[Any]]:
    """Do as `learn`, with weights left out where there is what leaves them out."""
    return learn() if drop is None else drop.applied(learn, variables)
