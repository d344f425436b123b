"""Measure the peak memory of `rnnauto inspect` and `fit` on a long table of 8 numeric columns.

The table is generated: 2 million rows in sequences of 1,000 timesteps, if nothing else is said, and
two classes that differ in the trend of one column. Linux only: the peaks are what the kernel
recorded (VmHWM).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

COLUMNS = 8
DRIVER_BAR, WORKER_BAR = 1.2, 1.0  # GB


def write_table(path: Path, *, sequences: int, timesteps: int) -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, sequences)
    values = rng.standard_normal((sequences, timesteps, COLUMNS)).astype(np.float32)
    values[..., 0] += np.linspace(0, 1, timesteps) * label[:, None]
    columns = {
        "id": np.repeat(np.arange(sequences), timesteps),
        "step": np.tile(np.arange(timesteps), sequences),
        **{f"x{at}": values[..., at].ravel() for at in range(COLUMNS)},
        "label": np.repeat(label, timesteps),
    }
    frame = pl.DataFrame(columns)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path, float_precision=5)


def peak_memory(process: int) -> float:
    """Largest resident size of a process so far, in GB; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(sizes[0]) * 1024 / 1e9 if sizes else 0.0


def children(process: int) -> list[int]:
    """List the processes that one has started, and those that these have."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    own = [int(number) for number in text.split()]
    return own + [further for child in own for further in children(child)]


def peaks(command: list[str]) -> None:
    """Run a command, and print its time and peaks."""
    begin = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "rnnauto", *command], stdout=sys.stderr)
    driver, workers = 0.0, {}
    while process.poll() is None:
        driver = max(driver, peak_memory(process.pid))
        for child in children(process.pid):
            workers[child] = max(workers.get(child, 0.0), peak_memory(child))
        time.sleep(0.05)
    seconds = time.monotonic() - begin
    print(f"{command[0]}: exit code {process.returncode}, {seconds:.0f} s")
    print(f"driver   {driver:.2f} GB (bar {DRIVER_BAR} GB)")
    for number, peak in enumerate(workers.values(), start=1):
        print(f"worker {number} {peak:.2f} GB (bar {WORKER_BAR} GB)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--sequences", type=int, default=2_000)
    parser.add_argument("--timesteps", type=int, default=1_000)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--format", default=".csv", choices=[".csv", ".parquet"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / f"long{given.format}"
        write_table(table, sequences=given.sequences, timesteps=given.timesteps)
        rows = given.sequences * given.timesteps
        print(f"{table.stat().st_size / 1e6:.0f} MB, {rows:,} rows", flush=True)
        data = [str(table), "--target", "label", "--id", "id", "--time", "step"]
        peaks(["inspect", *data])
        fit = ["fit", *data, "--budget", given.budget, "--workers", str(given.workers)]
        fit += ["--trials", str(given.trials)] if given.trials else []
        fit += ["--epochs", str(given.epochs)] if given.epochs else []
        peaks([*fit, "-o", f"{folder}/model"])


if __name__ == "__main__":
    main()
