"""Read sequences that are equal once in an epoch, each time another of them, so that those that
come again and again are not learnt by heart before others are learnt at all."""

import numpy as np

from rnnauto.arrays import Integers


def share_repeated(groups: Integers) -> float:
    """Tell the share of sequences that an epoch need not read, for others are equal to them."""
    return (len(groups) - len(np.unique(groups))) / max(1, len(groups))


def each_once(train: Integers, groups: Integers, rng: np.random.Generator) -> Integers:
    """Draw one of every group, in the order of `train`: where answers differ each comes as often as
    it should in the mean.

    Args:
        train: numbers of sequences.
        groups: [sequences]; those of equal number are equal.
    """
    shuffled = rng.permutation(train)
    _, first = np.unique(groups[shuffled], return_index=True)
    return np.sort(shuffled[first])
