"""Missing numbers that decay from what was seen last: the layer, and its ONNX graph, against the
formula written out timestep by timestep."""

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from rnnauto.exchange.decay import emit_decay, emit_decay_on
from rnnauto.exchange.graph import Graph
from rnnauto.networks.decay import Decay

pytestmark = pytest.mark.train

NUMBERS, PLACES, CHANNELS = 4, (0, 2), 8
GAPS = [None, (3, 1.2, 2.5)]
RATE, OFFSET = (0.3, -0.2), (-0.1, 0.5)


def layer_of(gap):
    layer = Decay(NUMBERS, PLACES, gap)
    layer.rate.assign(RATE)
    layer.offset.assign(OFFSET)
    return layer


def read_in(rng, timesteps, batch=3):
    """What `Standardise` gives: numbers, then indicators, then what is none of either."""
    x = rng.normal(size=(batch, timesteps, CHANNELS)).astype(np.float32)
    x[..., NUMBERS : NUMBERS + 2] = rng.random((batch, timesteps, 2)) < 0.6
    for at, place in enumerate(PLACES):
        x[..., place] *= 1 - x[..., NUMBERS + at]
    return x


def by_hand(x, gap, held):
    """Che et al. 2018, equations 2, 10 and 11, after scaling: the mean is 0."""
    filled, held = x.astype(np.float64), held.astype(np.float64)
    for row, state in zip(filled, held, strict=True):
        for now in row:
            for at, place in enumerate(PLACES):
                if now[NUMBERS + at]:
                    state[2 + at] += 1.0 if gap is None else max(0.0, now[3] * gap[2] + gap[1])
                    decay = np.exp(-max(0.0, RATE[at] * state[2 + at] + OFFSET[at]))
                    now[place] = decay * state[at]
                else:
                    state[at], state[2 + at] = now[place], 0.0
    return filled, held


def graph_of(layer):
    layer(keras.Input((None, CHANNELS)))
    graph = Graph()
    read = graph.input("x", "float32", (None, None, CHANNELS))
    held = graph.input("held", "float32", (None, layer.size))
    graph.output("whole", emit_decay(graph, layer, read), "float32", (None, None, CHANNELS))
    filled, after = emit_decay_on(graph, layer, read, held)
    graph.output("filled", filled, "float32", (None, None, CHANNELS))
    graph.output("after", after, "float32", (None, layer.size))
    return onnxruntime.InferenceSession(graph.serialise("decay"))


@pytest.mark.parametrize("gap", GAPS)
def test_a_missing_number_decays_from_the_last_one_to_the_mean(gap):
    rng, layer = np.random.default_rng(0), layer_of(gap)
    spec = [tf.TensorSpec([None, None, CHANNELS]), tf.TensorSpec([None, layer.size])]
    traced = tf.function(layer.read_on, input_signature=spec)
    session = graph_of(layer)
    for timesteps in (0, 1, 2, 7, 70):
        x, held = read_in(rng, timesteps), np.abs(rng.normal(size=(3, 4))).astype(np.float32)
        fresh, _ = by_hand(x, gap, np.zeros((3, 4)))
        wanted = by_hand(x, gap, held)
        whole, *found = session.run(None, {"x": x, "held": held})
        np.testing.assert_allclose(layer(x), fresh, atol=2e-6)
        np.testing.assert_allclose(whole, fresh, atol=2e-6)
        for pair in (found, layer.read_on(x, held), traced(x, held)):
            for one, other in zip(pair, wanted, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("gap", GAPS)
def test_pieces_that_go_on_from_one_another_are_the_whole(gap):
    x, layer = read_in(np.random.default_rng(1), 40), layer_of(gap)
    held, pieces = np.zeros((3, 4), np.float32), []
    for begin, end in ((0, 1), (1, 2), (2, 20), (20, 40)):
        piece, held = layer.read_on(x[:, begin:end], held)
        pieces.append(piece)
    np.testing.assert_allclose(np.concatenate(pieces, 1), layer(x), atol=2e-6)


def test_a_long_silence_is_counted_to_the_end():
    """50,000 gaps of uneven length add up alike in one call and timestep by timestep."""
    rng, layer = np.random.default_rng(2), layer_of((3, 0.0, 1.0))
    layer.rate.assign([1e-5, 1e-5])
    x = np.zeros((1, 50_000, CHANNELS), np.float32)
    x[..., 3] = rng.exponential(1, x.shape[1])
    x[:, 1:, NUMBERS : NUMBERS + 2] = 1.0
    x[:, 0, [0, 2]] = 3.0
    whole = layer(x)
    graph, *_ = graph_of(layer).run(None, {"x": x, "held": np.zeros((1, 4), np.float32)})
    elapsed = np.cumsum(x[0, 1:, 3], dtype=np.float64)
    wanted = 3 * np.exp(-np.maximum(0, 1e-5 * elapsed[:, None] + OFFSET))
    for found in (whole, graph):
        np.testing.assert_allclose(np.asarray(found)[0, 1:][:, [0, 2]], wanted, atol=1e-5)


def test_rates_and_offsets_are_learnt():
    x, layer = tf.constant(read_in(np.random.default_rng(3), 9)), layer_of(None)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_sum(layer(x)[..., :NUMBERS] ** 2)
    *learnt, by_x = tape.gradient(score, [layer.rate.value, layer.offset.value, x])
    for gradient in (*learnt, by_x):
        assert np.isfinite(gradient).all() and (np.asarray(gradient) != 0).any()
