"""Measure gradients through time: how much of the error reaches the state at every lag.

A zero is added to the state at every timestep inside the recurrent loop; the gradient of the loss
with respect to these zeros is the whole derivative with respect to the state, through all later
timesteps. The gradient with respect to a layer's outputs is not: it lacks the recurrent path.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.networks.built import Built
from rnnauto.networks.cells import Carried, ExponentialTrace, decayed_sums
from rnnauto.search.study import Study

FEWEST_EXAMPLES = 2  # that a lag is averaged over, where there are more at lag 0


@dataclass(frozen=True)
class Flow:
    """Mean norm over sequences of the loss' gradient with respect to the state.

    Attributes:
        norms: [lags] back from the last timestep.
        memory: that of an LSTM's c; None for other cells.
    """

    norms: Doubles
    memory: Doubles | None


class PerturbedCell(keras.layers.Layer):
    """A cell whose states get what stands beside its input: [batch, channels + states]."""

    def __init__(self, cell: Any, **options: Any) -> None:
        super().__init__(**options)
        self.cell = cell
        size = cell.state_size
        self.sizes = list(size) if isinstance(size, list | tuple) else [size]
        self.state_size = self.sizes
        self.output_size = self.sizes[0]
        self.built = True

    def call(self, x: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        channels = x.shape[-1] - sum(self.sizes)
        _, after = self.cell(x[:, :channels], list(states))
        after = list(after) if isinstance(after, list | tuple) else [after]
        parts = tf.split(x[:, channels:], self.sizes, -1)
        after = [state + part for state, part in zip(after, parts, strict=True)]
        return after[0], after  # the output of each of Keras' cells is its first state


class Probe(keras.layers.Layer):
    """A recurrent layer with zeros added to its states; `watched` holds them after a call under
    `tape`, float32 [batch, timesteps, states * units]."""

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(**options)
        self.layer = layer
        self.loop = None
        self.sizes = [layer.units]
        if not isinstance(layer, ExponentialTrace):
            cell = PerturbedCell(layer.cell)
            self.sizes = cell.sizes
            self.loop = keras.layers.RNN(cell, return_sequences=True, return_state=True)
        self.tape: Any = None
        self.watched: Any = None
        self.built = True

    def call(self, x: Any, initial_state: Any = None) -> Any:
        return self.run(x, initial_state)[0]

    def run(self, x: Any, initial_state: Any) -> tuple[Any, list[Any]]:
        """Run the layer: its outputs, and the states after the last timestep."""
        zeros = tf.zeros([tf.shape(x)[0], tf.shape(x)[1], sum(self.sizes)])
        if self.tape is not None:
            self.tape.watch(zeros)
            self.watched = zeros
        states = initial_state or [tf.zeros([tf.shape(x)[0], size]) for size in self.sizes]
        if self.loop is not None:
            outputs, *after = self.loop(tf.concat([x, zeros], -1), initial_state=states)
            return outputs, after
        trace = self.layer
        decay = tf.sigmoid(trace.decay_logit)
        parts = (1.0 - decay) * trace.project(x) + zeros
        traces = decayed_sums(tf.concat([states[0][:, None], parts], 1), decay)[:, 1:]
        return trace.read_out(traces), [traces[:, -1]]

    def compute_output_shape(self, x_shape: Any, initial_state_shape: Any = None) -> Any:
        return (*x_shape[:-1], self.layer.units)


class CarriedProbe(Probe):
    """The same for a layer whose state goes in and comes out."""

    def call(self, x: Any, initial_state: Any = None) -> Any:
        outputs, after = self.run(x, tf.split(initial_state, len(self.sizes), -1))
        return outputs, tf.concat(after, -1)

    def compute_output_shape(self, x_shape: Any, initial_state_shape: Any = None) -> Any:
        return (*x_shape[:-1], self.layer.units), initial_state_shape


def probed(built: Built) -> tuple[Any, list[Probe]]:
    """Build the same network, its recurrent layers that read forwards under a probe.

    The layers are shared: of the model no layer's `input` or `output` can be asked for any more.
    """
    probes: list[Probe] = []

    def call(layer: Any, *arguments: Any, **options: Any) -> Any:
        if not any(layer is recurrent for recurrent in built.forward):
            return layer(*arguments, **options)
        if isinstance(layer, Carried):
            probe: Probe = CarriedProbe(layer.layer, name=f"probe_{layer.name}")
        else:
            probe = Probe(layer, name=f"probe_{layer.name}")
        probes.append(probe)
        return probe(*arguments, **options)

    same = keras.models.clone_model(
        built.model, clone_function=lambda layer: layer, call_function=call
    )
    return same, probes


def gradient_flow(
    built: Built, study: Study, batches: Iterator[tuple[dict[str, Any], Any, Any]]
) -> Flow:
    """Measure the norms of the gradient, back from the last timestep.

    Args:
        built: a network of its own; its layers are used again.
        study: of the search that it is from.
        batches: inputs, truth, and the number of true steps of the recurrence, int [batch].
    """
    same, probes = probed(built)
    size = len(probes[0].sizes)
    features, answer = study.problem.features, study.problem.answer

    @tf.function(reduce_retracing=True, autograph=False)
    def measure(inputs: Any, truth: Any) -> Any:
        with tf.GradientTape() as tape:
            for probe in probes:
                probe.tape = tape
            outputs = same(inputs, training=False)
            total, *_ = study.learner.losses(outputs, truth, features, answer)
        gradients = tape.gradient(
            total, [probe.watched for probe in probes], unconnected_gradients="zero"
        )
        for probe in probes:
            probe.tape = None
        square = tf.zeros([])
        for gradient in gradients:  # of all layers together, [states, batch, timesteps]
            parts = tf.stack(tf.split(gradient, size, -1))
            square += tf.reduce_sum(tf.square(parts), -1)
        return tf.sqrt(square)

    total, count = np.zeros((size, 0)), np.zeros(0)
    for inputs, truth, steps in batches:
        norms = measure(inputs, truth).numpy().astype(np.float64)
        summed, examples = by_lag(norms, np.asarray(steps))
        width = max(len(count), len(examples))
        total = widened(total, width) + widened(summed, width)
        count = widened(count, width) + widened(examples, width)
    kept = count >= min(FEWEST_EXAMPLES, count.max(initial=0))
    means = total[:, kept] / count[kept]
    return Flow(means[0], means[1] if size > 1 else None)


def by_lag(norms: Doubles, steps: NDArray[Any]) -> tuple[Doubles, Doubles]:
    """Sum over the examples, and count them, [states, lags] and [lags], from [states, batch,
    timesteps]; examples have their last true step at lag 0."""
    lags = np.arange(int(steps.max(initial=0)))
    at = steps[:, None] - 1 - lags  # [batch, lags]
    real = at >= 0
    rows = np.arange(len(steps))[:, None]
    aligned = np.where(real, norms[:, rows, np.maximum(at, 0)], 0.0)
    return aligned.sum(1), real.sum(0).astype(np.float64)


def widened(array: Doubles, width: int) -> Doubles:
    """Pad the last axis with zeros to a width."""
    missing = width - array.shape[-1]
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)])
