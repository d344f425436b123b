"""Keras' recurrent layers with faster loops to train in, on a processor.

Keras records every small operation of every timestep for the backward pass. Where there is a kernel
for a cell (`kernels/here.py`) it runs all timesteps in one call each way. Else, in the loops here,
the input is projected once for all timesteps, the gradient is written out by hand, what does not
depend on the timestep after it is computed for all timesteps at once, and an LSTM is one operation
of TensorFlow's each way. Numbers and gradients are Keras' to rounding, weights are the same. Only
networks that are given to `fuse` have these loops: those that are exported keep Keras' own.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from rnnauto.networks.kernels.graph import run_kernel
from rnnauto.networks.kernels.here import kernel_of

Loop = Callable[[Any, Any, list[Any]], tuple[Any, list[Any]]]


class Fused(keras.layers.RNN):
    """What the recurrent layers here have before Keras' own.

    Attributes:
        fused: whether it has the loops here.
        compiled: whether they are kernels where there are some.
        carried: whether it runs in `carried_loop`.
        learnt: whether what it reads is made by layers that learn.
    """

    fused = False
    compiled = True
    carried = False
    learnt = True

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, **options: Any) -> Any:
        if mask is None and self.carried:
            return carried_loop(self.cell, sequences, initial_state)
        if mask is not None or not self.fused:
            return super().inner_loop(sequences, initial_state, mask, **options)
        return looped(self, sequences, initial_state)


class SimpleRNN(Fused, keras.layers.SimpleRNN):
    pass


class LSTM(Fused, keras.layers.LSTM):
    pass


class GRU(Fused, keras.layers.GRU):
    pass


def fuse(model: Any) -> None:
    """Train a model's recurrent layers with these loops; where there is a GPU, those that cuDNN has
    nothing for, and without kernels, which are for processors."""
    gpu = bool(tf.config.get_visible_devices("GPU"))
    for layer in model._flatten_layers():
        if isinstance(layer, Fused):
            layer.fused = has_loop(layer) and not (gpu and isinstance(layer, LSTM | GRU))
            layer.compiled = not gpu
            layer.learnt = reads_learnt(layer)


def reads_learnt(layer: Any) -> bool:
    """Whether what a layer of a model reads is made by layers that learn; True where that cannot be
    seen."""
    nodes = list(layer._inbound_nodes)
    if not nodes:
        return True
    while nodes:
        for parent in nodes.pop().parent_nodes:
            if getattr(parent.operation, "trainable_weights", []):
                return True
            nodes.append(parent)
    return False


def carry(model: Any) -> None:
    """Have a model's recurrent layers run in loops without lists of tensors, which converters to
    LiteRT do not know where sizes are free."""
    for layer in model._flatten_layers():
        if isinstance(layer, Fused):
            layer.carried = True


def has_loop(layer: Any) -> bool:
    """Whether the loops here compute what the layer does: in float32, forwards, with a bias and
    these activations."""
    if layer.compute_dtype != "float32" or layer.go_backwards or not layer.cell.use_bias:
        return False
    if layer.cell.dropout or layer.cell.recurrent_dropout:
        return False
    tanh, relu, sigmoid = (getattr(keras.activations, name) for name in ("tanh", "relu", "sigmoid"))
    if isinstance(layer, SimpleRNN):
        return layer.cell.activation in {tanh, relu}
    return layer.cell.activation is tanh and layer.cell.recurrent_activation is sigmoid


def kind_of(layer: Any) -> str:
    """The name of a layer's loop and kernel."""
    if isinstance(layer, SimpleRNN):
        return "simple_relu" if layer.cell.activation is keras.activations.relu else "simple_rnn"
    return "lstm" if isinstance(layer, LSTM) else "gru"


def looped(layer: Any, sequences: Any, states: Any) -> tuple[Any, Any, list[Any]]:
    """What Keras' `inner_loop` returns: last output, outputs [batch, timesteps, units], states."""
    states = list(states) if isinstance(states, list | tuple) else [states]
    cell, kind = layer.cell, kind_of(layer)
    kernel = kernel_of(kind).kernel if layer.compiled else None
    if kernel is not None:
        weights = [cell.kernel, cell.recurrent_kernel, cell.bias]
        outputs, ends = run_kernel(kernel, sequences, weights, states, learnt=layer.learnt)
        return outputs[:, -1], outputs, [outputs[:, -1], *ends]
    outputs, after = LOOPS[kind](cell, tf.transpose(sequences, [1, 0, 2]), states)
    return after[0], tf.transpose(outputs, [1, 0, 2]), after


def carried_loop(cell: Any, sequences: Any, states: Any) -> tuple[Any, Any, list[Any]]:
    """Return what `looped` does, for at least one timestep. The loop carries the state and the
    outputs so far as plain tensors, so that its time grows with the square of the length."""
    states = list(states) if isinstance(states, list | tuple) else [states]
    timesteps = tf.shape(sequences)[1]

    def body(t: Any, outputs: Any, *states: Any) -> tuple[Any, ...]:
        output, after = cell(tf.gather(sequences, t, axis=1), list(states))
        after = list(after) if isinstance(after, list | tuple) else [after]
        here = tf.reshape(tf.range(timesteps) == t, [1, timesteps, 1])
        return (t + 1, tf.where(here, output[:, None], outputs), *after)

    outputs = tf.zeros([tf.shape(sequences)[0], timesteps, cell.units])
    _, outputs, *states = tf.while_loop(
        lambda t, *_: t < timesteps,
        body,
        (tf.constant(0), outputs, *states),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape([None, None, cell.units]),
            *(tf.TensorShape([None, cell.units]) for _ in states),
        ),
    )
    return states[0], outputs, states


def project(x: Any, kernel: Any, bias: Any) -> Any:
    """[timesteps, batch, channels] to [timesteps, batch, ...], in one matrix product."""
    rows = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), kernel) + bias
    return tf.reshape(rows, [tf.shape(x)[0], tf.shape(x)[1], kernel.shape[-1]])


def array(timesteps: Any, width: int, content: Any = None) -> Any:
    """[batch, width] for every timestep."""
    empty = tf.TensorArray(tf.float32, size=timesteps, element_shape=[None, width])
    return empty if content is None else empty.unstack(content)


def before(states: Any, start: Any) -> Any:
    """The state before every timestep, of those after it, [timesteps, batch, units]."""
    return tf.concat([start[None], states[:-1]], 0)


def outer(left: Any, right: Any) -> Any:
    """The sum over timesteps and batch of the outer products of their rows."""
    rows = tf.reshape(right, [-1, right.shape[-1]])
    return tf.matmul(tf.reshape(left, [-1, left.shape[-1]]), rows, transpose_a=True)


def simple_loop(cell: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    """h(t) = activation(x(t) kernel + bias + h(t - 1) recurrent), tanh or relu."""
    relu = cell.activation is keras.activations.relu
    units = cell.units

    @tf.custom_gradient
    def run(projected: Any, recurrent: Any, start: Any) -> Any:
        timesteps = tf.shape(projected)[0]
        given = array(timesteps, units, projected)

        def forward(t: Any, h: Any, kept: Any) -> tuple[Any, Any, Any]:
            total = given.read(t) + tf.matmul(h, recurrent)
            h = tf.nn.relu(total) if relu else tf.tanh(total)
            return t + 1, h, kept.write(t, h)

        outputs = loop_of(timesteps, forward, start, array(timesteps, units)).stack()

        def gradient(by_outputs: Any) -> tuple[Any, Any, Any]:
            slope = tf.cast(outputs > 0, tf.float32) if relu else 1.0 - tf.square(outputs)
            slopes, errors = array(timesteps, units, slope), array(timesteps, units, by_outputs)

            def backward(t: Any, by_h: Any, kept: Any) -> tuple[Any, Any, Any]:
                by_total = (by_h + errors.read(t)) * slopes.read(t)
                back = tf.matmul(by_total, recurrent, transpose_b=True)
                return t - 1, back, kept.write(t, by_total)

            by_start, kept = back_loop(timesteps, backward, start, array(timesteps, units))
            by_totals = kept.stack()
            return by_totals, outer(before(outputs, start), by_totals), by_start

        return outputs, gradient

    outputs = run(
        project(x, cell.kernel, cell.bias), tf.convert_to_tensor(cell.recurrent_kernel), states[0]
    )
    return outputs, [outputs[-1]]


def lstm_loop(cell: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    """TensorFlow's block LSTM. Not its second version, whose gates lie in Keras' order: TensorFlow
    2.21 takes the gradient of the first version for it, and that is another one."""
    h, c = states
    no_peephole = tf.zeros([cell.units])
    block = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(tf.shape(x)[0], tf.int64),
        x=x,
        cs_prev=c,
        h_prev=h,
        w=reordered(tf.concat([cell.kernel, cell.recurrent_kernel], 0)),
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=reordered(tf.convert_to_tensor(cell.bias)),
        forget_bias=0.0,
        cell_clip=0.0,
        use_peephole=False,
    )
    return block.h, [block.h[-1], block.cs[-1]]


def reordered(gates: Any) -> Any:
    """From input, forget, candidate, output to input, candidate, forget, output."""
    kept, forget, candidate, output = tf.split(gates, 4, -1)
    return tf.concat([kept, candidate, forget, output], -1)


def gru_loop(cell: Any, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
    """z, r = sigmoid(x(t) + h(t - 1) recurrent), candidate = tanh(x(t) + r * (h(t - 1) recurrent)),
    h(t) = z * h(t - 1) + (1 - z) * candidate; x(t) projected, each part with its own bias."""
    units = cell.units
    bias, recurrent_bias = tf.unstack(tf.convert_to_tensor(cell.bias))

    @tf.custom_gradient
    def run(projected: Any, recurrent: Any, recurrent_bias: Any, start: Any) -> Any:
        timesteps = tf.shape(projected)[0]
        given = array(timesteps, 3 * units, projected)

        def forward(t: Any, h: Any, kept: Any, gates: Any) -> tuple[Any, Any, Any, Any]:
            now, old = given.read(t), tf.matmul(h, recurrent) + recurrent_bias
            both = tf.sigmoid(now[:, : 2 * units] + old[:, : 2 * units])
            z, r = both[:, :units], both[:, units:]
            old = old[:, 2 * units :]
            candidate = tf.tanh(now[:, 2 * units :] + r * old)
            h = candidate + z * (h - candidate)
            inside = tf.concat([both, candidate, old], 1)
            return t + 1, h, kept.write(t, h), gates.write(t, inside)

        kept, gates = tf.while_loop(
            lambda t, *_: t < timesteps,
            forward,
            (0, start, array(timesteps, units), array(timesteps, 4 * units)),
            parallel_iterations=1,
        )[2:]
        outputs = kept.stack()

        def gradient(by_outputs: Any) -> tuple[Any, Any, Any, Any]:
            return gru_gradient(by_outputs, outputs, start, recurrent, gates.stack())

        return outputs, gradient

    outputs = run(
        project(x, cell.kernel, bias),
        tf.convert_to_tensor(cell.recurrent_kernel),
        recurrent_bias,
        states[0],
    )
    return outputs, [outputs[-1]]


def gru_gradient(
    by_outputs: Any, outputs: Any, start: Any, recurrent: Any, gates: Any
) -> tuple[Any, Any, Any, Any]:
    """The gradients of what `gru_loop` runs over: of the projected input, the recurrent kernel and
    its bias, and the state before the first timestep.

    Args:
        gates: z, r, candidate, and what r is multiplied by, [timesteps, batch, 4 * units].
    """
    z, r, candidate, old = tf.split(gates, 4, -1)
    timesteps, units = tf.shape(outputs)[0], outputs.shape[-1]
    by_z = (before(outputs, start) - candidate) * z * (1.0 - z)
    by_candidate = (1.0 - z) * (1.0 - tf.square(candidate))
    by_r = by_candidate * old * r * (1.0 - r)
    # of what is multiplied by the recurrent kernel, per unit of the gradient of h(t)
    factors = array(timesteps, 3 * units, tf.concat([by_z, by_r, by_candidate * r], -1))
    keeps, errors = array(timesteps, units, z), array(timesteps, units, by_outputs)

    def backward(t: Any, by_h: Any, kept: Any) -> tuple[Any, Any, Any]:
        by_h = by_h + errors.read(t)
        by_old = tf.tile(by_h, [1, 3]) * factors.read(t)
        back = by_h * keeps.read(t) + tf.matmul(by_old, recurrent, transpose_b=True)
        return t - 1, back, kept.write(t, by_h)

    by_start, kept = back_loop(timesteps, backward, start, array(timesteps, units))
    by_h = kept.stack()
    by_gates = tf.concat([by_h * by_z, by_h * by_r], -1)
    by_now = by_h * by_candidate
    by_old = tf.concat([by_gates, by_now * r], -1)
    return (
        tf.concat([by_gates, by_now], -1),
        outer(before(outputs, start), by_old),
        tf.reduce_sum(by_old, [0, 1]),
        by_start,
    )


def loop_of(timesteps: Any, body: Callable[..., Any], start: Any, kept: Any) -> Any:
    """First timestep to last; what was kept of each."""
    state = (0, start, kept)
    return tf.while_loop(lambda t, *_: t < timesteps, body, state, parallel_iterations=1)[2]


def back_loop(timesteps: Any, body: Callable[..., Any], like: Any, kept: Any) -> tuple[Any, Any]:
    """Last timestep to first, from no gradient of the state after it."""
    state = (timesteps - 1, tf.zeros_like(like), kept)
    _, by_start, kept = tf.while_loop(lambda t, *_: t >= 0, body, state, parallel_iterations=1)
    return by_start, kept


LOOPS: dict[str, Loop] = {
    "simple_rnn": simple_loop,
    "simple_relu": simple_loop,
    "lstm": lstm_loop,
    "gru": gru_loop,
}
