"""Run the jobs of a search as tasks on a Ray cluster, behind the same interface as `workers.Pool`.

No folder is shared. The study goes to the nodes through Ray's object store, as the bytes of its
files, and the weights of a job come back through it. One small actor beside the driver carries
epochs to the driver and the wish to stop to the jobs. A job whose node or process dies is reported
as `Died`, as a local one is.
"""

import asyncio
import gc
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from rnnauto.errors import RnnautoError
from rnnauto.networks.quiet import import_bare, import_tensorflow
from rnnauto.search.durable import write_whole
from rnnauto.search.fingerprint import versions
from rnnauto.search.learner import LearnerOf
from rnnauto.search.ray_cluster import check_answer, connection, first_line
from rnnauto.search.study import Study, load_study, weights_path
from rnnauto.search.trial import Epoch, Job, Result
from rnnauto.search.worker import outcome
from rnnauto.search.workers import (
    MOST_JOBS,
    Died,
    Event,
    Finished,
    Progressed,
    disk_took_no_more,
    lateness,
)

ASK_SECONDS = 0.25  # how often a job asks whether it shall stop
MAIL_SECONDS = 0.1  # what the mailbox gathers for, so that many jobs do not wake the driver often
ROOM_SECONDS = 1.0  # for so long a cluster is taken to have the room that it had
SPARE_STORE = 256 << 20  # bytes of a local cluster's object store beside the study: weights
Files = tuple[tuple[str, Any], ...]  # path in the study's folder, reference to its bytes


@dataclass(frozen=True)
class Share:
    """Cores and GPUs of a node that a trial takes for itself; of a GPU it may be a fraction."""

    cpus: float = 1.0
    gpus: float = 0.0

    @property
    def threads(self) -> int:
        return max(1, int(self.cpus))

    def fits(self, resources: dict[str, float]) -> int:
        """How many trials such a cluster runs at once."""
        most = int(resources.get("CPU", 0) / self.cpus)
        if not self.gpus:
            return most
        there = resources.get("GPU", 0)
        # a trial does not take halves of two GPUs
        of_gpus = there * int(1 / self.gpus) if self.gpus <= 1 else there / self.gpus
        return min(most, int(of_gpus))


@dataclass(frozen=True)
class Given:
    """What all tasks of a search share.

    Attributes:
        wanted: the driver's versions; with others the results would be others.
    """

    files: Files
    share: Share
    learner_of: LearnerOf
    mailbox: Any
    wanted: dict[str, str]


class Mailbox:
    """The actor: what jobs tell, until the driver takes it, and which jobs shall stop."""

    def __init__(self) -> None:
        self.told: list[tuple[int, dict[str, Any]]] = []
        self.some = asyncio.Event()
        self.stopped: set[int] = set()

    async def tell(self, number: int, message: dict[str, Any]) -> None:
        self.told.append((number, message))
        self.some.set()

    async def take(self) -> list[tuple[int, dict[str, Any]]]:
        """Everything that was told since, some moments after there is something."""
        await self.some.wait()
        await asyncio.sleep(MAIL_SECONDS)
        self.some.clear()
        told, self.told = self.told, []
        return told

    async def stop(self, numbers: list[int]) -> None:
        self.stopped |= set(numbers)

    async def stops(self, number: int) -> bool:
        return number in self.stopped


@lru_cache(maxsize=1)
def open_study(files: Files, share: Share, learner_of: LearnerOf) -> Study:
    """Write the study to this node's disk and open it, once per process."""
    if not share.gpus:  # Ray hides none from a task that asks for none
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import_bare()
    import_tensorflow(threads=share.threads)
    with tempfile.TemporaryDirectory(prefix="rnnauto-") as name:
        for path, content in files:
            (Path(name) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / path).write_bytes(ray.get(content))
        # what is mapped stays when its name goes: a killed process leaves nothing behind
        study = load_study(Path(name), learner_of)
    gc.collect()
    gc.freeze()  # a collection costs 0.4 s when it walks all of TensorFlow's objects
    return study


def run_on_node(
    raw: dict[str, Any], needed: dict[str, bytes], *, number: int, given: Given
) -> tuple[dict[str, Any], bytes | None]:
    """The task: run a job; returns what a worker tells at its end, and the weights.

    Args:
        needed: the weights files that the job reads, by name.
        number: what the mailbox knows this run of the job by.
    """
    mailbox = given.mailbox
    different = {name: v for name, v in node_versions().items() if given.wanted[name] != v}
    if different:
        return {"versions": different, "node": platform.node()}, None
    with tempfile.TemporaryDirectory(prefix="rnnauto-") as name:
        folder = Path(name)
        (folder / "weights").mkdir()
        for own, content in needed.items():
            weights_path(folder, own).write_bytes(content)

        def run() -> dict[str, Any]:
            study = replace(open_study(given.files, given.share, given.learner_of), folder=folder)
            from rnnauto.search.run_job import run_job

            mailbox.tell.remote(number, {"ready": True})
            return run_job(raw, study, on_epoch=tell_epoch, stopping=asking(mailbox, number))

        def tell_epoch(epoch: Epoch) -> None:
            mailbox.tell.remote(number, {"epoch": asdict(epoch)})

        told = outcome(run)
        weights = weights_path(folder, Job(**raw).name)
        return told, weights.read_bytes() if weights.exists() else None


def asking(mailbox: Any, number: int) -> Callable[[], bool]:
    """Whether the job shall stop, asked of the mailbox every now and then."""
    asked_at, answer = time.monotonic(), False

    def stopping() -> bool:
        nonlocal asked_at, answer
        if not answer and time.monotonic() - asked_at >= ASK_SECONDS:
            answer = ray.get(mailbox.stops.remote(number))
            asked_at = time.monotonic()
        return answer

    return stopping


def node_versions() -> dict[str, str]:
    return {"python": platform.python_version(), **versions()}


@dataclass
class Running:
    """A job that was submitted and has not ended."""

    job: Job
    number: int
    told: int = 0  # epochs that are known of
    began_at: float | None = None  # once its process has opened the data
    stop_by: float | None = None


@dataclass
class RayPool:
    """The tasks of a search on a cluster.

    Attributes:
        files: of the study, in the object store.
        mailbox: the actor beside the driver.
        mail: a reference to what it tells next.
        wanted: the driver's versions, by package.
        room: for so many jobs, when the cluster was last asked.
        submitted: how many jobs were.
        running: by the task's reference.
        peak_memory: of any worker so far, in bytes.
    """

    folder: Path
    files: Files
    learner_of: LearnerOf
    mailbox: Any
    mail: Any
    share: Share = Share()
    wanted: dict[str, str] = field(default_factory=node_versions)
    room: int = 0
    asked_at: float = -math.inf
    submitted: int = 0
    running: dict[Any, Running] = field(default_factory=dict)
    peak_memory: int = 0

    @property
    def workers(self) -> range:
        """As many as the cluster has room for now; without any, a job waits for the first."""
        if time.monotonic() - self.asked_at >= ROOM_SECONDS:
            self.room = max(1, self.share.fits(ray.cluster_resources()))
            self.asked_at = time.monotonic()
        return range(self.room)

    @property
    def idle(self) -> int:
        return max(0, len(self.workers) - self.busy)

    @property
    def busy(self) -> int:
        return len(self.running)

    @cached_property
    def task(self) -> Any:
        """What Ray runs; made once, for it is sent to the cluster each time."""
        # one attempt: the search counts them; max_calls: what leaks slowly ends with the process
        share = {"num_cpus": self.share.cpus, "num_gpus": self.share.gpus}
        return ray.remote(**share, max_retries=0, max_calls=MOST_JOBS)(run_on_node)

    @cached_property
    def given(self) -> Any:
        """A reference to what all tasks share: to send that with each takes four times as long."""
        return ray.put(Given(self.files, self.share, self.learner_of, self.mailbox, self.wanted))

    def submit(self, job: Job) -> None:
        needed = {own: weights_path(self.folder, own).read_bytes() for own in job.needs}
        self.submitted += 1
        reference = self.task.remote(job.to_json(), needed, number=self.submitted, given=self.given)
        self.running[reference] = Running(job, self.submitted)

    def stop(self, seconds: float) -> None:
        """Ask every running job to end with what it has within so many seconds; a job that still
        waits for a processor, or its process for TensorFlow, has nothing and is killed, unless
        there is time without end."""
        by = time.monotonic() + seconds
        fresh = [run.number for run in self.running.values() if run.stop_by is None]
        if fresh:
            self.mailbox.stop.remote(fresh)
        for run in self.running.values():
            waits = run.began_at is None and by < math.inf
            by_now = time.monotonic() if waits else by
            run.stop_by = by_now if run.stop_by is None else min(by_now, run.stop_by)

    def events(self, timeout: float) -> Iterator[Event]:
        """What came of the jobs, waiting up to `timeout` seconds for the first of it.

        Raises: RnnautoError where the cluster is lost, or a node runs something else than this.
        """
        references = [*self.running, self.mail]
        ready, _ = ray.wait(references, num_returns=1, timeout=timeout)
        for reference in ready:
            yield from self.read_mail() if reference == self.mail else self.ended(reference)
        for reference, run in list(self.running.items()):
            late = lateness(run.job, began_at=run.began_at, stop_by=run.stop_by)
            if late:
                ray.cancel(reference, force=True)
                del self.running[reference]
                yield Died(run.job, late)

    def read_mail(self) -> Iterator[Event]:
        try:
            told = ray.get(self.mail)
        except RayError as error:
            raise RnnautoError(
                f"the Ray cluster is lost: {first_line(error)}",
                hint="what had completed is in the journal: continue with `--resume`",
            ) from error
        self.mail = self.mailbox.take.remote()
        by_number = {run.number: run for run in self.running.values()}
        for number, message in told:
            run = by_number.get(number)
            if run is None:  # its end was faster than its mail, and has told of its epochs
                continue
            if "epoch" in message:
                run.told += 1
                yield Progressed(run.job, Epoch(**message["epoch"]))
            else:
                run.began_at = time.monotonic()

    def ended(self, reference: Any) -> Iterator[Event]:
        """Tell what came of a job, and first of its epochs that no mail has told of yet."""
        run = self.running.pop(reference)
        event = self.end_of(reference, run.job)
        if isinstance(event, Finished):
            yield from (Progressed(run.job, epoch) for epoch in event.result.epochs[run.told :])
        yield event

    def end_of(self, reference: Any, job: Job) -> Event:
        try:
            told, weights = ray.get(reference)
        except RayTaskError as error:
            raise RnnautoError(
                f"a Ray worker could not begin: {last_line(error)}",
                hint="install the same version of rnnauto on every node",
            ) from error
        except RayError as error:  # the process, or its node, is gone
            return Died(job, f"the Ray worker ended: {first_line(error)}")
        if "versions" in told:
            raise RnnautoError(
                f"node `{told['node']}` has "
                + ", ".join(
                    f"{name} {has} (here: {self.wanted[name]})"
                    for name, has in told["versions"].items()
                ),
                hint="install the same versions on every node, or scores would differ",
            )
        if "disk" in told:
            raise disk_took_no_more(told["disk"])
        self.peak_memory = max(self.peak_memory, told["memory"])
        if weights is not None:
            self.keep(job, weights)
        return Finished(job, Result.from_json(told["result"]))

    def keep(self, job: Job, weights: bytes) -> None:
        try:
            write_whole(weights_path(self.folder, job.name), lambda file: file.write(weights))
        except OSError as error:
            raise disk_took_no_more(str(error)) from error


def last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


@contextmanager
def ray_pool(
    folder: Path,
    *,
    learner_of: LearnerOf,
    address: str,
    cores: int,
    share: Share = Share(),
) -> Iterator[RayPool]:
    """Workers on the cluster at `address` that run jobs of the study saved in `folder`.

    Args:
        address: `local` starts a cluster of this machine with so many `cores`, and ends it.

    Raises: RnnautoError where there is no such cluster, or none of its nodes has the GPUs.
    """
    contents = {
        path.relative_to(folder).as_posix(): np.fromfile(path, np.uint8)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "weights"
    }
    size = sum(content.nbytes for content in contents.values())
    with connection(address, cores=cores, store=2 * size + SPARE_STORE):
        if share.gpus and not any(fits_gpus(share, node) for node in ray.nodes()):
            raise RnnautoError(
                f"no node of the Ray cluster has the {share.gpus:g} GPUs that a trial takes",
                hint="lower `search.ray_gpus`, or leave it out and train on processors",
            )
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        mailbox = ray.remote(num_cpus=0, scheduling_strategy=here)(Mailbox).remote()
        answer = mailbox.stops.remote(0)
        files = tuple((path, ray.put(content)) for path, content in contents.items())
        check_answer(answer, address)  # the actor has started up meanwhile
        del contents
        pool = RayPool(folder, files, learner_of, mailbox, mailbox.take.remote(), share)
        try:
            yield pool
        finally:
            for reference in pool.running:
                ray.cancel(reference, force=True)


def fits_gpus(share: Share, node: dict[str, Any]) -> bool:
    return bool(node["Alive"]) and node["Resources"].get("GPU", 0) >= share.gpus
