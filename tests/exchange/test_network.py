"""Whole networks as ONNX graphs, held against the networks, on what a batch may hold."""

from dataclasses import replace

import keras
import numpy as np
import onnxruntime
import pytest

from rnnauto.cells import CELLS
from rnnauto.errors import ExportError
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.network import emit_network
from rnnauto.families.direct.network import build
from rnnauto.networks.architecture import Architecture, Features

pytestmark = pytest.mark.train

NUMBERS, VOCABULARIES, OUTPUTS = 3, (9, 6), 4
INPUTS = {
    "length": ("int32", (None,)),
    "numbers": ("float32", (None, None, NUMBERS)),
    "codes": ("int32", (None, None, len(VOCABULARIES))),
    "static_numbers": ("float32", (None, 2)),
    "static_codes": ("int32", (None, 1)),
}
# cell, layers, patch, pooling, both ways, a target per timestep
SHAPES = [
    ("lstm", 1, 1, "last", False, False),
    ("lstm", 2, 3, "last", True, False),
    ("gru", 1, 2, "mean", True, False),
    ("exponential_trace", 2, 1, "max", True, False),
    ("simple_rnn", 1, 1, "last", False, True),
    ("gru", 2, 1, "last", True, True),
    ("identity_rnn", 1, 4, "max", False, False),
]
# filters that see neighbours, n-grams that are counted where there is one answer, a vocabulary of
# which the last three entries have vectors alone, and missing numbers that decay, by the gaps that
# the second number tells
FURTHER = [("lstm", 1, 1, "mean", True, False), ("simple_rnn", 1, 1, "last", True, True)]


def batch_of(rng, rows, timesteps):
    numbers = rng.normal(size=(rows, timesteps, NUMBERS)).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.2] = np.nan
    length = rng.integers(0, timesteps + 1, rows).astype(np.int32)
    length[:2] = (timesteps, 0)[:rows]
    return {
        "length": length,
        "numbers": numbers,
        "codes": rng.integers(0, 6, (rows, timesteps, 2)).astype(np.int32),
        "static_numbers": rng.normal(size=(rows, 2)).astype(np.float32),
        "static_codes": rng.integers(0, 5, (rows, 1)).astype(np.int32),
    }


@pytest.mark.parametrize(
    ("shape", "further"),
    [*((shape, False) for shape in SHAPES), *((shape, True) for shape in FURTHER)],
    ids=lambda each: "-".join(map(str, each)) if isinstance(each, tuple) else str(each),
)
def test_a_graph_says_what_its_network_says(shape, further):
    cell, layers, patch, pooling, both_ways, per_timestep = shape
    rng = np.random.default_rng(0)
    features = Features(NUMBERS, (0, 2), VOCABULARIES, 2, (1,), (5,), OUTPUTS, per_timestep)
    architecture = Architecture(cell, 6, layers, patch, pooling, both_ways)
    if further:
        features = replace(features, words=(0, 1), vectors=(0, 3, 7), gap=(1, 0.5, 1.5))
        further = {"convolution": 5, "vectors": "frozen", "filling": "decay"}
        further |= {"ngrams": 4, "gram_rows": 32, "own_scale": True}
        architecture = replace(architecture, **further)
    model = build(features, architecture).model
    for weight in model.weights:
        if weight.dtype == "float32":
            drawn = rng.normal(0, 0.3, weight.shape)
            weight.assign(np.abs(drawn) + 0.1 if "deviation" in weight.path else drawn)
    graph = Graph()
    inputs = {name: graph.input(name, *each) for name, each in INPUTS.items()}
    found = emit_network(graph, model, inputs)
    free = (None, None) if per_timestep else (None,)
    graph.output("logits", found, "float32", (*free, OUTPUTS))
    session = onnxruntime.InferenceSession(graph.serialise("network"))
    for rows, timesteps in ((1, 0), (1, 1), (5, 0), (6, 13), (3, 120)):
        batch = batch_of(rng, rows, timesteps)
        (logits,) = session.run(None, batch)
        np.testing.assert_allclose(logits, model(batch, training=False), atol=1e-5)


def test_every_cell_is_in_a_network_above():
    assert {cell for cell, *_ in SHAPES} == set(CELLS)


def test_a_layer_that_nobody_writes_is_named():
    x = keras.Input((3,), name="x")
    model = keras.Model({"x": x}, keras.layers.LeakyReLU()(x))
    with pytest.raises(ExportError, match="`LeakyReLU`"):
        emit_network(Graph(), model, {"x": "x"})
