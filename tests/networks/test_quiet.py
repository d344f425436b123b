"""Who sees a GPU: processes that train do, one that writes or reads models does not."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from rnnauto.errors import RnnautoError
from rnnauto.networks.quiet import check_no_gpu, import_tensorflow

pytestmark = pytest.mark.train


class Machine:
    """The devices of a machine with a GPU, as TensorFlow tells and changes them."""

    def __init__(self, *, in_use=False):
        self.visible, self.growing, self.threads, self.in_use = ["gpu"], [], [], in_use

    def hide(self, devices, kind):
        if self.in_use:
            raise RuntimeError("Visible devices cannot be modified after being initialized")
        assert kind == "GPU"
        self.visible = devices


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"])
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: made.visible)
    monkeypatch.setattr(tf.config, "set_visible_devices", made.hide)
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda device, on: made.growing.append(device)
    )
    for pool in ("intra", "inter"):
        name = f"set_{pool}_op_parallelism_threads"
        monkeypatch.setattr(tf.config.threading, name, made.threads.append)
    return made


def test_a_process_that_writes_models_sees_no_gpu(machine):
    import_tensorflow()
    assert (machine.visible, machine.growing, machine.threads) == ([], [], [])
    check_no_gpu()


def test_a_worker_keeps_its_gpu(machine):
    import_tensorflow(threads=2)
    assert (machine.visible, machine.growing, machine.threads) == (["gpu"], ["gpu"], [2, 2])


def test_where_the_gpu_is_in_use_models_are_read_and_not_written(machine):
    machine.in_use = True
    import_tensorflow()
    with pytest.raises(RnnautoError, match="already works on a GPU in this process") as caught:
        check_no_gpu()
    assert "in a process of its own" in caught.value.hint


def test_this_process_sees_none_either():
    assert tf.config.get_visible_devices("GPU") == []


BARE = """
import gc, os, sys
from rnnauto.networks.quiet import NEEDLESS, import_bare
looks = []
gc.callbacks.append(lambda phase, info: looks.append(phase))
import_bare()
print(looks.count("start") < 2, gc.isenabled())
print(sorted({"keras", "tensorflow"} & set(sys.modules)), sorted(set(NEEDLESS) & set(sys.modules)))
print(len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 1)
import pandas, scipy, sklearn
"""


def test_a_worker_imports_nothing_of_keras_that_it_does_not_need_and_may_fork():
    # keras 3.15.1 imports scikit-learn, scipy.stats and pandas wherever they are installed
    # (findings/keras_imports_scikit_learn.sh), a quarter of what its import takes
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", BARE], capture_output=True, text=True, env={**os.environ, **one}
    )
    lines = ["True True", "['keras', 'tensorflow'] []", "1"]
    assert done.stdout.splitlines() == lines, done.stderr
    assert (done.returncode, done.stderr) == (0, "")
