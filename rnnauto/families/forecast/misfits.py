"""Find what of a layout of series and of their encoders does not go together."""

from collections.abc import Iterator
from itertools import pairwise

from rnnauto.data.misfits import (
    MOST_TIMESTEPS,
    category_misfits,
    cycle_misfits,
    frequency_misfits,
    number_misfits,
)
from rnnauto.families.forecast.levels import MEDIAN
from rnnauto.families.forecast.series import SeriesEncoders, ahead_features, past_features
from rnnauto.layout import Layout

MOST_LEVELS = 100  # 99 that are asked for, and the median


def misfits(layout: Layout, encoders: SeriesEncoders) -> Iterator[str]:
    """List what of a layout and its encoders does not go together."""
    past, ahead = past_features(layout), ahead_features(layout)
    yield from number_misfits("numbers", encoders.numbers, past)
    yield from category_misfits("categories", encoders.categories, past)
    yield from number_misfits("ahead", encoders.ahead, ahead)
    yield from category_misfits("ahead_categories", encoders.ahead_categories, ahead)
    yield from number_misfits("static_numbers", encoders.static_numbers, layout.static)
    yield from category_misfits("static_categories", encoders.static_categories, layout.static)
    yield from cycle_misfits("cycles", encoders.cycles)
    yield from frequency_misfits(encoders.frequency)
    if layout.horizon is None or layout.lookback is None:
        yield "`layout` is of a forecast without a horizon or a lookback"
    if encoders.targets != layout.target:
        yield f"`encoders.targets` are {list(encoders.targets)}, not {list(layout.target)}"
    levels = layout.levels
    rising = all(low < high for low, high in pairwise((0.0, *levels, 1.0)))
    if not rising or MEDIAN not in levels or len(levels) > MOST_LEVELS:
        yield f"`layout.quantiles` are {list(levels)}"
    if not set(layout.floored) <= set(layout.target):
        yield f"`layout.floored` are {list(layout.floored)}, not among {list(layout.target)}"
    if not 1 <= encoders.season <= MOST_TIMESTEPS:
        yield f"`encoders.season` is {encoders.season}"
