"""The loops to train in against Keras' own: outputs, states and all gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_cells import draws, layer_of

from rnnauto.cells import CELLS
from rnnauto.families.direct.learner import LEARNER
from rnnauto.families.direct.network import build
from rnnauto.networks import fused
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.networks.cells import run
from rnnauto.networks.fused import fuse
from rnnauto.networks.kernels import here
from rnnauto.search.train import compile_network

pytestmark = pytest.mark.train

FUSED = ["simple_rnn", "identity_rnn", "lstm", "gru"]


def both_ways(cell, *, timesteps):
    """Outputs, states and gradients of a layer with Keras' loop, and with ours."""
    layer, x, states = layer_of(cell, timesteps=timesteps)
    weigh, weigh_states = draws(3, timesteps, 4, seed=5), draws(3, 4, seed=6)
    given = [tf.constant(x), *map(tf.constant, states)]
    found = []
    for layer.fused in (False, True):

        @tf.function(autograph=False)
        def numbers(given):
            variables = [variable.value for variable in layer.trainable_variables]  # noqa: B023
            with tf.GradientTape() as tape:
                tape.watch(given)
                outputs, after = run(layer, given[0], given[1:])  # noqa: B023
                total = tf.reduce_sum(weigh * outputs)
                total += tf.add_n([tf.reduce_sum(weigh_states * state) for state in after])
            return [outputs, *after], tape.gradient(total, [*given, *variables])

        found.append(tf.nest.flatten(numbers(given)))
    return found


@pytest.mark.parametrize("timesteps", [1, 2, 13])
@pytest.mark.parametrize("cell", FUSED)
def test_outputs_states_and_gradients_are_keras_own(cell, timesteps, monkeypatch):
    none = here.Found(None, "told to have none")
    monkeypatch.setattr(fused, "kernel_of", lambda cell: none)  # test_kernels.py has those
    plain, ours = both_ways(cell, timesteps=timesteps)
    assert len(plain) == 1 + CELLS[cell].states + 1 + CELLS[cell].states + 3
    for one, other in zip(plain, ours, strict=True):
        assert np.abs(one).max() > 0
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("cell", "fused"), [("simple_rnn", True), ("lstm", False), ("gru", False)])
def test_on_a_gpu_our_loops_are_for_what_cudnn_has_nothing_for(cell, fused, monkeypatch):
    """Keras' loop of a simple RNN takes a GPU 49 to 57 ms a step, this one 12 to 16 (H100)."""
    x = keras.Input((None, 2))
    layer, _, _ = layer_of(cell, timesteps=3)
    model = keras.Model(x, type(layer)(4)(x))
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["gpu"])
    fuse(model)
    there = model.layers[1]
    assert (there.fused, there.compiled) == (fused, False)
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])
    fuse(model)
    assert (there.fused, there.compiled) == (True, True)


def test_no_kernel_runs_on_a_gpu(monkeypatch):
    layer, x, states = layer_of("simple_rnn", timesteps=3)
    layer.fused, layer.compiled = True, False
    monkeypatch.setattr(fused, "run_kernel", None)
    outputs, _ = run(layer, tf.constant(x), [tf.constant(state) for state in states])
    layer.fused = False
    plain, _ = run(layer, tf.constant(x), [tf.constant(state) for state in states])
    np.testing.assert_allclose(outputs, plain, rtol=1e-5, atol=1e-6)


NUMBERS = Features(2, (), (), 0, (), (), 3, per_timestep=False)


def architecture(cell):
    return Architecture(cell=cell, units=4, layers=2, patch=1, pooling="mean", bidirectional=True)


@pytest.mark.parametrize("cell", FUSED)
def test_only_networks_that_are_trained_have_the_loops(cell, monkeypatch):
    def fused_layers(model):
        found = [layer.fused for layer in model.layers if hasattr(layer, "fused")]
        assert len(found) == 4
        return set(found)

    built = build(NUMBERS, architecture(cell)).model
    assert fused_layers(built) == {False}
    network = compile_network(LEARNER, NUMBERS, architecture(cell), Answer("classes", (3,)))
    assert fused_layers(network.model) == {True}
    learnt = [layer.learnt for layer in network.model.layers if hasattr(layer, "learnt")]
    assert learnt == [False, False, True, True]  # the first two read numbers
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [kind])
    fuse(built)  # cuDNN has none of these
    assert fused_layers(built) == {cell in {"simple_rnn", "identity_rnn"}}


@pytest.mark.parametrize("timesteps", [1, 13])
@pytest.mark.parametrize("cell", FUSED)
def test_a_loop_without_lists_of_tensors_gives_the_same(cell, timesteps):
    layer, x, states = layer_of(cell, timesteps=timesteps)
    given = tf.constant(x), list(map(tf.constant, states))
    plain, after = run(layer, *given)
    layer.carried = True
    graph = tf.function(lambda x, *states: run(layer, x, list(states)), autograph=False)
    carried, carried_after = graph(given[0], *given[1])
    np.testing.assert_allclose(carried, plain, rtol=1e-5, atol=1e-6)
    for one, other in zip(carried_after, after, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    traced = graph.get_concrete_function(given[0], *given[1]).graph.as_graph_def()
    inside = [node.op for each in traced.library.function for node in each.node_def]
    assert not [op for op in [*inside, *(n.op for n in traced.node)] if op.startswith("TensorList")]


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "float64"},
        {"dtype": "mixed_float16"},
        {"go_backwards": True},
        {"use_bias": False},
        {"recurrent_dropout": 0.1},
    ],
)
@pytest.mark.parametrize("kind", [fused.SimpleRNN, fused.LSTM, fused.GRU])
def test_what_the_loops_do_not_compute_stays_with_keras(kind, options):
    assert fused.has_loop(kind(4)) and not fused.has_loop(kind(4, **options))
