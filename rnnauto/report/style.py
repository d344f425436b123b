"""Style charts. Colours are variables of the page's style sheet.

So a chart follows light, dark and print without being drawn again; what all charts share is in
`page.js`.
"""

import math
import sys
from collections.abc import Iterable
from typing import Any

import altair as alt

from rnnauto.cells import CELLS
from rnnauto.layout import Frozen
from rnnauto.report.templates import cells_in_order

HEIGHT = 220
SMALL_HEIGHT = 130
MOST_LINES = 8
ROW_HEIGHT = 20  # of a bar with a name
TRUE, PREDICTED = "true", "predicted"
INK, MUTED, FAINT, PAPER = "var(--ink)", "var(--muted)", "var(--line)", "var(--paper)"
ACCENT, GOOD, BAD = "var(--accent)", "var(--good)", "var(--bad)"
SERIES = ("var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)")
Rows = list[dict[str, Any]]


def cell_color(cell: str) -> str:
    return f"var(--cell-{cell})" if cell in CELLS else MUTED


def rows_of(parts: Iterable[Frozen]) -> Rows:
    """Write parts of `scores.json` as it has them."""
    return [part.model_dump(by_alias=True, exclude_unset=True) for part in parts]


def data(rows: Rows) -> alt.InlineData:
    return alt.InlineData(values=rows)


def by_cell(cells: Iterable[str], *, legend: bool = True) -> alt.Color:
    """Give a cell the same colour in every chart."""
    order = cells_in_order()
    place = {name: number for number, name in enumerate(order)}
    names = sorted(set(cells), key=lambda cell: (place.get(cell, len(order)), cell))
    scale = alt.Scale(domain=names, range=[cell_color(cell) for cell in names])
    return alt.Color("cell:N").scale(scale).legend(top_legend() if legend else None).title(None)


def named_colors(names: Iterable[str], colors: Iterable[str], field: str = "name") -> alt.Color:
    scale = alt.Scale(domain=list(names), range=list(colors))
    return alt.Color(f"{field}:N").scale(scale).legend(top_legend()).title(None)


def top_legend() -> alt.Legend:
    return alt.Legend(orient="top", direction="horizontal", columns=4, symbolOpacity=1)


def spec(chart: Any, *, height: int = HEIGHT, about: str = "") -> dict[str, Any]:
    """Write the chart as JSON, as wide as its place on the page, without layers of no rows, whose
    axes Vega would complain of."""
    sized = chart.properties(
        width="container",
        height=height,
        description=about,
    )
    drawn: dict[str, Any] = sized.to_dict(
        validate=False
    )  # takes most of the time; the tests draw each
    for name in ("config", "$schema"):
        drawn.pop(name, None)
    if "layer" in drawn:
        drawn["layer"] = [each for each in drawn["layer"] if not is_empty(each, drawn)]
    return drawn


def is_empty(layer: dict[str, Any], chart: dict[str, Any]) -> bool:
    """Whether a layer has data of its own, and no rows in them."""
    own = layer.get("data", {})
    return not own.get("values", chart.get("datasets", {}).get(own.get("name"), [own]))


def log_if_wide(values: Iterable[float | None], *, factor: float = 50.0) -> alt.Scale:
    """Make a logarithmic axis where the numbers are positive and span more than `factor`."""
    numbers = [value for value in values if value is not None]
    positive = bool(numbers) and min(numbers) > 0
    wide = positive and max(numbers) / min(numbers) > factor
    if wide:
        return alt.Scale(type="log", nice=True)
    return alt.Scale(type="linear", zero=False, nice=True)


def loss_axis(values: list[float], field: str) -> alt.Y:
    """Make an axis of losses, logarithmic where they span much."""
    scale = log_if_wide(values)
    axis = alt.Y(f"{field}:Q").scale(scale)
    return axis.axis(log_axis(values)) if scale["type"] == "log" else axis


def log_axis(values: list[float]) -> alt.Axis:
    """Draw a line for each power of ten, not for all that is between."""
    return alt.Axis(format="~g", values=powers(values))


def powers(values: list[float]) -> list[float]:
    """List powers of ten around some positive numbers, at most about eight.

    `powers([0.02, 3.0]) == [0.01, 0.1, 1.0, 10.0]`
    """
    if not values:
        return []
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    step = max(1, math.ceil((high - low) / MOST_LINES))
    return [10.0**power for power in range(low, min(high, sys.float_info.max_10_exp) + 1, step)]


def along(values: Iterable[Any], field: str) -> alt.X:
    """Make the axis of timesteps, or of dates where the values are ISO texts."""
    if any(isinstance(value, str) for value in values):
        return alt.X(f"{field}:T").scale(nice=False)
    return alt.X(f"{field}:Q").scale(zero=False, nice=False)
