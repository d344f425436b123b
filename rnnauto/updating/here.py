"""Train the networks of an update in this process, where one worker would do.

A worker process imports TensorFlow once more, which takes as much of a processor as a short
training: about a quarter of all that an update takes.
"""

import gc
import os
import queue
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rnnauto.budget import import_beside, worker_count
from rnnauto.finish import Task
from rnnauto.search.study import Study
from rnnauto.search.trial import Epoch, Job, Result
from rnnauto.search.worker import failed
from rnnauto.search.workers import Event, Finished, Progressed, disk_took_no_more

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
ENDING_SECONDS = 10.0  # that a training has to end, once nobody waits for it


class Here:
    """One worker: a thread of this process."""

    workers = (None,)

    def __init__(self, study: Study) -> None:
        self.study = study
        self.said: queue.SimpleQueue[Event | OSError] = queue.SimpleQueue()
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None

    @property
    def busy(self) -> int:
        return int(self.thread is not None)

    @property
    def idle(self) -> int:
        return 1 - self.busy

    def submit(self, job: Job) -> None:
        """Begin a job."""
        self.stopping.clear()
        self.thread = threading.Thread(target=self.run, args=(job,), name="training", daemon=True)
        self.thread.start()

    def stop(self, seconds: float) -> None:
        """Ask the job that runs to end with what it has: a thread cannot be made to."""
        self.stopping.set()

    def events(self, timeout: float) -> Iterator[Event]:
        """What the job has said, waiting up to `timeout` seconds for it.

        Raises: StorageError where the disk took its weights no more.
        """
        try:
            said = self.said.get(timeout=timeout)
        except queue.Empty:
            return
        if isinstance(said, OSError):
            raise disk_took_no_more(str(said)) from said
        if isinstance(said, Finished):
            self.thread = None
        yield said

    def run(self, job: Job) -> None:
        from rnnauto.search.run_job import run_job

        def tell(epoch: Epoch) -> None:
            self.said.put(Progressed(job, epoch))

        watched: dict[str, Any] = {"on_epoch": tell, "stopping": self.stopping.is_set}
        try:
            result = Result.from_json(run_job(job.to_json(), self.study, **watched))
        except OSError as error:  # not the network's fault
            self.said.put(error)
            return
        except Exception as error:  # a network's fault is its result, as of any worker
            result = failed(error)
        self.said.put(Finished(job, result))

    def close(self) -> None:
        """Have what still runs end, for a while."""
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(ENDING_SECONDS)


def import_to_train(task: Task, networks: int) -> float | None:
    """Import TensorFlow so that this process can train, as a worker does; returns how slow the
    machine is by that. None where workers are to train: several at once, on a cluster, on a GPU, or
    because TensorFlow is in use here already."""
    recipe = task.recipe
    at_once = min(worker_count(recipe, len(task.prepared.parts.folds)), networks)
    if recipe.search.workers == "ray" or at_once > 1 or "tensorflow" in sys.modules:
        return None
    with one_thread():
        slow = import_beside(0)
        import tensorflow as tf

        tf.constant(0)  # its threads are made now
    beside = recipe.search.device != "cpu" and tf.config.list_physical_devices("GPU")
    return None if beside else slow


@contextmanager
def one_thread() -> Iterator[None]:
    """Have TensorFlow make one thread, as in a worker. By its environment: what its settings say
    would stand in every model that it saves."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def here(study: Study) -> Iterator[Here]:
    """Train here; the caller's random numbers and garbage are afterwards what they were."""
    states = random.getstate(), np.random.get_state()
    gc.collect()
    gc.freeze()  # a collection takes 0.4 s when it walks all of TensorFlow's objects
    worker = Here(study)
    try:
        yield worker
    finally:
        worker.close()
        gc.unfreeze()
        random.setstate(states[0])
        np.random.set_state(states[1])
