"""Count how many trials a minute the search makes with 1 to 256 workers, in simulated time.

"At work" is the share of the time that workers train, until the last trial ends: what the rate is
of so many times that of one worker which does the same trials and waits for nothing.

Trials are fake: each takes the seconds of a recorded one, drawn by its number, and its loss is a
function of its settings. The driver, the oracle, the pruning and the journal are real. The clock
stands still but for two things: it jumps to the end of the next trial, and it moves by what the
driver itself takes; with `--clock processor`, for a machine with other work on it, by the
processor's seconds that it takes, waits for the disk left out.
`python benchmarks/search_scaling.py hyperband` takes another oracle, and further words, such as
`16`, only so many workers.

With `--ray` trials go through the pool of `--workers ray`, on a cluster of this machine that is
told of as many cores as workers. Real are then the clock, Ray and its processes, and of the product
beside the above the pool, its mailbox and the task with all that it does around a trial: versions,
the study's bytes, epochs told, the question whether to stop, weights sent back. Fake is training:
the task sleeps for the seconds of the recorded trial, fewer by `--faster`, and neither imports
TensorFlow nor reckons anything, so that many more workers than cores have a core when they want
one. Not measured is a network between nodes.
"""

import argparse
import heapq
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import psutil

from rnnauto.search import driver, loop
from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.oracle import make_asker
from rnnauto.search.prune import behind
from rnnauto.search.study import save_weights, weights_path
from rnnauto.search.trial import Epoch, Job, Result
from rnnauto.search.workers import Finished, Workers

WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
TRIALS_EACH = 40  # for each worker
FEWEST_TRIALS = 120
WANTED, MOST_SHARE = 0.85, 0.02  # of the time at work; seconds of the driver for a trial
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
RAY_WORKERS = (16, 32)
STUDY_BYTES, WEIGHTS = 4 << 20, 20_000  # of a small study, and numbers of a small network
WARM_ROUNDS, WARM_SECONDS = 20, 1.0  # jobs for each worker before any is measured


class Clock:
    """Seconds that go by while the driver works, and that waiting jumps over."""

    def __init__(self, *, processor: bool) -> None:
        self.skipped = 0.0
        self.works = time.process_time if processor else time.perf_counter

    def monotonic(self) -> float:
        return self.works() + self.skipped

    def until(self, moment: float) -> None:
        self.skipped += max(0.0, moment - self.monotonic())


class SimulatedPool:
    """Workers whose jobs end when their recorded seconds are over."""

    def __init__(self, count: int, clock: Clock) -> None:
        self.workers = tuple(range(count))
        self.clock = clock
        self.ends: list[tuple[float, str, Job]] = []

    @property
    def busy(self) -> int:
        return len(self.ends)

    @property
    def idle(self) -> int:
        return len(self.workers) - len(self.ends)

    def submit(self, job: Job) -> None:
        heapq.heappush(self.ends, (self.clock.monotonic() + seconds_of(job), job.name, job))

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


class Measured(NamedTuple):
    """What came of a search: trials a minute, the share of the time that workers are at work, and
    seconds of a processor that the driver takes for each trial."""

    rate: float
    at_work: float
    share: float


def searched(pool: Workers, algorithm: Any, clock: Any, *, faster: float = 1.0) -> Measured:
    """Run a search on a pool, by a clock."""
    workers = len(pool.workers)
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
        begin, processor = clock.monotonic(), time.process_time()
        run_search(search, asker, most_trials=trials, refit=False)
    took = clock.monotonic() - begin
    share = (time.process_time() - processor) / trials
    worked = sum(seconds_of(job) for job in search.begun.values()) / faster
    return Measured(trials / took * 60, worked / workers / took, share)


def simulated(workers: int, algorithm: Any, *, processor: bool) -> Measured:
    """Run a search in simulated time."""
    clock = Clock(processor=processor)
    loop.time = driver.time = clock  # type: ignore[assignment]
    try:
        return searched(SimulatedPool(workers, clock), algorithm, clock)
    finally:
        loop.time = driver.time = time


@dataclass(frozen=True)
class FakeStudy:
    """What a task has opened."""

    folder: Path


def fake_task(faster: float) -> Callable[..., Any]:
    """The pool's task, but for training: Ray sends this function to its processes as it is."""

    def run_on_node(raw: dict[str, Any], needed: dict[str, bytes], **options: Any) -> Any:
        import ray

        from rnnauto.search import ray_workers

        def open_study(files: Any, share: Any, learner_of: Any) -> FakeStudy:
            """Take the study out of the object store, once per process."""
            if not hasattr(ray_workers, "taken"):
                ray_workers.taken = [ray.get(content) for _, content in files]
            return FakeStudy(Path())

        def run_job(raw: Any, study: FakeStudy, *, on_epoch: Any, stopping: Any) -> dict[str, Any]:
            job = Job(**raw)
            result = result_of(job)
            for epoch in result.epochs:
                time.sleep(seconds_of(job) / faster / EPOCHS)
                if stopping():
                    break
                on_epoch(epoch)
            save_weights(weights_path(study.folder, job.name), [np.zeros(WEIGHTS, np.float32)])
            return result.to_json()

        ray_workers.open_study = open_study
        training = sys.modules["rnnauto.search.run_job"] = ModuleType("rnnauto.search.run_job")
        training.run_job = run_job  # type: ignore[attr-defined]
        return ray_workers.run_on_node(raw, needed, **options)

    return run_on_node


def on_ray(workers: int, algorithm: Any, faster: float) -> tuple[Measured, float]:
    """Run a search on a Ray cluster of this machine; the second number is seconds of a processor
    that its own processes and the mailbox take for each trial."""
    from rnnauto.search import ray_workers

    ray_workers.run_on_node = fake_task(faster)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "weights").mkdir()
        (folder / "data").write_bytes(bytes(STUDY_BYTES))
        with ray_workers.ray_pool(folder, learner_of=str, address="local", cores=workers) as pool:
            warm_up(pool, faster)
            before = seconds_of_ray()
            measured = searched(pool, algorithm, time, faster=faster)
            trials = len(list((folder / "weights").glob("*")))
            return measured, (seconds_of_ray() - before) / trials


def warm_up(pool: Workers, faster: float) -> None:
    """Run jobs until all of the pool's processes have started."""
    for number in range(WARM_ROUNDS):
        jobs = [job_of(f"warm-{number}-{at}") for at in range(len(pool.workers))]
        begin = time.monotonic()
        for job in jobs:
            pool.submit(job)
        while pool.busy:
            list(pool.events(1.0))
        if time.monotonic() - begin < max(map(seconds_of, jobs)) / faster + WARM_SECONDS:
            return


def job_of(name: str) -> Job:
    values = {hyperparameter: options[0] for hyperparameter, options in SPACE.items()}
    return Job(trial=name, fold=0, values=values, seed=1)


def seconds_of_ray() -> float:
    """Seconds of a processor so far of all of a cluster's processes but those that run tasks."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        title = " ".join(process.cmdline())
        if "ray::" not in title or "Mailbox" in title:
            times = process.cpu_times()
            total += times.user + times.system
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("algorithm", nargs="?", default="bayesian")
    parser.add_argument("workers", nargs="*", type=int)
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall")
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--faster", type=float, default=4.0)
    given = parser.parse_args()
    print(f"{given.algorithm}, a trial takes {statistics.mean(RECORDED):.1f} s")
    if given.ray:
        compare_ray(given.workers or RAY_WORKERS, given.algorithm, given.faster)
    else:
        processor = given.clock == "processor"
        compare_counts(given.workers or WORKERS, given.algorithm, processor=processor)
    print(f"wanted: {WANTED} at work, {MOST_SHARE * 1000:.0f} ms")


def compare_counts(counts: Sequence[int], algorithm: str, *, processor: bool) -> None:
    print(f"{'workers':>7}{'trials a minute':>17}{'at work':>9}{'ms a trial':>12}")
    for count in counts:
        rate, at_work, share = simulated(count, algorithm, processor=processor)
        print(f"{count:>7}{rate:>17.1f}{at_work:>9.2f}{share * 1000:>12.1f}", flush=True)


def compare_ray(counts: Sequence[int], algorithm: str, faster: float) -> None:
    print(f"on Ray, {faster:g} times as fast")
    print(
        f"{'workers':>7}{'trials a minute':>17}{'at work':>9}{'simulated':>11}{'ms a trial':>12}"
        f"{'of Ray':>8}"
    )
    for count in counts:
        expected = simulated(count, algorithm, processor=True)
        (rate, at_work, share), of_ray = on_ray(count, algorithm, faster)
        print(
            f"{count:>7}{rate:>17.1f}{at_work:>9.2f}{expected.at_work:>11.2f}"
            f"{share * 1000:>12.1f}{of_ray * 1000:>8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
