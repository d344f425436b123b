"""An LSTM over a whole sequence with a gradient written by hand: the numbers of keras.layers.LSTM.

TensorFlow differentiates a loop operation by operation and multiplies a small matrix for each
timestep; here the loop back holds one product a timestep, and the recurrent weights' gradient is a
single product over all of them (the formulas: Gers, Schmidhuber and Cummins 2000).
"""

from typing import Any

import tensorflow as tf


def lstm(projected: Any, recurrent: Any, hidden: Any, carry: Any) -> tuple[Any, Any, Any]:
    """Args:
        projected: float32 [timesteps, batch, 4 * units], inputs times their weights plus bias, in
            Keras' order of gates: input, forget, candidate, output.
        recurrent: [units, 4 * units].
        hidden, carry: the state before the first timestep, [batch, units] each.

    Returns: outputs [timesteps, batch, units], and the state after the last timestep.
    """
    outputs, carries, _ = forward(projected, recurrent, hidden, carry)
    return outputs, outputs[-1], carries[-1]


@tf.custom_gradient
def trained_lstm(projected: Any, recurrent: Any, hidden: Any, carry: Any) -> Any:
    """`lstm` with its gradient; batch and timesteps must not be empty."""
    outputs, carries, gates = forward(projected, recurrent, hidden, carry)

    def gradient(to_outputs: Any, to_hidden: Any, to_carry: Any) -> tuple[Any, Any, Any, Any]:
        carries_before = tf.concat([carry[None], carries[:-1]], 0)
        outputs_before = tf.concat([hidden[None], outputs[:-1]], 0)
        i, f, g, o = tf.split(gates, 4, -1)
        bent = tf.tanh(carries)
        slopes = tf.concat(  # of the gates before their squashing, by carry and (the last) output
            [
                g * i * (1 - i),
                carries_before * f * (1 - f),
                i * (1 - g * g),
                bent * o * (1 - o),
            ],
            -1,
        )
        to_gates, to_hidden, to_carry = backward(
            (to_outputs, o * (1 - bent * bent), slopes, f), recurrent, to_hidden, to_carry
        )
        flat = tf.reshape(outputs_before, [-1, recurrent.shape[0]])
        to_recurrent = tf.matmul(
            flat, tf.reshape(to_gates, [-1, recurrent.shape[1]]), transpose_a=True
        )
        return to_gates, to_recurrent, to_hidden, to_carry

    return (outputs, outputs[-1], carries[-1]), gradient


def forward(projected: Any, recurrent: Any, hidden: Any, carry: Any) -> tuple[Any, Any, Any]:
    """Outputs and carries [timesteps, batch, units], gates [timesteps, batch, 4 * units]."""
    units = recurrent.shape[0]
    timesteps = tf.shape(projected)[0]
    inputs = read_array(projected, timesteps)
    arrays = tuple(written_array(timesteps, width) for width in (units, units, 4 * units))

    def body(t: Any, h: Any, c: Any, *arrays: Any) -> tuple[Any, ...]:
        outputs, carries, gates = arrays
        z = inputs.read(t) + tf.matmul(h, recurrent)
        i_f, g, o = tf.split(z, [2 * units, units, units], -1)
        i_f, g, o = tf.sigmoid(i_f), tf.tanh(g), tf.sigmoid(o)
        c = i_f[:, units:] * c + i_f[:, :units] * g
        h = o * tf.tanh(c)
        gates = gates.write(t, tf.concat([i_f, g, o], -1))
        return t + 1, h, c, outputs.write(t, h), carries.write(t, c), gates

    found = tf.while_loop(
        lambda t, *_: t < timesteps,
        body,
        (0, hidden, carry, *arrays),
        maximum_iterations=timesteps,
    )
    return tuple(array.stack() for array in found[3:])


def backward(
    given: tuple[Any, Any, Any, Any], recurrent: Any, to_hidden: Any, to_carry: Any
) -> tuple[Any, Any, Any]:
    """Through the timesteps from the last to the first.

    Args:
        given: gradients of the outputs, slopes of output by carry, of the gates, forget gates.

    Returns: gradients of the gates [timesteps, batch, 4 * units] and of the first state.
    """
    timesteps = tf.shape(given[0])[0]
    outputs, carries, slopes, forget = (read_array(values, timesteps) for values in given)
    turned = tf.transpose(recurrent)

    def body(t: Any, h: Any, c: Any, gates: Any) -> tuple[Any, ...]:
        h += outputs.read(t)
        c += h * carries.read(t)
        gate = tf.concat([c, c, c, h], -1) * slopes.read(t)
        return t - 1, tf.matmul(gate, turned), c * forget.read(t), gates.write(t, gate)

    _, to_hidden, to_carry, gates = tf.while_loop(
        lambda t, *_: t >= 0,
        body,
        (timesteps - 1, to_hidden, to_carry, written_array(timesteps, recurrent.shape[1])),
        maximum_iterations=timesteps,
    )
    return gates.stack(), to_hidden, to_carry


def read_array(values: Any, timesteps: Any) -> Any:
    """[timesteps, batch, width] to be read in a loop."""
    return written_array(timesteps, values.shape[-1]).unstack(values)


def written_array(timesteps: Any, width: int) -> Any:
    return tf.TensorArray(tf.float32, size=timesteps, element_shape=[None, width])
