"""Choose what trains the networks of a search: the cores of this machine, or its GPU.

A training step takes a GPU as long as its calls take, whatever the network's size; a core takes
less for a small network and many times more for a large one. So one step is measured on both.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ctypes.util import find_library
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from rnnauto.errors import RnnautoError
from rnnauto.networks.quiet import passing_file
from rnnauto.search.space import consistent
from rnnauto.search.starting.template import PROGRAM, run
from rnnauto.search.study import Study
from rnnauto.search.trial import Job, Values
from rnnauto.search.workers import lines_of

DRIVER_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # of Nvidia's driver; of WSL's
INSTALL = "pip install 'rnnauto[gpu]'"
ON_GPU = ("lstm", "gru")
MEASURE = "measure"  # what a worker is sent in the place of a job
STEPS, STEP_SECONDS = 20, 3.0  # so many are measured, or as many as begin in that time
READ = 32  # sequences of the validation part, which is read once all is measured
LONGEST = 180.0  # seconds until a process must have measured, its imports counted in


@dataclass(frozen=True)
class Measured:
    """How long a training step takes somewhere.

    Attributes:
        seconds: None: it could not be measured.
        why: what went wrong, "" where nothing did.
    """

    seconds: float | None
    why: str = ""

    @property
    def shown(self) -> str:
        return self.why if self.seconds is None else f"{1000 * self.seconds:.1f} ms"


def lack() -> str:
    """Say what TensorFlow would need for a GPU and is not here, without importing it; "" where
    nothing is missing."""
    if not any(path.exists() for path in DRIVER_FILES):
        return "no driver of Nvidia is here"
    if not has_package("nvidia.cudnn") and find_library("cudnn") is None:
        return "cuDNN is not installed"
    return ""


def has_package(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # what holds it is not there either
        return False


def check_device(wanted: str) -> None:
    """Check that there may be what a recipe wants. Raises: RnnautoError where it wants a GPU, and
    there is no driver of one."""
    missing = lack() if wanted == "gpu" else ""
    if missing:
        raise RnnautoError(
            f"`--device gpu`: TensorFlow has no GPU here: {missing}",
            hint=f"{INSTALL}, on a machine with one; or leave `--device` out",
        )


def trains_on_gpu(
    wanted: str,
    study: Path,
    first: Sequence[Values],
    say: Callable[[str], None],
    *,
    measure: Callable[[Path, Job, bool], Measured] | None = None,
) -> bool:
    """Say whether the trials of a study are trained on the GPU. Raises: RnnautoError where that is
    wanted, and cannot be.

    Args:
        first: the settings that are tried first, of which one is measured.
        measure: measures one in a process of its own; given the study's folder, a job, and whether
            it sees the GPU.
    """
    if wanted == "cpu" or (wanted == "auto" and lack()):
        return False
    measure = measure or measure_apart
    job = Job("step", 0, consistent(dict(measured_one(first))), seed=0)
    if wanted == "gpu":
        there = measure(study, job, True)
        if there.seconds is None:
            raise RnnautoError(
                f"`--device gpu`: no network can be trained on the GPU: {there.why}",
                hint="`rnnauto doctor` says what TensorFlow sees; `--device cpu` trains without",
            )
        say(f"device: the GPU (a training step takes {there.shown})")
        return True
    with ThreadPoolExecutor(2) as both:
        there, here = both.map(partial(measure, study, job), (True, False))
    if there.seconds is None:
        say(f"device: the processor (on the GPU: {there.shown})")
        return False
    faster = here.seconds is None or there.seconds < here.seconds
    say(
        f"device: {'the GPU' if faster else 'the processor'} (a training step takes {there.shown} "
        f"on the GPU, {here.shown} on a core; `--device` chooses)"
    )
    return faster


def measured_one(first: Sequence[Values]) -> Values:
    """Take the first setting of a cell that cuDNN has; another one where there is none."""
    return next((values for values in first if values["cell"] in ON_GPU), first[0])


def measure_apart(study: Path, job: Job, gpu: bool) -> Measured:
    """Measure a training step in a process of its own."""
    ours, theirs = Pipe()
    with passing_file() as log, ours:
        process = run(PROGRAM, theirs.fileno(), str(study), log=log, gpu=gpu)
        theirs.close()
        try:
            ours.send_bytes(json.dumps({"job": {MEASURE: job.to_json()}}).encode())
            return heard(ours.recv_bytes, ours.poll, gpu=gpu)
        except (EOFError, OSError):
            return Measured(None, (lines_of(log) or ["the process ended"])[-1])
        finally:
            process.kill()
            process.wait()


def heard(receive: Callable[[], bytes], poll: Callable[[float], bool], *, gpu: bool) -> Measured:
    """Wait for what a process has measured."""
    end = time.monotonic() + LONGEST
    while poll(max(0.0, end - time.monotonic())):
        message = json.loads(receive())
        if "result" not in message:
            continue
        result = message["result"]
        if "seconds_a_step" not in result:
            return Measured(None, result["reason"])
        if gpu and not result["gpu"]:
            return Measured(None, f"TensorFlow sees none (`{INSTALL}`)")
        return Measured(result["seconds_a_step"])
    return Measured(None, f"no step ended within {LONGEST:.0f} s")


def measure_step(raw: dict[str, Any], study: Study) -> dict[str, Any]:
    """Train a few steps of a job in this process, and tell the median of their seconds, the first
    left out: that one is traced. Whatever a family's training is like, it asks after each step
    whether to stop."""
    import tensorflow as tf

    job = Job(**raw)
    train, validation = study.folds[job.fold]
    ended: list[float] = []

    def stopping() -> bool:
        ended.append(time.monotonic())
        return len(ended) > STEPS or ended[-1] - ended[0] > STEP_SECONDS

    study.learner.train(
        *(study.learner, job, study.problem, study.data),
        fold=(train, validation[:READ]),
        stopping=stopping,
    )
    took = [after - before for before, after in zip(ended, ended[1:], strict=False)]
    return {
        "seconds_a_step": statistics.median(took),
        "gpu": bool(tf.config.get_visible_devices("GPU")),
    }
