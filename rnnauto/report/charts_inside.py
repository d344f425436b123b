"""Draw what was found inside the network: gradients, memory, importance, calibration."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from rnnauto.deploy.shown import ShownDecision
from rnnauto.judge.diagnosis import (
    Calibration,
    Coverage,
    FeatureImportance,
    GradientPicture,
    Memory,
    SoFar,
    Stretch,
)
from rnnauto.judge.scored import Scored
from rnnauto.report.style import (
    ACCENT,
    FAINT,
    GOOD,
    MUTED,
    PAPER,
    ROW_HEIGHT,
    SERIES,
    SMALL_HEIGHT,
    Rows,
    by_cell,
    data,
    log_axis,
    named_colors,
    rows_of,
    spec,
)

Json = dict[str, Any]
WORSE = "worse by"


def gradients_chart(gradients: Sequence[GradientPicture]) -> Json:
    """Draw the norm of the loss gradient at every timestep back from the end, for each cell."""
    rows: Rows = [
        {"cell": picture.cell, "state": state, "lag": lag, "norm": norm}
        for picture in gradients
        for state, norms in (("h", picture.norms), ("c", picture.memory_norms))
        if norms is not None
        for lag, norm in zip(picture.lags, norms, strict=True)
        if norm  # a logarithmic axis has no place for 0
    ]
    dashes = alt.StrokeDash("state:N").scale(domain=["h", "c"], range=[[1, 0], [4, 3]])
    has_memory = any(row["state"] == "c" for row in rows)
    chart = (
        alt.Chart(data(rows))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("lag:Q")
            .title("timesteps back from the end")
            .axis(tickMinStep=1)
            .scale(nice=False, zero=True),
            y=alt.Y("norm:Q")
            .title("norm of the gradient (log scale)")
            .scale(type="log")
            .axis(log_axis([row["norm"] for row in rows])),
            color=by_cell(picture.cell for picture in gradients),
            strokeDash=dashes.title("state").legend(orient="bottom")
            if has_memory
            else alt.value([1, 0]),
            tooltip=[
                alt.Tooltip("cell:N"),
                alt.Tooltip("state:N"),
                alt.Tooltip("lag:Q", title="timesteps back"),
                alt.Tooltip("norm:Q", format=".2e"),
            ],
        )
    )
    return spec(chart, height=260, about="Gradient norm by timesteps back from the end")


def memory_chart(memory: Memory) -> Json:
    """Draw how much the answer changes where a lag is hidden."""
    rows = [
        {"lag": lag, "effect": effect}
        for lag, effect in zip(memory.lags, memory.effect, strict=True)
        if effect is not None
    ]
    bars = (
        alt.Chart(data(rows))
        .mark_area(color=ACCENT, opacity=0.3, line={"color": ACCENT}, interpolate="step-after")
        .encode(
            x=alt.X("lag:Q")
            .title("timesteps back from the end")
            .axis(tickMinStep=1)
            .scale(nice=False),
            y=alt.Y("effect:Q").title("effect of hiding it"),
            tooltip=[
                alt.Tooltip("lag:Q", title="timesteps back"),
                alt.Tooltip("effect:Q", format=".3~g"),
            ],
        )
    )
    reach = (
        alt.Chart(data([{"lag": memory.timesteps}]))
        .mark_rule(strokeDash=[4, 3], color=MUTED)
        .encode(x="lag:Q")
    )
    return spec(bars + reach, height=SMALL_HEIGHT, about="Effect of hiding timesteps")


def importance_chart(features: Sequence[FeatureImportance]) -> Json:
    """Draw how much the score falls where a feature is shuffled, with its interval."""
    base = alt.Chart(data(rows_of(features))).encode(
        y=alt.Y("name:N").sort(None).title(None).axis(labelLimit=150),
        tooltip=[
            alt.Tooltip("name:N"),
            alt.Tooltip("value:Q", format=".3~g", title=WORSE),
            alt.Tooltip("low:Q", format=".3~g"),
            alt.Tooltip("high:Q", format=".3~g"),
        ],
    )
    bars = base.mark_bar(color=ACCENT, opacity=0.75).encode(x=alt.X("value:Q").title(WORSE))
    intervals = base.mark_rule(color=MUTED, strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    return spec(
        bars + intervals, height=ROW_HEIGHT * len(features), about="Importance of each feature"
    )


def moments_chart(timesteps: Sequence[Stretch], *, percent: bool) -> Json:
    """Draw how much the score falls where a stretch of timesteps is shuffled.

    Args:
        percent: whether the stretches are hundredths of sequences of different lengths.
    """
    axis = "place in the sequence (%)" if percent else "timestep"
    rows = [{**row, "end": row["to"] + 1} for row in rows_of(timesteps)]
    chart = (
        alt.Chart(data(rows))
        .mark_rect(color=ACCENT, opacity=0.75, stroke=PAPER, strokeWidth=1)
        .encode(
            x=alt.X("from:Q").title(axis).axis(tickMinStep=1).scale(nice=False, zero=False),
            x2="end:Q",
            y=alt.Y("value:Q").title(WORSE),
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("from:Q"),
                alt.Tooltip("to:Q"),
                alt.Tooltip("value:Q", format=".3~g", title=WORSE),
            ],
        )
    )
    return spec(chart, height=SMALL_HEIGHT, about="Importance of timesteps")


def calibration_chart(calibration: Calibration) -> Json:
    """Draw how often answers of a confidence are right, before and after the temperature."""
    rows = [
        {"name": f"{when} (error {part.error:.3f})", **in_bin}
        for when, part in (("before", calibration.before), ("after", calibration.after))
        if part is not None
        for in_bin in rows_of(part.bins)
        if in_bin["count"]
    ]
    names = list(dict.fromkeys(row["name"] for row in rows))
    line = (
        alt.Chart(data([{"at": 0}, {"at": 1}]))
        .mark_line(color=FAINT, strokeDash=[4, 3])
        .encode(x="at:Q", y="at:Q")
    )
    curves = alt.Chart(data(rows)).encode(
        x=alt.X("confidence:Q").title("confidence of the answer").scale(domain=[0, 1]),
        y=alt.Y("accuracy:Q").title("share that was right").scale(domain=[0, 1]),
        color=named_colors(names, SERIES),
        tooltip=[
            alt.Tooltip("name:N"),
            alt.Tooltip("confidence:Q", format=".2f"),
            alt.Tooltip("accuracy:Q", format=".2f"),
            alt.Tooltip("count:Q"),
        ],
    )
    dots = curves.mark_point(filled=True, opacity=0.9).encode(
        size=alt.Size("count:Q").legend(None).scale(range=[20, 250])
    )
    return spec(line + curves.mark_line() + dots, height=280, about="Reliability curve")


def decision_chart(decision: ShownDecision, *, axis: str) -> Json:
    """Draw a metric of the validation part against the threshold, or against what the weight of a
    class is multiplied by.

    Args: axis: the metric's name.
    """
    rows: Rows = [
        {"class": curve.label, "at": place, "value": value}
        for curve in decision.curves
        for place, value in curve.points
    ]
    binary = decision.threshold is not None
    x = alt.X("at:Q").title(f"probability above which `{decision.label}` is answered")
    x = x.scale(domain=[0, 1]) if binary else alt.X("at:Q").title("weight of the class, times")
    if not binary:
        x = x.scale(type="log", base=2)
    lines = (
        alt.Chart(data(rows))
        .mark_line(point=alt.OverlayMarkDef(size=12))
        .encode(
            x=x,
            y=alt.Y("value:Q").title(axis).scale(zero=False),
            color=named_colors([curve.label for curve in decision.curves], SERIES),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("at:Q", format=".3~g"),
                alt.Tooltip("value:Q", title=axis, format=".4~g"),
            ],
        )
    )
    chosen = (
        alt.Chart(data([{"at": decision.threshold if binary else 1.0}]))
        .mark_rule(strokeDash=[4, 3], color=MUTED)
        .encode(x="at:Q")
    )
    return spec(lines + chosen, height=SMALL_HEIGHT + 60, about="Decision rule")


def coverage_chart(coverage: Coverage) -> Json:
    """Draw the share of true values inside the widest interval, by forecast timestep."""
    interval = f"{100 * coverage.wanted:g}% interval"
    bars = (
        alt.Chart(data(rows_of(coverage.by_step)))
        .mark_line(color=ACCENT, point=alt.OverlayMarkDef(color=ACCENT, size=30))
        .encode(
            x=alt.X("step:Q").title("timesteps ahead").axis(tickMinStep=1).scale(nice=False),
            y=alt.Y("coverage:Q")
            .title(f"inside the {interval}")
            .scale(domain=[0, 1])
            .axis(format=".0%"),
            tooltip=[
                alt.Tooltip("step:Q", title="timesteps ahead"),
                alt.Tooltip("coverage:Q", format=".0%"),
            ],
        )
    )
    wanted = (
        alt.Chart(data([{"share": coverage.wanted}]))
        .mark_rule(strokeDash=[4, 3], color=MUTED)
        .encode(y="share:Q")
    )
    return spec(wanted + bars, height=SMALL_HEIGHT + 20, about=f"Coverage of the {interval}")


def so_far_chart(so_far: SoFar, metrics: Mapping[str, Scored], *, axis: str) -> Json:
    """Draw what a metric comes to by the share of each sequence that has been seen, with its
    interval, dashed what it is at the end, and as a square the answers once they are sure.

    Args: metrics: of the test part.
    """
    base = alt.Chart(data(rows_of(so_far.seen))).encode(
        x=alt.X("percent:Q")
        .title("share of the sequence that has been seen (%)")
        .axis(tickCount=10)
        .scale(domain=[0, 100], nice=False),
        tooltip=[
            alt.Tooltip("percent:Q", title="seen (%)"),
            alt.Tooltip("value:Q", format=".3~g", title=axis),
            alt.Tooltip("low:Q", format=".3~g"),
            alt.Tooltip("high:Q", format=".3~g"),
        ],
    )
    y = alt.Y("value:Q").title(axis).scale(zero=False)
    band = base.mark_area(color=ACCENT, opacity=0.18).encode(
        y=alt.Y("low:Q").title(axis).scale(zero=False), y2="high:Q"
    )
    line = base.mark_line(color=ACCENT, point=alt.OverlayMarkDef(color=ACCENT, size=36))
    end = (
        alt.Chart(data(rows_of(so_far.seen[-1:])))
        .mark_rule(strokeDash=[4, 3], color=MUTED)
        .encode(y="value:Q")
    )
    sure = alt.Chart(data(sure_rows(metrics))).mark_point(
        shape="square", filled=True, color=GOOD, size=110, opacity=1
    )
    sure = sure.encode(
        x="place:Q",
        y="value:Q",
        tooltip=[alt.Tooltip("value:Q", format=".3~g", title="accuracy once sure")],
    )
    about = f"{axis} by the share of the sequence that has been seen"
    return spec(band + end + line.encode(y=y) + sure, height=220, about=about)


def sure_rows(metrics: Mapping[str, Scored]) -> Rows:
    """Place the answers once they are sure; nothing where there are none."""
    accuracy, seen = metrics.get("early_accuracy"), metrics.get("earliness")
    if accuracy is None or seen is None or seen.value is None:
        return []
    return [{"place": 100 * seen.value, "value": accuracy.value}]
