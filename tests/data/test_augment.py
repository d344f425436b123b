"""Numbers that training changes a little: what they keep, what stays, and that seeds decide."""

import numpy as np
import pytest
from builders import NAN

from rnnauto.data.augment import augmented, resized, warped
from rnnauto.data.batches import Batch

RISING = np.tile(np.arange(12, dtype=np.float32)[:, None], (3, 1, 1))
LENGTHS = np.array([12, 7, 1])


def rng():
    return np.random.default_rng(3)


def batch(numbers=RISING, length=LENGTHS, **inputs):
    inputs |= {"numbers": numbers, "length": length.astype(np.int32)}
    return Batch(inputs, np.zeros(len(length), np.int32), np.arange(len(length)))


def changed(kind, *given, means=(0.0,), seed=1, epochs=1):
    """The batches of some epochs, one after the other."""
    given = given or (batch(),)
    read = augmented(lambda **options: iter(given), kind, means, seed)
    return [each for _ in range(epochs) for each in read(size=4, rng=rng())]


def test_a_warped_sequence_is_read_on_from_its_beginning_to_its_end():
    found = warped(RISING, LENGTHS, rng())
    for row, length in zip(found[..., 0], LENGTHS, strict=True):
        assert (np.diff(row[:length]) >= 0).all()
        assert row[0] == 0
        assert row[length - 1] == pytest.approx(length - 1, abs=1e-4)
    assert not np.allclose(found[0], RISING[0], atol=0.1)


def test_all_columns_of_a_sequence_are_warped_alike_and_sequences_differently():
    wide = np.concatenate([RISING, 2 * RISING], axis=2)
    found = warped(wide, np.array([12, 12, 12]), rng())
    np.testing.assert_allclose(found[..., 1], 2 * found[..., 0], rtol=1e-5)
    assert not np.allclose(found[0], found[1])


def test_a_warped_sequence_makes_up_no_number_where_one_is_missing():
    gap = RISING[:1].copy()
    gap[0, 4:6] = NAN
    found = warped(gap, np.array([12]), rng())[0, :, 0]
    assert 1 <= np.isnan(found).sum() <= 4
    assert not ((found > 3) & (found < 6)).any()
    hole = np.full((1, 5, 1), NAN, np.float32)
    assert np.isnan(warped(hole, np.array([5]), rng())).all()


def test_infinities_stay_what_they_are_and_nothing_becomes_one():
    odd = RISING[:1].copy()
    odd[0, 3], odd[0, 8] = np.inf, np.finfo(np.float32).max
    found = warped(odd, np.array([12]), rng())
    assert not np.isnan(found).any()
    sized = resized(odd, np.zeros(1, np.float32), np.random.default_rng(0))
    assert np.isinf(sized).sum() == 1


def test_a_size_is_that_of_a_whole_sequence_and_by_the_means():
    means = np.array([5.0, -1.0], np.float32)
    both = np.concatenate([RISING, RISING - 6], axis=2)
    found = resized(both, means, rng())
    factors = (found - means) / np.where(both == means, np.nan, both - means)
    each = np.nanmean(factors, axis=(1, 2))
    np.testing.assert_allclose(np.nanstd(factors, axis=(1, 2)), 0, atol=1e-4)
    assert len(set(each.round(4))) == 3
    assert (np.abs(each - 1) < 0.5).all()


@pytest.mark.parametrize("kind", ["warp", "size", "both"])
def test_what_is_no_column_and_what_is_past_the_end_stays(kind):
    numbers = np.concatenate([RISING + 1, RISING], axis=2)  # the second is made of times
    numbers[1, 7:] = 0
    codes = np.ones((3, 12, 1), np.int32)
    kept = numbers.copy()
    (found,) = changed(kind, batch(numbers, codes=codes, static_numbers=np.ones((3, 1))))
    np.testing.assert_array_equal(found.inputs["numbers"][..., 1], kept[..., 1])
    np.testing.assert_array_equal(found.inputs["numbers"][1, 7:], 0)
    np.testing.assert_array_equal(found.inputs["codes"], codes)
    np.testing.assert_array_equal(found.inputs["length"], LENGTHS)
    np.testing.assert_array_equal(numbers, kept)  # a change is one of a copy
    assert found.inputs["numbers"].dtype == np.float32
    assert not np.allclose(found.inputs["numbers"][0, :, 0], kept[0, :, 0])


def test_epochs_differ_and_equal_seeds_do_not():
    first, second = changed("both", epochs=2)
    assert not np.allclose(first.inputs["numbers"], second.inputs["numbers"])
    for one, other in zip(changed("both", epochs=2), (first, second), strict=True):
        np.testing.assert_array_equal(one.inputs["numbers"], other.inputs["numbers"])
    (another,) = changed("both", seed=2)
    assert not np.allclose(another.inputs["numbers"], first.inputs["numbers"])


def test_sequences_without_any_timestep_are_no_trouble():
    empty = np.zeros((2, 0, 1), np.float32)
    (found,) = changed("both", batch(empty, np.zeros(2, np.int64)))
    assert found.inputs["numbers"].shape == (2, 0, 1)
    (short,) = changed("both", batch(RISING[:2], np.array([0, 2])))
    np.testing.assert_array_equal(short.inputs["numbers"][0], RISING[0])
