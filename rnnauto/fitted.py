"""Hold the messages that `fit` sends while it runs, and its result."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnauto.deploy.leaderboard import Row
from rnnauto.judge.diagnosis import Diagnosis
from rnnauto.judge.evaluate import Evaluation
from rnnauto.layout import Layout
from rnnauto.search.loop import News
from rnnauto.search.select import Trial


@dataclass(frozen=True)
class Said:
    """A message of `fit`.

    Attributes:
        text: a line for whoever watches.
    """

    text: str


Watch = Callable[[Said | News], None]


@dataclass(frozen=True)
class Fitted:
    """The result of `fit`: the model folder, and what is known of the model in it.

    Attributes:
        folder: the model folder.
        layout: what the columns are.
        winner: the trial that the model is made of.
        trials: all of them.
        evaluation: the model's scores beside those of the baselines.
        rows: the leaderboard.
        networks: how many the model is the mean of.
        checks: the differences that the export's checks found, by name.
        seconds: that the fit took.
        seed: of the fit.
        interrupted: whether Ctrl-C ended the search.
        diagnosis: what was found inside the model; None where nothing was looked for.
    """

    folder: Path
    layout: Layout
    winner: Trial
    trials: tuple[Trial, ...]
    evaluation: Evaluation
    rows: tuple[Row, ...]
    networks: int
    checks: dict[str, float]
    seconds: float
    seed: int
    interrupted: bool
    diagnosis: Diagnosis | None = None

    @property
    def verdict(self) -> str:
        """Say whether a baseline is as good, and whether order matters."""
        order = self.diagnosis.order if self.diagnosis else None
        sentences = [self.evaluation.verdict, *([order.sentence] if order else [])]
        return "; ".join(sentences)

    def to_json(self) -> dict[str, Any]:
        """Make the object that `fit --json` prints."""
        counts = Counter(trial.status for trial in self.trials)
        return {
            "model_folder": str(self.folder),
            "rnn_type": self.layout.rnn_type,
            "task": self.layout.task,
            "best": {
                "trial": self.winner.id,
                "hyperparameters": self.winner.values,
                "validation": self.winner.score,
            },
            "trials": {status: counts[status] for status in ("completed", "failed", "pruned")},
            "scores": self.evaluation.to_json(),
            "beats_baselines": self.evaluation.beats_baselines,
            "seconds": round(self.seconds, 2),
            "seed": self.seed,
        }
