"""Count n-grams as baselines of language models: interpolated with Witten-Bell's weights.

P(token | context) = (count(context, token) + kinds(context) * P(token | shorter context)) /
(count(context) + kinds(context)), where `kinds` is how many different tokens followed the context
(Witten and Bell 1991, in the interpolated form of Chen and Goodman 1998). An n-gram is one whole
number, its tokens the digits of a number to the base of the vocabulary; contexts and n-grams are
sorted arrays that are searched.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.data.encode import RESERVED, START, Encoded
from rnnauto.judge.metrics import SMALLEST_PROBABILITY

LONGEST = {"character": 6, "word": 4}  # order
MOST_TOKENS = 2_000_000  # of a larger text the last ones, which are nearest to what follows
LARGEST_KEY = 2**62


@dataclass(frozen=True)
class Grams:
    """The n-grams of one order.

    Attributes:
        keys: int64, sorted.
        counts: how often each was seen, int64.
    """

    keys: Integers
    counts: Integers


def fit_ngrams(encoded: Encoded, *, outputs: int, longest: int) -> tuple[Grams, ...]:
    """Count the n-grams of orders 1, 2, ... in a train part; fewer where a key would not fit into
    62 bits."""
    orders = max(n for n in range(1, longest + 1) if n == 1 or outputs**n < LARGEST_KEY)
    digits = contexts(encoded, orders)[-MOST_TOKENS:]
    grams = []
    for order in range(1, orders + 1):
        keys, counts = np.unique(numbers_of(digits, order, outputs), return_counts=True)
        grams.append(Grams(keys, counts.astype(np.int64)))
    return tuple(grams)


def contexts(encoded: Encoded, order: int) -> NDArray[np.int32]:
    """Put every target behind the `order - 1` tokens before it, int32 [timesteps, order]; the start
    token stands for what lies before a sequence."""
    targets = np.asarray(encoded.targets)
    position = np.arange(len(targets)) - np.repeat(encoded.row_splits[:-1], encoded.lengths)
    columns = []
    for back in range(order - 1, -1, -1):
        shifted = np.full(len(targets), START, np.int32)
        shifted[back:] = targets[: len(targets) - back]
        columns.append(np.where(position >= back, shifted, START))
    return np.stack(columns, axis=1)


def numbers_of(digits: NDArray[np.int32], order: int, base: int) -> Integers:
    """Make one number each of the last `order` columns."""
    number = np.zeros(len(digits), np.int64)
    for column in digits.T[-order:]:
        number = number * base + column
    return number


def score_ngrams(grams: tuple[Grams, ...], encoded: Encoded, *, outputs: int) -> list[Floats]:
    """Score every target by every order: its log likelihood in nats, and 1 where it is the token
    that most often followed the longest context seen; float32 [timesteps, 2] each."""
    digits = contexts(encoded, len(grams))
    possible = outputs - RESERVED + 2  # unknown and end can follow, padding and start cannot
    probability = np.full(len(digits), 1.0 / possible)
    guess = np.full(len(digits), -1, np.int64)
    scores = []
    for order, of_order in enumerate(grams, start=1):
        keys = numbers_of(digits, order, outputs)
        probability, likeliest = with_order(of_order, keys, probability, base=outputs)
        guess = np.where(likeliest >= 0, likeliest, guess)
        likelihood = np.log(np.maximum(probability, SMALLEST_PROBABILITY))
        right = guess == digits[:, -1]
        scores.append(np.stack([likelihood, right], axis=1).astype(np.float32))
    return scores


def with_order(
    grams: Grams, keys: Integers, shorter: Doubles, *, base: int
) -> tuple[Doubles, Integers]:
    """Compute probabilities with one more token of context, and the likeliest token of each context
    (-1 where it was never seen)."""
    owners = grams.keys // base
    heads, first = np.unique(owners, return_index=True)
    totals = np.add.reduceat(grams.counts, first)
    kinds = np.diff(np.append(first, len(owners)))
    best = np.lexsort((-grams.counts, owners))[first]  # the first of each context is its best
    at, known = found_at(heads, keys // base)
    count = np.where(known, totals[at], 0)
    kind = np.where(known, kinds[at], 0)
    place, seen = found_at(grams.keys, keys)
    own = np.where(seen, grams.counts[place], 0)
    mixed = (own + kind * shorter) / np.maximum(count + kind, 1)
    likeliest = np.where(known, grams.keys[best][at] % base, -1)
    return np.where(known, mixed, shorter), likeliest


def found_at(entries: Integers, wanted: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Find where the wanted numbers stand among sorted entries, and whether they do."""
    at = np.minimum(np.searchsorted(entries, wanted), len(entries) - 1)
    return at, entries[at] == wanted
