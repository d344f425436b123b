"""Time reading a long CSV into ragged arrays, against `polars.read_csv` alone, and `inspect`.

Each run is a process of its own, and imports what it needs before the clock starts, polars alone
as well as rnnauto; only `inspect` is timed whole, from the start of its process to its end.
`python benchmarks/read_speed.py 200` takes a file of 200 MB. With a second argument, the folder of
another checkout, `inspect` of both is timed in turns. A table of the steps of `inspect` comes last.
"""

import importlib
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

from rnnauto.data.sequences import gather
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

FEATURES, STEPS = 12, 20
WANTED = 0.5  # of the speed of polars alone
MOST_SECONDS, MOST_BYTES = 20, 1_500_000_000  # for `inspect` of 1 GB
MEGABYTES = 1000
# polars has left here how it manages its memory: each process is to choose for itself; and it is
# to keep what Python compiles, as a program that is installed has it
OTHERS = {"_RJEM_MALLOC_CONF", "PYTHONDONTWRITEBYTECODE"}
OWN = {name: value for name, value in os.environ.items() if name not in OTHERS}


def write(path: Path, megabytes: int) -> None:
    random = np.random.default_rng(0)
    rows = [
        ",".join(f"{value:.6f}" for value in row) for row in random.normal(size=(9973, FEATURES))
    ]
    names = ",".join(f"c{number}" for number in range(FEATURES))
    with path.open("w") as file:
        file.write(f"id,frame,{names},label\n")
        number = 0
        while file.tell() < megabytes * 1_000_000:
            for _ in range(1000):
                block = (
                    f"u{number:07},{frame},{rows[(31 * number + frame) % 9973]},{number % 9}\n"
                    for frame in range(STEPS)
                )
                file.writelines(block)
                number += 1


def polars_alone(path: str) -> None:
    pl.read_csv(path)


def ragged_arrays(path: str) -> None:
    recipe = Recipe().with_overrides({"data.target": ["label"]})
    table = read_table(path, has_target=True)
    gather(table.frame, infer(table, recipe).layout)


def inspect(path: str) -> None:
    from rnnauto.cli.app import app

    app(["inspect", path, "--target", "label"], standalone_mode=False)


# a step is a function, by its module and name: whoever calls it, its time counts once
STEPS_OF_INSPECT = {
    "look at all bytes": ("reading.dialect", "survey"),
    "split and parse": ("reading.parse", "plain_table", "fast_csv"),
    "empty rows, one piece": ("reading.read", "drop_idle_rows", "in_one_piece"),
    "types of text": ("reading.read", "type_columns"),
    "what was mended": ("reading.read", "find_repairs"),
    "least and greatest values": ("reading.read", "spans_of"),
    "different values": ("inference.kinds", "distinct_values"),
    "which column is what": ("inference.infer", "assign_roles"),
    "sequences": ("inspection", "gather"),
    "repeated sequences": ("problems.sizes", "duplicate_groups"),
    "leaks": ("problems.leaks", "find_leaks"),
    "all problems": ("inspection", "find_problems"),
}


def steps(path: str) -> None:
    """Print the CPU seconds and the wall clock of each step; the last holds those before it."""
    took: dict[str, list[float]] = {name: [0.0, 0.0] for name in STEPS_OF_INSPECT}
    for name, (module, *functions) in STEPS_OF_INSPECT.items():
        place = importlib.import_module(f"rnnauto.{module}")
        for function in functions:
            setattr(place, function, timed(getattr(place, function), took[name]))
    rules = importlib.import_module("rnnauto.problems.leaks")
    rule = rules.RULES[0]
    object.__setattr__(rule, "check", timed(rule.check, took["leaks"]))
    cpu, wall = time.process_time(), time.perf_counter()
    inspect(path)
    took["inspect, its imports left out"] = [time.process_time() - cpu, time.perf_counter() - wall]
    for name, (cpu, wall) in took.items():
        print(f"| {name} | {cpu:.2f} | {wall:.2f} |", file=sys.stderr)


def timed(function: Callable[..., Any], took: list[float]) -> Callable[..., Any]:
    def run(*args: Any, **options: Any) -> Any:
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            took[0] += time.process_time() - cpu
            took[1] += time.perf_counter() - wall

    return run


RUNS = {"polars": polars_alone, "rnnauto": ragged_arrays, "inspect": inspect, "steps": steps}


def measured(name: str, path: Path) -> tuple[float, float]:
    """Seconds and bytes that a fresh process takes; only `inspect` counts its imports."""
    started = time.perf_counter()
    command = [sys.executable, __file__, name, str(path)]
    printed = subprocess.check_output(command, text=True, env=OWN).splitlines()[-1]
    whole = time.perf_counter() - started
    seconds, memory = map(float, printed.split())
    return (whole if name == "inspect" else seconds), memory


def compare(path: Path, other: str) -> None:
    """Time `inspect` of two checkouts in turns, the least of three runs each."""
    command = [sys.executable, "-m", "rnnauto", "inspect", str(path), "--target", "label"]
    best: dict[str, list[float]] = {}
    for _ in range(3):
        for name, checkout in (("before", other), ("after", str(Path(__file__).parents[1]))):
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=checkout,
                env=OWN | {"PYTHONPATH": checkout},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            usage = os.wait4(process.pid, 0)[2]
            took = [
                time.perf_counter() - started,
                usage.ru_utime + usage.ru_stime,
                usage.ru_maxrss / 1e6,
            ]
            best[name] = list(map(min, took, best.get(name, took)))
    for name, (seconds, cpu, memory) in best.items():
        print(f"inspect {name}: {seconds:.1f} s, {cpu:.1f} CPU s, {memory:.2f} GB")
    shares = [after / before for before, after in zip(best["before"], best["after"], strict=True)]
    print("after in terms of before: {:.2f}, {:.2f}, {:.2f}".format(*shares))


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] in RUNS:
        started = time.perf_counter()
        RUNS[sys.argv[1]](sys.argv[2])
        seconds = time.perf_counter() - started
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        write(path, megabytes)
        best: dict[str, tuple[float, float]] = {}
        for name in ("polars", "rnnauto", "polars", "rnnauto", "inspect"):
            best[name] = min(best.get(name, (1e9, 0.0)), measured(name, path))
        if len(sys.argv) == 3:
            compare(path, sys.argv[2])
        measured("steps", path)
    for name, (seconds, memory) in best.items():
        print(f"{name:8} {seconds:6.2f} s {megabytes / seconds:7.0f} MB/s {memory / 1e9:6.2f} GB")
    ratio = best["polars"][0] / best["rnnauto"][0]
    print(f"ragged arrays at {ratio:.2f} of the speed of polars.read_csv alone (wanted {WANTED})")
    seconds, memory = best["inspect"]
    print(
        f"inspect of {megabytes} MB: {seconds:.1f} s, {memory / 1e9:.2f} GB at most (wanted for "
        f"1000 MB: {MOST_SECONDS} s, {MOST_BYTES / 1e9:.1f} GB)"
    )


if __name__ == "__main__":
    main()
