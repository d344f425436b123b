"""Measure `rnnauto stream`: microseconds of a step of the model, and rows a second through a pipe.

A network of each cell is fitted for an epoch to generated recordings of three features; rows come
as JSON lines from `cat`, of one sequence or of a thousand in turns, and the program runs on one
core. What starting takes is measured by a stream of one row, and taken off. Times are those of the
processor, which other work on the machine hardly changes; `--clock wall` has the others.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import rnnauto
from rnnauto.streaming.stream import Stream

UNITS, FEATURES, ROWS, MANY = 64, 3, 200_000, 1_000
Clock = Callable[[], float]
AIM_STEP, AIM_ROWS = 20.0, 20_000  # microseconds, rows a second


def recordings() -> pl.DataFrame:
    """Sixty recordings of twenty timesteps, of two classes."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(60, 20, FEATURES)).round(3)
    rows = [
        {"id": n, **{f"x{at}": float(step[at]) for at in range(FEATURES)}, "y": "ab"[n % 2]}
        for n, recording in enumerate(numbers)
        for step in recording
    ]
    return pl.DataFrame(rows)


def fitted(place: Path, cell: str, pooling: str) -> Path:
    """A model folder of one network."""
    folder, data = place / f"{cell}_{pooling}", place / "recordings.csv"
    recordings().write_csv(data)
    space = {"units": UNITS, "layers": 1, "pooling": pooling, "patch": 1}
    settings = [f"search.space.{name}=[{value}]" for name, value in space.items()]
    flags = [word for each in (*settings, "judge.diagnose=false") for word in ("--set", each)]
    command = [
        *(sys.executable, "-m", "rnnauto", "fit", str(data), "--target", "y", "-o", str(folder)),
        *("--trials", "1", "--epochs", "1", "--folds", "1", "--cells", cell, "--streamable"),
        *("--ensemble", "1", *flags),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def step_time(folder: Path, now: Clock) -> float:
    """Microseconds of one step of one sequence, the least of many means."""
    stream = rnnauto.load(folder).stream()
    assert isinstance(stream, Stream)
    step: Any = stream.step
    batch = {
        "numbers": np.zeros((1, 1, FEATURES), np.float32),
        "state": step.fresh[None],
    }
    means = []
    for _ in range(40):
        begin = now()
        for _ in range(250):
            step(batch)
        means.append((now() - begin) / 250)
    return 1e6 * min(means)


def seconds(folder: Path, rows: Path, clock: str) -> float:
    """How long a stream takes, from its start to its last answer, `cat` included."""
    core = str(sorted(os.sched_getaffinity(0))[-1])
    command = f"cat {rows} | taskset -c {core} {sys.executable} -m rnnauto stream -m {folder}"
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["sh", "-c", command], check=True, capture_output=True, env=environment)
    spent, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.count(b"\n") == rows.read_bytes().count(b"\n")
    if clock == "wall":
        return spent
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def live(folder: Path, now: Clock) -> float:
    """Microseconds of `send` in Python, a row at a time."""
    stream = rnnauto.load(folder).stream()
    row = {"id": 1, "x0": 0.5, "x1": -1.0, "x2": 0.1}
    means = []
    for _ in range(10):
        begin = now()
        for _ in range(100):
            stream.send(row)
        means.append((now() - begin) / 100)
    return 1e6 * min(means)


def written(path: Path, sequences: int, count: int) -> Path:
    """Rows of some sequences in turns."""
    numbers = np.random.default_rng(1).normal(size=(count, FEATURES)).round(3).tolist()
    with path.open("w") as file:
        for at, values in enumerate(numbers):
            row = {"id": at % sequences, **{f"x{n}": value for n, value in enumerate(values)}}
            file.write(json.dumps(row) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", default=["simple_rnn", "lstm"])
    parser.add_argument("--pooling", nargs="+", default=["last", "mean"])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--clock", choices=["processor", "wall"], default="processor")
    given = parser.parse_args()
    now = time.process_time if given.clock == "processor" else time.perf_counter
    print(f"{UNITS} units; aims: a step {AIM_STEP:g} us, {AIM_ROWS:,} rows a second on one core")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        one = written(place / "one.jsonl", 1, given.rows)
        many = written(place / "many.jsonl", MANY, given.rows)
        first = written(place / "first.jsonl", 1, 1)
        for cell in given.cells:
            for pooling in given.pooling:
                folder = fitted(place, cell, pooling)
                start = min(seconds(folder, first, given.clock) for _ in range(3))
                rates = [
                    given.rows / (seconds(folder, rows, given.clock) - start)
                    for rows in (one, many)
                ]
                print(
                    f"{cell:<18}{pooling:<5} step {step_time(folder, now):5.1f} us; "
                    f"send {live(folder, now):5.0f} us; start {start:.2f} s; rows a second: "
                    f"one sequence {rates[0]:,.0f}, {MANY:,} sequences {rates[1]:,.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
