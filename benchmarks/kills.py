"""Kill fits and their workers at random moments; count what is lost, repeated or torn.

Short searches on Japanese vowels, one after the other into the same folder, so that a model is
there and is exchanged meanwhile. SIGKILL comes while a fit starts, after a line of its journal or
while a model is written; then `--resume` goes on. Lost: an event that was in the journal and is not
any more, a model folder that was there, or a search that ends with other trials or predictions than
one that nobody killed. Repeated: a job that ended twice. Torn: weights that the journal names, or a
model, that cannot be read.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import rnnauto
from rnnauto.errors import RnnautoError
from rnnauto.search import journal
from rnnauto.search.study import weights_are_lost, weights_path

DATA = Path(__file__).resolve().parents[1] / "recipes" / "data" / "japanese_vowels_train.csv"
FLAGS = ["--target", "speaker", "--trials", "6", "--epochs", "6", "--patience", "6"]
FLAGS += ["--folds", "2", "--budget", "30m"]
FLAGS += ["--set", "search.space.units=[8,16]", "--set", "judge.diagnose=false"]
KILLS_IN_A_SEARCH = 6
KINDS = ("driver", "worker", "both")
START_SECONDS, JOB_SECONDS, EXPORT_SECONDS = 10.0, 2.0, 3.0  # within which a kill comes
FAULTS = ("lost", "repeated", "torn")


@dataclass
class Place:
    """A folder in which searches follow each other.

    Attributes:
        seen: every event of the search under way that was in its journal before a kill.
        checked: the model that was looked at last, by its inode.
        counts: kills and faults.
    """

    folder: Path
    seen: list[journal.Event] = field(default_factory=list)
    checked: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def work(self) -> Path:
        return self.folder / ".model.search"

    @property
    def journal(self) -> Path:
        return self.work / "journal.jsonl"

    def count(self, fault: str, what: str) -> None:
        self.counts[fault] += 1
        print(f"{fault}: {what}", flush=True)


def start(place: Place, workers: int) -> psutil.Popen:
    mode = "--resume" if place.journal.exists() else "--overwrite"
    words = [sys.executable, "-m", "rnnauto", "--quiet", "fit", str(DATA), *FLAGS, mode]
    words += ["--workers", str(workers), "-o", str(place.model)]
    return psutil.Popen(words, stderr=subprocess.PIPE)


def wait_for_moment(place: Place, driver: psutil.Popen, rng: random.Random) -> None:
    """Wait for a random moment of one of three kinds, or the end of the driver."""

    def size() -> int:
        try:
            return place.journal.stat().st_size
        except FileNotFoundError:
            return 0

    kind, before = rng.choice(("start", "job", "job", "export")), size()
    if kind == "start":
        time.sleep(rng.uniform(0, START_SECONDS))
        return
    while driver.poll() is None:
        if kind == "job" and size() != before:
            time.sleep(rng.uniform(0, JOB_SECONDS))
            return
        if kind == "export" and any(place.folder.glob(".model.partial-*")):
            time.sleep(rng.uniform(0, EXPORT_SECONDS))
            return
        time.sleep(0.02)


def kill(driver: psutil.Popen, kind: str, place: Place, rng: random.Random) -> None:
    """Kill the driver, one of its workers, or first one and then the other."""
    try:
        workers = driver.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    if kind != "driver" and workers:
        rng.choice(workers).kill()
        place.counts["workers"] += 1
    if kind == "both":
        time.sleep(rng.uniform(0, 0.05))
    if kind != "worker" and driver.poll() is None:
        driver.kill()
        place.counts["drivers"] += 1
        driver.wait()
        psutil.wait_procs(workers, 60)


def check_search(place: Place, path: Path) -> None:
    """Look at what a search has left; `path` is its journal."""
    events = journal.read(path) if path.exists() else []
    for at, event in enumerate(place.seen):
        if at >= len(events) or events[at] != event:
            place.count("lost", f"line {at + 1} of the journal")
            break
    place.seen = events
    if path == place.journal:
        for event in events:
            if event["event"] == "trial-completed":
                weights = weights_path(place.work / "study", event["job"])
                if weights_are_lost(weights):
                    place.count("torn", str(weights))


def check_model(place: Place) -> None:
    """Look at the model that is there, and let a new one predict."""
    if not place.checked and not place.model.exists():
        return
    if not place.model.is_dir():
        place.count("lost", str(place.model))
        return
    if place.model.stat().st_ino == place.checked:
        return
    place.checked = place.model.stat().st_ino
    place.counts["models"] += 1
    try:
        model = rnnauto.load(place.model)
        model.leaderboard()
        rows = len(model.predict(DATA))
        json.loads((place.model / "scores.json").read_text())
        journal.read(place.model / "journal.jsonl")
        with np.load(place.model / "baselines.npz", allow_pickle=False) as arrays:
            whole = rows > 0 and all(arrays[name] is not None for name in arrays.files)
        assert whole and (place.model / "report.html").stat().st_size > 0
    except (RnnautoError, OSError, ValueError, AssertionError) as error:
        place.count("torn", f"{place.model}: {error}")


def story(model: Path) -> dict[str, Any]:
    """What a search has come to, without its times."""
    results: dict[str, Any] = {}
    for event in journal.read(model / "journal.jsonl"):
        if "result" in event:
            result = event["result"]
            results[event["job"]] = (result["status"], result["loss"], result["score"])
    return {"jobs": results, "predictions": (model / "predictions_test.csv").read_text()}


def is_complete(place: Place) -> bool:
    """Whether the last kill came when all was done: the search's folder was gone, or going."""
    if not place.seen or place.journal.exists() or not place.model.exists():
        return False
    return rnnauto.load(place.model).info.status == "complete"


def search(place: Place, kills: int, workers: int, rng: random.Random) -> dict[str, Any]:
    """Run one search to its end, killed so many times; returns its story."""
    place.seen, killed = [], 0
    while True:
        driver, kind = start(place, workers), ""
        while killed < kills and driver.poll() is None:
            wait_for_moment(place, driver, rng)
            # a job whose worker dies twice has failed: one worker of a driver is killed
            kind = "driver" if kind == "worker" else rng.choice(KINDS)
            before = place.counts["drivers"] + place.counts["workers"]
            kill(driver, kind, place, rng)
            killed += place.counts["drivers"] + place.counts["workers"] - before
        said = driver.stderr.read().decode()
        code = driver.wait()
        check_model(place)
        if code == 0 or is_complete(place):
            break
        if code > 0:
            sys.exit(f"a fit ended with {code}:\n{said}")
        check_search(place, place.journal)
    check_search(place, place.model / "journal.jsonl")
    ended = Counter(e["job"] for e in journal.read(place.model / "journal.jsonl") if "result" in e)
    for job in (job for job, times in ended.items() if times > 1):
        place.count("repeated", job)
    return story(place.model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        place, begin = Place(Path(folder)), time.monotonic()
        calm, searches = search(place, 0, arguments.workers, rng), 1
        print(f"a search that nobody kills: {time.monotonic() - begin:.0f} s", flush=True)
        while (killed := place.counts["drivers"] + place.counts["workers"]) < arguments.kills:
            left = min(KILLS_IN_A_SEARCH, arguments.kills - killed)
            if search(place, left, arguments.workers, rng) != calm:
                place.count("lost", f"search {searches + 1} ended as it would not have")
            searches += 1
            faults = ", ".join(f"{place.counts[fault]} {fault}" for fault in FAULTS)
            done = place.counts["drivers"] + place.counts["workers"]
            print(f"{searches} searches, {done} kills: {faults}", flush=True)
    counts = place.counts
    print(
        f"killed {counts['drivers']} drivers and {counts['workers']} workers in {searches} "
        f"searches, {counts['models']} models looked at: "
        + ", ".join(f"{counts[fault]} {fault}" for fault in FAULTS)
    )
    sys.exit(any(counts[fault] for fault in FAULTS))


if __name__ == "__main__":
    main()
