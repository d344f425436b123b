"""Name the quantiles of forecasts, what lies between them, and what is below none of them."""

from typing import Any

import numpy as np

from rnnauto.layout import QUANTILES, Layout

MEDIAN = 0.5
HIGHEST_LOG = 60.0  # exp of it is the largest forecast: beyond it float32 ends


def per_cent(level: float) -> str:
    """Write a level as columns have it: `10`, `2.5`, `99.9`."""
    return f"{round(100 * level, 3):g}"


def middle(levels: tuple[float, ...]) -> int:
    """Find the median among levels."""
    return levels.index(MEDIAN)


def coverages(levels: tuple[float, ...]) -> dict[str, tuple[int, int]]:
    """Name the intervals whose coverage is measured, each with the places of its two quantiles: the
    widest that is told, and 10% to 90% where both are told."""
    pairs = [(0, len(levels) - 1)] if len(levels) > 1 else []
    if {QUANTILES[0], QUANTILES[-1]} <= set(levels):
        pairs.append((levels.index(QUANTILES[0]), levels.index(QUANTILES[-1])))
    return {f"coverage_{per_cent(levels[high] - levels[low])}": (low, high) for low, high in pairs}


def floors_of(layout: Layout) -> tuple[float | None, ...]:
    """Find the least value of the forecasts of each target, as a float32 less the zero of the
    target: with it it is 0 or the next number above; empty where no target has one."""
    if not layout.floored:
        return ()
    lowest: list[float | None] = []
    for target in layout.targets:
        floor = np.float32(-target.zero)
        if float(floor) + target.zero < 0:
            floor = np.nextafter(floor, np.float32("inf"))
        lowest.append(float(floor) + 0.0 if target.name in layout.floored else None)
    return tuple(lowest)


def floored(values: Any, floors: tuple[float | None, ...]) -> Any:
    """Raise values to the floors of their targets, [..., targets]."""
    if not floors:
        return values
    return np.maximum(values, [-np.inf if floor is None else floor for floor in floors])
