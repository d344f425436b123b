"""Check whether rnnauto works here: versions, what the machine has, a small fit from end to end."""

import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from rnnauto.budget import usable_cores
from rnnauto.errors import StorageError
from rnnauto.fitted import Watch
from rnnauto.networks.quiet import passing_file
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe
from rnnauto.search.fingerprint import versions
from rnnauto.search.starting.device import LONGEST, lack

DATA = Path(__file__).with_name("doctor.csv")
LEAST_ACCURACY = 0.8  # measured 1.0; the sequences differ in the order of their numbers alone
MEMORY = Path("/proc/meminfo")
RECIPE = {
    "data": {"target": "order"},
    "split": {"folds": 1},
    "search": {
        "trials": 1,
        "budget": 300,
        "space": {
            "cell": ["lstm"],
            "units": [16],
            "layers": [1],
            "patch": [1],
            "pooling": ["last"],
            "bidirectional": [False],
            "dropout": [0.0],
            "weight_drop": [0.0],
            "augment": ["none"],
            "learning_rate": [0.01],
            "batch_size": [16],
        },
    },
    "train": {"epochs": 25, "refit": "off"},
    "judge": {"diagnose": False},
}


@dataclass(frozen=True)
class TryFit:
    """A fit from end to end.

    Attributes:
        accuracy: on its test part; None where the fit failed.
        failure: the traceback, or what is wrong with the place for files; "" where there is none.
    """

    seconds: float
    accuracy: float | None
    failure: str

    @property
    def healthy(self) -> bool:
        return self.accuracy is not None and self.accuracy >= LEAST_ACCURACY


def machine() -> dict[str, Any]:
    """Read versions, cores, free memory and disk. Memory is null where /proc does not tell it."""
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "versions": {**versions(), "typer": version("typer"), "pydantic": version("pydantic")},
        "cores": usable_cores(),
        "free_memory_gb": free_memory(),
        "free_disk_gb": free_disk(),
    }


def free_disk() -> float | None:
    """Measure what is free for temporary files, GB; None where no place takes any."""
    try:
        return round(shutil.disk_usage(tempfile.gettempdir()).free / 1e9, 1)
    except FileNotFoundError:
        return None


def free_memory() -> float | None:
    if not MEMORY.exists():
        return None
    for line in MEMORY.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return round(int(line.split()[1]) * 1024 / 1e9, 1)
    return None


def devices() -> dict[str, Any]:
    """List what TensorFlow sees, whether recurrent layers run on a GPU, which loops networks are
    trained by, and its threads (0: as it likes); of a TensorFlow that cannot be imported why so."""
    from rnnauto.networks.quiet import import_tensorflow

    try:
        import_tensorflow()
        import tensorflow as tf
    except Exception as error:
        return {"devices": [], "gpu": f"TensorFlow cannot be imported: {error}"}

    found = tf.config.list_physical_devices()
    gpu = any(each.device_type == "GPU" for each in found)
    return {
        "devices": [f"{device.device_type} {device.name}" for device in found],
        "gpu": try_gpu() if gpu else lack() or "TensorFlow sees none",
        "training_loops": training_loops(gpu=gpu),
        "threads": {
            "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
            "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
        },
    }


def try_gpu() -> str:
    """Say whether a recurrent layer runs on the GPU, in a process of its own: this one hides it."""
    with passing_file() as file:
        handle = file.fileno()
        command = [sys.executable, "-P", "-m", "rnnauto.networks.cudnn", str(handle)]
        try:
            subprocess.run(
                command, pass_fds=[handle], capture_output=True, timeout=LONGEST, check=True
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip() or "?"
            return f"the process that tried it ended: {said.splitlines()[-1]}"
        except subprocess.TimeoutExpired:
            return f"a recurrent layer did not run within {LONGEST:.0f} s"
        file.seek(0)
        return gpu_words(json.loads(file.read()))


def gpu_words(found: dict[str, Any]) -> str:
    """Say in words what `rnnauto.networks.cudnn` has found."""
    if not found["gpus"]:
        return "TensorFlow sees none where it may"
    names = ", ".join(found["gpus"])
    if found["fault"]:
        return f"{names}: a recurrent layer fails: {found['fault']}"
    how = "cuDNN runs" if found["cudnn"] else "without cuDNN"
    return f"{names}: {how}, {found['difference']:.0e} from the processor's way"


def training_loops(*, gpu: bool) -> str:
    """Say which loops recurrent layers are trained by, and why not by the fastest."""
    from rnnauto.networks.kernels.here import kernel_of

    found = kernel_of("lstm")
    here = f"compiled for {found.said}" if found.kernel else f"TensorFlow's: {found.said}"
    return f"{here}; on the GPU cuDNN's, of simple RNNs TensorFlow's" if gpu else here


def try_fit(watch: Watch = lambda news: None) -> TryFit:
    """Fit the bundled data into a temporary folder, and read the model back.

    Whatever goes wrong is what was asked for: it is returned, mostly as a traceback.
    """
    from rnnauto.model import load

    started = time.monotonic()
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        failure = f"the fit needs a place for temporary files: {error.strerror}; set TMPDIR to one"
        return TryFit(time.monotonic() - started, None, failure)
    try:
        with tempfile.TemporaryDirectory(prefix="rnnauto-doctor-") as place:
            folder = Path(place) / "model"
            fitted = fit(DATA, Recipe.parse(RECIPE), folder=folder, started=started, watch=watch)
            predicted = load(folder).predict(DATA)
            assert predicted.height == pl.read_csv(DATA, glob=False)["sequence"].n_unique()
            accuracy = fitted.evaluation.metrics["accuracy"].value
    except StorageError as error:
        return TryFit(time.monotonic() - started, None, f"{error.message}; {error.hint}")
    except Exception:
        return TryFit(time.monotonic() - started, None, traceback.format_exc())
    return TryFit(time.monotonic() - started, accuracy, "")
