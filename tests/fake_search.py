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
from rnnauto.search.trial import Proposed
from rnnauto.search.workers import pool

PROGRAM = (str(Path(__file__).with_name("fake_worker.py")),)
FOLDS, WORKERS = 3, 2
AT_WORK = 0.8  # share of the kills that come when the search has gone on, not while it starts
KILL_WITHIN = 0.08  # seconds after that
ENDED = psutil.STATUS_ZOMBIE
KILL_BEFORE = 4  # events: else the search would be done before its last kill
TORN = 3  # a line of the journal after every so many searches
KINDS = ("driver", "worker", "both")
GARBAGE = (b'{"event": "trial-comp', b"\0" * 100, b"\xff\xfe\n")


class Oracle:
    """Draws at random, and minds being told of a trial twice."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.told = set()

    def ask(self, number):
        return Proposed(f"{number:02}", {"units": self.random.randrange(1000)})

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
        while (folder / "allowed").exists() and events_in(journal) >= allowed(folder):
            time.sleep(0.005)  # however slow its killer is

    end = time.monotonic() + 3600
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


def allow(folder, events):
    """So many more events may be written into the journal; None: as many as there are."""
    place = folder / "allowed"
    if events is None:
        place.unlink(missing_ok=True)
        return
    place.with_suffix(".new").write_text(str(events_in(folder / "journal.jsonl") + events))
    place.with_suffix(".new").rename(place)


def allowed(folder):
    try:
        return int((folder / "allowed").read_text())
    except FileNotFoundError:
        return 10**9


def wait_for_work(journal, child, rng):
    """Wait until the search has written something, and a little longer; now and then for nothing.

    Without a limit: a child that has ended is a zombie until it is waited for.
    """
    begun = events_in(journal)
    if rng.random() < AT_WORK:
        while events_in(journal) == begun and psutil.Process(child).status() != ENDED:
            time.sleep(0.005)
    time.sleep(rng.uniform(0, KILL_WITHIN))


def events_in(journal):
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def kill(child, kind, rng):
    """The driver, or one worker of it and then the driver a little later, or only the worker."""
    workers = psutil.Process(child).children(recursive=True)
    if kind != "driver" and workers:
        os.kill(rng.choice(workers).pid, signal.SIGKILL)
    if kind == "both":
        time.sleep(rng.uniform(0, 0.05))
    if kind != "worker":
        os.kill(child, signal.SIGKILL)


def main():
    folder, kills, trials = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(kills)
    done, killed, torn, searches = folder / "done.json", 0, 0, 0
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
            allow(folder, KILL_BEFORE)
            wait_for_work(folder / "journal.jsonl", child, rng)
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
            allow(folder, None)
            os.waitpid(child, 0)
        searches += 1
        if not done.exists() and searches % TORN == 0:
            with (folder / "journal.jsonl").open("ab") as file:
                file.write(rng.choice(GARBAGE))
            torn += 1
    (folder / "kills.json").write_text(json.dumps({"killed": killed, "torn": torn}))


if __name__ == "__main__":
    main()
