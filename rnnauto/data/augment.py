"""Change what a step of training reads a little, another way each time, so that few series teach
what more would: warped in time (Um et al. 2017), and with larger and smaller deviations."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rnnauto.arrays import Floats, Integers
from rnnauto.data.batches import Batch

PIECES = 5  # of a sequence, each read at a speed of its own
SPEEDS = 0.2  # deviation of the logarithm of a speed
SIZES = 0.1  # deviation of the logarithm of what the deviations of a sequence are multiplied by
WARPS, RESIZES = ("warp", "both"), ("size", "both")


def augmented(
    batches: Callable[..., Iterable[Batch]],
    kind: str,
    means: Sequence[float],
    seed: int,
) -> Callable[..., Iterator[Batch]]:
    """Give what makes the same batches, in the same order, with their columns of numbers changed.

    Args:
        batches: makes those of an epoch.
        kind: `warp`, `size` or `both`.
        means: of the columns, which are the first numbers; those after them stay.
        seed: of all epochs together.
    """
    rng, middle = np.random.default_rng(seed), np.array(means, np.float32)

    def changed(*chosen: Any, **options: Any) -> Iterator[Batch]:
        for batch in batches(*chosen, **options):
            numbers = np.array(batch.inputs["numbers"], np.float32)
            columns = numbers[..., : len(middle)]
            length = np.asarray(batch.inputs["length"], np.int64)
            found = warped(columns, length, rng) if kind in WARPS else columns
            found = resized(found, middle, rng) if kind in RESIZES else found
            true = np.arange(numbers.shape[1]) < length[:, None]
            numbers[..., : len(middle)] = np.where(true[..., None], found, columns)
            yield replace(batch, inputs={**batch.inputs, "numbers": numbers})

    return changed


def warped(numbers: Floats, length: Integers, rng: np.random.Generator) -> Floats:
    """Read sequences a little faster here and slower there; their lengths and both their ends
    stay. Between two timesteps of which one has no number the nearer is read, so that none is made
    up.

    Args: numbers: [batch, timesteps, columns].
    """
    speeds = np.exp(SPEEDS * rng.standard_normal((len(numbers), PIECES)))
    ends = np.concatenate([np.zeros((len(numbers), 1)), np.cumsum(speeds, axis=1)], axis=1)
    ends /= ends[:, -1:]
    last = np.maximum(length - 1, 0)[:, None]
    place = np.minimum(np.arange(numbers.shape[1]), last) / np.maximum(last, 1) * PIECES
    piece = np.minimum(place.astype(np.int64), PIECES - 1)
    before, after = (np.take_along_axis(ends, piece + at, axis=1) for at in (0, 1))
    read = (before + (after - before) * (place - piece)) * last
    first = np.minimum(read.astype(np.int64), last)
    part = (read - first).astype(np.float32)[..., None]
    rows = np.arange(len(numbers))[:, None]
    here, there = numbers[rows, first], numbers[rows, np.minimum(first + 1, last)]
    with np.errstate(over="ignore", invalid="ignore"):
        between: Floats = here + part * (there - here)
    known = np.isfinite(between)
    if not known.all():
        known &= np.isfinite(here) & np.isfinite(there)
        between = np.where(known, between, np.where(part < 0.5, here, there))
    return between


def resized(numbers: Floats, means: Floats, rng: np.random.Generator) -> Floats:
    """Multiply how far the numbers of a sequence are from the means of their columns by about 1,
    all of a sequence by the same; what that would carry past all numbers stays."""
    factor = np.exp(SIZES * rng.standard_normal((len(numbers), 1, 1))).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        found = means + (numbers - means) * factor
    return np.where(np.isfinite(found), found, numbers)
