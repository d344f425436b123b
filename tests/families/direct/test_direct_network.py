"""The whole network against Keras' own layers and numpy, whatever the padding."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnauto.families.direct.network import build
from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.layers import FLAT

pytestmark = pytest.mark.train


def lengths(*values):
    return np.array(values, np.int32)


def network_of(features, architecture):
    return build(features, architecture).model


FEATURES = Features(
    numbers=2,
    missing=(1,),
    vocabularies=(7,),
    static_numbers=1,
    static_missing=(),
    static_vocabularies=(5,),
    outputs=3,
    per_timestep=False,
)
ARCHITECTURE = Architecture(
    cell="lstm", units=4, layers=2, patch=1, pooling="last", bidirectional=True
)


def features(**changes):
    return Features(**{**FEATURES.__dict__, **changes})


def architecture(**changes):
    return Architecture(**{**ARCHITECTURE.__dict__, **changes})


PLAIN = features(numbers=3, missing=(), vocabularies=(), static_numbers=0, static_vocabularies=())


def inputs_of(found, length, timesteps, *, seed=0):
    """Random inputs of a network, for sequences of the given lengths."""
    rng = np.random.default_rng(seed)
    batch = len(length)
    made = {"length": length}
    if found.numbers:
        made["numbers"] = rng.normal(size=(batch, timesteps, found.numbers)).astype(np.float32)
    if found.vocabularies:
        shape = (batch, timesteps, len(found.vocabularies))
        made["codes"] = rng.integers(0, min(found.vocabularies), shape).astype(np.int32)
    if found.static_numbers:
        made["static_numbers"] = rng.normal(size=(batch, found.static_numbers)).astype(np.float32)
    if found.static_vocabularies:
        shape = (batch, len(found.static_vocabularies))
        made["static_codes"] = rng.integers(0, 5, shape).astype(np.int32)
    return made


def compiled(network):
    """Traced once for batches of any size and sequences of any length, as in the SavedModel."""
    specs = {
        name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in network.input.items()
    }
    call = tf.function(
        lambda batch: network(batch, training=False), input_signature=[specs], autograph=False
    )
    return lambda batch: call({name: tf.constant(array) for name, array in batch.items()}).numpy()


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_reading_both_ways_is_keras_bidirectional_with_a_mask(cell, pooling):
    keras.utils.set_random_seed(1)
    network = network_of(PLAIN, architecture(cell=cell, layers=1, pooling=pooling))
    kinds = {
        "simple_rnn": keras.layers.SimpleRNN,
        "lstm": keras.layers.LSTM,
        "gru": keras.layers.GRU,
    }
    reference = keras.layers.Bidirectional(kinds[cell](4, return_sequences=True))
    length = lengths(6, 3, 1)
    batch = inputs_of(PLAIN, length, 6)
    mask = np.arange(6) < length[:, None]
    reference.build(batch["numbers"].shape)
    named = {layer.name: layer for layer in network.layers}
    reference.forward_layer.set_weights(named[f"{cell}_forward_0"].get_weights())
    reference.backward_layer.set_weights(named[f"{cell}_backward_0"].get_weights())
    both = np.array(reference(batch["numbers"], mask=mask))  # [batch, timesteps, 8]
    if pooling == "mean":
        pooled = np.stack([row[:n].mean(0) for row, n in zip(both, length, strict=True)])
    else:
        ends = [[*row[n - 1, :4], *row[0, 4:]] for row, n in zip(both, length, strict=True)]
        pooled = np.array(ends)
    kernel, bias = named["head"].get_weights()
    np.testing.assert_allclose(network(batch), pooled @ kernel + bias, atol=1e-5)


def test_a_stack_with_static_features_is_the_same_stack_by_hand():
    keras.utils.set_random_seed(2)
    found = features(numbers=1, missing=(), vocabularies=(), static_vocabularies=())
    network = network_of(found, architecture(cell="simple_rnn", bidirectional=False))
    batch = inputs_of(found, lengths(3), 3)
    weights = {layer.name: layer.get_weights() for layer in network.layers}
    static = batch["static_numbers"][0]
    kernel, bias = weights["simple_rnn_forward_0_start_0"]
    first = np.tanh(static @ kernel + bias)
    second = np.zeros(4)
    for value in batch["numbers"][0]:
        kernel, recurrent, bias = weights["simple_rnn_forward_0"]
        first = np.tanh(value @ kernel + first @ recurrent + bias)
        kernel, recurrent, bias = weights["simple_rnn_forward_1"]
        second = np.tanh(first @ kernel + second @ recurrent + bias)
    kernel, bias = weights["head"]
    expected = np.concatenate([second, static]) @ kernel + bias
    np.testing.assert_allclose(network(batch)[0], expected, atol=1e-5)


SHAPES = [
    (FEATURES, ARCHITECTURE),
    (FEATURES, architecture(cell="simple_rnn", pooling="max", patch=3)),
    (FEATURES, architecture(pooling="mean", patch=2, bidirectional=False)),
    (features(per_timestep=True), ARCHITECTURE),
    (features(per_timestep=True, outputs=1), architecture(layers=1, bidirectional=False)),
    (features(numbers=0, missing=()), architecture(layers=1)),
    (FEATURES, architecture(cell="gru", layers=1)),
    (FEATURES, architecture(cell="exponential_trace", pooling="mean")),
    (features(per_timestep=True), architecture(cell="exponential_trace", bidirectional=False)),
    (FEATURES, architecture(cell="identity_rnn", layers=1)),
    (FEATURES, architecture(layers=1, convolution=3, pooling="mean")),
    (features(per_timestep=True), architecture(layers=1, convolution=3)),
    (FEATURES, architecture(cell="simple_rnn", layers=1, convolution=3, patch=2, pooling="max")),
    (replace(FEATURES, words=(0,), vectors=(0, 5, 3)), architecture(vectors="frozen")),
    (replace(FEATURES, words=(0,)), architecture(layers=1, ngrams=3, gram_rows=16, patch=2)),
    (FEATURES, architecture(layers=1, own_scale=True, convolution=2, pooling="mean")),
    (features(gap=(0, 1.0, 0.5)), architecture(filling="decay", patch=2)),
]


@pytest.mark.parametrize(("found", "shape"), SHAPES)
def test_nothing_depends_on_padding_or_on_the_other_sequences(found, shape):
    network = compiled(network_of(found, shape))
    length = lengths(9, 4, 0, 1)
    batch = inputs_of(found, length, 9)
    together = network(batch)
    for at, count in enumerate(length):
        alone = {name: array[at : at + 1] for name, array in batch.items()}
        cut = {n: a[:, :count] if n in {"numbers", "codes"} else a for n, a in alone.items()}
        padded = dict(cut)
        for name, rubbish in (("numbers", 1e6), ("codes", 3)):
            if name in cut:
                pad = ((0, 0), (0, 37), (0, 0))
                padded[name] = np.pad(cut[name], pad, constant_values=rubbish)
        for variant in (cut, padded):
            other, one = network(variant)[0], together[at]
            if found.per_timestep:
                one, other = one[:count], other[:count]
            np.testing.assert_allclose(other, one, atol=1e-5)


@pytest.mark.parametrize(("found", "shape"), SHAPES)
def test_empty_sequences_and_empty_batches_are_no_trouble(found, shape):
    network = compiled(network_of(found, shape))
    empty = network(inputs_of(found, lengths(0, 0), 0))
    assert np.isfinite(empty).all()
    assert empty.shape == ((2, 1) if found.per_timestep else (2,)) + (found.outputs,)
    assert network(inputs_of(found, lengths(), 5)).shape[0] == 0


def test_filters_see_a_timestep_and_its_neighbours_and_zeros_past_the_ends():
    keras.utils.set_random_seed(3)
    shape = architecture(cell="simple_rnn", layers=1, convolution=2)
    network = network_of(PLAIN, shape)
    batch = inputs_of(PLAIN, lengths(4), 6)
    named = {layer.name: layer for layer in network.layers}
    reader = keras.Model(network.input, named["with_neighbours"].output)
    found = np.array(reader(batch))[0, :4]  # [timesteps, 3 + 2]
    x = np.pad(batch["numbers"][0, :4], ((1, 2), (0, 0)))  # one before, two after
    np.testing.assert_allclose(found[:, :3], x[1:5], atol=1e-6)
    kernel, bias = named["filters"].get_weights()
    for timestep in range(4):
        by_hand = np.maximum(x[timestep : timestep + 4].ravel() @ kernel + bias, 0)
        np.testing.assert_allclose(found[timestep, 3:], by_hand, atol=1e-5)


def test_numbers_are_seen_by_the_scale_of_their_own_sequence_beside():
    network = network_of(PLAIN, architecture(cell="simple_rnn", layers=1, own_scale=True))
    named = {layer.name: layer for layer in network.layers}
    reader = keras.Model(network.input, named["with_own_scale"].output)
    batch = inputs_of(PLAIN, lengths(5, 1), 7)
    found = np.array(reader(batch))
    assert found.shape == (2, 7, 6)
    np.testing.assert_array_equal(found[..., :3], batch["numbers"])
    x = batch["numbers"][0, :5]
    np.testing.assert_allclose(
        found[0, :5, 3:], (x - x.mean(0)) / np.sqrt(x.var(0) + FLAT), atol=1e-5
    )
    np.testing.assert_array_equal(found[1, :, 3:], 0)  # one timestep is its own mean
    np.testing.assert_array_equal(found[0, 5:, 3:], 0)


def test_an_answer_counts_the_ngrams_of_its_tokens_and_edges():
    found = features(numbers=0, missing=(), words=(0,), static_numbers=0, static_vocabularies=())
    shape = architecture(cell="simple_rnn", layers=1, ngrams=2, gram_rows=1 << 14)
    network = network_of(found, shape)
    named = {layer.name: layer for layer in network.layers}
    table = named["grams_0"].table
    assert table.shape == (1 << 14, 3)
    batch = {"length": lengths(3), "codes": np.array([[[2], [5], [2], [6]]], np.int32)}
    before = network(batch).numpy()  # zeros begin it
    table.assign(np.ones(table.shape, np.float32))
    grams = 5 + 4  # of three tokens and an edge on either side, single ones and pairs
    np.testing.assert_allclose(network(batch) - before, np.full((1, 3), np.sqrt(grams)), atol=1e-5)
    named["grams_0"].table.assign(np.random.default_rng(0).normal(size=table.shape))
    said = [
        network({**batch, "codes": np.array([[[a], [b], [c], [d]]], np.int32)})
        for a, b, c, d in ((2, 5, 2, 6), (2, 5, 2, 0), (2, 2, 5, 6))
    ]
    np.testing.assert_array_equal(said[0], said[1])  # what is past the end counts nothing
    rest = keras.Model(network.input, named["head"].output)
    counted = [
        np.array(each) - rest({**batch, "codes": np.array(codes)[None, :, None]}).numpy()
        for each, codes in ((said[0], (2, 5, 2, 6)), (said[2], (2, 2, 5, 6)))
    ]
    assert np.abs(counted[0] - counted[1]).max() > 0.1  # order counts


def test_words_known_by_their_vectors_alone_share_the_unknown_row_of_what_is_learnt():
    shape = architecture(cell="simple_rnn", layers=1, vectors="frozen")
    found = replace(FEATURES, numbers=0, missing=(), words=(0,), vectors=(0, 5, 3))
    network = network_of(found, shape)
    named = {layer.name: layer for layer in network.layers}
    assert named["embed_0"].embeddings.shape[0] == 5
    assert named["word_vectors"].embeddings.shape == (7, 3)
    assert not named["word_vectors"].trainable
    named["word_vectors"].embeddings.assign(np.zeros((7, 3), np.float32))
    answers = []
    for code in (1, 5, 6, 2):
        batch = inputs_of(found, lengths(1), 1)
        answers.append(network({**batch, "codes": np.full((1, 1, 1), code, np.int32)}).numpy())
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])
    assert (answers[3] != answers[0]).any()


def test_a_networks_output_is_one_row_per_sequence_or_per_timestep():
    batch = inputs_of(FEATURES, lengths(3, 2), 3)
    assert network_of(FEATURES, ARCHITECTURE)(batch).shape == (2, 3)
    assert network_of(features(per_timestep=True), ARCHITECTURE)(batch).shape == (2, 3, 3)


def test_equal_seeds_build_equal_weights():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return network_of(FEATURES, ARCHITECTURE).get_weights()

    for one, other in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(weights(3), weights(4), strict=True))


def test_an_lstm_starts_with_a_forget_bias_of_1():
    network = network_of(PLAIN, architecture(layers=1, bidirectional=False))
    _, _, bias = network.get_layer("lstm_forward_0").get_weights()
    np.testing.assert_array_equal(bias, [0] * 4 + [1] * 4 + [0] * 8)


def test_no_mask_travels_implicitly():
    # Keras loses or widens implicit masks silently: lengths are explicit here
    network = network_of(FEATURES, ARCHITECTURE)
    embeddings = [layer for layer in network.layers if isinstance(layer, keras.layers.Embedding)]
    assert embeddings and not any(layer.mask_zero for layer in embeddings)


def test_without_missing_numbers_nothing_decays():
    def built(**changes):
        keras.utils.set_random_seed(0)
        found = build(features(missing=()), architecture(**changes))
        return found.model.get_weights(), found.parts.decay

    for one, other in zip(built()[0], built(filling="decay")[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert built(filling="decay")[1] is None
