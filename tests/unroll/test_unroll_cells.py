"""The states and gates that are shown are those that Keras computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.networks.cells import Carried, recurrent_layer, step
from rnnauto.unroll.watch import read_layer

pytestmark = pytest.mark.train

TIMESTEPS, CHANNELS, UNITS = 7, 3, 5


def read(layer, *, name="", begin=True):
    """A layer over some numbers: what is kept of it, and what Keras says timestep by timestep."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(1, TIMESTEPS, CHANNELS)), tf.float32)
    count = CELLS[name].states
    states = [tf.constant(rng.normal(size=(1, UNITS)), tf.float32) for _ in range(count)]
    states = states if begin else [tf.zeros((1, UNITS))] * count
    layer.build(x.shape)
    for weight in layer.weights:  # biases too
        weight.assign(rng.normal(0, 0.5, weight.shape))
    kept = read_layer(layer, (x,), {"initial_state": states if begin else None})
    outputs, after = [], states
    for at in range(TIMESTEPS):
        output, after = step(layer, x[:, at], after)
        outputs.append([output[0].numpy(), *(state[0].numpy() for state in after)])
    return kept, outputs


@pytest.mark.parametrize("begin", [True, False])
@pytest.mark.parametrize("name", CELLS)
def test_what_is_kept_of_a_layer_is_what_keras_computes(name, begin):
    layer = recurrent_layer(name, UNITS, name=f"{name}_forward_0")
    kept, wanted = read(layer, name=name, begin=begin)
    assert (kept.number, kept.backward, kept.decodes) == (1, False, False)
    found = kept.states
    if name == "exponential_trace":
        pairs = [(found["output"], 0), (found["trace"], 1)]
    else:
        pairs = [(found["hidden state"], 0)]
    if name == "lstm":
        pairs.append((found["cell state"], 2))
    for values, place in pairs:
        expected = np.array([each[place] for each in wanted])
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)


def test_gates_are_between_shut_and_open_and_do_what_they_say():
    layer = recurrent_layer("lstm", UNITS, name="lstm_forward_0")
    kept, _ = read(layer, name="lstm", begin=False)
    found = kept.states
    assert list(found) == ["hidden state", "cell state", "forget gate", "input gate", "output gate"]
    for name in ("forget gate", "input gate", "output gate"):
        assert ((found[name] > 0) & (found[name] < 1)).all()
    told = found["output gate"] * np.tanh(found["cell state"])
    np.testing.assert_allclose(found["hidden state"], told)
    layer = recurrent_layer("gru", UNITS, name="gru_forward_0")
    kept, _ = read(layer, name="gru", begin=False)
    shut = kept.states["update gate"]  # 1: the state stays; what comes in is between -1 and 1
    before = np.vstack([np.zeros(UNITS), kept.states["hidden state"][:-1]])
    moved = np.abs(kept.states["hidden state"] - shut * before)
    assert (moved <= 1 - shut + 1e-12).all()


def test_a_layer_that_reads_backwards_is_shown_in_the_order_of_the_timesteps():
    layer = recurrent_layer("gru", UNITS, name="gru_backward_1")
    kept, wanted = read(layer, name="gru", begin=False)
    assert (kept.number, kept.backward) == (2, True)
    expected = np.array([each[0] for each in wanted])[::-1]
    np.testing.assert_allclose(kept.states["hidden state"], expected, rtol=1e-4, atol=1e-5)


def test_a_layer_whose_state_is_carried_begins_from_it():
    carried = Carried("lstm", UNITS, name="carried_0")
    x = keras.random.normal((1, TIMESTEPS, CHANNELS), seed=1)
    state = keras.random.normal((1, 2 * UNITS), seed=2)
    outputs, after = carried(x, state)
    kept = read_layer(carried, (x, state), {})
    np.testing.assert_allclose(kept.states["hidden state"], outputs[0], rtol=1e-4, atol=1e-5)
    last = [kept.states["hidden state"][-1], kept.states["cell state"][-1]]
    np.testing.assert_allclose(np.concatenate(last), after[0], rtol=1e-4, atol=1e-5)
