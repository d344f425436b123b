"""The LSTM with a gradient by hand gives the numbers and the gradients of Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.carried import build_carried, state_size
from rnnauto.networks.cells import STATES
from rnnauto.networks.scan import lstm, trained_lstm

pytestmark = pytest.mark.train

BATCH, TIMESTEPS, CHANNELS, UNITS = 3, 7, 2, 4


@pytest.fixture(scope="module")
def drawn():
    keras.utils.set_random_seed(1)
    layer = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    layer.build((None, None, CHANNELS))
    rng = np.random.default_rng(0)
    x, h, c, weights = (
        tf.constant(rng.normal(size=shape), tf.float32)
        for shape in (
            (BATCH, TIMESTEPS, CHANNELS),
            (BATCH, UNITS),
            (BATCH, UNITS),
            (BATCH, TIMESTEPS, UNITS),
        )
    )
    return layer, (x, h, c), weights


def by_hand(layer, x, h, c, *, run):
    cell = layer.cell
    projected = tf.tensordot(tf.transpose(x, [1, 0, 2]), cell.kernel.value, 1) + cell.bias.value
    outputs, h, c = run(projected, tf.convert_to_tensor(cell.recurrent_kernel.value), h, c)
    return tf.transpose(outputs, [1, 0, 2]), h, c


@pytest.mark.parametrize("run", [lstm, trained_lstm])
def test_the_numbers_are_those_of_keras(drawn, run):
    layer, (x, h, c), _ = drawn
    for ours, theirs in zip(
        by_hand(layer, x, h, c, run=run), layer(x, initial_state=[h, c]), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_gradients_are_those_of_tensorflow(drawn):
    layer, given, weights = drawn

    def gradients(read):
        sources = [*given, *(variable.value for variable in layer.trainable_variables)]
        with tf.GradientTape() as tape:
            tape.watch(given)
            outputs, h, c = read(*given)
            loss = tf.reduce_sum(outputs * weights) + tf.reduce_sum(h * c) + tf.reduce_sum(c)
        return tape.gradient(loss, sources)

    ours = tf.function(lambda: gradients(lambda *a: by_hand(layer, *a, run=trained_lstm)))()
    theirs = tf.function(lambda: gradients(lambda x, h, c: layer(x, initial_state=[h, c])))()
    for mine, reference in zip(ours, theirs, strict=True):
        assert np.abs(reference).max() > 1e-3
        np.testing.assert_allclose(mine, reference, atol=1e-5)


@pytest.mark.parametrize("cell", STATES)
def test_windows_that_carry_the_state_on_are_one_long_sequence(cell):
    features = Features(0, (), (9,), 0, (), (), 5, per_timestep=True, carried=True)
    shape = Architecture(cell, 4, 2, 1, "last", bidirectional=False)
    model = build_carried(features, shape)
    codes = np.random.default_rng(0).integers(0, 9, (2, 10, 1)).astype(np.int32)

    def read(begin, end, state):
        length = np.full(2, end - begin, np.int32)
        given = {"codes": codes[:, begin:end], "length": length, "state": np.asarray(state)}
        return model(given)

    fresh = np.zeros((2, state_size(shape)), np.float32)
    whole = read(0, 10, fresh)
    first = read(0, 4, fresh)
    second = read(4, 10, first["state"])
    joined = np.concatenate([first["outputs"], second["outputs"]], axis=1)
    np.testing.assert_allclose(joined, whole["outputs"], atol=1e-5)
    np.testing.assert_allclose(second["state"], whole["state"], atol=1e-5)
    assert np.abs(read(4, 10, fresh)["outputs"] - second["outputs"]).max() > 1e-8
