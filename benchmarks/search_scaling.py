"""Count how many trials a minute the search makes with 1 to 256 workers, in simulated time.

Trials are fake: each takes the seconds of a recorded one, drawn by its number, and its loss is a
function of its settings. The driver, the oracle, the pruning and the journal are real. The clock
stands still but for two things: it jumps to the end of the next trial, and it moves by what the
driver itself takes. `python benchmarks/search_scaling.py bayesian` takes another oracle, and a
second word, such as `16`, only so many workers.
"""

import heapq
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnauto.search import driver, loop
from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.oracle import make_asker
from rnnauto.search.prune import behind
from rnnauto.search.trial import Epoch, Job, Result
from rnnauto.search.workers import Finished

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
TRIALS_EACH = 40  # for each worker
FEWEST_TRIALS = 120
WANTED, MOST_SHARE = 0.85, 0.02  # of the trials of so many single workers; seconds of the driver
# of the trials of a fit of the Japanese vowels with two workers
RECORDED = (
    *(9.1, 1.6, 1.7, 4.6, 1.8, 3.6, 24.6, 6.9, 8.9, 16.8, 4.7, 5.8, 1.1, 4.4, 1.6, 1.5, 1.4, 16.5),
    *(1.0, 11.6, 1.7, 19.5, 2.5, 13.4, 15.2, 8.5, 7.2, 2.9, 1.2, 6.1, 1.5, 5.0, 5.7, 3.8, 8.4, 3.8),
)
SPACE = {
    "cell": ["simple_rnn", "lstm", "gru"],
    "units": [16, 32, 64, 128, 256],
    "layers": [1, 2],
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "learning_rate": [0.0003, 0.001, 0.003, 0.01],
    "clip_norm": [0.0, 0.1, 1.0, 10.0],
    "batch_size": [8, 16, 32, 64],
    "patch": [1, 2, 5],
}
EPOCHS = 20


class Clock:
    """Seconds that go by while the driver works, and that waiting jumps over."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def monotonic(self) -> float:
        return time.perf_counter() + self.skipped

    def until(self, moment: float) -> None:
        self.skipped += max(0.0, moment - self.monotonic())


class SimulatedPool:
    """Workers whose jobs end when their recorded seconds are over."""

    def __init__(self, count: int, clock: Clock) -> None:
        self.workers = tuple(range(count))
        self.clock = clock
        self.ends: list[tuple[float, str, Job]] = []
        self.worked = 0.0

    @property
    def busy(self) -> int:
        return len(self.ends)

    @property
    def idle(self) -> int:
        return len(self.workers) - len(self.ends)

    def submit(self, job: Job) -> None:
        took = seconds_of(job)
        self.worked += took
        heapq.heappush(self.ends, (self.clock.monotonic() + took, job.name, job))

    def stop(self, seconds: float) -> None:
        self.ends.clear()

    def events(self, timeout: float) -> Iterator[Finished]:
        self.clock.until(self.ends[0][0])
        while self.ends and self.ends[0][0] <= self.clock.monotonic():
            _, _, job = heapq.heappop(self.ends)
            yield Finished(job, result_of(job))


def seconds_of(job: Job) -> float:
    return random.Random(f"seconds {job.trial}").choice(RECORDED)


def result_of(job: Job) -> Result:
    """A loss that depends on the settings, and falls from epoch to epoch."""
    ranks = [SPACE[name].index(value) / len(SPACE[name]) for name, value in job.values.items()]
    noise = random.Random(f"loss {job.trial}").gauss(0, 0.05)
    last = 1 + sum((rank - 0.4) ** 2 for rank in ranks) + noise
    losses = [last * (1 + math.exp(-number / 4)) for number in range(1, EPOCHS + 1)]
    took = seconds_of(job)
    return Result(
        status="completed",
        loss=losses[-1],
        score=losses[-1],
        stopped="epochs",
        seconds=took,
        best_epoch=EPOCHS,
        epochs=tuple(
            Epoch(number, loss, loss, 0.001, best=loss) for number, loss in enumerate(losses, 1)
        ),
    )


def searched(workers: int, algorithm: Any) -> tuple[float, float, float]:
    """Trials a minute, the share of the time that workers are at work, and the seconds of the
    driver for each trial."""
    clock = Clock()
    pool = SimulatedPool(workers, clock)
    trials = max(FEWEST_TRIALS, TRIALS_EACH * workers)
    unknown = behind(workers)
    asker = make_asker(SPACE, trials=trials, seed=1, algorithm=algorithm, behind=unknown)
    with tempfile.TemporaryDirectory() as folder:
        search = Search(
            pool=pool,
            folds=1,
            seed=1,
            journal_path=Path(folder) / "journal.jsonl",
            deadline=lambda: math.inf,
            notify=lambda news: None,
            prune=algorithm != "hyperband",
            behind=unknown,
        )
        loop.time = driver.time = clock  # type: ignore[assignment]
        begin, processor = clock.monotonic(), time.process_time()
        try:
            run_search(search, asker, most_trials=trials, refit=False)
        finally:
            loop.time = driver.time = time
    took = clock.monotonic() - begin
    share = (time.process_time() - processor) / trials
    return trials / took * 60, pool.worked / workers / took, share


def main() -> None:
    algorithm = sys.argv[1] if len(sys.argv) > 1 else "bayesian"
    counts = [int(word) for word in sys.argv[2:]] or WORKERS
    print(f"{algorithm}, a trial takes {statistics.mean(RECORDED):.1f} s")
    print(
        f"{'workers':>7}{'trials a minute':>17}{'of the first':>14}{'at work':>9}{'ms a trial':>12}"
    )
    first = None
    for count in counts:
        rate, at_work, share = searched(count, algorithm)
        first = first or rate / count
        print(
            f"{count:>7}{rate:>17.1f}{rate / (first * count):>14.2f}{at_work:>9.2f}"
            f"{share * 1000:>12.1f}",
            flush=True,
        )
    print(f"wanted: {WANTED} of the first, {MOST_SHARE * 1000:.0f} ms")


if __name__ == "__main__":
    main()
