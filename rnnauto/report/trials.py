"""Gather what of the search the page shows: learning curves, and cells compared at equal budget."""

import math
from typing import Any

from rnnauto.deploy.shown import CellPath, Curve, HeadToHead
from rnnauto.report.picture import Json, short, thinned

MOST_CURVES = 24  # training runs that are drawn
MOST_EPOCHS = 60  # points of a curve
MOST_STEPS = 80  # points of a cell's best loss so far


def training_runs(events: list[dict[str, Any]]) -> list[Json]:
    """List every training run that ended, in the order of ending, with its settings and epochs."""
    values: dict[str, Any] = {}
    runs = []
    for event in events:
        if event["event"] == "trial-started":
            values[event["trial"]] = event["values"]
        elif event["event"] in {"trial-completed", "trial-failed", "trial-pruned"}:
            result = event["result"]
            runs.append(
                {
                    "trial": event["trial"],
                    "fold": event["fold"],
                    "stage": event["stage"],
                    "cell": values[event["trial"]]["cell"],
                    "loss": result["loss"],
                    "seconds": result["seconds"],
                    "stopped": result["reason"] or result["stopped"],
                    "epochs": [
                        (epoch["number"], epoch["train_loss"], epoch["validation_loss"])
                        for epoch in result["epochs"]
                    ],
                }
            )
    return runs


def curves(runs: list[Json]) -> tuple[Curve, ...]:
    """Choose losses by epoch of the best runs on the first fold, each cell's best among them."""
    first = [run for run in runs if run["fold"] == 0 and run["epochs"]]
    ordered = sorted(first, key=lambda run: math.inf if run["loss"] is None else run["loss"])
    leaders: dict[str, Json] = {}
    for run in ordered:
        leaders.setdefault(run["cell"], run)
    chosen = list(leaders.values())
    chosen += [run for run in ordered if run not in chosen][: MOST_CURVES - len(chosen)]
    return tuple(
        Curve(
            trial=run["trial"],
            stage=run["stage"],
            cell=run["cell"],
            leader=leaders[run["cell"]] is run,
            stopped=run["stopped"],
            epochs=tuple(
                (number, rounded(train), rounded(validation))
                for number, train, validation in (
                    run["epochs"][at] for at in thinned(len(run["epochs"]), MOST_EPOCHS)
                )
            ),
        )
        for run in chosen
    )


def rounded(value: float | None) -> float | None:
    return None if value is None else short(value)


def head_to_head(runs: list[Json]) -> HeadToHead | None:
    """Compare the lowest validation loss of each cell by the seconds spent on training it.

    The budget at which they are compared is what the cell with the least training had; None
    where fewer than two cells were trained.
    """
    paths: dict[str, list[list[float]]] = {}
    counts: dict[str, set[str]] = {}
    spent: dict[str, float] = {}
    for run in runs:
        if run["fold"] != 0:
            continue
        cell, epochs = run["cell"], run["epochs"]
        path = paths.setdefault(cell, [])
        counts.setdefault(cell, set()).add(run["trial"])
        before = spent.get(cell, 0.0)
        for number, (_, _, loss) in enumerate(epochs, 1):
            if loss is not None and (not path or loss < path[-1][1]):
                path.append([before + run["seconds"] * number / len(epochs), loss])
        spent[cell] = before + run["seconds"]
    paths = {cell: path for cell, path in paths.items() if path}
    if len(paths) < 2:
        return None
    seconds = min(spent[cell] for cell in paths)
    cells = [
        CellPath(
            cell=cell,
            trials=len(counts[cell]),
            seconds=short(spent[cell]),
            loss=rounded(lowest(path, seconds)),
            path=ended(path, spent[cell]),
        )
        for cell, path in paths.items()
    ]
    cells.sort(key=lambda reached: math.inf if reached.loss is None else reached.loss)
    sentence = comparison(cells, seconds)
    return HeadToHead(seconds=short(seconds), cells=tuple(cells), sentence=sentence)


def lowest(path: list[list[float]], seconds: float) -> float | None:
    """Find the best loss by a moment; None where no epoch had ended."""
    reached = [loss for at, loss in path if at <= seconds * (1 + 1e-9)]
    return reached[-1] if reached else None


def ended(path: list[list[float]], seconds: float) -> tuple[tuple[float | None, float | None], ...]:
    """Lead a cell's path to the end of its training, thinned."""
    points = [*path, [seconds, path[-1][1]]]
    return tuple((short(at), short(loss)) for at, loss in (points[i] for i in places(points)))


def places(points: list[list[float]]) -> list[int]:
    return [int(at) for at in thinned(len(points), MOST_STEPS)]


def comparison(cells: list[CellPath], seconds: float) -> str:
    losses = [
        f"{cell.cell} {cell.loss:.4g}"
        if cell.loss is not None
        else f"{cell.cell} had not ended an epoch"
        for cell in cells
    ]
    return (
        f"With {seconds:.1f} s of training for each cell, the lowest validation loss was: "
        + ", ".join(losses)
        + "."
    )
