"""Recurrent layers as operators of ONNX, held against Keras' layers on each sequence by itself."""

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.recurrent import emit_recurrent
from rnnauto.networks.cells import recurrent_layer, run

pytestmark = pytest.mark.train

CHANNELS, UNITS = 3, 7
BATCHES = ((1, 1), (4, 6), (7, 20))  # sequences, timesteps
LONG = 5_000
LARGE = 70  # sequences: more than any cell reads by one operator


def layer_of(cell, rng):
    layer = recurrent_layer(cell, UNITS, name=cell)
    layer.build((None, None, CHANNELS))
    for weight in layer.weights:  # biases start at 0, and would hide their place
        if "bias" in weight.path or cell == "identity_rnn":
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return layer


def opened(layer, cell, *, states):
    graph = Graph()
    x = graph.input("x", "float32", (None, None, CHANNELS))
    count = CELLS[cell].states
    given = [graph.input(f"state_{at}", "float32", (None, UNITS)) for at in range(count)]
    outputs, after = emit_recurrent(graph, layer, x, states=given if states else None)
    graph.output("outputs", outputs, "float32", (None, None, UNITS))
    for at, state in enumerate(after):
        graph.output(f"after_{at}", state, "float32", (None, UNITS))
    if not states:
        graph.inputs[-count:] = []
    return onnxruntime.InferenceSession(graph.serialise("layer"))


def by_keras(layer, x, states):
    """One sequence [timesteps, channels]: outputs, and the states after it."""
    outputs, after = run(
        layer, tf.constant(x[None]), [tf.constant(state[None]) for state in states]
    )
    return outputs[0].numpy(), [state[0].numpy() for state in after]


@pytest.mark.parametrize("states", [True, False], ids=["states", "zeros"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_layer_is_keras_layer_of_every_sequence(cell, states):
    rng = np.random.default_rng(0)
    layer, count = layer_of(cell, rng), CELLS[cell].states
    session = opened(layer, cell, states=states)
    for rows, timesteps in BATCHES:
        x = rng.normal(size=(rows, timesteps, CHANNELS)).astype(np.float32)
        starts = rng.normal(size=(count, rows, UNITS)).astype(np.float32) * states
        given = {f"state_{at}": start for at, start in enumerate(starts)} if states else {}
        outputs, *after = session.run(None, {"x": x, **given})
        assert outputs.shape == (rows, timesteps, UNITS)
        for row in range(rows):
            wanted, ends = by_keras(layer, x[row], list(starts[:, row]))
            np.testing.assert_allclose(outputs[row], wanted, atol=1e-5)
            for found, end in zip(after, ends, strict=True):
                np.testing.assert_allclose(found[row], end, atol=1e-5)


def test_traces_over_thousands_of_timesteps_are_the_sums_that_they_stand_for():
    """Against the recurrence itself, in float64."""
    rng = np.random.default_rng(0)
    layer = layer_of("exponential_trace", rng)
    session = opened(layer, "exponential_trace", states=True)
    x = rng.normal(size=(1, LONG, CHANNELS)).astype(np.float32)
    start = rng.normal(size=(1, UNITS)).astype(np.float32)
    _, after = session.run(None, {"x": x, "state_0": start})
    decay = 1 / (1 + np.exp(-layer.decay_logit.numpy().astype(np.float64)))
    trace = start[0].astype(np.float64)
    for row in x[0] @ layer.project.kernel.numpy().astype(np.float64):
        trace = (1 - decay) * row + decay * trace
    np.testing.assert_allclose(after[0], trace, atol=1e-5)


@pytest.mark.parametrize("states", [True, False], ids=["states", "zeros"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_large_batch_is_answered_as_small_ones_are(cell, states):
    rng = np.random.default_rng(0)
    layer, count = layer_of(cell, rng), CELLS[cell].states
    session = opened(layer, cell, states=states)
    x = rng.normal(size=(LARGE, 12, CHANNELS)).astype(np.float32)
    starts = rng.normal(size=(count, LARGE, UNITS)).astype(np.float32)
    given = {f"state_{at}": start for at, start in enumerate(starts)} if states else {}
    whole = session.run(None, {"x": x, **given})
    for row in (0, 33, 69):
        alone = {name: start[row : row + 1] for name, start in given.items()}
        for found, one in zip(
            whole, session.run(None, {"x": x[row : row + 1], **alone}), strict=True
        ):
            np.testing.assert_allclose(found[row], one[0], atol=1e-5)


@pytest.mark.parametrize("reset_after", [True, False])
def test_both_kinds_of_gru_are_written(reset_after):
    rng = np.random.default_rng(0)
    layer = keras.layers.GRU(UNITS, return_sequences=True, reset_after=reset_after)
    layer.build((None, None, CHANNELS))
    layer.cell.bias.assign(rng.normal(size=layer.cell.bias.shape))
    graph = Graph()
    x = graph.input("x", "float32", (None, None, CHANNELS))
    outputs, _ = emit_recurrent(graph, layer, x)
    graph.output("outputs", outputs, "float32", (None, None, UNITS))
    session = onnxruntime.InferenceSession(graph.serialise("gru"))
    x = rng.normal(size=(2, 9, CHANNELS)).astype(np.float32)
    np.testing.assert_allclose(session.run(None, {"x": x})[0], layer(x), atol=1e-5)


def test_a_cell_of_other_activations_is_refused():
    layer = keras.layers.LSTM(UNITS, activation="relu")
    layer.build((None, None, CHANNELS))
    with pytest.raises(ValueError, match="no operator of ONNX"):
        emit_recurrent(Graph(), layer, "x")
