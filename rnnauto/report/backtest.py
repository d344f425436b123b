"""Write `backtest.html`: the scores of a forecast from several origins, and what it said from
each."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import altair as alt
from markupsafe import Markup

from rnnauto.judge.scored import Scored
from rnnauto.judge.words import digits, learnt_from, sentence, span
from rnnauto.metrics import lower_is_better, metric_words
from rnnauto.report.blocks import Block, Figure, Grid, SectionBlock, TableBlock, TextBlock
from rnnauto.report.page import SCRIPTS
from rnnauto.report.style import ACCENT, MUTED, SERIES, Rows, along, data, named_colors, spec
from rnnauto.report.templates import environment, read, script, style_sheet

MODEL = "model"
MOST_LINES = 4  # baselines that are drawn beside the model


def backtest_page(
    told: dict[str, Any], pictures: Sequence[dict[str, Any]], *, title: str, axis: str, metric: str
) -> str:
    """Make the page.

    Args:
        told: what `backtest --json` prints.
        pictures: of series, as `Rolled.pictures` makes them.
        axis: the name of the time.
        metric: the main one.
    """
    template = environment().from_string(read("page.html"))
    scored = Scored(**told["all"]["metrics"][metric])
    how = "fitted anew at each" if told["retrained"] else "one model for all"
    return template.render(
        title=title,
        subtitle=f"backtest: {told['windows']} origins, {told['horizon']} timesteps ahead, "
        f"{told['step']} apart, {how}",
        verdict=sentence(told["all"]["verdict"]),
        kind="even",
        figures=[
            (f"{metric_words(metric)}, all origins", span(scored)),
            ("series", f"{told['all']['series']:,}"),
        ],
        sections=[scores_section(told, metric), forecasts_section(pictures, axis)],
        style=Markup(style_sheet()),
        scripts=[Markup(script(name)) for name in SCRIPTS],
        version=version("rnnauto"),
        source="backtest.json",
    )


def scores_section(told: dict[str, Any], metric: str) -> SectionBlock:
    names = list(told["all"]["metrics"])
    rows = [row_of(each["origin"], each, names) for each in told["origins"]]
    rows.append(row_of("all", told["all"], names))
    baselines = list(told["all"]["baselines"])
    beside = [
        (
            each.get("origin", "all"),
            *(
                digits(scores[metric]["value"])
                for scores in (each["metrics"], *each["baselines"].values())
            ),
        )
        for each in (*told["origins"], told["all"])
    ]
    strong = frozenset({len(rows) - 1})
    blocks: list[Block] = [
        Figure(f"{metric_words(metric)} by origin", score_chart(told, metric)),
        TableBlock(
            "The model",
            ("origin", "series", *names),
            tuple(rows),
            right=frozenset(range(1, len(names) + 2)),
            strong=strong,
        ),
        TableBlock(
            f"{metric_words(metric)} beside simple forecasts",
            ("origin", MODEL, *baselines),
            tuple(beside),
            right=frozenset(range(1, len(baselines) + 2)),
            strong=strong,
        ),
    ]
    if told["learnt_from"]:
        blocks.insert(0, TextBlock(learnt_from(told["learnt_from"]), tone="warning"))
    better = "lower" if lower_is_better(metric) else "higher"
    about = f"From each origin the model sees what came before it; a {better} value is better."
    return SectionBlock("scores", "Scores", about, tuple(blocks))


def row_of(name: str, each: dict[str, Any], metrics: Sequence[str]) -> tuple[str, ...]:
    values = (span(Scored(**each["metrics"][metric])) for metric in metrics)
    return (name, f"{each['series']:,}", *values)


def forecasts_section(pictures: Sequence[dict[str, Any]], axis: str) -> SectionBlock:
    figures = tuple(
        Figure(
            " ".join(filter(None, (each["target"], each["id"]))) or "series",
            rolled_chart(each, axis=axis),
        )
        for each in pictures
    )
    about = "What was said from every origin, and what came: the median and the widest interval."
    return SectionBlock("forecasts", "Forecasts", about, (Grid(figures),) if figures else ())


def score_chart(told: dict[str, Any], metric: str) -> dict[str, Any]:
    """Draw the main metric of the model and of the best baselines, from origin to origin."""
    whole = told["all"]["baselines"]
    sign = 1 if lower_is_better(metric) else -1
    known = [name for name in whole if whole[name][metric]["value"] is not None]
    best = sorted(known, key=lambda name: sign * whole[name][metric]["value"])[:MOST_LINES]
    rows: Rows = []
    for each in told["origins"]:
        of = {MODEL: each["metrics"], **{name: each["baselines"][name] for name in best}}
        rows += [
            {"origin": each["origin"], "name": name, "value": scores[metric]["value"]}
            for name, scores in of.items()
        ]
    names = [MODEL, *best]
    color = named_colors(names, (ACCENT, *SERIES[1:], MUTED)[: len(names)])
    chart = (
        alt.Chart(data(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("origin:N").sort(None).title("origin"),
            y=alt.Y("value:Q").title(metric).scale(zero=False),
            color=color,
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("value:Q", format=".4~g")],
        )
    )
    return spec(chart, about=f"{metric} by origin")


def rolled_chart(picture: dict[str, Any], *, axis: str) -> dict[str, Any]:
    """Draw a series, and the median and the interval that was told from each origin."""
    interval = f"{100 * picture['interval']:g}% interval"
    rows: Rows = [
        {"time": time, "value": value, "name": "history", "origin": -1}
        for time, value in picture["history"]
    ]
    for at, forecast in enumerate(picture["forecasts"]):
        for time, low, median, high in forecast:
            rows.append({"time": time, "value": median, "name": "forecast", "origin": at})
            rows.append({"time": time, "low": low, "high": high, "name": interval, "origin": at})
    color = named_colors(["history", "forecast", interval], (MUTED, ACCENT, ACCENT))
    x = along((row["time"] for row in rows), "time").title(axis)
    base = alt.Chart(data(rows)).encode(x=x, color=color, detail="origin:N")
    band = (
        base.transform_filter(f"datum.name == '{interval}'")
        .mark_area(opacity=0.22)
        .encode(y=alt.Y("low:Q").title(picture["target"]).scale(zero=False), y2="high:Q")
    )
    lines = base.transform_filter(f"datum.name != '{interval}'")
    lines = lines.mark_line(strokeWidth=1.6).encode(
        y=alt.Y("value:Q"),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("value:Q", format=".4~g")],
    )
    return spec(band + lines, about=f"Forecasts of {picture['target']} from every origin")
