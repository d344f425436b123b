"""Time the answers that need no TensorFlow, beside an empty Python and importing it."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

REPEATS = 9


def write_table(path: Path) -> None:
    """A long table of about 1 MB."""
    rng = np.random.default_rng(0)
    rows, length = 12_000, 30
    columns = {
        "id": np.arange(rows) // length,
        "step": np.arange(rows) % length,
        **{f"x{at}": rng.standard_normal(rows).round(6) for at in range(8)},
        "label": (np.arange(rows) // length) % 3,
    }
    pl.DataFrame(columns).write_csv(path)


def seconds(command: list[str]) -> float:
    """Median wall clock of a command."""
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "long.csv"
        write_table(table)
        rnnauto = [sys.executable, "-m", "rnnauto"]
        commands = {
            "python -c pass": ([sys.executable, "-c", "pass"], None),
            "python -c 'import tensorflow'": ([sys.executable, "-c", "import tensorflow"], None),
            "rnnauto --help": ([*rnnauto, "--help"], 0.5),
            f"rnnauto inspect ({table.stat().st_size / 1e6:.1f} MB)": (
                [*rnnauto, "inspect", str(table), "--target", "label"],
                1.0,
            ),
            "rnnauto fit, no such column": (
                [*rnnauto, "fit", str(table), "--target", "lable", "-o", f"{folder}/model"],
                1.0,
            ),
        }
        print(f"{'command':<34}{'median s':>9}{'bar':>6}")
        for name, (command, bar) in commands.items():
            print(f"{name:<34}{seconds(command):>9.2f}{bar or '-':>6}", flush=True)


if __name__ == "__main__":
    main()
