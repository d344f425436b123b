"""Draw the random numbers that TensorFlow draws of a seed, without TensorFlow.

`tf.random.stateless_uniform` is the counter-based generator Philox 4x32-10 (Salmon et al. 2011):
its bits depend on the seed and the place alone, so that a text which is drawn with a seed is the
same in both runtimes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers

Words = list[NDArray[np.uint64]]  # each of 32 bits

LOW, SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
ROUND_KEYS = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
ROUNDS = 10
SCRAMBLER = np.uint64(0x3EC8F720), np.uint64(0x02461E29)  # the key that mixes a seed
FRACTION, ONE = np.uint32(0x7FFFFF), np.uint32(0x3F800000)  # of a float32 from 1 to 2
LEAST = np.float32(1e-20)  # so that there is a logarithm
MOST_TOGETHER = 1 << 18  # numbers that are drawn at once


def philox(counter: Words, key: tuple[Any, Any]) -> Words:
    """Compute the four words of every counter, four arrays of words, by a key of two."""
    first, second, third, fourth = counter
    one, other = key
    for _ in range(ROUNDS):
        low, high = first * MULTIPLIERS[0], third * MULTIPLIERS[1]
        first, third = (high >> SHIFT) ^ second ^ one, (low >> SHIFT) ^ fourth ^ other
        second, fourth = high & LOW, low & LOW
        one, other = (one + ROUND_KEYS[0]) & LOW, (other + ROUND_KEYS[1]) & LOW
    return [first, second, third, fourth]


def uniform(seed: int, places: Integers, size: int) -> Floats:
    """Draw numbers from 0 to 1, float32 [places, size]: for each place those of
    `tf.random.stateless_uniform([size], seed=[seed, place], minval=1e-20)`."""
    one = np.full(len(places), seed, np.int64).view(np.uint64)
    other = places.astype(np.int64).view(np.uint64)
    mixed = philox([one & LOW, one >> SHIFT, other & LOW, other >> SHIFT], SCRAMBLER)
    key = mixed[0][:, None], mixed[1][:, None]
    at = np.arange(-(-size // 4), dtype=np.uint64)[None]
    counter = [at, np.zeros_like(at), mixed[2][:, None], mixed[3][:, None]]
    words = np.stack(np.broadcast_arrays(*philox(counter, key)), -1)
    bits = words.reshape(len(places), -1)[:, :size].astype(np.uint32)
    fractions = ((bits & FRACTION) | ONE).view(np.float32) - np.float32(1)
    return fractions + LEAST


def gumbel(seed: int, places: Integers, shape: tuple[int, int]) -> Floats:
    """Draw Gumbel noise (Gumbel 1954), float32 [places, *shape]: the largest of log probabilities
    with it is a draw."""
    rows, outputs = shape
    noise = -np.log(-np.log(uniform(seed, places, rows * outputs)))
    return np.asarray(noise.reshape(len(places), rows, outputs))


def likeliest_of(scores: Floats, count: int) -> NDArray[np.bool_]:
    """Find the `count` largest scores of each row [rows, outputs], and what equals the last of
    them; all where it is below 1, or more than there are."""
    outputs = scores.shape[-1]
    if not 0 < count < outputs:
        return np.ones(scores.shape, np.bool_)
    least = np.partition(scores, outputs - count, axis=-1)[:, outputs - count]
    return np.asarray(scores >= least[:, None])


def noise_of(seed: int) -> Callable[[int, tuple[int, int]], Floats]:
    """Give the Gumbel noise [rows, outputs] of one place after the other; that of many is drawn at
    once."""
    drawn: dict[tuple[int, tuple[int, int]], Floats] = {}

    def noise(place: int, shape: tuple[int, int]) -> Floats:
        if (place, shape) not in drawn:
            together = max(1, min(64, MOST_TOGETHER // max(1, shape[0] * shape[1])))
            places = np.arange(place, place + together, dtype=np.int64)
            drawn.clear()
            for at, array in zip(places.tolist(), gumbel(seed, places, shape), strict=True):
                drawn[at, shape] = array
        return drawn[place, shape]

    return noise
