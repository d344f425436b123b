import json

import pytest
from in_process import in_process
from typer.testing import CliRunner

from rnnauto import doctor
from rnnauto.cli.app import app

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


def test_the_bundled_data_are_learnt_from_end_to_end():
    with in_process():
        found = CliRunner().invoke(app, ["doctor", "--json"])
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert report["healthy"] and report["failure"] is None
    assert report["accuracy"] >= doctor.LEAST_ACCURACY
    assert any(each.startswith("CPU") for each in report["devices"])
