"""Kernels as a part of TensorFlow's graph, with their gradients."""

from collections.abc import Callable
from typing import Any, Protocol

import tensorflow as tf


class Kernel(Protocol):
    """What trains the layers of a cell, on numpy arrays.

    Attributes:
        ends: how many states after the last timestep `forward` returns behind the outputs, before
            what it keeps for `backward`.
        carried: how many gradients `backward` carries back, beside that of h by the products; those
            of the ends come first.
    """

    @property
    def ends(self) -> int: ...

    @property
    def carried(self) -> int: ...

    def forward(self, x: Any, *given: Any) -> tuple[Any, ...]: ...

    def backward(self, by_outputs: Any, *given: Any, channels: int) -> tuple[Any, ...]: ...

    def by_input(self, errors: Any, kernel: Any) -> Any: ...

    def by_start(self, errors: Any, recurrent: Any, *carried: Any) -> Any: ...


def run_kernel(
    kernel: Kernel, x: Any, weights: list[Any], states: list[Any], *, learnt: bool
) -> tuple[Any, tuple[Any, ...]]:
    """All timesteps of a layer.

    Args:
        x: [batch, timesteps, channels].
        weights: kernel, recurrent kernel and bias.
        states: [batch, units], before the first timestep.
        learnt: whether x is made by what is learnt: its gradient is then computed with the others,
            else by a call of its own, which a graph leaves out.

    Returns: outputs [batch, timesteps, units], and the states after the last that are not outputs.
    """
    channels, units = x.shape[-1], states[0].shape[-1]

    def backward(matrix: Any, *read: Any) -> tuple[Any, ...]:
        errors, *found = kernel.backward(*read, channels=channels)
        by_x = [kernel.by_input(errors, matrix)] if learnt else []
        return errors, *found, *by_x

    @tf.custom_gradient
    def differentiable(x: Any, matrix: Any, recurrent: Any, bias: Any, *states: Any) -> Any:
        given = [x, matrix, recurrent, bias, *states]
        outputs, *ends, kept = called(kernel.forward, given, 2 + kernel.ends)
        outputs = tf.ensure_shape(outputs, [*x.shape[:2], units])
        ends = [tf.ensure_shape(end, [x.shape[0], units]) for end in ends]

        def gradient(by_outputs: Any, *by_ends: Any) -> list[Any]:
            read = [matrix, by_outputs, *by_ends, recurrent, kept]
            errors, *by = called(backward, read, 4 + kernel.carried + learnt)
            by_x = by.pop() if learnt else called(kernel.by_input, [errors, matrix], 1)[0]
            (by_h,) = called(kernel.by_start, [errors, recurrent, *by[3:]], 1)
            by = [by_x, *by[:3], by_h, *by[3 : 3 + kernel.ends]]
            return [tf.ensure_shape(g, v.shape) for g, v in zip(by, given, strict=True)]

        return (outputs, *ends), gradient

    outputs, *ends = differentiable(x, *map(tf.convert_to_tensor, weights), *states)
    return outputs, tuple(ends)


def called(function: Callable[..., Any], given: list[Any], count: int) -> list[Any]:
    """Have a graph call a function of numpy arrays, which returns so many."""
    found = tf.numpy_function(function, given, [tf.float32] * count, stateful=False)
    return list(tf.nest.flatten(found))  # run eagerly, one result is no list
