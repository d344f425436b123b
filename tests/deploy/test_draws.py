"""Draws are those that TensorFlow makes of the same seed."""

import numpy as np
import pytest

from rnnauto.deploy.draws import gumbel, likeliest_of, noise_of, philox, uniform

ALL = 0xFFFFFFFF
# the known answers of Random123, the authors' own library
KNOWN = [
    ([0, 0, 0, 0], (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ([ALL] * 4, (ALL, ALL), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_generator_gives_the_known_answers(counter, key, words):
    found = philox([np.array([word], np.uint64) for word in counter], tuple(map(np.uint64, key)))
    assert " ".join(f"{int(word[0]):08x}" for word in found) == words


def test_numbers_are_those_of_tensorflow():
    """The first of `tf.random.stateless_uniform([7], seed=[seed, place], minval=1e-20)`."""
    first = {(0, 0): 0.21101546, (5, 3): 0.9032377, (-7, 12): 0.57227516, (-(2**31), 0): 0.72552025}
    for (seed, place), number in first.items():
        (drawn,) = uniform(seed, np.array([place]), 7)
        assert drawn.dtype == np.float32 and drawn.shape == (7,)
        assert drawn[0] == np.float32(number)
        assert ((drawn > 0) & (drawn < 1)).all()


def test_the_noise_of_a_place_does_not_depend_on_what_is_drawn_with_it():
    noise = noise_of(3)
    for place in (0, 1, 70, 2):
        (alone,) = gumbel(3, np.array([place]), (2, 5))
        np.testing.assert_array_equal(noise(place, (2, 5)), alone)
    wide = noise(2, (4, 5))
    np.testing.assert_array_equal(wide[:2], alone)  # how many rows there are changes none of them


def test_what_equals_the_last_of_the_likeliest_is_among_them():
    scores = np.array([[3.0, 1.0, 2.0, 2.0]], np.float32)
    assert likeliest_of(scores, 1).tolist() == [[True, False, False, False]]
    assert likeliest_of(scores, 2).tolist() == [[True, False, True, True]]
    for count in (-1, 0, 4, 9):
        assert likeliest_of(scores, count).all()
