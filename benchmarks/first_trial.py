"""Time a fit from its start to its first finished trial, of this checkout and of another in turns.

`python benchmarks/first_trial.py [OTHER] [--pairs 5] [--data FILE --target COLUMN]`: without a file
the iris, the smallest recipe. On the clock, and in processor seconds of the fit and its workers up
to then; the fit is ended there. Two workers.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

HERE = Path(__file__).parent.parent
MOST_SECONDS = 120.0
BAR = 0.5  # of the other checkout's time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", nargs="?", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=HERE / "recipes" / "data" / "iris.csv")
    parser.add_argument("--target", default="species")
    asked = parser.parse_args()
    places = [HERE, *filter(None, [asked.other])]
    for place in places:
        if not (place / "rnnauto").is_dir():
            parser.error(f"no checkout: {place}")
    seen: dict[Path, list[tuple[float, float]]] = {place: [] for place in places}
    for _ in range(asked.pairs):
        for place in places:
            seen[place].append(
                until_first_trial(place.resolve(), asked.data.resolve(), asked.target)
            )
    medians = []
    for place, each in seen.items():
        medians.append([statistics.median(column) for column in zip(*each, strict=True)])
        clock, processor = medians[-1]
        print(f"{place.name:<20} {clock:6.2f} s, {processor:6.2f} processor s")
    if len(medians) > 1:
        clock, processor = (ours / theirs for ours, theirs in zip(*medians, strict=True))
        print(f"ratio {clock:.2f} of the clock (bar {BAR}), {processor:.2f} of processor time")


def until_first_trial(checkout: Path, data: Path, target: str) -> tuple[float, float]:
    """Start a fit, and end it once its journal has a completed trial; returns the seconds that it
    took, on the clock and of processors."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "rnnauto", "fit", str(data), "--target", target]
        command += ["-o", f"{folder}/model", "--workers", "2", "--trials", "4", "--seed", "0"]
        journal = Path(folder) / ".model.search" / "journal.jsonl"
        begin = time.monotonic()
        with psutil.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(checkout)},
            stderr=-3,
            stdout=-3,
        ) as process:
            while not has_completed(journal):
                if process.poll() is not None or time.monotonic() - begin > MOST_SECONDS:
                    raise SystemExit(f"no trial of {checkout} completed")
                time.sleep(0.01)
            clock = time.monotonic() - begin
            processes = [process, *process.children(recursive=True)]
            processor = sum(sum(each.cpu_times()[:2]) for each in processes)
            for each in processes:
                each.kill()
        return clock, processor


def has_completed(journal: Path) -> bool:
    return journal.exists() and "trial-completed" in journal.read_text()


if __name__ == "__main__":
    main()
