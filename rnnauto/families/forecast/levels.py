"""Name the quantiles of forecasts, and what lies between them."""

from rnnauto.layout import QUANTILES

MEDIAN = 0.5


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
