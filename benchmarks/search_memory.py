"""Measure what 200 trials in a search leave behind: memory of driver and workers, time to ask."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from rnnauto.data.batches import save_encoded
from rnnauto.data.encode import Encoded
from rnnauto.networks.architecture import Answer, Features
from rnnauto.search.driver import run_search
from rnnauto.search.loop import News, Search
from rnnauto.search.oracle import make_asker
from rnnauto.search.study import save_study
from rnnauto.search.trial import Proposed, StudyProblem
from rnnauto.search.workers import pool

TRIALS, WORKERS = 200, 2
SEQUENCES, TIMESTEPS, FEATURES, CLASSES = 64, 10, 3, 2
SPACE = {
    "cell": ("simple_rnn", "lstm"),
    "units": (4, 8, 16),
    "layers": (1,),
    "patch": (1,),
    "pooling": ("last", "mean", "max"),
    "bidirectional": (False, True),
    "dropout": (0.0, 0.1, 0.3),
    "learning_rate": (0.001, 0.005, 0.01),
    "batch_size": (16,),
    "clip_norm": ("off", 0.1, 1.0),
}


def write_study(folder: Path) -> None:
    rng = np.random.default_rng(0)
    encoded = Encoded(
        row_splits=np.arange(SEQUENCES + 1, dtype=np.int64) * TIMESTEPS,
        numbers=rng.normal(size=(SEQUENCES * TIMESTEPS, FEATURES)).astype(np.float32),
        codes=np.zeros((SEQUENCES * TIMESTEPS, 0), np.int32),
        static_numbers=np.zeros((SEQUENCES, 0), np.float32),
        static_codes=np.zeros((SEQUENCES, 0), np.int32),
        targets=rng.integers(0, CLASSES, SEQUENCES).astype(np.int32),
        per_timestep=False,
    )
    problem = StudyProblem(
        family="direct",
        features=Features(FEATURES, (), (), 0, (), (), CLASSES, per_timestep=False),
        answer=Answer("classes", (CLASSES,)),
        scales=(),
        numbers=(((0.0, 1.0),) * FEATURES,),
        static_numbers=((),),
        epochs=2,
        patience=2,
    )
    folds = ((np.arange(16, SEQUENCES), np.arange(16)),)
    save_study(folder, problem, folds, store=lambda place: save_encoded(place, encoded))


class Timed:
    """An oracle whose answers are timed."""

    def __init__(self) -> None:
        self.asker = make_asker(SPACE, trials=TRIALS, seed=1, algorithm="bayesian", opening=[])
        self.spent: list[float] = []
        self.tell = self.asker.tell

    def ask(self, number: int) -> Proposed | None:
        begin = time.perf_counter()
        asked = self.asker.ask(number)
        self.spent.append(time.perf_counter() - begin)
        return asked


def main() -> None:
    sizes: list[int] = []

    def watch(news: News) -> None:
        sizes.append(psutil.Process().memory_info().rss)

    with tempfile.TemporaryDirectory() as place:
        folder, asker, begin = Path(place), Timed(), time.monotonic()
        write_study(folder / "study")
        with pool(folder / "study", WORKERS) as workers:
            search = Search(
                pool=workers,
                folds=1,
                seed=1,
                journal_path=folder / "journal.jsonl",
                deadline=lambda: begin + 3_600,
                notify=watch,
            )
            run_search(search, asker, most_trials=TRIALS, refit=False)
    done = sum(trial.completed for trial in search.trials.values())
    print(f"{done} trials completed in {time.monotonic() - begin:.0f} s")
    print(f"the driver grew by {(max(sizes) - sizes[0]) / 2**20:.0f} MB")
    print(f"a worker was at most {workers.peak_memory / 2**20:.0f} MB")
    print(f"a suggestion took {statistics.median(asker.spent):.3f} s (median)")


if __name__ == "__main__":
    main()
