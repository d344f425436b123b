"""keras-tuner's oracles, asked and told; nothing else of keras-tuner's runs."""

import json
from dataclasses import dataclass
from typing import Any

import keras_tuner

from rnnauto.search.space import Choices, proposals
from rnnauto.search.trial import Values

RUNNING = "RUNNING"


class RandomOracle(keras_tuner.oracles.RandomSearchOracle):
    """Random search that opens with the proposals and writes no files: the journal is the truth."""

    def __init__(self, opening: list[Values], **options: Any) -> None:
        super().__init__(**options)
        self.opening = opening

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        if self.opening:
            return {"status": RUNNING, "values": self.opening.pop(0)}
        found: dict[str, Any] = super().populate_space(trial_id)
        return found

    def save(self) -> None:
        pass

    def _save_trial(self, trial: Any) -> None:
        pass


@dataclass(frozen=True)
class Asker:
    """Ask for hyperparameters, tell how they did. Values cross keras-tuner as JSON text, because
    its choices allow neither booleans beside words nor numbers beside `off`."""

    oracle: Any

    def ask(self, number: int) -> tuple[str, Values] | None:
        """The next trial's id and values; None when the space is used up."""
        # a tuner id of its own for each trial: a busy one is given its old trial again
        trial = self.oracle.create_trial(f"slot-{number}")
        if trial.status != RUNNING:
            return None
        values = {name: json.loads(text) for name, text in trial.hyperparameters.values.items()}
        return str(trial.trial_id), values

    def tell(self, trial_id: str, loss: float | None) -> None:
        """`loss` None: the trial failed."""
        trial = self.oracle.trials[trial_id]
        if loss is not None:
            self.oracle.update_trial(trial_id, {"loss": loss})
        trial.status = "COMPLETED" if loss is not None else "FAILED"
        self.oracle.end_trial(trial)


def make_asker(
    space: Choices, *, trials: int, seed: int, opening: list[Values] | None = None
) -> Asker:
    """Args:
    seed: any hashed seed but 0, which keras-tuner takes for "no seed".
    opening: what is tried first; None for the usual proposals.
    """
    hyperparameters = keras_tuner.HyperParameters()
    for name, options in space.items():
        hyperparameters.Choice(name, [json.dumps(option) for option in options])
    first = [
        {name: json.dumps(value) for name, value in proposal.items()}
        for proposal in (proposals(space) if opening is None else opening)
    ]
    oracle = RandomOracle(
        first,
        objective=keras_tuner.Objective("loss", "min"),
        max_trials=trials,
        seed=seed,
        hyperparameters=hyperparameters,
        # failure policy is ours: keras-tuner averages over retries and aborts after three failures
        max_retries_per_trial=0,
        max_consecutive_failed_trials=10**9,
    )
    oracle.verbose = 0
    return Asker(oracle)
