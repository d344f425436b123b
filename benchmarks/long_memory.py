"""Try problems that only a memory solves: the adding problem and temporal order.

*Adding* (Hochreiter and Schmidhuber 1997, in the form of Le et al. 2015): of 100 numbers between 0
and 1 two are marked, one in each half; the target is their sum. Always answering 1 gives a mean
squared error of 0.167; below 0.01 it counts as solved. One search over both cells: the table says
which of them solves it in that time.

*Temporal order* (Pascanu, Mikolov, Bengio 2013): among 50 letters two are A or B, one near the
start and one in the middle; the class is which two, in order. A SimpleRNN with tanh is trained by
gradient descent, as there, with and without clipping the gradient, from five seeds each; solved is
less than 1 % of the test part wrong.

Nothing may go round the state: patches would shorten the recurrence, and a mean over time adds two
marked numbers without any memory. So patch is 1, pooling `last`, and the reading one-way.
"""

import argparse
import concurrent.futures
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

CELLS = ("simple_rnn", "lstm")
ADDING_SEQUENCES, ADDING_SOLVED = 12_000, 0.01
ORDER_SEQUENCES, ORDER_TIMESTEPS, ORDER_SOLVED = 8_000, 50, 0.99
ORDER_LEARNING_RATES = (0.03,)
CLIP_NORMS = ("off", "1.0")


def adding(path: Path, *, timesteps: int, seed: int) -> None:
    """A wide table: `value_0..`, `marker_0..` and `sum`, a row per sequence."""
    rng = np.random.default_rng(seed)
    rows, half = np.arange(ADDING_SEQUENCES), timesteps // 2
    values = rng.random((ADDING_SEQUENCES, timesteps)).round(4)
    markers = np.zeros(values.shape, np.int8)
    first = rng.integers(0, half, ADDING_SEQUENCES)
    second = rng.integers(half, timesteps, ADDING_SEQUENCES)
    markers[rows, first] = markers[rows, second] = 1
    columns = {
        f"{stem}_{at}": array[:, at]
        for stem, array in (("value", values), ("marker", markers))
        for at in range(timesteps)
    }
    total = values[rows, first] + values[rows, second]
    pl.DataFrame(columns | {"sum": total}).write_parquet(path)


def temporal_order(path: Path, *, seed: int) -> None:
    """`letters` and `order` (AA, AB, BA, BB), a row per sequence; c to f mean nothing."""
    rng = np.random.default_rng(seed)
    rows = np.arange(ORDER_SEQUENCES)
    letters = rng.choice(list("cdef"), (ORDER_SEQUENCES, ORDER_TIMESTEPS))
    marks = rng.choice(list("AB"), (ORDER_SEQUENCES, 2))
    tenth = ORDER_TIMESTEPS // 10
    letters[rows, rng.integers(tenth, 2 * tenth, ORDER_SEQUENCES)] = marks[:, 0]
    letters[rows, rng.integers(4 * tenth, 5 * tenth, ORDER_SEQUENCES)] = marks[:, 1]
    texts = ["".join(row) for row in letters]
    orders = ["".join(row) for row in marks]
    pl.DataFrame({"letters": texts, "order": orders}).write_csv(path)


def fit(data: Path, target: str, folder: Path, *settings: str) -> dict[str, Any]:
    """`rnnauto fit` in a process of its own; what its `--json` says, and the leaderboard."""
    command = [sys.executable, "-m", "rnnauto"]
    last_state = ["search.space.pooling=[last]", "search.space.bidirectional=[false]"]
    whole = [word for key in ["search.space.patch=[1]", *last_state] for word in ("--set", key)]
    flags = [str(data), "--target", target, "-o", str(folder), "--overwrite", "--json"]
    fitted: dict[str, Any] = json.loads(run([*command, "fit", *flags, *whole, *settings]))
    rows = json.loads(run([*command, "leaderboard", "-m", str(folder), "--json"]))
    return fitted | {"leaderboard": rows}


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def run_adding(folder: Path, arguments: argparse.Namespace) -> None:
    """One search over both cells for every number of timesteps; a row per cell."""
    print(f"adding problem, {ADDING_SEQUENCES:,} sequences, budget {arguments.budget} each")
    print(f"{'timesteps':>9}  {'cell':<12}{'trials':>7}{'best validation MSE':>21}  solved")
    for timesteps in arguments.timesteps:
        data = folder / f"adding_{timesteps}.parquet"
        adding(data, timesteps=timesteps, seed=arguments.seed)
        flags = ["--budget", arguments.budget, "--workers", str(arguments.workers)]
        fitted = fit(data, "sum", folder / "adding", *flags, "--seed", str(arguments.seed))
        for cell in CELLS:
            errors = [
                row["validation"] ** 2
                for row in fitted["leaderboard"]
                if row["kind"] == "trial"
                and row["status"] == "completed"
                and row["hyperparameters"]["cell"] == cell
            ]
            best = min(errors, default=float("inf"))
            solved = "yes" if best < ADDING_SOLVED else "no"
            print(f"{timesteps:>9}  {cell:<12}{len(errors):>7}{best:>21.5f}  {solved}")
        error = fitted["scores"]["metrics"]["rmse"]["value"] ** 2
        winner = fitted["best"]["hyperparameters"]["cell"]
        print(f"           the winner, {winner}, on the test part: {error:.5f}", flush=True)


def order_once(
    folder: Path, rate: float, clip_norm: str, seed: int, *, epochs: int
) -> dict[str, Any]:
    """One SimpleRNN with tanh on data of its own seed; its test accuracy and its gradients."""
    data = folder / f"order_{rate}_{clip_norm}_{seed}.csv"
    temporal_order(data, seed=seed)
    fixed = {"cell": "simple_rnn", "units": 50, "layers": 1, "dropout": 0.0, "batch_size": 20}
    fixed |= {"optimizer": "sgd", "learning_rate": rate, "clip_norm": clip_norm}
    space = [f"search.space.{name}=[{value}]" for name, value in fixed.items()]
    flags = [word for key in space for word in ("--set", key)]
    flags += ["--workers", "1", "--trials", "1", "--refit", "off", "--budget", "10m"]
    flags += ["--epochs", str(epochs), "--patience", str(epochs), "--seed", str(seed)]
    fitted = fit(data, "order", data.with_suffix(""), *flags)
    gradient = next(row for row in fitted["leaderboard"] if row["kind"] == "trial")["gradient"]
    accuracy = fitted["scores"]["metrics"]["accuracy"]["value"]
    return {"accuracy": accuracy, "largest": gradient["largest"], "clipped": gradient["clipped"]}


def run_order(folder: Path, arguments: argparse.Namespace) -> None:
    """The same network with and without clipping, from every seed; a row per rate and clip norm."""
    rows = list(itertools.product(arguments.rates, CLIP_NORMS))
    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as threads:
        jobs = {
            (*row, seed): threads.submit(order_once, folder, *row, seed, epochs=arguments.epochs)
            for row in rows
            for seed in range(arguments.seeds)
        }
        results_of = {each: job.result() for each, job in jobs.items()}
    print(
        f"temporal order, {ORDER_TIMESTEPS} timesteps, SimpleRNN with tanh, {arguments.epochs} "
        f"epochs, {arguments.seeds} seeds"
    )
    print(f"{'rate':>7}{'clip norm':>11}{'solved':>8}{'largest norm':>14}  test accuracy by seed")
    for rate, clip in rows:
        results = [results_of[rate, clip, seed] for seed in range(arguments.seeds)]
        solved = sum(result["accuracy"] >= ORDER_SOLVED for result in results)
        largest = max(result["largest"] for result in results)
        each = " ".join(f"{result['accuracy']:.3f}" for result in results)
        print(f"{rate:>7}{clip:>11}{f'{solved} of {len(results)}':>8}{largest:>14.1f}  {each}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["adding", "order"], help="only one of them")
    parser.add_argument("--timesteps", type=int, nargs="+", default=[100])
    parser.add_argument("--budget", default="10m", help="of each search of the adding problem")
    parser.add_argument("--seeds", type=int, default=5, help="of the temporal order")
    parser.add_argument(
        "--rates", type=float, nargs="+", default=ORDER_LEARNING_RATES, help="of temporal order"
    )
    parser.add_argument("--epochs", type=int, default=30, help="of the temporal order")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the adding problem")
    arguments = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.part != "order":
            run_adding(Path(folder), arguments)
        if arguments.part != "adding":
            run_order(Path(folder), arguments)
    print(f"{time.monotonic() - begin:.0f} s")


if __name__ == "__main__":
    main()
