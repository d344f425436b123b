"""Time how long `fit` goes on after it is told to stop, and whether what it leaves predicts.

It is told by SIGINT and SIGTERM, at random moments once a first trial has completed.

`python benchmarks/stop_time.py [FILE FLAG...]`; without a file, five of the repository's.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "recipes" / "data"
SETS = (
    ("japanese_vowels_train.csv", "--target", "speaker"),
    ("snips_train.conll",),
    ("tourism_monthly.csv", "--target", "y", "--horizon", "12"),
    ("scan_short.tsv", "--target", "actions"),
    ("shakespeare.txt",),
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)
LATEST = 40.0  # seconds after the first model folder
WANTED = 10.0
INTERRUPTED = 130


def stop_once(source: Path, flags: list[str], which: signal.Signals, wait: float) -> float:
    """Seconds from the signal to the end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        rnnauto = [sys.executable, "-m", "rnnauto"]
        words = ["fit", str(source), *flags, "--budget", "30m", "-o", str(model)]
        with subprocess.Popen([*rnnauto, *words], stderr=subprocess.PIPE, text=True) as process:
            while not model.is_dir() and process.poll() is None:
                time.sleep(0.1)
            time.sleep(wait)
            begin = time.perf_counter()
            process.send_signal(which)
            _, said = process.communicate()
            seconds = time.perf_counter() - begin
        if process.returncode != INTERRUPTED:
            sys.exit(f"ended with {process.returncode}:\n{said}")
        words = ["predict", str(source), "-m", str(model), "-o", f"{folder}/predictions.csv"]
        subprocess.run([*rnnauto, *words], capture_output=True, check=True)
        return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="a file of your own, and its flags")
    parser.add_argument("--repeats", type=int, default=2, help="of each signal")
    parser.add_argument("--seed", type=int, default=0)
    arguments, flags = parser.parse_known_args()
    rng = random.Random(arguments.seed)
    sets = [(DATA / name, list(given)) for name, *given in SETS]
    if arguments.file:
        sets = [(arguments.file, flags)]
    longest = 0.0
    for source, given in sets:
        for which in SIGNALS * arguments.repeats:
            wait = rng.uniform(0, LATEST)
            seconds = stop_once(source, given, which, wait)
            longest = max(longest, seconds)
            after = f"{wait:.0f} s after the first model"
            print(f"{source.name:<28}{which.name:<9}{after:<30}{seconds:>6.1f} s", flush=True)
    print(f"longest {longest:.1f} s (wanted: {WANTED:.0f})")


if __name__ == "__main__":
    main()
