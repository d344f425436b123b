"""Run a small pool of worker processes: a pipe each, replaced when one dies or has grown too large.

Not ProcessPoolExecutor or loky: those lose every job when one worker dies. Not multiprocessing:
it imports the caller's main script again, which trains twice where that has no main guard.
"""

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from rnnauto.errors import StorageError
from rnnauto.networks.quiet import passing_file
from rnnauto.search.starting.forks import FORKS, Process, Template
from rnnauto.search.starting.template import PROGRAM, run, start_template
from rnnauto.search.trial import Epoch, Job, Result

MOST_GROWTH = 750 << 20  # bytes since it was ready after which a worker is replaced
MOST_JOBS = 100  # ... and jobs: whatever leaks slowly ends with it
# how much longer than it may a job can take before its worker is taken to hang: it ends with an
# epoch's validation, which may be long where the data are large or the machine has other work
HANG_FACTOR, HANG_SECONDS = 1.5, 180.0


@dataclass(frozen=True)
class Started:
    """A worker has imported TensorFlow and opened the data."""


@dataclass(frozen=True)
class Progressed:
    """A job has trained for one more epoch."""

    job: Job
    epoch: Epoch


@dataclass(frozen=True)
class Finished:
    """A job has ended, well or not."""

    job: Job
    result: Result


@dataclass(frozen=True)
class Died:
    """The worker's process ended during the job, or before it was ready (job is None)."""

    job: Job | None
    why: str


Event = Started | Progressed | Finished | Died


class Workers(Protocol):
    """What a search asks of its workers, be they processes here or tasks on a cluster."""

    @property
    def workers(self) -> Sequence[object]: ...

    @property
    def idle(self) -> int: ...

    @property
    def busy(self) -> int: ...

    def submit(self, job: Job) -> None: ...

    def stop(self, seconds: float) -> None: ...

    def events(self, timeout: float) -> Iterator[Event]: ...


@dataclass
class Worker:
    """A worker process, as the driver sees it.

    Attributes:
        job: what it is at; None: nothing.
        jobs: how many it has done.
        memory: its bytes when it was ready: what a GPU takes of them stays as it is.
        began_at: when it could begin its job, in time.monotonic()'s seconds.
        stop_by: when that must have ended, where it was told to stop.
    """

    process: Process
    connection: Connection
    log: BinaryIO
    ready: bool = False
    job: Job | None = None
    jobs: int = 0
    memory: int = 0
    began_at: float = 0.0
    stop_by: float | None = None


@dataclass
class ProcessPool:
    """Worker processes of this machine that share the study in a folder.

    Attributes:
        template: what they are forked from; None where each is started anew.
        gpu: they train on the GPU.
        peak_memory: of the largest so far, in bytes.
    """

    folder: Path
    program: tuple[str, ...] = PROGRAM
    template: Template | None = None
    gpu: bool = False
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
        worker.job, worker.began_at, worker.stop_by = job, time.monotonic(), None
        send(worker, {"job": job.to_json()})

    def stop(self, seconds: float) -> None:
        """Ask every running job to end with what it has within so many seconds; one whose worker is
        not ready has nothing, and is not waited for unless it may take for ever."""
        for worker in self.workers:
            if worker.job is None:
                continue
            needless = not worker.ready and seconds < math.inf
            by = time.monotonic() + (0.0 if needless else seconds)
            if worker.stop_by is None:
                send(worker, {"stop": True})
            worker.stop_by = by if worker.stop_by is None else min(by, worker.stop_by)

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
            began_at = worker.began_at if worker.ready else None
            late = lateness(worker.job, began_at=began_at, stop_by=worker.stop_by)
            if late:
                worker.process.kill()
                yield self.replace(worker, late)

    def heard(self, worker: Worker, message: dict[str, Any]) -> Iterator[Event]:
        if "ready" in message:
            worker.ready, worker.began_at = True, time.monotonic()
            worker.memory = message["memory"]
            yield Started()
        elif worker.job is not None:
            yield from self.heard_of(worker.job, worker, message)

    def heard_of(self, job: Job, worker: Worker, message: dict[str, Any]) -> Iterator[Event]:
        """What a worker says of the job that it is at."""
        if "epoch" in message:
            yield Progressed(job, Epoch(**message["epoch"]))
            return
        if "disk" in message:
            raise disk_took_no_more(message["disk"])
        worker.job, worker.stop_by = None, None
        worker.jobs += 1
        self.peak_memory = max(self.peak_memory, message["memory"])
        if message["memory"] - worker.memory > MOST_GROWTH or worker.jobs >= MOST_JOBS:
            self.replace(worker)
        yield Finished(job, Result.from_json(message["result"]))

    def replace(self, worker: Worker, late: str = "") -> Died:
        """End the worker and start a new one in its place. `late`: why it was killed."""
        if not late:  # it has ended by itself: it has a number, or what should fork it has ended
            _ = worker.process.pid
        code = end(worker)
        last_words = lines_of(worker.log)[-1:]
        worker.log.close()
        if self.template is not None and not self.template.alive:
            last_words = last_words or lines_of(self.template.log)[-1:]
            self.template.close()
            self.template = start_template(self.program)
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        self.workers[self.workers.index(worker)] = self.start()
        said = late or ": ".join([f"the worker process ended ({why})", *last_words])
        return Died(worker.job, said)

    def start(self) -> Worker:
        """Start a worker, or ask the template for one."""
        ours, theirs = Pipe()
        # a file, not a pipe: nobody reads it while the worker runs
        log = passing_file()  # closed with the worker
        if self.template is not None:
            handles = theirs.fileno(), log.fileno()
            process: Process = self.template.fork(str(self.folder), *handles)
        else:
            process = run(self.program, theirs.fileno(), str(self.folder), log=log, gpu=self.gpu)
        theirs.close()
        return Worker(process, ours, log)


def disk_took_no_more(reason: str) -> StorageError:
    return StorageError(
        f"a trial could not be written: {reason}",
        hint="nothing earlier is lost: free some space, then continue with `--resume`",
    )


def lateness(job: Job | None, *, began_at: float | None, stop_by: float | None) -> str:
    """Why the worker must be killed; empty while it need not be."""
    now = time.monotonic()
    if stop_by is not None and now > stop_by:
        return "the trial did not stop in time and was killed"
    if job is None or job.seconds is None or began_at is None:
        return ""
    took, may = now - began_at, job.seconds
    if took <= HANG_FACTOR * may + HANG_SECONDS:
        return ""
    return f"the trial hung: it might take {may:.0f} s and was killed after {took:.0f} s"


@contextmanager
def pool(
    folder: Path,
    workers: int,
    program: tuple[str, ...] = PROGRAM,
    *,
    forks: bool = FORKS,
    template: Template | None = None,
    gpu: bool = False,
) -> Iterator[ProcessPool]:
    """Workers that run jobs of the study saved in `folder`; all are gone afterwards.

    Args:
        program: what Python runs in each: something that calls `worker.serve`.
        forks: fork them from one process, the template where there is one.
        gpu: they train on the GPU, and are not forked.
    """
    if gpu:
        template = None
    elif template is None and forks:
        template = start_template(program)
    started = ProcessPool(folder, program, template, gpu)
    started.workers.extend(started.start() for _ in range(workers))
    try:
        yield started
    finally:
        for worker in started.workers:
            end(worker)
            worker.log.close()
        if started.template is not None:
            started.template.close()


def end(worker: Worker) -> int:
    """End a worker; returns the code that it ended with."""
    worker.connection.close()
    worker.process.kill()
    return worker.process.wait()


def lines_of(log: BinaryIO) -> list[str]:
    """Read what a process has said."""
    log.seek(0)
    return log.read().decode(errors="replace").strip().splitlines()


def send(worker: Worker, message: dict[str, Any]) -> None:
    with suppress(OSError):  # a dead worker: `events` reports it
        worker.connection.send_bytes(json.dumps(message).encode())
