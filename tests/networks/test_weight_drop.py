"""Recurrent weights that a training step leaves out: which, and what is left of them after it."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from builders import study_problem

from rnnauto.families.direct.learner import LEARNER
from rnnauto.networks.architecture import Answer, Architecture
from rnnauto.networks.losses import summed_loss
from rnnauto.search.train import compile_network

pytestmark = pytest.mark.train
ANSWER = Answer("classes", (2,))
FEATURES = replace(study_problem(answer=ANSWER).features, numbers=3)
CELLS = ["simple_rnn", "lstm", "gru"]


def network_of(cell, *, drops=True):
    shape = Architecture(cell, 16, 1, patch=1, pooling="last", bidirectional=False)
    network = compile_network(LEARNER, FEATURES, shape, ANSWER, "sgd", drops=drops)
    network.clip_norm.assign(np.inf)
    return network


def batch_of(rows=4, timesteps=6):
    drawn = np.random.default_rng(0).normal(size=(rows, timesteps, 3)).astype(np.float32)
    inputs = {"numbers": tf.constant(drawn), "length": tf.fill([rows], timesteps)}
    return inputs, tf.constant([0, 1] * (rows // 2))


def matrix_of(network):
    return network.drop.matrices[0].numpy()


def stepped(network, *, seed, rate, learning_rate):
    """The recurrent weights before a step and after it."""
    network.drop.reset(rate, seed)
    network.optimizer.learning_rate.assign(learning_rate)
    before = matrix_of(network)
    network.train_step(*batch_of())
    return before, matrix_of(network)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_left_out_learns_nothing_and_comes_back(cell):
    network = network_of(cell)
    before, after = stepped(network, seed=7, rate=0.5, learning_rate=0.0)
    np.testing.assert_array_equal(after, before)
    before, after = stepped(network, seed=7, rate=0.5, learning_rate=1.0)
    unmoved = np.mean(after == before)
    assert 0.35 < unmoved < 0.65
    _, again = stepped(network_of(cell), seed=7, rate=0.0, learning_rate=1.0)
    assert np.mean(again == before) < 0.05


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_the_weights_that_are_left(cell):
    network = network_of(cell)
    network.drop.reset(0.5, 3)
    matrix = network.drop.matrices[0]
    whole, scale = matrix.numpy(), network.drop.drawn(0, tf.shape(matrix)).numpy()
    inputs, truth = batch_of()
    matrix.assign(whole * scale)
    with tf.GradientTape() as tape:
        total, count, _ = summed_loss(network.model(inputs, training=True), truth, ANSWER)
        loss = total / count
    wanted = tf.convert_to_tensor(tape.gradient(loss, matrix)).numpy() * scale
    matrix.assign(whole)
    network.optimizer.learning_rate.assign(1.0)
    network.train_step(inputs, truth)
    np.testing.assert_allclose(whole - matrix.numpy(), wanted, atol=1e-6)


def test_each_step_draws_anew_and_a_seed_draws_the_same():
    network = network_of("lstm")
    shape = tf.constant([16, 64])
    network.drop.reset(0.3, 5)
    first = network.drop.drawn(0, shape).numpy()
    assert set(np.unique(first).round(5)) == {0.0, np.float32(1 / 0.7).round(5)}
    network.train_step(*batch_of())
    second = network.drop.drawn(0, shape).numpy()
    assert np.mean(first != second) > 0.3
    assert np.mean(first != network.drop.drawn(1, shape).numpy()) > 0.3
    network.drop.reset(0.3, 5)
    np.testing.assert_array_equal(network.drop.drawn(0, shape), first)


def test_reading_leaves_nothing_out():
    network, plain = network_of("lstm"), network_of("lstm", drops=False)
    plain.model.set_weights(network.model.get_weights())
    network.drop.reset(0.9, 1)
    for one, other in zip(
        network.read_step(*batch_of()), plain.read_step(*batch_of()), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_trace_has_no_weights_between_units():
    assert network_of("exponential_trace").drop.matrices == ()
