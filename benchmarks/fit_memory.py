"""Measure the peak memory of `rnnauto fit` on a long table of 2 million rows and 8 numeric columns.

The table is generated: 2,000 sequences of 1,000 timesteps, two classes that differ in the trend of
one column. Linux only: the peaks are what the kernel recorded (VmHWM).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

SEQUENCES, TIMESTEPS, COLUMNS = 2_000, 1_000, 8
DRIVER_BAR, WORKER_BAR = 2.0, 1.5  # GB


def write_table(path: Path) -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, SEQUENCES)
    values = rng.standard_normal((SEQUENCES, TIMESTEPS, COLUMNS)).astype(np.float32)
    values[..., 0] += np.linspace(0, 1, TIMESTEPS) * label[:, None]
    columns = {
        "id": np.repeat(np.arange(SEQUENCES), TIMESTEPS),
        "step": np.tile(np.arange(TIMESTEPS), SEQUENCES),
        **{f"x{at}": values[..., at].ravel() for at in range(COLUMNS)},
        "label": np.repeat(label, TIMESTEPS),
    }
    pl.DataFrame(columns).write_csv(path, float_precision=5)


def peak_memory(process: int) -> float:
    """Largest resident size of a process so far, in GB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(sizes[0]) * 1024 / 1e9 if sizes else 0.0


def children(process: int) -> list[int]:
    try:
        return [
            int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    except OSError:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="3m")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "long.csv"
        write_table(table)
        print(f"{table.stat().st_size / 1e6:.0f} MB, {SEQUENCES * TIMESTEPS:,} rows", flush=True)
        command = [sys.executable, "-m", "rnnauto", "fit", str(table), "--target", "label"]
        command += ["--budget", arguments.budget, "-o", f"{folder}/model"]
        begin = time.monotonic()
        fit = subprocess.Popen(command)
        driver, workers = 0.0, {}
        while fit.poll() is None:
            driver = max(driver, peak_memory(fit.pid))
            for child in children(fit.pid):
                workers[child] = max(workers.get(child, 0.0), peak_memory(child))
            time.sleep(0.2)
        seconds = time.monotonic() - begin
    print(f"exit code {fit.returncode}, {seconds:.0f} s")
    print(f"driver   {driver:.2f} GB (bar {DRIVER_BAR} GB)")
    for number, peak in enumerate(workers.values(), start=1):
        print(f"worker {number} {peak:.2f} GB (bar {WORKER_BAR} GB)")


if __name__ == "__main__":
    main()
