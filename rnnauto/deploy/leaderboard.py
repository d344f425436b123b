"""Rank trials and baselines in one list, best first."""

import io
import json
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from rnnauto.deploy.model_json import damage
from rnnauto.files import damaged, read_text
from rnnauto.metrics import shortfall
from rnnauto.search.select import Trial, ranked
from rnnauto.search.trial import Gradient, Tried

NAME = "leaderboard.csv"
NESTED = ("hyperparameters", "gradient")
ENDINGS = {
    "patience": "no longer better",
    "epochs": "all epochs",
    "clock": "out of time",
    "bracket": "end of its bracket",
    "pruned": "worse than the others",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A trial or a baseline; the fields are the columns of `leaderboard.csv`, in this order.

    Attributes:
        metric: what validation and test are: the task's main metric, or the objective; "" in
            folders of before.
        selected_by: what trials are selected by, and which way it gets better, like `loss (min)`.
        validation, test: the metric.
        validation_spread: its standard deviation over the folds.
        reason: why it ended.
        gradient: of the first fold.
        validation_loss: what was to be lowest, the mean over the folds: the loss, or how far the
            objective is from its best; baselines have none.
    """

    rank: int
    kind: Literal["trial", "baseline"]
    name: str
    validation: float | None
    validation_spread: float | None = None
    test: float | None
    status: str
    reason: str | None = ""
    folds: int = 0
    epochs: int | None = None
    seconds: float | None = None
    parameters: int | None = None
    hyperparameters: Tried | None = None
    gradient: Gradient | None = None
    validation_loss: float | None = None
    metric: str = ""
    selected_by: str = ""

    def to_json(self) -> dict[str, Any]:
        """Make the entry of `scores.json`, where a baseline has no loss."""
        row = asdict(self)
        if self.kind == "baseline":
            del row["validation_loss"]
        return row


def leaderboard(
    trials: list[Trial],
    winner: Trial,
    *,
    metric: str,
    test: float | None,
    baselines: dict[str, tuple[float | None, float | None]],
    selected_by: str = "",
) -> list[Row]:
    """Rank the rows of trials and baselines.

    Args:
        test: the winner's score on the test part; no other trial has one, for none was tried there.
        baselines: name to validation and test score.
    """
    rows = [trial_row(trial, test if trial.id == winner.id else None) for trial in ranked(trials)]
    for name, (validation, score) in baselines.items():
        rows.append(baseline_row(name, validation, score))

    def place(row: Row) -> tuple[bool, bool, float]:
        score = math.inf if row.validation is None else shortfall(metric, row.validation)
        return (row.name != winner.id, row.status != "completed", score)

    ordered = sorted((row for row in rows if row.status != "running"), key=place)
    same: dict[str, Any] = {"metric": metric, "selected_by": selected_by}
    return [replace(row, rank=rank, **same) for rank, row in enumerate(ordered, start=1)]


def baseline_row(name: str, validation: float | None, test: float | None) -> Row:
    return Row(
        rank=0,
        kind="baseline",
        name=name,
        validation=validation,
        test=test,
        status="completed",
    )


def trial_row(trial: Trial, test: float | None) -> Row:
    """Make the row of a trial; one without results is still running."""
    results = [trial.results[fold] for fold in sorted(trial.results)]
    failed = [result.reason for result in trial.compared.values() if result.loss is None]
    whole = bool(results) and not failed
    row = Row(
        rank=0,
        kind="trial",
        name=trial.id,
        validation=trial.score if whole else None,
        validation_spread=trial.spread if whole else None,
        test=None,
        status="running",
        hyperparameters=trial.values,
        validation_loss=trial.loss if whole else None,
    )
    if not results:
        return row
    first = results[0]
    return replace(
        row,
        test=test,
        status=trial.status,
        reason="; ".join(failed) or first.reason or first.stopped,
        folds=len(results),
        epochs=sum(len(result.epochs) for result in results),
        seconds=round(trial.seconds, 2),
        parameters=first.parameters,
        gradient=first.gradient,
    )


def ending(row: Row) -> str:
    """Say why a trial ended, as a person would; nothing for a baseline."""
    if row.kind == "baseline":
        return ""
    reason = row.reason or ""  # None where it was read from a file
    words = ENDINGS.get(reason, reason)
    return words if row.status == "completed" else ": ".join(filter(None, (row.status, words)))


def write_leaderboard(path: Path, rows: list[Row]) -> None:
    """Write the rows as CSV; the nested columns hold JSON."""
    flat = [
        {name: json.dumps(value) if name in NESTED else value for name, value in row.items()}
        for row in map(asdict, rows)
    ]
    pl.DataFrame(flat, infer_schema_length=None).write_csv(path)


def read_leaderboard(folder: Path) -> list[Row]:
    """Read `leaderboard.csv`. Raises: ModelFolderError where it is absent or damaged."""
    path = folder / NAME
    raw = read_text(folder, NAME).encode()
    try:
        rows = pl.read_csv(io.BytesIO(raw), infer_schema=False).to_dicts()
        for row in rows:
            row.update({name: from_json(row[name]) for name in NESTED})
        return TypeAdapter(list[Row]).validate_python(rows)
    except ValidationError as error:
        raise damaged(path, damage(error)) from error
    except KeyError as error:
        raise damaged(path, f"it has no column {error}") from error
    except (pl.exceptions.PolarsError, ValueError, TypeError) as error:
        raise damaged(path, error) from error
