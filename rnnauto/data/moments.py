"""Make features of where a timestep stands in an answer whose length is known beforehand.

`networks/moments.py` does the same inside the SavedModel.
"""

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Codes, Doubles, timestep_positions
from rnnauto.data.sequences import Sequences, times_in

MOST_MOMENTS = 64  # with an embedding of their own; of more, neighbours share one


def moments_of(sequences: Sequences, *, timed: bool) -> Doubles:
    """Where each timestep stands, [timesteps]: its time, where that is a number, else 1, 2, ..."""
    if timed and sequences.times is not None:
        return times_in(sequences)
    return (timestep_positions(sequences.row_splits) + 1).astype(np.float64)


def fit_moments(moments: Doubles) -> tuple[float, ...]:
    """The different moments in order; evenly chosen ones where they are many."""
    known = np.unique(moments[np.isfinite(moments)])
    if len(known) > MOST_MOMENTS:
        known = known[np.linspace(0, len(known) - 1, MOST_MOMENTS).round().astype(np.int64)]
    return tuple(known.tolist())


def moment_numbers(moments: Doubles, known: tuple[float, ...]) -> NDArray[np.float32]:
    """From 0 for the first known moment to 1 for the last, float32 [timesteps, 1]."""
    span = known[-1] - known[0] or 1.0
    return ((moments - known[0]) / span).astype(np.float32)[:, None]


def moment_codes(moments: Doubles, known: tuple[float, ...], *, offset: int, absent: int) -> Codes:
    """The number of the last known moment that is not later, plus `offset`, [timesteps, 1]."""
    at = np.searchsorted(np.array(known), moments, side="right") - 1
    codes = np.where(np.isfinite(moments), np.maximum(at, 0) + offset, absent)
    return codes.astype(np.int32)[:, None]
