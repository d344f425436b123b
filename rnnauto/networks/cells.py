"""The recurrent cells: Keras' own, and the exponential trace that Keras lacks."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.networks.fused import GRU, LSTM, SimpleRNN

LONGEST_TIME_CONSTANT = 100.0  # timesteps
HALVINGS = 4


def recurrent_layer(cell: str, units: int, *, name: str) -> Any:
    """A layer from [batch, timesteps, channels] to [batch, timesteps, units].

    Called with `initial_state`, it starts from as many tensors [batch, units] as the cell has
    states. An LSTM starts with a forget bias of 1, and recurrent kernels are orthogonal: Keras'
    defaults.
    """
    record = CELLS[cell]
    kind = LAYERS[record.layer]
    # made here, before the layer draws seeds of its own
    options = {
        key: keras.initializers.get(value) if key.endswith("initializer") else value
        for key, value in record.options.items()
    }
    if issubclass(kind, keras.layers.RNN):
        options["return_sequences"] = True
    return kind(units, name=name, **options)


def step(layer: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    """One timestep of a layer that `recurrent_layer` made: the same numbers as the whole sequence.

    Args:
        x: [batch, channels].
        states: the cell's tensors [batch, units]; zeros before the first timestep.

    Returns: output [batch, units] and the states after it.
    """
    if isinstance(layer, ExponentialTrace):
        return layer.step(x, states)
    output, after = layer.cell(x, states)
    return output, list(after)


def run(layer: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    """All timesteps of a layer that `recurrent_layer` made, from given states.

    Returns: outputs [batch, timesteps, units] and the states after the last timestep.
    """
    if isinstance(layer, ExponentialTrace):
        return layer.run(x, states)
    layer.return_state = True  # read at every call; the layer's weights do not depend on it
    try:
        outputs, *after = layer(x, initial_state=states)
    finally:
        layer.return_state = False  # the network that it is a layer of takes its outputs alone
    return outputs, after


class Carried(keras.layers.Layer):
    """A recurrent layer from [batch, timesteps, channels] and its state [batch, states * units] to
    [batch, timesteps, units] and the state after the last timestep."""

    def __init__(self, cell: str, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.layer = recurrent_layer(cell, units, name=cell)
        self.states = CELLS[cell].states

    def build(self, x_shape: Any, state_shape: Any) -> None:
        self.layer.build(x_shape)

    def call(self, x: Any, state: Any) -> tuple[Any, Any]:
        parts = tf.split(state, self.states, -1)
        x, after = run(self.layer, x, parts)
        return x, tf.concat(after, -1)

    def compute_output_shape(self, x_shape: Any, state_shape: Any) -> tuple[Any, Any]:
        return (*x_shape[:-1], self.units), state_shape


class ExponentialTrace(keras.layers.Layer):
    """Decayed traces of the projected input, read by a dense tanh (Jordan 1987, Mozer 1989).

    trace(t) = (1 - decay) * project(x(t)) + decay * trace(t - 1), for each unit with a decay of its
    own, which is learnt; output(t) = tanh(dense(trace(t))). The state is the trace. Nothing but the
    trace is carried on, so all timesteps are computed in parallel.

    The decays start as time constants from 1 to 100 timesteps, evenly spread on a logarithmic
    scale: after a time constant the trace of an input has fallen to 1/e.
    """

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        # a bias here would only add a constant to the traces, as the read-out's does
        self.project = keras.layers.Dense(units, use_bias=False, name="project")
        self.read_out = keras.layers.Dense(units, activation="tanh", name="read_out")

    def build(self, x_shape: Any, initial_state_shape: Any = None) -> None:
        self.project.build(x_shape)
        self.read_out.build((*x_shape[:-1], self.units))
        self.decay_logit = self.add_weight(
            shape=(self.units,), initializer=decay_logits, name="decay_logit"
        )

    def call(self, x: Any, initial_state: list[Any] | None = None) -> Any:
        states = initial_state or [tf.zeros([tf.shape(x)[0], self.units])]
        return self.run(x, states)[0]

    def run(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """All timesteps, as `run` above says."""
        decay = tf.sigmoid(self.decay_logit)
        parts = (1.0 - decay) * self.project(x)
        # the state before the first timestep is a timestep of its own, which is not given out
        traces = decayed_sums(tf.concat([states[0][:, None], parts], 1), decay)[:, 1:]
        return self.read_out(traces), [traces[:, -1]]

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """One timestep, as `step` above says."""
        decay = tf.sigmoid(self.decay_logit)
        trace = (1.0 - decay) * self.project(x) + decay * states[0]
        return self.read_out(trace), [trace]

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], initial_state_shape: Any = None
    ) -> tuple[int | None, ...]:
        return (*x_shape[:-1], self.units)


LAYERS: dict[str, type] = {
    "SimpleRNN": SimpleRNN,
    "LSTM": LSTM,
    "GRU": GRU,
    "ExponentialTrace": ExponentialTrace,
}


def decay_logits(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Weights whose sigmoid exp(-1 / time constant) is."""
    constants = np.geomspace(1.0, LONGEST_TIME_CONSTANT, shape[0])
    decay = np.exp(-1.0 / constants)
    return tf.constant(np.log(decay / (1.0 - decay)), dtype or tf.float32)


def decayed_sums(x: Any, decay: Any, *, halvings: int = HALVINGS) -> Any:
    """y(t) = x(t) + decay * y(t - 1), for all timesteps at once; none reads a later one.

    Timesteps are joined by twos, the sums of half as many pairs are taken with the squared decay,
    and those give the sums in between (the scan of Blelloch 1990): the work of a loop, at a depth
    of log2(timesteps).

    Args:
        x: [batch, timesteps, units].
        decay: [units], between 0 and 1.
        halvings: how often timesteps are joined before what is left goes to `doubled_sums`.
    """
    if halvings == 0:
        return doubled_sums(x, decay)
    batch, timesteps = tf.shape(x)[0], tf.shape(x)[1]
    pairs = (timesteps + 1) // 2
    even_length = tf.pad(x, [[0, 0], [0, 2 * pairs - timesteps], [0, 0]])
    first, second = tf.unstack(tf.reshape(even_length, [batch, pairs, 2, x.shape[-1]]), axis=2)
    at_second = decayed_sums(second + decay * first, tf.square(decay), halvings=halvings - 1)
    before = tf.pad(at_second[:, :-1], [[0, 0], [1, 0], [0, 0]])
    sums = tf.stack([first + decay * before, at_second], 2)  # [batch, pairs, 2, units]
    return tf.reshape(sums, [batch, 2 * pairs, x.shape[-1]])[:, :timesteps]


def doubled_sums(x: Any, decay: Any) -> Any:
    """The same for any number of timesteps: after pass k every y(t) holds the sum over the newest
    2**k timesteps (Hillis and Steele 1986). More work than by halving, which a graph can only do a
    fixed number of times."""
    timesteps = tf.shape(x)[1]

    def double(span: Any, weight: Any, y: Any) -> tuple[Any, Any, Any]:
        earlier = tf.pad(y, [[0, 0], [span, 0], [0, 0]])[:, :timesteps]
        earlier.set_shape(y.shape)
        return 2 * span, tf.square(weight), y + weight * earlier

    start = (tf.constant(1), decay, x)
    return tf.while_loop(lambda span, *_: span < timesteps, double, start)[2]
