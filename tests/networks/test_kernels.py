"""The kernels that networks are trained by: against Keras' own loops, and wherever they run."""

import resource
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from test_cells import draws

from rnnauto.cells import CELLS
from rnnauto.families.direct.learner import LEARNER
from rnnauto.networks import fused
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.networks.cells import recurrent_layer, run
from rnnauto.networks.kernels import here, memory
from rnnauto.search.train import compile_network

pytestmark = pytest.mark.train

KERNELS = ["lstm", "gru", "simple_rnn", "identity_rnn"]
GATED = ["lstm", "gru"]
CHANNELS = 5


@pytest.fixture(autouse=True)
def kernels_here():
    found = here.kernel_of("lstm")
    if found.kernel is None:
        pytest.skip(found.said)


def layer_and_graphs(cell, units):
    """A layer, and what gives its outputs, states and gradients with Keras' loop and with the
    kernel, for any batch and length."""
    layer = recurrent_layer(cell, units, name=cell)
    layer.build((None, None, CHANNELS))
    for number, weight in enumerate(layer.trainable_weights):
        scale = 1 / np.sqrt(weight.shape[0])
        weight.assign(draws(*weight.shape, seed=20 + number) * scale)
    given = [tf.TensorSpec([None, None, CHANNELS])]
    given += [tf.TensorSpec([None, units])] * CELLS[cell].states

    def graph(kernel):
        layer.fused, layer.learnt = kernel, units % 2 == 1

        @tf.function(input_signature=[given, [*given, given[1]]], autograph=False)
        def numbers(given, weigh):
            variables = [variable.value for variable in layer.trainable_variables]
            with tf.GradientTape() as tape:
                tape.watch(given)
                outputs, after = run(layer, given[0], given[1:])
                # of all outputs, and of the states after the last timestep
                parts = [outputs * weigh[-1][:, None], *map(tf.multiply, after, weigh[1:])]
                total = tf.add_n([tf.reduce_sum(part) for part in parts])
            return [outputs, *after], tape.gradient(total, [*given, *variables])

        numbers.get_concrete_function()
        return numbers

    return graph(False), graph(True)


@pytest.mark.parametrize("units", [1, 3, 8, 17, 64, 100])
@pytest.mark.parametrize("cell", KERNELS)
def test_numbers_and_gradients_are_keras_own(cell, units):
    plain, fast = layer_and_graphs(cell, units)
    states = CELLS[cell].states
    for seed, (batch, timesteps) in enumerate([(1, 1), (7, 2), (32, 5), (1, 40), (7, 33)]):
        given = [draws(batch, timesteps, CHANNELS, seed=seed)]
        given += [draws(batch, units, seed=seed + 50 + k) / 2 for k in range(states)]
        weigh = [given[0], *(draws(batch, units, seed=seed + 90 + k) for k in range(states + 1))]
        for one, other in zip(
            *(tf.nest.flatten(graph(given, weigh)) for graph in (plain, fast)), strict=True
        ):
            assert one.shape == other.shape
            np.testing.assert_allclose(other, one, rtol=0, atol=1e-6 + 1e-5 * np.abs(one).max())


NUMBERS = Features(2, (), (), 0, (), (), 3, per_timestep=False)


@pytest.mark.parametrize("cell", ["lstm", pytest.param("gru", marks=pytest.mark.slow)])
def test_a_network_both_ways_of_padded_sequences_learns_what_it_would(cell, monkeypatch):
    architecture = Architecture(
        cell=cell, units=5, layers=2, patch=1, pooling="mean", bidirectional=True
    )
    batch = {
        "numbers": draws(4, 9, 2),
        "length": np.array([9, 4, 1, 0], np.int32),
    }
    truth, found = np.array([0, 2, 1, 1], np.int32), []
    for step in (fused.kernel_of, no_kernel):
        monkeypatch.setattr(fused, "kernel_of", step)
        network = compile_network(LEARNER, NUMBERS, architecture, Answer("classes", (3,)))
        for number, weight in enumerate(network.model.trainable_weights):
            weight.assign(draws(*weight.shape, seed=number) / 2)
        network.optimizer.learning_rate.assign(1e-2)
        losses = [float(network.train_step(batch, truth)[0]) for _ in range(5)]
        read = network.read_step(batch, truth)[3].numpy()
        found.append((losses, read, network.model.get_weights()))
    for one, other in zip(*map(tf.nest.flatten, found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("learnt", [False, True])
@pytest.mark.parametrize("cell", GATED)
def test_run_eagerly_the_numbers_are_the_same(cell, learnt):
    layer = recurrent_layer(cell, 5, name=cell)
    layer.build((None, None, CHANNELS))
    layer.learnt = learnt

    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(layer(x) ** 2)
        return tape.gradient(total, [x, *layer.trainable_variables])

    x, found = tf.constant(draws(3, 4, CHANNELS)), []
    for layer.fused in (False, True):
        found.append(gradients(x))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def no_kernel(cell):
    return here.Found(None, "told to have none")


def kernel_of(cell):
    return here.kernel_of("simple_relu" if cell == "identity_rnn" else cell).kernel


def arrays(cell, *, batch, timesteps, units, seed=0):
    """What a kernel reads: sequences, weights, states, and gradients that come back."""
    gates = {"lstm": 4, "gru": 3}.get(cell, 1)
    bias = (2, gates * units) if cell == "gru" else (gates * units,)
    shapes = [(CHANNELS, gates * units), (units, gates * units), bias]
    weights = [draws(*shape, seed=seed + k) / 4 for k, shape in enumerate(shapes)]
    states = [draws(batch, units, seed=seed + 7 + k) for k in range(CELLS[cell].states)]
    x = draws(batch, timesteps, CHANNELS, seed=seed + 11)
    by = [draws(batch, timesteps, units, seed=seed + 12)]
    by += [draws(batch, units, seed=seed + 13)] * (len(states) - 1)
    return x, weights, states, by


def all_of(kernel, cell, **sizes):
    """All that a kernel computes, in order."""
    x, weights, states, by = arrays(cell, **sizes)
    *outputs, kept = kernel.forward(x, *weights, *states)
    errors, *found = kernel.backward(*by, weights[1], kept, channels=CHANNELS)
    by_x = kernel.by_input(errors, weights[0])
    by_h = kernel.by_start(errors, weights[1], *found[3:])
    return [np.array(part) for part in (*outputs, by_x, by_h, *found)]


@pytest.mark.parametrize("cell", KERNELS)
def test_the_same_bits_come_again_whatever_else_runs(cell):
    kernel = kernel_of(cell)
    sizes = [
        {"batch": b, "timesteps": t, "units": u}
        for b, t, u in ((3, 40, 20), (32, 9, 33), (1, 17, 8))
    ]
    alone = [all_of(kernel, cell, **size) for size in sizes]
    wrong = []

    def again(size, before):
        for _ in range(25):
            now = all_of(kernel, cell, **size)
            if not all(map(np.array_equal, now, before)):
                wrong.append(size)

    threads = [
        threading.Thread(target=again, args=pair) for pair in zip(sizes * 2, alone * 2, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("cell", GATED)
def test_a_gradient_that_is_taken_twice_is_refused(cell):
    kernel = kernel_of(cell)
    x, weights, states, by = arrays(cell, batch=2, timesteps=3, units=4)
    kept = kernel.forward(x, *weights, *states)[-1]
    kernel.backward(*by, weights[1], kept, channels=CHANNELS)
    with pytest.raises(RuntimeError, match="taken once"):
        kernel.backward(*by, weights[1], kept, channels=CHANNELS)


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_what_is_no_number_is_not_hidden_and_what_is_infinite_saturates(cell):
    kernel = kernel_of(cell)
    x, weights, states, _ = arrays(cell, batch=3, timesteps=4, units=6)
    x[:, :, 1:] = 0.0
    x[0, 1, 0], x[1], x[2, 2, 0] = np.nan, x[1] * 1e30, -np.inf
    outputs = kernel.forward(x, *weights, *states)[0]
    assert np.isfinite(outputs[0, 0]).all() and np.isnan(outputs[0, 1:]).all()
    assert np.isfinite(outputs[1:]).all() and np.abs(outputs[1:, 1:]).max() < 2  # GRUs keep a start


def test_memory_is_used_again_and_little_of_it_is_kept():
    kernel = here.kernel_of("lstm").kernel
    rng = np.random.default_rng(0)
    pool = memory.POOL
    most = 0
    for _ in range(60):
        size = dict(zip(("batch", "timesteps", "units"), rng.integers(1, 60, 3), strict=True))
        all_of(kernel, "lstm", **size)
        most = max(most, sum(piece.nbytes for piece in pool.free))
    assert 0 < most <= memory.MOST_KEPT
    same = {"batch": 8, "timesteps": 20, "units": 32}
    all_of(kernel, "lstm", **same)
    before = {id(piece) for piece in pool.free}
    for _ in range(5):
        all_of(kernel, "lstm", **same)
    assert {id(piece) for piece in pool.free} == before


def test_a_pool_drops_what_it_cannot_keep(monkeypatch):
    monkeypatch.setattr(memory, "MOST_KEPT", 1000)
    pool = memory.Pool()
    first, second = (memory.Piece(pool, pool.take(size + 64), size) for size in (500, 600))
    assert first.__array_interface__["data"][0] % memory.ALIGNED == 0
    raw = first.raw
    del first, second
    assert [piece is raw for piece in pool.free] == [True]
    assert pool.take(400) is raw and not pool.free
    pool.give(raw)
    assert pool.take(5000).nbytes == 5000 and not pool.free and pool.kept == 0


def resident():
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux")
@pytest.mark.parametrize("cell", GATED)
def test_ten_thousand_steps_of_mixed_sizes_leave_no_memory_behind(cell):
    architecture = Architecture(
        cell=cell, units=20, layers=1, patch=1, pooling="mean", bidirectional=True
    )
    network = compile_network(LEARNER, NUMBERS, architecture, Answer("classes", (3,)))
    rng, before = np.random.default_rng(0), 0
    for step in range(10_000):
        batch, timesteps = rng.integers(1, 33), rng.integers(1, 60)
        numbers = rng.standard_normal((batch, timesteps, 2)).astype(np.float32)
        inputs = {"numbers": numbers, "length": np.full(batch, timesteps, np.int32)}
        network.train_step(inputs, rng.integers(0, 3, batch).astype(np.int32))
        before = resident() if step == 2000 else before
    assert resident() - before < 20 << 20
