"""Measure time and peak memory of `rnnauto predict` on tables of 8 numbers, in pieces and whole.

The model is fitted with one trial. Tables have sequences of 100 timesteps; `--strict` reads a file
whole, which is the other side. Linux only: the peak is what the kernel recorded for the process.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

TIMESTEPS, COLUMNS = 100, 8
Process = get_context("spawn").Process  # of polars' threads a fork has none


def table(sequences: int, *, first: int) -> pl.DataFrame:
    values = np.random.default_rng(first).normal(size=(sequences * TIMESTEPS, COLUMNS)).round(4)
    ids = np.repeat(np.arange(first, first + sequences), TIMESTEPS)
    columns = {"id": ids, "t": np.tile(np.arange(TIMESTEPS), sequences)}
    return pl.DataFrame(columns | {f"x{at}": values[:, at] for at in range(COLUMNS)})


def write(rows: int, path: Path) -> None:
    frame = table(rows // TIMESTEPS, first=0)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path)


def measured(folder: Path, data: Path, answers: Path, *flags: str) -> tuple[float, float]:
    """Seconds and peak memory in MB of a `predict`."""
    command = [sys.executable, "-m", "rnnauto", "-q", "predict", str(data), *flags]
    begin = time.monotonic()
    process = subprocess.Popen([*command, "-m", str(folder), "-o", str(answers)])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10**5, 10**6, 10**7])
    parser.add_argument("--formats", nargs="+", default=[".csv", ".parquet", ".jsonl"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        learnt = table(300, first=0)
        up = (pl.col("x0").mean().over("id") > 0).replace_strict({True: "up", False: "down"})
        learnt.with_columns(up.alias("y")).write_csv(place / "learnt.csv")
        fit = [sys.executable, "-m", "rnnauto", "-q", "fit", str(place / "learnt.csv")]
        named = ["--target", "y", "--id", "id", "--time", "t", "--trials", "1", "--workers", "1"]
        subprocess.run([*fit, *named, "--budget", "1m", "-o", str(place / "model")], check=True)
        print("rows, format: seconds and MB in pieces; whole; equal", flush=True)
        for rows in arguments.rows:
            for ending in arguments.formats:
                data = place / f"new{ending}"
                # a process of its own: the peak of one that is started counts this one's memory
                written = Process(target=write, args=(rows, data))
                written.start()
                written.join()
                outputs = [place / f"{side}.csv" for side in ("pieces", "whole")]
                pieces = measured(place / "model", data, outputs[0])
                whole = measured(place / "model", data, outputs[1], "--strict")
                equal = outputs[0].read_bytes() == outputs[1].read_bytes()
                sides = "; ".join(f"{s:.1f} s {mb:,.0f} MB" for s, mb in (pieces, whole))
                print(f"{rows:,} {ending}: {sides}; {equal}", flush=True)
                data.unlink()


if __name__ == "__main__":
    main()
