"""What trains the networks of a search: the processor, or a GPU."""

import json
from pathlib import Path

import pytest
from builders import SMALL, small_study

from rnnauto.errors import RnnautoError
from rnnauto.networks import cudnn
from rnnauto.recipe import Recipe
from rnnauto.search.starting import device
from rnnauto.search.starting.device import Measured, check_device, measure_apart, trains_on_gpu
from rnnauto.search.starting.template import warming
from rnnauto.search.trial import Job
from rnnauto.search.workers import Started, pool

pytestmark = pytest.mark.train

HERE = not device.lack()
NO_GPU = "no driver of Nvidia is here"


@pytest.fixture
def gpu(monkeypatch):
    """A GPU may be here."""
    monkeypatch.setattr(device, "lack", lambda: "")


def chosen(wanted, *, gpu, core, first=(SMALL,)):
    """What trains, what was said, and of what a step was measured where."""
    said, asked = [], []

    def measure(study, job, on_gpu):
        asked.append((on_gpu, job.values["cell"]))
        return gpu if on_gpu else core

    found = trains_on_gpu(wanted, Path("study"), first, said.append, measure=measure)
    return found, said, sorted(asked)


def test_without_a_gpu_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(device, "lack", lambda: NO_GPU)
    for wanted in ("auto", "cpu"):
        assert chosen(wanted, gpu=None, core=None) == (False, [], [])
        check_device(wanted)
    with pytest.raises(RnnautoError, match=f"TensorFlow has no GPU here: {NO_GPU}") as caught:
        check_device("gpu")
    assert "rnnauto[gpu]" in caught.value.hint


def test_the_faster_one_trains(gpu):
    slow, fast = Measured(0.0081), Measured(0.0032)
    assert chosen("auto", gpu=slow, core=fast)[:2] == (
        False,
        [
            "device: the processor (a training step takes 8.1 ms on the GPU, 3.2 ms on a core; "
            "`--device` chooses)"
        ],
    )
    assert chosen("auto", gpu=fast, core=slow)[0] is True
    assert chosen("cpu", gpu=fast, core=slow) == (False, [], [])


def test_a_gpu_that_does_not_work_is_told_and_left_alone(gpu):
    broken = Measured(None, "out of memory")
    assert chosen("auto", gpu=broken, core=Measured(0.1))[:2] == (
        False,
        ["device: the processor (on the GPU: out of memory)"],
    )
    alone = chosen("auto", gpu=Measured(0.1), core=Measured(None, "KeyError: 'none'"))
    assert alone[0] is True and "KeyError: 'none' on a core" in alone[1][0]
    with pytest.raises(RnnautoError, match="on the GPU: out of memory"):
        chosen("gpu", gpu=broken, core=None)


def test_a_gpu_that_is_asked_for_is_not_compared(gpu):
    found, said, asked = chosen("gpu", gpu=Measured(0.0081), core=None)
    assert (found, asked) == (True, [(True, SMALL["cell"])])
    assert said == ["device: the GPU (a training step takes 8.1 ms)"]


def test_a_step_of_a_cell_that_cudnn_has_is_measured(gpu):
    first = [{**SMALL, "cell": cell} for cell in ("simple_rnn", "gru", "lstm")]
    steps = {"gpu": Measured(0.1), "core": Measured(0.1)}
    assert {cell for _, cell in chosen("auto", **steps, first=first)[2]} == {"gru"}
    assert {cell for _, cell in chosen("auto", **steps, first=first[:1])[2]} == {"simple_rnn"}


def test_a_step_is_measured_in_a_process_of_its_own(tmp_path):
    study = small_study(tmp_path / "study")
    found = measure_apart(study, Job("step", 0, SMALL, seed=0), gpu=False)
    assert found.why == "" and 0 < found.seconds < 5
    assert not list((study / "weights").iterdir())


def told(*messages, gpu):
    """What is made of these messages of a process, which says no more."""
    left = [json.dumps(message).encode() for message in ({"ready": True}, *messages)]
    return device.heard(lambda: left.pop(0), lambda seconds: bool(left), gpu=gpu)


def test_what_a_process_has_measured_is_heard():
    seen, unseen = ({"result": {"seconds_a_step": 0.1, "gpu": gpu}} for gpu in (True, False))
    assert told(seen, gpu=True) == told(unseen, gpu=False) == Measured(0.1)
    none = Measured(None, "TensorFlow sees none (`pip install 'rnnauto[gpu]'`)")
    assert told(unseen, gpu=True) == none
    failed = {"result": {"status": "failed", "reason": "KeyError: 'none'"}, "memory": 0}
    assert told(failed, gpu=True) == Measured(None, "KeyError: 'none'")
    assert told(gpu=True) == Measured(None, "no step ended within 180 s")


def test_the_last_words_of_a_process_that_measures_are_told(tmp_path):
    lost = measure_apart(tmp_path, Job("step", 0, SMALL, seed=0), gpu=False)
    assert lost.seconds is None and "FileNotFoundError" in lost.why


WORKER = """
import json, os, sys, time
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
said = {"ready": True, "memory": 0}
open(os.path.join(sys.argv[2], "seen"), "w").write(str(os.environ.get("CUDA_VISIBLE_DEVICES")))
connection.send_bytes(json.dumps(said).encode())
time.sleep(600)
"""


@pytest.mark.parametrize(("gpu", "seen"), [(False, "-1"), (True, "5")])
def test_only_workers_that_are_to_use_it_see_a_gpu(gpu, seen, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    (tmp_path / "worker.py").write_text(WORKER)
    with pool(tmp_path, 1, (str(tmp_path / "worker.py"),), forks=False, gpu=gpu) as started:
        heard = []
        while not heard:
            heard = list(started.events(1.0))
    assert heard == [Started()]
    assert (tmp_path / "seen").read_text() == seen


def test_workers_that_use_a_gpu_are_not_forked(tmp_path):
    wanted = Recipe.parse({"search": {"device": "gpu"}})
    with warming(wanted) as template, pool(tmp_path, 0, gpu=True) as started:
        assert template is None and started.template is None


def test_on_a_processor_there_is_no_cudnn():
    by_cudnn, difference = cudnn.run_layer()
    assert not by_cudnn and difference < 1e-6


@pytest.mark.skipif(not HERE, reason="no GPU is here")
def test_a_step_is_measured_on_a_gpu(tmp_path):
    study = small_study(tmp_path / "study")
    found = measure_apart(study, Job("step", 0, SMALL, seed=0), gpu=True)
    assert found.why == "" and found.seconds > 0
