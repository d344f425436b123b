"""Time suggestions of every oracle in a search of 200 trials, beside keras-tuner's Bayesian one."""

import json
import statistics
import time
from collections.abc import Callable

import keras_tuner
from threadpoolctl import threadpool_limits

from rnnauto.recipe import Space
from rnnauto.search.oracle import make_asker

TRIALS, OF_KERAS_TUNER = 200, 25
UNSET = {"patch": (1, 2, 5), "batch_size": (16, 32), "lookback": (1,)}


def loss_of(values: dict[str, object]) -> float:
    """Any loss will do: a suggestion costs the same."""
    return sum(hash(str(value)) % 97 for value in values.values()) / 97


def timed(ask: Callable[[int], object], tell: Callable[[object], None], trials: int) -> list[float]:
    spent = []
    for number in range(trials):
        begin = time.perf_counter()
        asked = ask(number)
        spent.append(time.perf_counter() - begin)
        tell(asked)
    return spent


def report(name: str, spent: list[float]) -> None:
    median, most = statistics.median(spent), max(spent)
    print(f"{name:<28} {len(spent):>4} trials: median {median:.3f} s, longest {most:.3f} s")


def main() -> None:
    space = {name: tuple(options) for name, options in Space() if options != "auto"} | UNSET
    for algorithm in ("random", "grid", "hyperband", "bayesian"):
        asker = make_asker(space, trials=TRIALS, seed=1, algorithm=algorithm, opening=[])
        spent = timed(asker.ask, lambda a: asker.tell(a.id, loss_of(a.values)), TRIALS)  # noqa: B023
        report(algorithm, spent)
    hyperparameters = keras_tuner.HyperParameters()
    for name, options in space.items():
        hyperparameters.Choice(name, [json.dumps(option) for option in options])
    theirs = keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("loss", "min"),
        max_trials=OF_KERAS_TUNER,
        num_initial_points=8,
        seed=1,
        hyperparameters=hyperparameters,
    )
    theirs.save = theirs._save_trial = lambda *trial: None
    theirs.verbose = 0

    def tell(trial: object) -> None:
        theirs.update_trial(trial.trial_id, {"loss": loss_of(trial.hyperparameters.values)})
        trial.status = "COMPLETED"
        theirs.end_trial(trial)

    with threadpool_limits(1):
        spent = timed(lambda number: theirs.create_trial(f"slot-{number}"), tell, OF_KERAS_TUNER)
    report("keras-tuner's Bayesian", spent[10:])


if __name__ == "__main__":
    main()
