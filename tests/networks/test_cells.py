"""Every cell against the recurrence that it stands for, worked out timestep by timestep."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.families.direct.network import build
from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.cells import (
    HALVINGS,
    ExponentialTrace,
    decay_logits,
    decayed_sums,
    recurrent_layer,
    step,
)

pytestmark = pytest.mark.train

BATCH, CHANNELS, UNITS = 3, 2, 4


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def plain_sums(x, decay):
    """y(t) = x(t) + decay * y(t - 1), as it is written."""
    sums, last = [], np.zeros_like(x[:, 0])
    for timestep in range(x.shape[1]):
        last = x[:, timestep] + decay * last
        sums.append(last)
    return np.stack(sums, 1)


def layer_of(cell, *, timesteps=7):
    """A layer with random weights, its input and random states to start from."""
    layer = recurrent_layer(cell, UNITS, name=cell)
    x = draws(BATCH, timesteps, CHANNELS)
    states = [draws(BATCH, UNITS, seed=9 + at) for at in range(CELLS[cell].states)]
    layer(x, initial_state=states)
    for number, weight in enumerate(layer.trainable_weights):
        weight.assign(draws(*weight.shape, seed=20 + number) / 2)
    return layer, x, states


@pytest.mark.parametrize("halvings", [0, 1, HALVINGS])
@pytest.mark.parametrize("timesteps", [1, 2, 3, 8, 33, 100])
def test_the_parallel_scan_is_the_plain_recurrence(timesteps, halvings):
    x = draws(2, timesteps, 5)
    decay = np.array([0, 0.3, 0.9, 0.99, 1], np.float32)
    found = decayed_sums(x, decay, halvings=halvings)
    np.testing.assert_allclose(found, plain_sums(x, decay), atol=1e-4)


def test_the_scans_gradient_is_the_plain_recurrences():
    x, weights = tf.constant(draws(2, 37, 3)), draws(2, 37, 3, seed=1)
    decay = tf.constant([0.2, 0.8, 0.95])
    with tf.GradientTape() as tape:
        tape.watch([x, decay])
        total = tf.reduce_sum(weights * decayed_sums(x, decay))
    by_x, by_decay = (np.array(part) for part in tape.gradient(total, [x, decay]))
    # the gradient of a recurrence is the same recurrence, from the end to the start
    backwards = plain_sums(weights[:, ::-1], np.array(decay))[:, ::-1]
    np.testing.assert_allclose(by_x, backwards, rtol=1e-4, atol=1e-5)
    earlier = plain_sums(np.array(x), np.array(decay))[:, :-1]
    np.testing.assert_allclose(by_decay, (backwards[:, 1:] * earlier).sum((0, 1)), rtol=1e-4)


@pytest.mark.parametrize("timesteps", [1, 6, 50])
def test_an_exponential_trace_is_its_recurrence(timesteps):
    layer, x, (start,) = layer_of("exponential_trace", timesteps=timesteps)
    logit, project, read_out, bias = layer.get_weights()
    decay = 1 / (1 + np.exp(-logit))
    trace, expected = start, []
    for timestep in range(timesteps):
        trace = (1 - decay) * (x[:, timestep] @ project) + decay * trace
        expected.append(np.tanh(trace @ read_out + bias))
    np.testing.assert_allclose(layer(x, initial_state=[start]), np.stack(expected, 1), atol=1e-5)


def test_time_constants_start_evenly_spread_from_1_to_100_timesteps():
    decay = 1 / (1 + np.exp(-np.array(decay_logits((3,)), np.float64)))
    np.testing.assert_allclose(-1 / np.log(decay), [1, 10, 100], rtol=1e-4)
    layer = ExponentialTrace(3)
    layer.build((None, None, 2))
    np.testing.assert_allclose(layer.decay_logit, decay_logits((3,)))


@pytest.mark.parametrize("cell", CELLS)
def test_one_timestep_after_the_other_is_the_whole_sequence(cell):
    layer, x, states = layer_of(cell)
    whole = np.array(layer(x, initial_state=states))
    for timestep in range(x.shape[1]):
        output, states = step(layer, x[:, timestep], states)
        assert len(states) == CELLS[cell].states
        np.testing.assert_allclose(output, whole[:, timestep], atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_start_of_zeros_is_no_start(cell):
    layer, x, states = layer_of(cell)
    zeros = [np.zeros_like(state) for state in states]
    np.testing.assert_allclose(layer(x, initial_state=zeros), layer(x), atol=1e-6)
    assert np.abs(np.array(layer(x, initial_state=states)) - layer(x)).max() > 0.01


@pytest.mark.parametrize("cell", CELLS)
def test_no_timestep_reads_a_later_one(cell):
    layer, x, _ = layer_of(cell, timesteps=9)
    changed = x.copy()
    changed[:, 5:] = 1e6
    found, whole = np.array(layer(changed)), np.array(layer(x))
    np.testing.assert_allclose(found[:, :5], whole[:, :5], atol=1e-6)
    assert np.abs(found[:, 5:] - whole[:, 5:]).max() > 0.01


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_recurrent_kernels_start_orthogonal(cell):
    layer = recurrent_layer(cell, UNITS, name=cell)
    layer.build((None, None, CHANNELS))
    kernel = layer.cell.recurrent_kernel.numpy()  # [units, gates * units]
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(UNITS), atol=1e-5)


def test_an_identity_rnn_starts_by_keeping_its_state():
    layer = recurrent_layer("identity_rnn", UNITS, name="identity")
    layer.build((None, None, CHANNELS))
    np.testing.assert_array_equal(layer.cell.recurrent_kernel, np.eye(UNITS))
    np.testing.assert_array_equal(layer.cell.bias, np.zeros(UNITS))
    state = np.abs(draws(BATCH, UNITS))
    kept = layer(np.zeros((BATCH, 50, CHANNELS), np.float32), initial_state=[state])
    np.testing.assert_array_equal(kept[:, -1], state)
    below = layer(np.zeros((BATCH, 1, CHANNELS), np.float32), initial_state=[-state])
    np.testing.assert_array_equal(below, np.zeros((BATCH, 1, UNITS)))  # rectified


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_in_a_network_that_starts_from_static_features(cell):
    found = Features(
        numbers=2,
        missing=(),
        vocabularies=(),
        static_numbers=1,
        static_missing=(),
        static_vocabularies=(),
        outputs=3,
        per_timestep=False,
    )
    keras.utils.set_random_seed(0)
    network = build(found, Architecture(cell, UNITS, 2, 1, "last", True)).model
    batch = {
        "length": np.array([5, 3], np.int32),
        "numbers": draws(2, 5, 2),
        "static_numbers": draws(2, 1),
    }
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(network(batch) ** 2)
    names = [weight.path for weight in network.trainable_weights]
    variables = [weight.value for weight in network.trainable_weights]
    for name, gradient in zip(names, tape.gradient(total, variables), strict=True):
        assert np.abs(gradient).max() > 0, name
