"""Tell how long ago the last timestep was, where the steps of a time column differ.

Plain arithmetic on times, so that `networks/gaps.py` does the same inside the SavedModel, and
`exchange/gaps.py` in ONNX.
"""

import numpy as np
from pydantic import Field

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.layout import Frozen

ALIKE = 0.1  # of the median step: months, and clocks that tick a little late, are even
FEWEST_OTHER = 0.01  # share of the steps that are not alike
CHANNELS = 2  # the gap and its logarithm
CLOCK = 4  # numbers that carry the last time: whether there was one, and it in three parts


class Gaps(Frozen):
    """How the time since the last timestep becomes two numbers: itself, in median steps, and the
    logarithm of 1 more.

    Attributes:
        unit: the median step, in seconds or as the numbers of the time column.
        mean, deviation: of the two numbers, by which networks standardise them.
    """

    unit: float = Field(gt=0, allow_inf_nan=False)
    mean: tuple[float, float] = (0.0, 0.0)
    deviation: tuple[float, float] = (1.0, 1.0)

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Mean and deviation of each of the two."""
        return tuple(zip(self.mean, self.deviation, strict=True))


def steps_in(times: Doubles, row_splits: Integers) -> Doubles:
    """List the steps between known neighbouring times of a sequence, in any order."""
    steps = np.diff(times)
    inside = np.ones(len(steps), bool)
    borders = row_splits[(row_splits > 0) & (row_splits < len(times))]
    inside[borders - 1] = False
    return np.asarray(steps[inside & np.isfinite(steps)])


def differing(steps: Doubles) -> float:
    """Say which share of the steps is no median step, give or take a tenth; 0 where all are none.

    The median is that of the steps that are longer than 0.
    """
    unit = unit_of(steps)
    return float(np.mean(np.abs(steps - unit) > ALIKE * unit)) if unit else 0.0


def unit_of(steps: Doubles) -> float:
    """The median of the steps that are longer than 0; 0 where none is."""
    longer = steps[steps > 0]
    return float(np.median(longer)) if len(longer) else 0.0


def fit_gaps(times: Doubles, row_splits: Integers) -> Gaps | None:
    """Learn the scale of the gaps; None where there are none. A first timestep counts as 0."""
    unit = unit_of(steps_in(times, row_splits))
    if not unit:
        return None
    numbers = gap_numbers(times, row_splits, Gaps(unit=unit)).astype(np.float64)
    numbers = numbers[np.isfinite(numbers).all(axis=1)]
    deviation = np.where(numbers.std(axis=0) > 0, numbers.std(axis=0), 1.0)
    mean = numbers.mean(axis=0)
    return Gaps(
        unit=unit,
        mean=(float(mean[0]), float(mean[1])),
        deviation=(float(deviation[0]), float(deviation[1])),
    )


def gap_numbers(times: Doubles, row_splits: Integers, gaps: Gaps) -> Floats:
    """Compute the time since the last timestep of the sequence, in median steps, and the logarithm
    of 1 more, float32 [timesteps, 2]: 0 at a first timestep and where time goes back, NaN where one
    of the two times is missing or infinite."""
    times = np.where(np.isfinite(times), times, np.nan)
    before = np.concatenate([times[:1], times[:-1]])
    firsts = row_splits[:-1][np.diff(row_splits) > 0]
    before[firsts] = times[firsts]
    steps = times - before
    steps = np.where(steps < 0, 0.0, steps) / gaps.unit
    return np.stack([steps, np.log1p(steps)], -1).astype(np.float32)
