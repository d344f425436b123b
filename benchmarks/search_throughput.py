"""Count trials per minute: a search with two workers against a plain keras_tuner.RandomSearch.

Both run the same trials (LSTM, 3 epochs, 2,000 sequences of 50 timesteps and 4 features) on the
same arrays, each in a process of its own, measured from its start to its end, imports included.
What imports and the first trace of a shape take does not grow with the trials, 16 or `--trials`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

EPOCHS, BATCH, WORKERS = 3, 32, 2
WANTED = 10  # times the trials a minute
SEQUENCES, TIMESTEPS, FEATURES, CLASSES = 2_000, 50, 4, 2
HELD_OUT = 400


def data() -> tuple[np.ndarray, np.ndarray]:
    """x float32 [sequences, timesteps, features] and the sign of a weighted sum as class."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SEQUENCES, TIMESTEPS, FEATURES)).astype(np.float32)
    weights = np.linspace(0, 1, TIMESTEPS)
    return x, (np.einsum("stf,t->s", x, weights) > 0).astype(np.int32)


def settings(trials: int) -> list[dict[str, Any]]:
    """Settings of so many trials, the same for both sides."""
    rng = np.random.default_rng(1)
    return [
        {
            "units": int(rng.choice([16, 32, 64])),
            "learning_rate": float(rng.choice([0.001, 0.003, 0.01])),
            "clip_norm": float(rng.choice([0.1, 1.0, 10.0])),
        }
        for _ in range(trials)
    ]


def run_keras_tuner(folder: Path, trials: int) -> dict[str, Any]:
    """keras-tuner as its documentation shows it, one trial after the other."""
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow()
    import keras
    import keras_tuner

    x, y = data()
    planned = settings(trials)

    class PlainSearch(keras_tuner.RandomSearch):
        def _configure_tensorboard_dir(self, *given: Any) -> None:
            """keras-tuner 1.4.8 imports tensorboard here, which TensorFlow 2.21 does not bring."""

    def build(hp: Any) -> Any:
        number = hp.Choice("number", list(range(trials)))
        values = planned[number]
        inputs = keras.Input((TIMESTEPS, FEATURES))
        hidden = keras.layers.LSTM(values["units"])(inputs)
        model = keras.Model(inputs, keras.layers.Dense(CLASSES)(hidden))
        model.compile(
            keras.optimizers.Adam(values["learning_rate"], global_clipnorm=values["clip_norm"]),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        return model

    tuner = PlainSearch(
        build,
        objective="val_loss",
        max_trials=trials,
        seed=1,
        directory=folder,
        project_name="plain",
    )
    numbers = iter(range(trials))

    def next_planned(trial_id: str) -> dict[str, Any]:
        """Drawn at random from settings, some would come twice and the last perhaps never."""
        number = next(numbers, None)
        if number is None:
            return {"status": "STOPPED", "values": None}
        return {"status": "RUNNING", "values": {"number": number}}

    tuner.oracle.populate_space = next_planned
    tuner.search(
        x[HELD_OUT:],
        y[HELD_OUT:],
        validation_data=(x[:HELD_OUT], y[:HELD_OUT]),
        epochs=EPOCHS,
        batch_size=BATCH,
        verbose=0,
    )
    scores = [trial.score for trial in tuner.oracle.trials.values() if trial.score is not None]
    return {"trials": len(scores), "best": min(scores)}


def run_rnnauto(folder: Path, trials: int) -> dict[str, Any]:
    from rnnauto.data.batches import save_encoded
    from rnnauto.data.encode import Encoded
    from rnnauto.networks.architecture import Answer, Features
    from rnnauto.search.driver import run_search
    from rnnauto.search.loop import Search
    from rnnauto.search.study import save_study
    from rnnauto.search.trial import Proposed, StudyProblem
    from rnnauto.search.workers import pool

    x, y = data()
    encoded = Encoded(
        row_splits=np.arange(SEQUENCES + 1, dtype=np.int64) * TIMESTEPS,
        numbers=x.reshape(-1, FEATURES),
        codes=np.zeros((SEQUENCES * TIMESTEPS, 0), np.int32),
        static_numbers=np.zeros((SEQUENCES, 0), np.float32),
        static_codes=np.zeros((SEQUENCES, 0), np.int32),
        targets=y,
        per_timestep=False,
    )
    problem = StudyProblem(
        family="direct",
        features=Features(FEATURES, (), (), 0, (), (), CLASSES, per_timestep=False),
        answer=Answer("classes", (CLASSES,)),
        scales=(),
        numbers=(((0.0, 1.0),) * FEATURES,),
        static_numbers=((),),
        epochs=EPOCHS,
        patience=EPOCHS,
    )
    fixed = {
        "cell": "lstm",
        "layers": 1,
        "patch": 1,
        "pooling": "last",
        "bidirectional": False,
        "dropout": 0.0,
        "batch_size": BATCH,
    }

    planned = settings(trials)

    class Planned:
        """Gives the planned settings, as keras-tuner's side gets them."""

        def ask(self, number: int) -> Proposed:
            return Proposed(f"{number:02d}", fixed | planned[number])

        def tell(self, trial_id: str, loss: float | None) -> None:
            pass

    fold = (np.arange(HELD_OUT, SEQUENCES), np.arange(HELD_OUT))
    study = folder / "study"
    save_study(study, problem, (fold,), store=lambda place: save_encoded(place, encoded))
    end = time.monotonic() + 3_600
    with pool(study, WORKERS) as workers:
        search = Search(
            pool=workers,
            folds=1,
            seed=1,
            journal_path=folder / "journal.jsonl",
            deadline=lambda: end,
            notify=lambda news: None,
        )
        run_search(search, Planned(), most_trials=trials, refit=False)
        losses = [trial.loss for trial in search.trials.values() if trial.completed]
    return {"trials": len(losses), "best": min(losses)}


def measure(side: str, trials: int) -> dict[str, Any]:
    """Run one side in a new process."""
    begin = time.monotonic()
    command = [sys.executable, __file__, "--side", side, "--trials", str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"seconds": time.monotonic() - begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=["keras-tuner", "rnnauto"])
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.side:
        with tempfile.TemporaryDirectory() as folder:
            run = run_keras_tuner if arguments.side == "keras-tuner" else run_rnnauto
            print(json.dumps(run(Path(folder), arguments.trials)))
        return
    sides = ["keras-tuner", "rnnauto"]
    runs = [
        {side: measure(side, arguments.trials) for side in sides} for _ in range(arguments.repeats)
    ]
    print(f"{'side':<34}{'trials':>8}{'best loss':>11}{'seconds':>9}{'trials/min':>12}")
    for run in runs:
        for side, result in run.items():
            name = "keras_tuner.RandomSearch, in turn" if side == sides[0] else "rnnauto, 2 workers"
            rate = 60 * result["trials"] / result["seconds"]
            print(
                f"{name:<34}{result['trials']:>8}{result['best']:>11.4f}"
                f"{result['seconds']:>9.1f}{rate:>12.1f}"
            )
    ratios = [run[sides[0]]["seconds"] / run[sides[1]]["seconds"] for run in runs]
    print("speed-up: " + ", ".join(f"{ratio:.2f}" for ratio in ratios) + f" (wanted: {WANTED})")


if __name__ == "__main__":
    main()
