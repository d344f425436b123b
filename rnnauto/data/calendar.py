"""Turn times into cyclic features: where in the day, the week and the year a timestep lies.

Plain arithmetic on seconds, so that `networks/calendar.py` does the same inside the SavedModel.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles

DAY = 86_400.0
CYCLES = {"day": DAY, "week": 7 * DAY, "year": 365.2425 * DAY}  # seconds
FEWEST_CYCLES = 2  # of which data must have seen: of a single one each place stands for itself
FEWEST_STEPS = 4  # in a cycle, or its places are hardly told apart


def seconds_of(times: pl.Series) -> Doubles:
    """Seconds since the start of 1970 (of a time of day: since midnight), NaN where missing."""
    if times.dtype == pl.Date:
        times = times.cast(pl.Datetime("us"))
    if isinstance(times.dtype, pl.Datetime):
        times = times.dt.epoch("us")
    elif times.dtype == pl.Time:
        times = times.cast(pl.Int64) // 1_000
    else:  # a column without any time
        times = pl.Series(times.name, [None] * len(times), dtype=pl.Int64)
    return times.cast(pl.Float64).fill_null(float("nan")).to_numpy() / 1e6


def cycles_in(seconds: Doubles) -> tuple[str, ...]:
    """The cycles that data of these times can show: seen at least twice, in steps small enough.

    Args:
        seconds: in any order; the usual step is the median between different neighbouring times.
    """
    known = np.unique(seconds[np.isfinite(seconds)])
    if len(known) < 2:
        return ()
    span, step = known[-1] - known[0], float(np.median(np.diff(known)))
    return tuple(
        name
        for name, period in CYCLES.items()
        if span >= FEWEST_CYCLES * period and step * FEWEST_STEPS <= period
    )


def cyclic(seconds: Doubles, cycles: tuple[str, ...]) -> NDArray[np.float32]:
    """Sine and cosine of the place in each cycle, float32 [..., 2 * cycles], NaN where missing."""
    parts = []
    for name in cycles:
        angle = 2 * np.pi * np.mod(seconds, CYCLES[name]) / CYCLES[name]
        parts += [np.sin(angle), np.cos(angle)]
    shape = (*seconds.shape, len(parts))
    return np.stack(parts, -1).astype(np.float32) if parts else np.zeros(shape, np.float32)
