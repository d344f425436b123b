"""Time reading a long CSV into ragged arrays, against `polars.read_csv` alone, and `inspect`.

Each run is a process of its own, and imports what it needs before the clock starts, polars alone
as well as rnnauto; only `inspect` is timed whole, from the start of its process to its end.
`python benchmarks/read_speed.py 200` takes a file of 200 MB.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from rnnauto.data.sequences import gather
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

FEATURES, STEPS = 12, 20
WANTED = 0.5  # of the speed of polars alone
MOST_SECONDS, MOST_BYTES = 20, 2_000_000_000  # for `inspect` of 1 GB
MEGABYTES = 1000


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


RUNS = {"polars": polars_alone, "rnnauto": ragged_arrays, "inspect": inspect}


def measured(name: str, path: Path) -> tuple[float, float]:
    """Seconds and bytes that a fresh process takes; only `inspect` counts its imports."""
    started = time.perf_counter()
    command = [sys.executable, __file__, name, str(path)]
    printed = subprocess.check_output(command, text=True).splitlines()[-1]
    whole = time.perf_counter() - started
    seconds, memory = map(float, printed.split())
    return (whole if name == "inspect" else seconds), memory


def main() -> None:
    if len(sys.argv) == 3:
        started = time.perf_counter()
        RUNS[sys.argv[1]](sys.argv[2])
        seconds = time.perf_counter() - started
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return
    megabytes = int(sys.argv[1]) if len(sys.argv) == 2 else MEGABYTES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        write(path, megabytes)
        best: dict[str, tuple[float, float]] = {}
        for name in ("polars", "rnnauto", "polars", "rnnauto", "inspect"):
            best[name] = min(best.get(name, (1e9, 0.0)), measured(name, path))
    for name, (seconds, memory) in best.items():
        print(f"{name:8} {seconds:6.2f} s {megabytes / seconds:7.0f} MB/s {memory / 1e9:6.2f} GB")
    ratio = best["polars"][0] / best["rnnauto"][0]
    print(f"ragged arrays at {ratio:.2f} of the speed of polars.read_csv alone (wanted {WANTED})")
    seconds, memory = best["inspect"]
    print(
        f"inspect of {megabytes} MB: {seconds:.1f} s, {memory / 1e9:.2f} GB at most (wanted for "
        f"1000 MB: {MOST_SECONDS} s, {MOST_BYTES / 1e9:.0f} GB)"
    )


if __name__ == "__main__":
    main()
