"""Draw the data: lengths, classes, values, example sequences."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from rnnauto.deploy.shown import Counted, CountedClass, ShownSequence
from rnnauto.report.style import (
    ACCENT,
    MUTED,
    PAPER,
    SERIES,
    SMALL_HEIGHT,
    along,
    data,
    named_colors,
    rows_of,
    spec,
    top_legend,
)

Json = dict[str, Any]


def bins_chart(bins: Sequence[Counted], *, axis: str, counted: str, whole: bool = False) -> Json:
    """Draw a histogram of counts that are there already.

    Args:
        whole: the values are whole numbers, which stand in the middle of what is drawn for them.
    """
    shift = 0.5 if whole else 0.0
    x = alt.X("left:Q").title(axis).scale(zero=False, nice=False)
    rows = [
        {**row, "left": row["from"] - shift, "right": row["to"] - shift} for row in rows_of(bins)
    ]
    chart = (
        alt.Chart(data(rows))
        .mark_rect(color=ACCENT, stroke=PAPER, strokeWidth=1)
        .encode(
            x=x.axis(tickMinStep=1) if whole else x,
            x2="right:Q",
            y=alt.Y("count:Q").title(counted).axis(tickCount=4, tickMinStep=1),
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("from:Q", title="from"),
                alt.Tooltip("to:Q", title="to"),
                alt.Tooltip("count:Q", title=counted),
            ],
        )
    )
    return spec(chart, height=SMALL_HEIGHT, about=f"Histogram: {counted} by {axis}")


def classes_chart(classes: Sequence[CountedClass]) -> Json:
    """Draw bars of every class: in the data that was learned from, and in the test part."""
    parts = (("train and validation", "learned"), ("test", "test"))
    rows = [
        {
            "class": row["class"],
            "part": part,
            "count": row[key],
            "share": row[f"{key}_share"],
        }
        for row in rows_of(classes)
        for part, key in parts
    ]
    color = alt.Color("part:N").title(None).legend(top_legend())
    chart = (
        alt.Chart(data(rows))
        .mark_bar()
        .encode(
            y=alt.Y("class:N").sort(None).title(None).axis(labelLimit=130),
            yOffset=alt.YOffset("part:N").sort(None),
            x=alt.X("share:Q").title("share of the part").axis(format="~%"),
            color=color.scale(domain=["train and validation", "test"], range=[ACCENT, MUTED]),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("part:N"),
                alt.Tooltip("count:Q"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    return spec(chart, height=10 * len(rows), about="How often each class occurs")


def example_chart(example: ShownSequence, *, axis: str) -> Json:
    """Draw the first features of a sequence along its timesteps."""
    rows = [
        {"step": step, "value": value, "name": line.name}
        for line in example.lines
        for step, value in line.points
    ]
    names = [line.name for line in example.lines]
    steps = [row["step"] for row in rows]
    chart = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=1.4)
        .encode(
            x=along(steps, "step").title(axis),
            y=alt.Y("value:Q").title("value").scale(zero=False),
            color=named_colors(names, SERIES),
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("value:Q"),
            ],
        )
    )
    return spec(chart, height=SMALL_HEIGHT, about=f"Example sequence {example.id}")
