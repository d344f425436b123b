"""Ask and tell keras-tuner's oracles; nothing else of keras-tuner's runs."""

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from rnnauto.search.algorithm import Algorithm
from rnnauto.search.oracles import (
    RUNNING,
    BayesianOracle,
    GridOracle,
    HyperbandOracle,
    RandomOracle,
    plan_of,
)
from rnnauto.search.prune import BEHIND
from rnnauto.search.space import Choices, consistent
from rnnauto.search.trial import Proposed, Values

FULL_EPOCHS = 81  # of a trial in the last round of Hyperband; a winner is trained on from there
# keras-tuner's width of an id depends on the number of trials, which may differ when a search is
# resumed; `Asker` counts them
MOST_TRIALS = 9999
SHARED_BY = 16  # trials at once for which one more sweep shares a plan
FACTOR = 3  # one trial of so many is promoted


class Hyperparameters(keras_tuner.HyperParameters):
    """What every trial has a copy of, which shares the choices: theirs makes them anew."""

    def copy(self) -> "Hyperparameters":
        copied = copy.copy(self)
        copied.values = dict(self.values)
        return copied


@dataclass(frozen=True)
class Asker:
    """Ask for hyperparameters, tell how they did. Values cross keras-tuner as JSON text, because
    its choices allow neither booleans beside words nor numbers beside `off`."""

    oracle: Any
    trials: int
    epochs: int | None = None  # that one of Hyperband's stands for

    def ask(self, number: int) -> Proposed | None:
        """The next trial; None when there is none, or none before another one has ended."""
        if number >= self.trials:
            return None
        # a tuner id of its own for each trial: a busy one is given its old trial again
        trial = self.oracle.create_trial(f"slot-{number}")
        if trial.status != RUNNING:
            return None
        given = trial.hyperparameters.values
        read = {n: json.loads(text) for n, text in given.items() if not n.startswith("tuner/")}
        values = consistent(read)
        if self.epochs is None:
            return Proposed(str(trial.trial_id), values)
        epochs = given["tuner/epochs"] - given["tuner/initial_epoch"]
        parent = given.get("tuner/trial_id")
        return Proposed(str(trial.trial_id), values, epochs=epochs * self.epochs, parent=parent)

    def tell(self, trial_id: str, loss: float | None) -> None:
        """What loss a trial has reached; None: it failed."""
        trial = self.oracle.trials[trial_id]
        if loss is None and self.epochs is not None:
            loss = math.inf  # a failed trial would cost its bracket a promotion
        if loss is not None:
            self.oracle.update_trial(trial_id, {"loss": loss})
        trial.status = "COMPLETED" if loss is not None else "FAILED"
        self.oracle.end_trial(trial)


def make_asker(
    space: Choices,
    *,
    trials: int,
    seed: int,
    algorithm: Algorithm = "random",
    opening: Sequence[Values] = (),
    epochs: int = FULL_EPOCHS,
    behind: int = BEHIND,
) -> Asker:
    """Make the oracle of an algorithm, ready to be asked.

    Args:
        seed: any hashed seed but 0, which keras-tuner takes for "no seed".
        opening: what is tried first.
        epochs: most of them that Hyperband gives a trial.
        behind: so many of the newest trials a model of the losses knows nothing of.
    """
    hyperparameters = Hyperparameters()
    for name, options in space.items():
        hyperparameters.Choice(name, [json.dumps(option) for option in options])
    first = [{name: json.dumps(value) for name, value in proposal.items()} for proposal in opening]
    shared: dict[str, Any] = {
        "objective": keras_tuner.Objective("loss", "min"),
        "seed": seed,
        "hyperparameters": hyperparameters,
        # failure policy is ours: keras-tuner averages over retries and aborts after three failures
        "max_retries_per_trial": 0,
        "max_consecutive_failed_trials": 10**9,
    }
    unit, limit = None, max(trials, MOST_TRIALS)
    match algorithm:
        case "random":
            oracle: Any = RandomOracle(first, max_trials=limit, **shared)
        case "grid":
            oracle = GridOracle(first, max_trials=limit, **shared)
        case "bayesian":
            oracle = BayesianOracle(first, behind, max_trials=limit, **shared)
        case "hyperband":
            most = min(epochs, FULL_EPOCHS)
            oracle = fitting_hyperband(first, trials, most, shared)
            if behind > BEHIND:
                oracle.sweeps = shared_sweeps(trials // len(plan_of(oracle)), behind)
            unit = max(1, most // oracle.max_epochs)
    # no files: the journal is the truth
    oracle.save = oracle._save_trial = lambda *trial: None
    # it would go through all trials whenever one ends, for nothing: see above
    oracle._check_consecutive_failures = lambda: None
    oracle.verbose = 0
    return Asker(oracle, trials, unit)


def shared_sweeps(sweeps: int, behind: int) -> int:
    """How many of so many sweeps share a plan: enough for many workers, and in plans alike."""
    plans = max(1, sweeps // max(1, behind // SHARED_BY))
    return max(1, sweeps // plans)


def fitting_hyperband(
    opening: list[dict[str, str]], trials: int, most: int, shared: dict[str, Any]
) -> HyperbandOracle:
    """The Hyperband with the most rounds of which a whole sweep fits into the trials."""
    oracle = HyperbandOracle(opening, max_epochs=FACTOR, factor=FACTOR, **shared)
    for epochs in (FACTOR**2, FACTOR**3, FACTOR**4):
        larger = HyperbandOracle(opening, max_epochs=epochs, factor=FACTOR, **shared)
        if len(plan_of(larger)) > trials or epochs > most:
            break
        oracle = larger
    return oracle
