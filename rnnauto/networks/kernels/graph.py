"""Kernels as a part of TensorFlow's graph, with their gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import tensorflow as tf


class Kernel(Protocol):
    """What trains the layers of a cell, on numpy arrays.

    Attributes:
        ends: how many states after the last timestep `forward` returns behind the outputs.
        kept: how many arrays more, which `backward` reads.
    """

    @property
    def ends(self) -> int: ...

    @property
    def kept(self) -> int: ...

    def forward(self, x: Any, *given: Any) -> tuple[Any, ...]: ...

    def backward(self, by_outputs: Any, *given: Any, channels: int) -> tuple[Any, ...]: ...

    def by_input(self, errors: Any, kernel: Any) -> Any: ...

    def by_start(self, errors: Any, *given: Any) -> Any: ...


def run_kernel(
    kernel: Kernel, x: Any, weights: list[Any], states: list[Any]
) -> tuple[Any, tuple[Any, ...]]:
    """All timesteps of a layer.

    Args:
        x: [batch, timesteps, channels].
        weights: kernel, recurrent kernel and bias.
        states: [batch, units], before the first timestep.

    Returns: outputs [batch, timesteps, units], and the states after the last that are not outputs.
    """
    channels, units = x.shape[-1], states[0].shape[-1]

    @tf.custom_gradient
    def differentiable(x: Any, matrix: Any, recurrent: Any, bias: Any, *states: Any) -> Any:
        given = [x, matrix, recurrent, bias, *states]
        outputs, *others = called(kernel.forward, given, 1 + kernel.ends + kernel.kept)
        outputs = tf.ensure_shape(outputs, [*x.shape[:2], units])
        ends = [tf.ensure_shape(end, [x.shape[0], units]) for end in others[: kernel.ends]]

        def gradient(by_outputs: Any, *by_ends: Any) -> list[Any]:
            backward = partial(kernel.backward, channels=channels)
            read = [by_outputs, *by_ends, recurrent, *others[kernel.ends :]]
            errors, *found = called(backward, read, 3 + len(states))
            by_weights, carried = found[:3], found[3:]
            # calls of their own: a graph leaves out what nobody asks for
            (by_x,) = called(kernel.by_input, [errors, matrix], 1)
            (by_h,) = called(kernel.by_start, [errors, recurrent, *carried[kernel.ends :]], 1)
            by = [by_x, *by_weights, by_h, *carried[: kernel.ends]]
            return [tf.ensure_shape(g, v.shape) for g, v in zip(by, given, strict=True)]

        return (outputs, *ends), gradient

    outputs, *ends = differentiable(x, *map(tf.convert_to_tensor, weights), *states)
    return outputs, tuple(ends)


def called(function: Callable[..., Any], given: list[Any], count: int) -> list[Any]:
    """Have a graph call a function of numpy arrays, which returns so many."""
    return list(tf.numpy_function(function, given, [tf.float32] * count, stateful=False))
