"""Measure the peak memory of `rnnauto inspect` and `fit` on a long table of 8 numeric columns.

The table is generated: 2 million rows in sequences of 1,000 timesteps, if nothing else is said, and
two classes that differ in the trend of one column. Linux only: the peaks are what the kernel
recorded (VmHWM), pages of files included, and of what is a process's own alone (RssAnon) the most
that was seen; pages of files can be taken back at any time, and a limit of memory does so. Flags
that are not its own go to `fit`.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

COLUMNS = 8
DRIVER_BAR, WORKER_BAR = 1.2, 1.0  # GB
AT_ONCE = 100_000  # sequences that are made in one go


class Peak(NamedTuple):
    """The most memory that a process had, and the most that was its own alone, in GB."""

    whole: float = 0.0
    own: float = 0.0

    def with_more(self, more: "Peak") -> "Peak":
        return Peak(max(self.whole, more.whole), max(self.own, more.own))

    def __str__(self) -> str:
        return f"{self.whole:.2f} GB, its own {self.own:.2f} GB"


def write_table(path: Path, *, sequences: int, timesteps: int) -> None:
    """Write the table, some of its sequences at a time."""
    rng = np.random.default_rng(0)
    parts = []
    for first in range(0, sequences, AT_ONCE):
        frame = some_of_it(rng, first, min(AT_ONCE, sequences - first), timesteps)
        if path.suffix == ".parquet":
            parts.append(path.with_name(f"part{first}.parquet"))
            frame.write_parquet(parts[-1])
        else:
            with path.open("ab") as file:
                frame.write_csv(file, float_precision=5, include_header=not first)
    if parts:
        pl.scan_parquet(parts).sink_parquet(path)
    for part in parts:
        part.unlink()


def some_of_it(
    rng: np.random.Generator, first: int, sequences: int, timesteps: int
) -> pl.DataFrame:
    """Make the rows of some sequences, whose ids begin at `first`."""
    label = rng.integers(0, 2, sequences)
    values = rng.standard_normal((sequences, timesteps, COLUMNS)).astype(np.float32)
    values[..., 0] += np.linspace(0, 1, timesteps) * label[:, None]
    columns = {
        "id": np.repeat(np.arange(first, first + sequences), timesteps),
        "step": np.tile(np.arange(timesteps), sequences),
        **{f"x{at}": values[..., at].ravel() for at in range(COLUMNS)},
        "label": np.repeat(label, timesteps),
    }
    return pl.DataFrame(columns)


def memory(process: int) -> Peak:
    """The largest resident size of a process so far, and what is its own now; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return Peak()
    sizes = dict(line.split(":") for line in status.splitlines())
    found = (int(sizes.get(name, "0").split()[0]) * 1024 / 1e9 for name in ("VmHWM", "RssAnon"))
    return Peak(*found)


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
    driver, workers = Peak(), {}
    while process.poll() is None:
        driver = driver.with_more(memory(process.pid))
        for child in children(process.pid):
            workers[child] = workers.get(child, Peak()).with_more(memory(child))
        time.sleep(0.05)
    seconds = time.monotonic() - begin
    print(f"{command[0]}: exit code {process.returncode}, {seconds:.0f} s")
    print(f"driver   {driver} (bar {DRIVER_BAR} GB)")
    for number, peak in enumerate(workers.values(), start=1):
        print(f"worker {number} {peak} (bar {WORKER_BAR} GB)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--sequences", type=int, default=2_000)
    parser.add_argument("--timesteps", type=int, default=1_000)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--format", default=".csv", choices=[".csv", ".parquet"])
    given, further = parser.parse_known_args()
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
        peaks([*fit, *further, "-o", f"{folder}/model"])


if __name__ == "__main__":
    main()
