"""A small pool of worker processes: a pipe each, replaced when one dies or has grown too large.

Not ProcessPoolExecutor or loky: those lose every job when one worker dies. Not multiprocessing:
it imports the caller's main script again, which trains twice where that has no main guard.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, BinaryIO

from rnnauto.search.trial import Epoch, Job, Result

MOST_MEMORY = 1_200 << 20  # bytes after which a worker is replaced
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
STOP_SECONDS = 10.0  # what a job may take to stop before its worker is killed


@dataclass(frozen=True)
class Started:
    """A worker has imported TensorFlow and opened the data."""


@dataclass(frozen=True)
class Progressed:
    job: Job
    epoch: Epoch


@dataclass(frozen=True)
class Finished:
    job: Job
    result: Result


@dataclass(frozen=True)
class Died:
    """The worker's process ended during the job, or before it was ready (job is None)."""

    job: Job | None
    why: str


Event = Started | Progressed | Finished | Died


@dataclass
class Worker:
    process: subprocess.Popen[bytes]
    connection: Connection
    log: BinaryIO
    ready: bool = False
    job: Job | None = None
    stopped_at: float | None = None


@dataclass
class Pool:
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    peak_memory: int = 0

    @property
    def idle(self) -> int:
        return sum(worker.job is None for worker in self.workers)

    @property
    def busy(self) -> int:
        return len(self.workers) - self.idle

    def submit(self, job: Job) -> None:
        """Hand the job to an idle worker; one that still starts up takes it when it is ready."""
        worker = next(worker for worker in self.workers if worker.job is None)
        worker.job = job
        worker.stopped_at = None
        send(worker, {"job": job.to_json()})

    def stop(self) -> None:
        """Ask every running job to end with what it has."""
        for worker in self.workers:
            if worker.job is not None and worker.stopped_at is None:
                worker.stopped_at = time.monotonic()
                send(worker, {"stop": True})

    def events(self, timeout: float) -> Iterator[Event]:
        """What the workers have said, waiting up to `timeout` seconds for the first of it."""
        by_connection = {worker.connection: worker for worker in self.workers}
        for connection in wait(list(by_connection), timeout):
            worker = by_connection[connection]  # type: ignore[index]
            try:
                message = json.loads(worker.connection.recv_bytes())
            except (EOFError, OSError):
                yield self.replace(worker)
                continue
            yield from self.heard(worker, message)
        for worker in list(self.workers):
            if worker.stopped_at and time.monotonic() - worker.stopped_at > STOP_SECONDS:
                worker.process.kill()
                yield self.replace(worker)

    def heard(self, worker: Worker, message: dict[str, Any]) -> Iterator[Event]:
        if "ready" in message:
            worker.ready = True
            yield Started()
            return
        assert worker.job is not None
        if "epoch" in message:
            yield Progressed(worker.job, Epoch(**message["epoch"]))
            return
        job, worker.job, worker.stopped_at = worker.job, None, None
        self.peak_memory = max(self.peak_memory, message["memory"])
        if message["memory"] > MOST_MEMORY:
            self.replace(worker)
        yield Finished(job, Result.from_json(message["result"]))

    def replace(self, worker: Worker) -> Died:
        """End the worker and start a new one in its place."""
        end(worker)
        worker.log.seek(0)
        last_words = worker.log.read().decode(errors="replace").strip().splitlines()[-1:]
        worker.log.close()
        code = worker.process.returncode
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        self.workers[self.workers.index(worker)] = start(self.folder)
        return Died(worker.job, ": ".join([f"the worker process ended ({why})", *last_words]))


@contextmanager
def pool(folder: Path, workers: int) -> Iterator[Pool]:
    """Workers that run jobs of the study saved in `folder`; all are gone afterwards."""
    started = Pool(folder, [start(folder) for _ in range(workers)])
    try:
        yield started
    finally:
        for worker in started.workers:
            end(worker)
            worker.log.close()


def start(folder: Path) -> Worker:
    ours, theirs = Pipe()
    # a file, not a pipe: nobody reads it while the worker runs
    log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the worker
    process = subprocess.Popen(
        # -P: a `random.py` in the user's folder must not be imported in the place of Python's
        [sys.executable, "-P", "-m", "rnnauto.search.worker", str(theirs.fileno()), str(folder)],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env={**os.environ, **ONE_THREAD},
        start_new_session=True,  # Ctrl-C is for the driver, which then stops the workers
    )
    theirs.close()
    return Worker(process, ours, log)


def end(worker: Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.wait()


def send(worker: Worker, message: dict[str, Any]) -> None:
    with suppress(OSError):  # a dead worker: `events` reports it
        worker.connection.send_bytes(json.dumps(message).encode())
