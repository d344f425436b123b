"""Draw the search: scores, settings, learning curves, cells compared, clipping."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.shown import Curve, HeadToHead
from rnnauto.judge.diagnosis import Clipping
from rnnauto.judge.words import digits
from rnnauto.report.style import (
    ACCENT,
    FAINT,
    INK,
    MUTED,
    PAPER,
    ROW_HEIGHT,
    Rows,
    by_cell,
    data,
    log_if_wide,
    loss_axis,
    rows_of,
    spec,
)

Json = dict[str, Any]
FEW_EPOCHS = 12  # up to which a curve has points: a line of one epoch would not be seen
# axes of the parallel coordinates, where they differ between trials
SETTINGS = (
    *("cell", "units", "layers", "patch", "pooling", "bidirectional", "attention", "lookback"),
    *("scaling", "transform", "differencing", "frame", "dropout", "token_dropout", "weight_drop"),
    *("label_smoothing", "augment", "repeats", "learning_rate", "batch_size", "clip_norm"),
    "filling",
)


def scores_chart(scores: list[Json], *, axis: str) -> Json:
    """Draw model and baselines with their intervals. Rows: name, kind, value, low, high."""
    kinds = alt.Color("kind:N").scale(domain=["model", "baseline"], range=[ACCENT, MUTED])
    rows = alt.Chart(data(scores)).encode(
        y=alt.Y("name:N").sort(None).title(None).axis(labelLimit=150),
        color=kinds.legend(None),
        tooltip=[
            alt.Tooltip("name:N"),
            alt.Tooltip("value:Q", format=".4~g", title=axis),
            alt.Tooltip("low:Q", format=".4~g"),
            alt.Tooltip("high:Q", format=".4~g"),
        ],
    )
    scale = log_if_wide([score[key] for score in scores for key in ("value", "low", "high")])
    intervals = rows.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q").scale(scale), x2="high:Q")
    points = rows.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X("value:Q").title(axis).scale(scale)
    )
    return spec(
        intervals + points,
        height=(ROW_HEIGHT + 4) * len(scores),
        about="Scores on the test part with 95% intervals",
    )


def curves_chart(curves: Sequence[Curve], *, axis: str) -> Json:
    """Draw validation losses of all runs, and both losses of each cell's best."""
    rows: Rows = [
        {
            "run": f"{curve.trial} ({curve.stage})",
            "cell": curve.cell,
            "leader": curve.leader,
            "loss": part,
            "epoch": epoch,
            "value": value,
        }
        for curve in curves
        for epoch, train, validation in curve.epochs
        for part, value in (("training", train), ("validation", validation))
        if value is not None and (curve.leader or part == "validation")
    ]
    short = max(len(curve.epochs) for curve in curves) <= FEW_EPOCHS
    dashes = alt.StrokeDash("loss:N").scale(
        domain=["validation", "training"], range=[[1, 0], [3, 3]]
    )
    chart = (
        alt.Chart(data(rows))
        .mark_line(point=alt.OverlayMarkDef(size=22) if short else False)
        .encode(
            x=alt.X("epoch:Q").title("epoch").axis(tickMinStep=1).scale(nice=False, zero=False),
            y=loss_axis([row["value"] for row in rows], "value").title(axis),
            color=by_cell(curve.cell for curve in curves),
            strokeDash=dashes.title(None).legend(orient="bottom"),
            detail="run:N",
            opacity=alt.when("datum.leader").then(alt.value(1)).otherwise(alt.value(0.22)),
            strokeWidth=alt.when("datum.leader").then(alt.value(2)).otherwise(alt.value(1)),
            tooltip=[
                alt.Tooltip("run:N", title="trial"),
                alt.Tooltip("cell:N"),
                alt.Tooltip("loss:N"),
                alt.Tooltip("epoch:Q"),
                alt.Tooltip("value:Q", title=axis, format=".4~g"),
            ],
        )
    )
    return spec(chart, about="Learning curves: loss by epoch")


def head_to_head_chart(compared: HeadToHead, *, axis: str) -> Json:
    """Draw the lowest validation loss so far of each cell by the seconds spent on it."""
    rows: Rows = [
        {"cell": cell.cell, "seconds": at, "loss": loss}
        for cell in compared.cells
        for at, loss in cell.path
    ]
    lines = (
        alt.Chart(data(rows))
        .mark_line(interpolate="step-after", strokeWidth=2, point=alt.OverlayMarkDef(size=14))
        .encode(
            x=alt.X("seconds:Q").title("seconds of training of the cell").scale(zero=True),
            y=loss_axis([row["loss"] for row in rows], "loss").title(axis),
            color=by_cell(cell.cell for cell in compared.cells),
            tooltip=[
                alt.Tooltip("cell:N"),
                alt.Tooltip("seconds:Q", format=".3~g"),
                alt.Tooltip("loss:Q", format=".4~g", title=axis),
            ],
        )
    )
    equal = (
        alt.Chart(data([{"seconds": compared.seconds, "label": "equal budget"}]))
        .mark_rule(strokeDash=[4, 3], color=MUTED)
        .encode(x="seconds:Q")
    )
    return spec(lines + equal, about="Lowest validation loss by training time, for each cell")


def parallel_chart(rows: Sequence[Row], words: str) -> Json | None:
    """Draw a line for each trial across its settings, ending at its validation score.

    Args:
        words: the metric's name.

    Returns: None where no setting differs between two trials.
    """
    trials = [row for row in rows if row.kind == "trial" and row.validation is not None]
    axes = [name for name in SETTINGS if len({str(setting(row, name)) for row in trials}) > 1]
    if len(trials) < 2 or not axes:
        return None
    best = min(trials, key=lambda row: row.rank).name
    end = "validation score"
    places, ticks = placed(trials, axes, end)
    points = [
        {
            "trial": row.name,
            "cell": setting(row, "cell"),
            "axis": axis.replace("_", " "),
            "place": places[axis][row.name],
            "best": row.name == best,
            "score": row.validation,
        }
        for row in trials
        for axis in [*axes, end]
    ]
    order = [axis.replace("_", " ") for axis in [*axes, end]]
    x = alt.X("axis:N").sort(order).title(None)
    x = x.axis(orient="top", labelAngle=0, domain=False, ticks=False, labelPadding=14)
    y = alt.Y("place:Q").axis(None).scale(domain=[0, 1], nice=False)
    rules = alt.Chart(data([{"axis": axis} for axis in order])).mark_rule(color=FAINT).encode(x=x)
    lines = (
        alt.Chart(data(points))
        .mark_line()
        .encode(
            x=x,
            y=y,
            color=by_cell(setting(row, "cell") for row in trials),
            detail="trial:N",
            opacity=alt.when("datum.best").then(alt.value(1)).otherwise(alt.value(0.35)),
            strokeWidth=alt.when("datum.best").then(alt.value(3.5)).otherwise(alt.value(1.2)),
            tooltip=[
                alt.Tooltip("trial:N"),
                alt.Tooltip("cell:N"),
                alt.Tooltip("score:Q", title=words, format=".4~g"),
            ],
        )
    )
    labels = alt.Chart(data(ticks)).encode(x=x, y=y, text="text:N")
    halo = labels.mark_text(dx=5, align="left", stroke=PAPER, strokeWidth=3, strokeJoin="round")
    texts = labels.mark_text(dx=5, align="left", color=INK)
    return spec(rules + lines + halo + texts, height=260, about="Settings and score of each trial")


def setting(row: Row, name: str) -> Any:
    return (row.hyperparameters or {}).get(name)


def placed(
    trials: Sequence[Row], axes: list[str], end: str
) -> tuple[dict[str, dict[str, float]], list[Json]]:
    """Place every trial on each axis, from 0 to 1, and write along the axes."""
    places: dict[str, dict[str, float]] = {}
    ticks = []
    for axis in axes:
        values = sorted({setting(row, axis) for row in trials}, key=in_order)
        heights = {value: at / max(len(values) - 1, 1) for at, value in enumerate(values)}
        places[axis] = {row.name: heights[setting(row, axis)] for row in trials}
        ticks += [
            {"axis": axis.replace("_", " "), "place": height, "text": worded(value)}
            for value, height in heights.items()
        ]
    scores = {row.name: row.validation for row in trials if row.validation is not None}
    low, high = min(scores.values()), max(scores.values())
    spread = high - low or 1.0
    places[end] = {name: (score - low) / spread for name, score in scores.items()}
    ticks += [
        {"axis": end.replace("_", " "), "place": (score - low) / spread, "text": digits(score)}
        for score in sorted({low, high})
    ]
    return places, ticks


def in_order(value: Any) -> tuple[int, float, str]:
    """Sort numbers by size, after what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (0, 0.0, str(value))
    return (1, float(value), "")


def worded(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def clipping_chart(clipping: Sequence[Clipping], *, axis: str) -> Json:
    """Draw the validation score of every trial by the norm at which its gradient was clipped."""
    points = rows_of(clipping)
    rows = [
        point | {"clip": worded(point["clip_norm"]), "share": point["clipped_share"] or 0.0}
        for point in points
        if point["validation"] is not None
    ]
    order = [worded(v) for v in sorted({point["clip_norm"] for point in points}, key=in_order)]
    scale = log_if_wide([row["validation"] for row in rows])
    chart = (
        alt.Chart(data(rows))
        .mark_point(filled=True, opacity=0.8, stroke=PAPER, strokeWidth=1)
        .encode(
            x=alt.X("clip:N").sort(order).title("clip norm of the trial").axis(labelAngle=0),
            xOffset=alt.XOffset("cell:N"),
            y=alt.Y("validation:Q").title(axis).scale(scale),
            color=by_cell(row["cell"] for row in rows),
            size=alt.Size("share:Q")
            .title("share of clipped steps")
            .scale(domain=[0, 1], range=[50, 500])
            .legend(None),
            tooltip=[
                alt.Tooltip("trial:N"),
                alt.Tooltip("cell:N"),
                alt.Tooltip("clip:N", title="clip norm"),
                alt.Tooltip("share:Q", title="share of clipped steps", format=".0%"),
                alt.Tooltip("median_norm:Q", title="median gradient norm", format=".3~g"),
                alt.Tooltip("largest_norm:Q", title="largest gradient norm", format=".3~g"),
                alt.Tooltip("validation:Q", title=axis, format=".4~g"),
            ],
        )
    )
    return spec(chart, about="Validation score by clip norm")
