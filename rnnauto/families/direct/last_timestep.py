"""Fit a baseline without any memory: what the last timestep of a sequence says alone."""

from dataclasses import replace

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.encode import PAD, Encoded
from rnnauto.families.direct.linear import Baseline, fit_linear

NAME = "last-timestep linear"


def has_a_last(encoded: Encoded) -> bool:
    """Whether sequences with one target each have more than a last timestep."""
    columns = encoded.numbers.shape[1] + encoded.codes.shape[1]
    return not encoded.per_timestep and columns > 0 and encoded.lengths.max(initial=0) > 1


def at_the_end(encoded: Encoded) -> Encoded:
    """Take the last timestep of every sequence, as a unit of its own with the sequence's target; an
    empty sequence has one in which everything is missing."""
    filled = np.flatnonzero(encoded.lengths > 0)
    last = encoded.row_splits[1:][filled] - 1
    numbers = np.full((len(encoded), encoded.numbers.shape[1]), np.nan, np.float32)
    codes = np.full((len(encoded), encoded.codes.shape[1]), PAD, np.int32)
    numbers[filled], codes[filled] = encoded.numbers[last], encoded.codes[last]
    return replace(
        encoded,
        row_splits=np.arange(len(encoded) + 1, dtype=np.int64),
        numbers=numbers,
        codes=codes,
        per_timestep=True,
    )


def fit_last(encoded: Encoded, known: Integers, *, classes: int | None, seed: int) -> Baseline:
    """Fit logistic or ridge regression to the values of the last timestep, and the static ones."""
    return replace(fit_linear(at_the_end(encoded), known, classes=classes, seed=seed), name=NAME)
