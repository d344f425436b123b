"""Draw the answers to the test part, by kind of task."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from rnnauto.deploy.shown import (
    Attention,
    Forecast,
    PairedValues,
    Surprise,
    Timeline,
    TracedSequence,
    Watched,
)
from rnnauto.judge.scored import Confusion
from rnnauto.report.picture import shares
from rnnauto.report.style import (
    ACCENT,
    BAD,
    INK,
    MUTED,
    PAPER,
    PREDICTED,
    SERIES,
    SMALL_HEIGHT,
    TRUE,
    Rows,
    along,
    data,
    named_colors,
    rows_of,
    spec,
)

Json = dict[str, Any]
MOST_CLASSES = 20  # of a confusion matrix
WRITTEN_CLASSES = 12  # up to here the counts are written into the cells


def confusion_chart(confusion: Confusion) -> Json:
    """Draw truth down, prediction across; the darker, the larger the share of the true class.

    Of many classes the most frequent are shown.
    """
    labels, counts = confusion.labels, confusion.counts
    totals = [sum(row) for row in counts]
    parts = shares(counts)
    order = sorted(range(len(labels)), key=lambda at: -totals[at])[:MOST_CLASSES]
    order.sort()
    shown = [labels[at] for at in order]
    rows = [
        {
            "truth": labels[true],
            "prediction": labels[answer],
            "count": counts[true][answer],
            "share": parts[true][answer],
            "right": true == answer,
        }
        for true in order
        for answer in order
    ]
    angle = 0 if max(map(len, shown)) <= 4 or len(shown) <= 3 else -45
    cells = alt.Chart(data(rows)).encode(
        x=alt.X("prediction:N").sort(shown).title("predicted").axis(labelAngle=angle),
        y=alt.Y("truth:N").sort(shown).title("true"),
        tooltip=[
            alt.Tooltip("truth:N", title="true"),
            alt.Tooltip("prediction:N", title="predicted"),
            alt.Tooltip("count:Q"),
            alt.Tooltip("share:Q", format=".1%", title="share of the true class"),
        ],
    )
    squares = cells.mark_rect(stroke=PAPER, strokeWidth=1).encode(
        fill=alt.when("datum.right").then(alt.value(ACCENT)).otherwise(alt.value(BAD)),
        fillOpacity=alt.FillOpacity("share:Q")
        .scale(domain=[0, 1], range=[0.04, 0.95])
        .legend(None),
    )
    about = "Confusion matrix: true classes down, predicted classes across"
    side = len(shown) * max(18, min(44, 360 // len(shown)))
    if len(shown) > WRITTEN_CLASSES:
        return spec(squares, height=side, about=about)
    texts = cells.transform_filter("datum.count > 0").mark_text(fontSize=11)
    texts = texts.encode(
        text="count:Q",
        color=alt.when("datum.share > 0.55").then(alt.value(PAPER)).otherwise(alt.value(INK)),
    )
    return spec(squares + texts, height=side, about=about)


def pairs_chart(pairs: PairedValues) -> Json:
    """Draw predictions against the truth; on the line they would be right."""
    rows = [{"truth": truth, "prediction": answer} for truth, answer in pairs.points]
    values = [value for point in pairs.points for value in point if value is not None]
    ends = [{"at": min(values)}, {"at": max(values)}]
    line = (
        alt.Chart(data(ends)).mark_line(color=MUTED, strokeDash=[4, 3]).encode(x="at:Q", y="at:Q")
    )
    dots = (
        alt.Chart(data(rows))
        .mark_point(filled=True, color=ACCENT, opacity=0.5, size=35)
        .encode(
            x=alt.X("truth:Q").title(f"true {pairs.target}").scale(zero=False),
            y=alt.Y("prediction:Q").title(f"predicted {pairs.target}").scale(zero=False),
            tooltip=[
                alt.Tooltip("truth:Q", title="true", format=".4~g"),
                alt.Tooltip("prediction:Q", title="predicted", format=".4~g"),
            ],
        )
    )
    return spec(line + dots, height=300, about="Predicted against true values")


def forecast_chart(forecast: Forecast, *, axis: str) -> Json:
    """Draw a forecast: what came before, the truth, the median and the widest interval."""
    interval = f"{100 * forecast.interval:g}% interval"
    rows: Rows = [
        {"time": time, "value": value, "name": "history"} for time, value in forecast.history
    ]
    last = [(time, value, value, value, value) for time, value in forecast.history[-1:]]
    for time, truth, low, median, high in [*last, *forecast.future]:  # lines without a gap
        rows.append({"time": time, "value": truth, "name": TRUE})
        rows.append({"time": time, "value": median, "name": "forecast"})
        rows.append({"time": time, "low": low, "high": high, "name": interval})
    times = [row["time"] for row in rows]
    names = ["history", TRUE, "forecast", interval]
    color = named_colors(names, (MUTED, INK, ACCENT, ACCENT))
    x = along(times, "time").title(axis).axis(tickCount=5, labelOverlap=True)
    base = alt.Chart(data(rows)).encode(x=x, color=color)
    band = (
        base.transform_filter(f"datum.name == '{interval}'")
        .mark_area(opacity=0.22)
        .encode(y=alt.Y("low:Q").title(forecast.target).scale(zero=False), y2="high:Q")
    )
    lines = base.transform_filter(f"datum.name != '{interval}'")
    lines = lines.mark_line(strokeWidth=1.8).encode(
        y=alt.Y("value:Q"),
        tooltip=[
            alt.Tooltip("name:N"),
            alt.Tooltip("value:Q", format=".4~g"),
        ],
    )
    return spec(band + lines, height=190, about=f"Forecast of {forecast.target}")


def lines_chart(sequence: TracedSequence) -> Json:
    """Draw true and predicted numbers along a sequence."""
    rows = [
        {"step": step, "value": value, "name": name}
        for step, truth, answer in sequence.points
        for name, value in ((TRUE, truth), (PREDICTED, answer))
    ]
    chart = (
        alt.Chart(data(rows))
        .mark_line(point=alt.OverlayMarkDef(size=18))
        .encode(
            x=alt.X("step:Q").title("timestep").axis(tickMinStep=1).scale(nice=False, zero=False),
            y=alt.Y("value:Q").title(sequence.target).scale(zero=False),
            color=named_colors([TRUE, PREDICTED], (INK, ACCENT)),
            tooltip=[
                alt.Tooltip("step:Q", title="timestep"),
                alt.Tooltip("name:N"),
                alt.Tooltip("value:Q", format=".4~g"),
            ],
        )
    )
    return spec(chart, height=SMALL_HEIGHT + 20, about="True and predicted values of a sequence")


def timeline_chart(recording: Timeline) -> Json:
    """Draw labels along a recording, the true ones above the predicted ones."""
    rows: Rows = [
        {
            "begin_of_bar": begin - 0.5,
            "end_of_bar": end + 0.5,
            "from": begin,
            "to": end,
            "label": label,
            "which": which,
        }
        for which, runs in ((TRUE, recording.truth), (PREDICTED, recording.prediction))
        for begin, end, label in runs
    ]
    labels = sorted({row["label"] for row in rows})
    color = alt.Color("label:N").title(None).legend(orient="top", symbolType="square")
    if len(labels) <= len(SERIES):
        color = color.scale(domain=labels, range=list(SERIES[: len(labels)]))
    chart = (
        alt.Chart(data(rows))
        .mark_bar(height=26)
        .encode(
            x=alt.X("begin_of_bar:Q").title("timestep").scale(nice=False, zero=False),
            x2="end_of_bar:Q",
            y=alt.Y("which:N").sort([TRUE, PREDICTED]).title(None),
            color=color,
            tooltip=[
                alt.Tooltip("which:N"),
                alt.Tooltip("label:N"),
                alt.Tooltip("from:Q"),
                alt.Tooltip("to:Q"),
            ],
        )
    )
    return spec(chart, height=72, about="True and predicted labels along a recording")


def surprise_chart(timesteps: Sequence[Surprise]) -> Json:
    """Draw what each timestep cost in nats."""
    chart = (
        alt.Chart(data(rows_of(timesteps)))
        .mark_bar(color=ACCENT)
        .encode(
            x=alt.X("step:Q").title("timestep").scale(nice=False, zero=False),
            y=alt.Y("nats:Q").title("surprise (nats)"),
            tooltip=[
                alt.Tooltip("step:Q", title="timestep"),
                alt.Tooltip("token:N", title="what came"),
                alt.Tooltip("nats:Q", format=".3~g", title="surprise (nats)"),
            ],
        )
    )
    return spec(chart, height=SMALL_HEIGHT, about="Surprise at every timestep, in nats")


def watched_chart(line: Watched, *, threshold: float | None) -> Json:
    """Draw the score of every timestep, the threshold, labelled faults and what was flagged."""
    rows: Rows = [{"step": step, "score": score, "came": came} for step, score, came in line.points]
    flagged = [
        row for row in rows if any(begin <= row["step"] <= end for begin, end in line.alarms)
    ]
    shaded: Rows = [
        {"begin_of_bar": begin - 0.5, "end_of_bar": end + 0.5} for begin, end in line.faults
    ]
    x = alt.X("step:Q").title("timestep").scale(nice=False, zero=False)
    scale = alt.Scale(type="symlog", constant=1, nice=True)
    tooltip = [
        alt.Tooltip("step:Q", title="timestep"),
        alt.Tooltip("score:Q", format=".3~g"),
        *([alt.Tooltip("came:N", title="what came")] if any(row["came"] for row in rows) else []),
    ]
    y = alt.Y("score:Q").title("score").scale(scale).axis(tickCount=5)
    faults = (
        alt.Chart(data(shaded))
        .mark_rect(color=BAD, opacity=0.18)
        .encode(x="begin_of_bar:Q", x2="end_of_bar:Q")
    )
    scores = alt.Chart(data(rows)).mark_line(color=ACCENT, strokeWidth=1.4)
    dots = alt.Chart(data(flagged)).mark_point(filled=True, color=BAD, size=28)
    limit = alt.Chart(data([{"threshold": threshold}])).mark_rule(color=MUTED, strokeDash=[4, 3])
    chart = (
        faults
        + scores.encode(x=x, y=y, tooltip=tooltip)
        + dots.encode(x=x, y=y, tooltip=tooltip)
        + limit.encode(y="threshold:Q")
    )
    return spec(chart, height=170, about="Scores along a sequence, with threshold and faults")


def attention_chart(attention: Attention) -> Json:
    """Draw which source tokens were read for each token of the answer."""
    source = [f"{at}\u2003{token}" for at, token in enumerate(attention.source, 1)]
    answer = [f"{at}\u2003{token}" for at, token in enumerate(attention.answer, 1)]
    rows = [
        {"source": source[at], "answer": answer[step], "weight": weight}
        for step, weights in enumerate(attention.weights)
        for at, weight in enumerate(weights)
    ]
    chart = (
        alt.Chart(data(rows))
        .mark_rect(fill=ACCENT, stroke=PAPER, strokeWidth=1)
        .encode(
            x=alt.X("source:N").sort(source).title("source").axis(orient="top", labelAngle=-45),
            y=alt.Y("answer:N").sort(answer).title("answer"),
            fillOpacity=alt.FillOpacity("weight:Q")
            .scale(domain=[0, 1], range=[0.03, 1])
            .legend(None),
            tooltip=[
                alt.Tooltip("source:N"),
                alt.Tooltip("answer:N"),
                alt.Tooltip("weight:Q", format=".0%"),
            ],
        )
    )
    return spec(chart, height=18 * len(answer), about="Attention: source across, answer down")
