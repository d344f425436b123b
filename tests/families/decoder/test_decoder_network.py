"""Encoder-decoders: what a step gives is what the whole network gives, whatever the padding."""

import keras
import numpy as np
import pytest

from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.families.decoder.network import (
    Attend,
    Lexical,
    attention_weights,
    build_decoder,
    decoder_step,
    source_half,
)
from rnnauto.networks.architecture import Architecture, Features

pytestmark = pytest.mark.train

SOURCE = Features(
    numbers=1,
    missing=(),
    vocabularies=(9,),
    static_numbers=1,
    static_missing=(),
    static_vocabularies=(),
    outputs=0,
    per_timestep=False,
)
INPUTS = {
    "numbers": np.array([[[0.5], [1.0], [-1.0]], [[2.0], [9.0], [9.0]]], np.float32),
    "codes": np.array([[[4], [5], [6]], [[7], [8], [8]]], np.int32),
    "static_numbers": np.array([[1.0], [-1.0]], np.float32),
    "length": np.array([3, 1], np.int32),
}
PREVIOUS = np.array([[2, 4, 5, 6], [2, 6, 6, 0]], np.int32)


def network(cell="lstm", *, attention="dot", layers=1, one_timestep=False, source=SOURCE):
    keras.utils.set_random_seed(1)
    features = DecoderFeatures(source, entries=7, one_timestep=one_timestep)
    shape = Architecture(cell, 6, layers, 1, "last", not one_timestep, attention=attention)
    return build_decoder(features, shape)


def by_steps(built, inputs, previous):
    """Logits [batch, timesteps, entries], one token after the other."""
    half = source_half(built)({name: keras.ops.array(array) for name, array in inputs.items()})
    states, found = half["states"], []
    for token in previous.T:
        logits, states = decoder_step(built.parts, keras.ops.array(token), states, half["memory"])
        found.append(logits.numpy())
    return np.stack(found, axis=1)


@pytest.mark.parametrize("cell", ["lstm", "gru", "exponential_trace"])
def test_steps_give_what_the_whole_network_gives(cell):
    built = network(cell, layers=2)
    whole = built.model({**INPUTS, "previous": PREVIOUS}).numpy()
    np.testing.assert_allclose(by_steps(built, INPUTS, PREVIOUS), whole, atol=1e-5)


def test_steps_give_the_same_without_attention_and_without_a_sequence():
    built = network(attention="none")
    whole = built.model({**INPUTS, "previous": PREVIOUS}).numpy()
    np.testing.assert_allclose(by_steps(built, INPUTS, PREVIOUS), whole, atol=1e-5)
    single = network(attention="none", one_timestep=True)
    inputs = {name: array[:, :1] if array.ndim == 3 else array for name, array in INPUTS.items()}
    inputs["length"] = np.array([1, 1], np.int32)
    assert not [layer for layer in single.model.layers if "forward" in layer.name]
    whole = single.model({**inputs, "previous": PREVIOUS}).numpy()
    np.testing.assert_allclose(by_steps(single, inputs, PREVIOUS), whole, atol=1e-5)


@pytest.mark.parametrize("attention", ["none", "dot"])
def test_padding_of_the_source_changes_nothing(attention):
    model = network(attention=attention).model
    whole = model({**INPUTS, "previous": PREVIOUS}).numpy()
    alone = {name: array[1:] for name, array in INPUTS.items()}
    alone["numbers"], alone["codes"] = alone["numbers"][:, :1], alone["codes"][:, :1]
    found = model({**alone, "previous": PREVIOUS[1:]}).numpy()
    np.testing.assert_allclose(found, whole[1:], atol=1e-6)


def test_a_token_depends_on_those_before_it_only():
    model = network().model
    whole = model({**INPUTS, "previous": PREVIOUS}).numpy()
    later = PREVIOUS.copy()
    later[:, 2:] = 5
    found = model({**INPUTS, "previous": later}).numpy()
    np.testing.assert_allclose(found[:, :2], whole[:, :2], atol=1e-6)
    assert np.abs(found[:, 2] - whole[:, 2]).max() > 1e-4


def test_attention_is_the_weighted_mean_over_true_steps():
    queries = np.array([[[1.0, 0.0]]], np.float32)
    keys = np.array([[[0.0, 5.0], [np.log(3.0), 5.0], [50.0, 50.0]]], np.float32)
    values = np.array([[[4.0], [8.0], [1000.0]]], np.float32)
    found = Attend()(queries, keys, values, np.array([2], np.int32))
    np.testing.assert_allclose(found, [[[4 * 0.25 + 8 * 0.75]]], rtol=1e-5)


def test_the_weights_of_attention_give_the_context():
    built = network()
    inputs = {**INPUTS, "previous": PREVIOUS}
    weights = attention_weights(built, inputs).numpy()
    assert weights.sum(axis=-1) == pytest.approx(np.ones(PREVIOUS.shape), abs=1e-5)
    attend = built.model.get_layer("context")
    values, context = keras.Model(built.model.input, [attend.input[2], attend.output])(inputs)
    np.testing.assert_allclose(weights @ values.numpy(), context, atol=1e-5)
    assert attention_weights(network(attention="none"), inputs) is None


def test_nothing_to_attend_to_gives_nothing():
    queries, memory = np.ones((1, 2, 2), np.float32), np.ones((1, 3, 2), np.float32)
    found = Attend()(queries, memory, memory, np.array([0], np.int32))
    np.testing.assert_array_equal(found, np.zeros((1, 2, 2)))


def test_the_lexical_way_reads_the_words_of_a_context_only():
    layer = Lexical(2)
    context = np.array([[[1.0, 2.0, 3.0, 4.0]]], np.float32)
    found = layer(context).numpy()
    assert found.shape == (1, 1, 2)
    other = context.copy()
    other[..., :2] = 9.0
    np.testing.assert_array_equal(layer(other), found)
    layer.dense.set_weights([np.zeros((2, 2)), np.zeros(2)])
    np.testing.assert_array_equal(layer(context), [[[3.0, 4.0]]])
