"""Tell how unlikely a category is: by how often it comes, or follows the one before it."""

from dataclasses import dataclass

import numpy as np

from rnnauto.arrays import Codes, Doubles, Flags, Integers
from rnnauto.judge.stored import Arrays

PRIOR = 1.0  # sightings that what is known without the one before counts for


@dataclass(frozen=True)
class Pairs:
    """Counts of one column of categories.

    Attributes:
        shares: how often each entry comes, of all, [entries]; none is 0.
        keys: the pairs that came, entry before times entries plus entry, int64 [pairs], in order.
        counts: how often each of them came, int64 [pairs].
        befores: how often each entry came before another, int64 [entries].
    """

    shares: Doubles
    keys: Integers
    counts: Integers
    befores: Integers

    def alone(self, codes: Codes) -> Doubles:
        """The negative log probability of each entry, whatever came before."""
        return np.asarray(-np.log(self.shares[codes]))

    def following(self, before: Codes, codes: Codes) -> Doubles:
        """The same of each entry after the one before it."""
        wanted = before.astype(np.int64) * len(self.shares) + codes
        places = np.searchsorted(self.keys, wanted)
        near = np.minimum(places, max(len(self.keys) - 1, 0))
        found = self.keys[near] == wanted if len(self.keys) else np.zeros(len(codes), bool)
        seen = np.where(found, self.counts[near] if len(self.keys) else 0, 0)
        chance = (seen + PRIOR * self.shares[codes]) / (self.befores[before] + PRIOR)
        return np.asarray(-np.log(chance))


def fit_pairs(codes: Codes, later: Flags, counted: Flags, *, entries: int) -> Pairs:
    """Count the entries of a column, with one sighting of each added, so that none is impossible.

    Args:
        later: the timesteps that are not the first of a sequence.
        counted: those that are no faults.
    """
    alone = np.bincount(codes[counted], minlength=entries) + 1.0
    at = np.flatnonzero(later & counted)
    keys = codes[at - 1].astype(np.int64) * entries + codes[at]
    found, counts = np.unique(keys, return_counts=True)
    befores = np.bincount(codes[at - 1], minlength=entries)
    return Pairs(alone / alone.sum(), found, counts.astype(np.int64), befores.astype(np.int64))


def load_pairs(arrays: Arrays, at: str, entries: int) -> Pairs:
    """Read stored counts. Raises: ValueError where they do not fit together."""
    shares = arrays.scales(f"{at}shares", entries)
    keys = arrays.places(f"{at}keys", entries**2, None)
    counts = arrays.places(f"{at}counts", 2**62, len(keys))
    if (np.diff(keys) <= 0).any():
        raise ValueError(f"`{at}keys` is not in order")
    return Pairs(shares, keys, counts, arrays.places(f"{at}befores", 2**62, entries))
