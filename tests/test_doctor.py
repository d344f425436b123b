import json

import pytest
from in_process import in_process
from typer.testing import CliRunner

from rnnauto import doctor
from rnnauto.cli.app import app
from rnnauto.networks.kernels import here

pytestmark = pytest.mark.train


def test_the_machine_is_described():
    found = doctor.machine()
    assert found["versions"]["rnnauto"] and found["cores"] >= 1
    assert found["free_disk_gb"] > 0


def test_a_failure_is_a_real_traceback(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "DATA", tmp_path / "absent.csv")
    trial = doctor.try_fit()
    assert not trial.healthy
    assert trial.failure.startswith("Traceback") and "absent.csv" in trial.failure


def test_no_place_for_temporary_files_is_said_in_words(monkeypatch):
    def none_usable():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(doctor.tempfile, "gettempdir", none_usable)
    failure = doctor.try_fit().failure
    assert "No usable temporary directory" in failure and "Traceback" not in failure


def test_an_answer_no_better_than_chance_is_not_healthy():
    assert not doctor.TryFit(1.0, 0.5, "").healthy


def test_the_loops_of_training_are_said_and_why_they_are_not_the_fastest(monkeypatch):
    none = here.Found(None, "llvmlite is not installed")
    monkeypatch.setattr(here, "kernel_of", lambda cell: none)
    assert doctor.training_loops(gpu=False) == "TensorFlow's: llvmlite is not installed"
    assert doctor.training_loops(gpu=True).endswith(
        "on the GPU cuDNN's, of simple RNNs TensorFlow's"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"gpus": []}, "TensorFlow sees none where it may"),
        (
            {"gpus": ["H100"], "cudnn": True, "difference": 5e-5, "fault": None},
            "H100: cuDNN runs, 5e-05 from the processor's way",
        ),
        (
            {"gpus": ["H100"], "cudnn": False, "difference": 2e-7, "fault": None},
            "H100: without cuDNN, 2e-07 from the processor's way",
        ),
        (
            {"gpus": ["H100"], "cudnn": False, "difference": None, "fault": "no kernel"},
            "H100: a recurrent layer fails: no kernel",
        ),
    ],
)
def test_whether_a_recurrent_layer_runs_on_the_gpu_is_said(found, said):
    assert doctor.gpu_words(found) == said


def test_the_gpu_is_tried_in_a_process_of_its_own(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert doctor.try_gpu() == "TensorFlow sees none where it may"
    monkeypatch.setattr(doctor.sys, "executable", "/bin/false")
    assert doctor.try_gpu() == "the process that tried it ended: ?"


def test_a_tensorflow_that_cannot_be_imported_is_told(monkeypatch):
    def broken():
        raise ImportError("libtensorflow_cc.so.2: cannot open shared object file")

    monkeypatch.setattr("rnnauto.networks.quiet.import_tensorflow", broken)
    assert "libtensorflow_cc" in doctor.devices()["gpu"]


def test_the_bundled_data_are_learnt_from_end_to_end():
    with in_process():
        found = CliRunner().invoke(app, ["doctor", "--json"])
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert report["healthy"] and report["failure"] is None
    assert report["accuracy"] >= doctor.LEAST_ACCURACY
    assert any(each.startswith("CPU") for each in report["devices"])
    assert report["gpu"]
    assert report["training_loops"] == doctor.training_loops(gpu=False)
