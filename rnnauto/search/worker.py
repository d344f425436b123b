"""Serve jobs in a worker process: one thread, one at a time. Its program is `families/worker.py`.

With a file descriptor alone it forks workers (`starting/forks.py`), with a folder too it is one.
Messages are JSON over the pipe. In: {"job": ...}, {"stop": true}. Out: {"ready": true, "memory":
bytes}, {"epoch": ...}, {"result": ..., "memory": bytes}, {"disk": reason}. The end of the pipe
means that the driver is gone, however it died, and ends the worker.
"""

import gc
import json
import os
import queue
import re
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rnnauto.networks.cudnn import use_gpu
from rnnauto.networks.quiet import import_bare, import_tensorflow
from rnnauto.search.learner import LearnerOf
from rnnauto.search.starting.device import MEASURE, measure_step
from rnnauto.search.starting.forks import own_pipe
from rnnauto.search.study import load_study
from rnnauto.search.trial import Epoch, Result

Run = Callable[[dict[str, Any], Callable[[Epoch], None], Callable[[], bool]], dict[str, Any]]


def import_all() -> None:
    """Import what all jobs need, whatever they train."""
    import_bare()
    from rnnauto.search import run_job  # noqa: F401


def prepare(folder: Path, *, learner_of: LearnerOf) -> Run:
    """Do everything slow that comes before the first job; returns what runs one."""
    import_all()
    import_tensorflow(threads=1)
    from rnnauto.search.run_job import run_job

    use_gpu()
    study = load_study(folder, learner_of)
    gc.collect()
    gc.freeze()  # a collection costs 0.4 s when it walks all of TensorFlow's objects
    gc.enable()

    def run(
        job: dict[str, Any], on_epoch: Callable[[Epoch], None], stopping: Callable[[], bool]
    ) -> dict[str, Any]:
        if MEASURE in job:
            return measure_step(job[MEASURE], study)
        return run_job(job, study, on_epoch=on_epoch, stopping=stopping)

    return run


def serve(prepare: Callable[[Path], Run]) -> None:
    """Run the jobs that come through the pipe, for ever."""
    connection, folder = own_pipe(import_all)
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()
    stop = threading.Event()

    def listen() -> None:
        while True:
            try:
                message = json.loads(connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(1)
            if "stop" in message:
                stop.set()
            else:
                stop.clear()
                jobs.put(message["job"])

    def tell_epoch(epoch: Epoch) -> None:
        send(connection, {"epoch": asdict(epoch)})

    threading.Thread(target=listen, daemon=True).start()
    run = prepare(folder)
    send(connection, {"ready": True, "memory": peak_memory()})
    while True:
        job = jobs.get()
        send(connection, outcome(partial(run, job, tell_epoch, stop.is_set)))


def outcome(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What to tell the driver at the end of a job."""
    try:
        result = run()
    except OSError as error:  # not the trial's fault: the next one could not be written either
        traceback.print_exc()
        return {"disk": str(error)}
    except Exception as error:  # a trial's fault is its result; the search goes on
        traceback.print_exc()
        result = failed(error).to_json()
    return {"result": result, "memory": peak_memory()}


def failed(error: Exception) -> Result:
    """Make the result of a trial that raised something."""
    said = str(error).strip()
    reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return Result(status="failed", reason=reason)


def send(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


def peak_memory() -> int:
    """Largest resident size of this process so far, in bytes."""
    try:
        # not getrusage: on Linux it counts what the driver's memory was when it started this
        match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        match = None
    if match is not None:
        return int(match[1]) << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10  # macOS counts bytes, others KiB
