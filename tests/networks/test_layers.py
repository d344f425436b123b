"""Every layer against values worked out by hand or by numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders import NAN
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.layers import (
    Dropout,
    Patch,
    PatchCount,
    Pool,
    Reverse,
    Standardise,
    embedding_width,
)
from rnnauto.networks.stack import build

pytestmark = pytest.mark.train

few = settings(deadline=None, max_examples=25)


def steps(*rows):
    """[batch, timesteps, 1] from one list of numbers per sequence."""
    return np.array(rows, np.float32)[..., None]


def lengths(*values):
    return np.array(values, np.int32)


def ragged_batch():
    """A batch float32 [batch, timesteps, 2] and true lengths, any of which may be 0."""
    shape = st.tuples(st.integers(1, 4), st.integers(1, 7), st.just(2))
    values = st.floats(-100, 100, width=32)
    return shape.flatmap(
        lambda s: st.tuples(
            arrays.arrays(np.float32, s, elements=values),
            arrays.arrays(np.int32, s[:1], elements=st.integers(0, s[1])),
        )
    )


def test_standardise_scales_fills_and_flags():
    layer = Standardise(3, (0, 2))
    layer.mean.assign([1, 10, 100])
    layer.deviation.assign([2, 5, 10])
    found = layer(np.array([[[3, 20, NAN]], [[NAN, NAN, 90]]], np.float32))
    np.testing.assert_allclose(found, [[[1, 2, 0, 0, 1]], [[0, 0, -1, 1, 0]]])


def test_standardise_without_indicators_keeps_the_width():
    found = Standardise(2, ())(np.array([[NAN, 3.0]], np.float32))
    np.testing.assert_array_equal(found, [[0, 3]])


def test_a_missing_number_gives_no_gradient_that_is_not_a_number():
    layer = Standardise(1, (0,))
    x = tf.constant(steps([1, NAN]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x) ** 2)
    assert np.isfinite(tape.gradient(total, x)).all()


def test_patch_joins_timesteps_and_zeroes_what_is_past_the_length():
    x = np.arange(1, 11, dtype=np.float32).reshape(1, 5, 2)  # 1 2 | 3 4 | 5 6 | 7 8 | 9 10
    found = Patch(2)(np.concatenate([x, x]), lengths(5, 3))
    assert found.shape == (2, 3, 4)
    np.testing.assert_array_equal(found[0], [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 0, 0]])
    np.testing.assert_array_equal(found[1], [[1, 2, 3, 4], [5, 6, 0, 0], [0, 0, 0, 0]])


def test_a_patch_of_1_only_zeroes_the_padding_even_if_that_is_no_number():
    found = Patch(1)(steps([1, 2, NAN]), lengths(2))
    np.testing.assert_array_equal(found, steps([1, 2, 0]))


@pytest.mark.parametrize("size", [1, 3])
def test_no_timesteps_become_one_of_zeros(size):
    found = Patch(size)(np.zeros((2, 0, 4), np.float32), lengths(0, 0))
    np.testing.assert_array_equal(found, np.zeros((2, 1, 4 * size)))


@pytest.mark.parametrize(
    ("size", "expected"), [(1, [0, 1, 4, 5]), (2, [0, 1, 2, 3]), (10, [0, 1, 1, 1])]
)
def test_patches_are_counted_rounding_up(size, expected):
    assert np.array(PatchCount(size)(lengths(0, 1, 4, 5))).tolist() == expected


def test_reverse_turns_the_true_timesteps_and_leaves_the_padding():
    found = Reverse()(steps([1, 2, 3, 0], [1, 2, 3, 4], [7, 8, 9, 0]), lengths(3, 4, 0))
    np.testing.assert_array_equal(found, steps([3, 2, 1, 0], [4, 3, 2, 1], [7, 8, 9, 0]))


@few
@given(ragged_batch())
def test_turning_round_twice_changes_nothing(batch):
    x, length = batch
    np.testing.assert_array_equal(Reverse()(Reverse()(x, length), length), x)


X = np.array([[[1, -1], [5, -5], [3, -3], [9, 9]], [[2, 8], [6, 6], [7, 7], [4, 4]]], np.float32)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("mean", [[3, -3], [2, 8]]),
        ("max", [[5, -1], [2, 8]]),
        ("last", [[3, -1], [2, 8]]),  # the second channel was read from the end: its first step
    ],
)
def test_pool_looks_at_true_timesteps_only(kind, expected):
    found = Pool(kind, backward_from=1)(X, lengths(3, 1))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("kind", ["mean", "max", "last"])
def test_a_sequence_without_timesteps_pools_to_zero(kind):
    np.testing.assert_array_equal(Pool(kind, backward_from=2)(X, lengths(0, 0)), np.zeros((2, 2)))


@few
@given(ragged_batch(), st.sampled_from(["mean", "max", "last"]))
def test_pool_is_numpys_over_each_sequence_alone(batch, kind):
    x, length = batch
    found = np.array(Pool(kind, backward_from=2)(x, length))
    for row, count, pooled in zip(x, length, found, strict=True):
        real = row[:count]
        if not count:
            expected = np.zeros(2)
        elif kind == "last":
            expected = real[-1]
        else:
            expected = real.mean(0) if kind == "mean" else real.max(0)
        np.testing.assert_allclose(pooled, expected, rtol=1e-5, atol=1e-4)


def test_padding_that_is_no_number_does_not_reach_the_pool():
    x = steps([1, 2, NAN])
    for kind in ("mean", "max", "last"):
        assert np.isfinite(Pool(kind, backward_from=1)(x, lengths(2))).all()


def dropout(rate, seed):
    layer = Dropout()
    layer.rate.assign(rate)
    layer.counter.assign([seed, 0])
    return layer


def test_dropout_does_nothing_outside_training_or_at_rate_0():
    x = np.ones((4, 5), np.float32)
    np.testing.assert_array_equal(dropout(0.5, 1)(x), x)
    np.testing.assert_array_equal(dropout(0.0, 1)(x, training=True), x)


def test_dropout_drops_its_share_and_keeps_the_mean():
    found = np.array(dropout(0.25, 1)(np.ones((100, 100), np.float32), training=True))
    assert set(np.unique(found)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (found == 0).mean() == pytest.approx(0.25, abs=0.02)


def test_dropout_draws_anew_at_every_call_and_alike_for_the_same_seed():
    x = np.ones((50,), np.float32)
    one, same, other = dropout(0.5, 1), dropout(0.5, 1), dropout(0.5, 2)
    first, second = (np.array(one(x, training=True)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(same(x, training=True), first)
    assert (np.array(other(x, training=True)) != first).any()


def test_embeddings_grow_with_the_vocabulary_up_to_a_limit():
    assert [embedding_width(n) for n in (4, 10, 100, 1000, 20_000)] == [3, 6, 21, 77, 96]


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
    network = build(PLAIN, architecture(cell=cell, layers=1, pooling=pooling))
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
    network = build(found, architecture(cell="simple_rnn", bidirectional=False))
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
]


@pytest.mark.parametrize(("found", "shape"), SHAPES)
def test_nothing_depends_on_padding_or_on_the_other_sequences(found, shape):
    network = compiled(build(found, shape))
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
    network = compiled(build(found, shape))
    empty = network(inputs_of(found, lengths(0, 0), 0))
    assert np.isfinite(empty).all()
    assert empty.shape == ((2, 1) if found.per_timestep else (2,)) + (found.outputs,)
    assert network(inputs_of(found, lengths(), 5)).shape[0] == 0


def test_a_networks_output_is_one_row_per_sequence_or_per_timestep():
    batch = inputs_of(FEATURES, lengths(3, 2), 3)
    assert build(FEATURES, ARCHITECTURE)(batch).shape == (2, 3)
    assert build(features(per_timestep=True), ARCHITECTURE)(batch).shape == (2, 3, 3)


def test_equal_seeds_build_equal_weights():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return build(FEATURES, ARCHITECTURE).get_weights()

    for one, other in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(weights(3), weights(4), strict=True))


def test_an_lstm_starts_with_a_forget_bias_of_1():
    network = build(PLAIN, architecture(layers=1, bidirectional=False))
    _, _, bias = network.get_layer("lstm_forward_0").get_weights()
    np.testing.assert_array_equal(bias, [0] * 4 + [1] * 4 + [0] * 8)


def test_no_mask_travels_implicitly():
    # Keras loses or widens implicit masks silently: lengths are explicit here
    network = build(FEATURES, ARCHITECTURE)
    embeddings = [layer for layer in network.layers if isinstance(layer, keras.layers.Embedding)]
    assert embeddings and not any(layer.mask_zero for layer in embeddings)
