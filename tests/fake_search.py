"""A search with a fake objective that is killed again and again.

`python fake_search.py FOLDER KILLS TRIALS`.

Each attempt is a forked child with worker processes of its own; the parent kills it, or one of its
workers, at a random moment. What came of the search is in FOLDER/done.json.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import psutil

from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.replay import open_journal
from rnnauto.search.trial import Asked
from rnnauto.search.workers import pool

PROGRAM = (str(Path(__file__).with_name("fake_worker.py")),)
FOLDS, WORKERS = 3, 2
KILL_AFTER = (0.05, 0.3)  # seconds
KILL_BEFORE = 4  # events: a fast machine would be done before its last kill
KINDS = ("driver", "worker", "both")
GARBAGE = (b'{"event": "trial-comp', b"\0" * 100, b"\xff\xfe\n")


class Oracle:
    """Draws at random, and minds being told of a trial twice."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.told = set()

    def ask(self, number):
        return Asked(f"{number:02}", {"units": self.random.randrange(1000)})

    def tell(self, trial_id, loss):
        assert trial_id not in self.told
        self.told.add(trial_id)


def search(folder, trials):
    """Run the search in `folder` to its end, going on from where it is."""
    journal = folder / "journal.jsonl"
    (folder / "weights").mkdir(exist_ok=True)
    history, _ = open_journal(journal, {"fingerprint": {"seed": 5}}, resume=journal.exists())
    sizes = []

    def watch(news):
        sizes.append(psutil.Process().memory_info().rss)

    end = time.monotonic() + 600
    with pool(folder, WORKERS, PROGRAM) as workers:
        made = Search(
            pool=workers,
            folds=FOLDS,
            seed=5,
            journal_path=journal,
            deadline=lambda: end,
            notify=watch,
            history=history,
        )
        winner = run_search(made, Oracle(5), most_trials=trials, refit=True)
    board = {
        trial.id: [trial.values, sorted(trial.losses.items()), sorted(trial.weights.items())]
        for trial in made.trials.values()
    }
    return {"winner": winner.id, "board": board}, max(sizes) - sizes[0]


def wait_for(seconds, journal):
    """Wait, but for no longer than it takes to write KILL_BEFORE events into the journal."""
    deadline = time.monotonic() + seconds
    begun = events_in(journal)
    while time.monotonic() < deadline and events_in(journal) < begun + KILL_BEFORE:
        time.sleep(0.005)


def events_in(journal):
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def kill(child, kind, rng):
    """The driver, or one worker of it and then the driver a little later, or only the worker."""
    workers = psutil.Process(child).children()
    if kind != "driver" and workers:
        os.kill(rng.choice(workers).pid, signal.SIGKILL)
    if kind == "both":
        time.sleep(rng.uniform(0, 0.05))
    if kind != "worker":
        os.kill(child, signal.SIGKILL)


def main():
    folder, kills, trials = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(kills)
    done, killed, torn = folder / "done.json", 0, 0
    while not done.exists():
        child = os.fork()
        if child == 0:
            found, grown = search(folder, trials)
            (folder / "grown.json").write_text(json.dumps(grown))
            (folder / "partial.json").write_text(json.dumps(found))
            (folder / "partial.json").rename(done)
            os._exit(0)
        ended, kind = 0, ""
        while not ended and killed < kills:
            wait_for(rng.uniform(*KILL_AFTER), folder / "journal.jsonl")
            ended, _ = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            # a job whose worker dies twice has failed: one worker a search is killed
            kind = "driver" if kind == "worker" else rng.choice(KINDS)
            kill(child, kind, rng)
            killed += 1
            if kind != "worker":
                ended, _ = os.waitpid(child, 0)
        if not ended:
            os.waitpid(child, 0)
        if not done.exists() and rng.random() < 0.3:
            with (folder / "journal.jsonl").open("ab") as file:
                file.write(rng.choice(GARBAGE))
            torn += 1
    (folder / "kills.json").write_text(json.dumps({"killed": killed, "torn": torn}))


if __name__ == "__main__":
    main()
