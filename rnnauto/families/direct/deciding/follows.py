"""Fit how much a say it has in tags that are answered in order which of them follow each other: how
often they do in the train part, by a weight that is best on the validation part."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers
from rnnauto.data.decisions import Matrix
from rnnauto.data.tag_order import likeliest
from rnnauto.data.tags import chunk_counts, read_tags
from rnnauto.families.direct.deciding.rule import Held

WEIGHTS = (0.1, 0.2, 0.3, 0.4, 0.5)
MOST_TAGS = 200
MOST_UNITS = 50_000
PRIOR = 0.5  # times that each tag is seen behind each other one before anything is counted
DIGITS = 3  # of what is kept


def log_odds(codes: NDArray[np.integer], row_splits: Integers, tags: int) -> Doubles:
    """Tell how much likelier each tag is behind each other one and, in the last row, at the begin
    of a sequence, than anywhere, [tags + 1, tags]; 0 where nothing is known.

    Args: codes: of the tags, below 0 where they are not known, [timesteps].
    """
    behind = np.roll(codes, 1)
    behind[row_splits[:-1][np.diff(row_splits) > 0]] = tags
    known = (codes >= 0) & (behind >= 0)
    places = behind[known].astype(np.int64) * tags + codes[known]
    counts = np.bincount(places, minlength=(tags + 1) * tags).reshape(tags + 1, tags)
    often = counts.sum(axis=0) + PRIOR
    share = often / often.sum()
    each = (counts + PRIOR * tags * share) / (counts.sum(axis=1, keepdims=True) + PRIOR * tags)
    return np.asarray(np.log(each / share))


def fit_weight(parts: Sequence[tuple[Held, Doubles]], classes: tuple[str, ...]) -> float:
    """Choose the weight of log odds by the F1 of chunks; 0 where none is better without any.

    Args: parts: of each what networks say of it, and the log odds of what they were trained on.
    """
    some = [(first_units(held, MOST_UNITS // len(parts)), odds) for held, odds in parts]
    tags = read_tags(classes)

    def f1(weight: float) -> float:
        sums = np.zeros(3)
        for held, odds in some:
            splits = np.flatnonzero(np.diff(held.owners, prepend=-1, append=-1))
            follows = weighed(odds, weight) if weight else None
            codes = likeliest(held.chances, splits, classes, follows)
            counts = chunk_counts(held.truth, codes, splits, tags)
            sums += [(count * held.weights).sum() for count in counts]
        right, predicted, true = sums
        return float(2 * right / max(predicted + true, 1e-30))

    scores = {weight: f1(weight) for weight in (0.0, *WEIGHTS)}
    return max(scores, key=lambda weight: scores[weight])


def weighed(odds: Doubles, weight: float) -> Matrix:
    """Give what is added to log probabilities."""
    return tuple(map(tuple, np.round(weight * odds, DIGITS).tolist()))


def first_units(held: Held, most: int) -> Held:
    """Keep whole sequences with about so many units."""
    owners = held.owners
    return held.take(np.flatnonzero(owners <= owners[min(most, len(owners)) - 1]))
