"""The leaderboard: trials and baselines in one list, best first."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from rnnauto.errors import ModelFolderError
from rnnauto.metrics import lower_is_better
from rnnauto.search.select import Trial, ranked

Row = dict[str, Any]
NESTED = ("hyperparameters", "gradient")
ENDINGS = {
    "patience": "no longer better",
    "epochs": "all epochs",
    "clock": "out of time",
    "bracket": "end of its bracket",
    "pruned": "worse than the others",
}


def leaderboard(
    trials: list[Trial],
    winner: Trial,
    *,
    metric: str,
    test: float | None,
    baselines: dict[str, tuple[float | None, float | None]],
) -> list[Row]:
    """Rows with the keys that DESIGN names; `validation` and `test` are the task's main metric,
    `validation_spread` is its standard deviation over the folds.

    Args:
        test: the winner's score on the test part; no other trial has one, for none was tried there.
        baselines: name to validation and test score.
    """
    rows = [trial_row(trial, test if trial.id == winner.id else None) for trial in ranked(trials)]
    for name, (validation, score) in baselines.items():
        rows.append(
            blank_row("baseline", name)
            | {"validation": validation, "test": score, "status": "completed"}
        )
    worst, sign = (float("inf"), 1) if lower_is_better(metric) else (float("-inf"), -1)

    def place(row: Row) -> tuple[bool, bool, float]:
        score = worst if row["validation"] is None else row["validation"]
        return (row["name"] != winner.id, row["status"] != "completed", sign * score)

    rows = [row for row in rows if row["status"] != "running"]
    ordered = sorted(rows, key=place)
    return [row | {"rank": rank} for rank, row in enumerate(ordered, start=1)]


def blank_row(kind: str, name: str) -> Row:
    return {
        "rank": 0,
        "kind": kind,
        "name": name,
        "validation": None,
        "validation_spread": None,
        "test": None,
        "status": "running",
        "reason": "",
        "folds": 0,
        "epochs": None,
        "seconds": None,
        "parameters": None,
        "hyperparameters": None,
        "gradient": None,
    }


def trial_row(trial: Trial, test: float | None) -> Row:
    row = blank_row("trial", trial.id) | {"hyperparameters": trial.values}
    if not trial.results:
        return row
    results = [trial.results[fold] for fold in sorted(trial.results)]
    failed = [result.reason for result in results if result.loss is None]
    first = results[0]
    return row | {
        "validation": None if failed else trial.score,
        "validation_spread": None if failed else trial.spread,
        "validation_loss": None if failed else trial.loss,
        "test": test,
        "status": trial.status,
        "reason": "; ".join(failed) or first.reason or first.stopped,
        "folds": len(results),
        "epochs": sum(len(result.epochs) for result in results),
        "seconds": round(trial.seconds, 2),
        "parameters": first.parameters,
        "gradient": asdict(first.gradient),
    }


def ending(row: Row) -> str:
    """Why a trial ended, as a person would say it; nothing for a baseline."""
    if row["kind"] == "baseline":
        return ""
    reason = row["reason"] or ""  # None where it was read from a file
    told = ENDINGS.get(reason, reason)
    return told if row["status"] == "completed" else ": ".join(filter(None, (row["status"], told)))


def write_leaderboard(path: Path, rows: list[Row]) -> None:
    """CSV; the nested columns hold JSON."""
    flat = [
        {name: json.dumps(value) if name in NESTED else value for name, value in row.items()}
        for row in rows
    ]
    pl.DataFrame(flat, infer_schema_length=None).write_csv(path)


def read_leaderboard(folder: Path) -> list[Row]:
    path = folder / "leaderboard.csv"
    try:
        frame = pl.read_csv(path, infer_schema_length=None, schema_overrides={"name": pl.String})
        rows = frame.to_dicts()
        for row in rows:
            row.update({name: json.loads(row[name]) for name in NESTED})
    except (OSError, pl.exceptions.PolarsError, ValueError, KeyError, TypeError) as error:
        raise ModelFolderError(
            f"`{path}` cannot be read: {error}", hint="train the model again with `--overwrite`"
        ) from error
    return rows
