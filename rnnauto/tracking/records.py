"""Hold what a tracker is told of a fit: its settings, its trainings as they end, and its model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Plain = str | int | float | bool


@dataclass(frozen=True)
class Fit:
    """A fit that begins, or goes on.

    Attributes:
        name: that of the model folder.
        began: when its search was begun first, in seconds since 1970; tells it from other fits.
        settings: of the recipe, but for the defaults, by dotted names.
    """

    name: str
    began: float
    settings: Mapping[str, Plain]


@dataclass(frozen=True)
class Training:
    """One network of a trial, trained on one fold.

    Attributes:
        name: of the job, like `0003-fold0`.
        stage: search, confirm, refit or distil.
        status: completed, pruned or failed.
        values: the hyperparameters.
        curves: the losses by their names, of every epoch: its number and the value.
        figures: what the training came to, by name.
        reason: why there is no network; empty where there is one.
        began, ended: seconds since 1970.
    """

    name: str
    stage: str
    status: str
    values: Mapping[str, Plain]
    curves: Mapping[str, list[tuple[int, float]]]
    figures: Mapping[str, float]
    reason: str
    began: float
    ended: float


@dataclass(frozen=True)
class Finished:
    """The model that a fit left.

    Attributes:
        scores: of the model on the test part, `accuracy`, and of the baselines,
            `majority/accuracy`.
        words: what is said of it: the verdict, and the model card, by name.
        files: the report and its like, in the model folder.
    """

    scores: Mapping[str, float]
    words: Mapping[str, str]
    files: tuple[Path, ...]


class Tracker(Protocol):
    """A program that is told of a fit."""

    def begin(self, fit: Fit) -> None: ...

    def add(self, training: Training) -> None: ...

    def end(self, finished: Finished | None) -> None:
        """Close what `begin` opened; None where the fit has left no model."""


def training_of(started: Mapping[str, Any], ended: Mapping[str, Any]) -> Training:
    """Make a record of two events of a journal, that a job began and what came of it."""
    result = ended["result"]
    epochs = result["epochs"]
    curves = {
        name: [(epoch["number"], epoch[name]) for epoch in epochs if epoch[name] is not None]
        for name in ("train_loss", "validation_loss", "learning_rate")
    }
    names = ("loss", "score", "seconds", "parameters", "best_epoch")
    return Training(
        name=ended["job"],
        stage=ended["stage"],
        status=result["status"],
        values={name: plain(value) for name, value in started["values"].items()},
        curves=curves,
        figures={name: result[name] for name in names if result[name] is not None},
        reason=result["reason"],
        began=started["time"],
        ended=ended["time"],
    )


def plain(value: Any) -> Plain:
    return value if isinstance(value, str | int | float | bool) else str(value)
