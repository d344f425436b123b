"""The states and gates that are shown are those that Keras computes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.families.direct.network import build
from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.cells import Carried, recurrent_layer, step
from rnnauto.unroll import watch as watching
from rnnauto.unroll.watch import fed_to, read_layer

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
    kept = read_layer(layer, *fed_to(layer, (x,), {"initial_state": states if begin else None}))
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
    kept = read_layer(carried, *fed_to(carried, (x, state), {}))
    np.testing.assert_allclose(kept.states["hidden state"], outputs[0], rtol=1e-4, atol=1e-5)
    last = [kept.states["hidden state"][-1], kept.states["cell state"][-1]]
    np.testing.assert_allclose(np.concatenate(last), after[0], rtol=1e-4, atol=1e-5)


def test_a_long_sequence_is_read_alike_in_a_compiled_loop(monkeypatch):
    """What is given out does not depend on how the loop is run."""
    features = Features(2, (1,), (), 0, (), (), outputs=3, per_timestep=False)
    shape = Architecture("lstm", 4, 2, 1, "mean", bidirectional=True, filling="decay")
    built = build(features, shape)
    numbers = np.random.default_rng(0).normal(size=(1, 9, 2)).astype(np.float32)
    numbers[0, 2:5, 1] = np.nan
    inputs = {"length": np.array([9], np.int32), "numbers": numbers}
    weights = np.array([1.0, 0.0, -0.5])
    found = []
    for longest in (100, 2):
        monkeypatch.setattr(watching, "LONG", longest)
        found.append(watching.watch(built, inputs, weights))
    eager, compiled = found
    assert [(each.number, each.backward) for each in eager.layers] == [
        (1, False),
        (1, True),
        (2, False),
        (2, True),
    ]
    np.testing.assert_allclose(eager.outputs, built.model(inputs), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(compiled.outputs, eager.outputs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(compiled.gradient, eager.gradient, rtol=1e-3, atol=1e-6)
    for one, other in zip(eager.layers, compiled.layers, strict=True):
        for name, states in one.states.items():
            np.testing.assert_allclose(states, other.states[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("missing", [[], [1, 2, 4]])
def test_gradient_times_input_is_what_a_small_step_of_the_input_does(missing):
    """Of a score that is nearly linear in the input their sum is the score's change."""
    features = Features(2, (0,), (), 0, (), (), outputs=1, per_timestep=False)
    shape = Architecture("gru", 3, 1, 1, "last", bidirectional=False, filling="decay")
    built = build(features, shape)
    x = np.random.default_rng(1).normal(size=(1, 5, 2)).astype(np.float32)
    x[0, missing, 0] = np.nan  # what was seen before speaks for it
    length = np.array([5], np.int32)
    (gradient,) = watching.watch(built, {"length": length, "numbers": x}, np.ones(1)).gradient
    for at in sorted({*range(5)} - {*missing}):
        changed = [np.array(x), np.array(x)]
        for sign, copy in zip((1, -1), changed, strict=True):
            copy[0, at] *= 1 + sign * 1e-2
        more, less = (
            float(built.model({"length": length, "numbers": copy})[0, 0]) for copy in changed
        )
        assert gradient[at] == pytest.approx((more - less) / 2e-2, rel=0.02, abs=1e-4)
