"""Every layer against values worked out by hand or by numpy."""

import numpy as np
import pytest
import tensorflow as tf
from builders import NAN
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rnnauto.networks.layers import (
    Dropout,
    Patch,
    PatchCount,
    Pool,
    Reverse,
    Standardise,
    embedding_width,
)

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
