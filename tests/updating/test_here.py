"""An update trains in its own process where one worker would do."""

import os
import random
from types import SimpleNamespace

import numpy as np
import pytest

from rnnauto.errors import StorageError
from rnnauto.recipe import Recipe
from rnnauto.search.trial import Epoch, Job, Result
from rnnauto.search.workers import Finished, Progressed
from rnnauto.updating.here import here, import_to_train, one_thread

pytestmark = pytest.mark.train

JOB = Job(trial="update-1", fold=0, values={}, seed=1, seconds=60.0)
EPOCH = Epoch(number=1, train_loss=0.5, validation_loss=0.4, learning_rate=0.01)


@pytest.fixture
def run_job(monkeypatch):
    """Have jobs be what a test says."""

    def become(job):
        monkeypatch.setattr("rnnauto.search.run_job.run_job", job)

    return become


def said_by(worker):
    found = []
    while worker.busy:
        found += worker.events(5.0)
    return found


def test_a_job_tells_its_epochs_and_its_end(run_job):
    def trained(raw, study, *, on_epoch, stopping):
        on_epoch(EPOCH)
        assert (raw, study) == (JOB.to_json(), "the study")
        random.seed(5)
        np.random.seed(5)
        return Result(status="completed", loss=0.4).to_json()

    run_job(trained)
    states = random.getstate(), np.random.get_state()[1].tolist()
    with here("the study") as worker:
        assert (worker.idle, worker.busy) == (1, 0)
        worker.submit(JOB)
        assert worker.idle == 0
        first, last = said_by(worker)
    assert first == Progressed(JOB, EPOCH)
    assert isinstance(last, Finished) and last.result.loss == 0.4
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


def test_a_job_that_is_told_to_stop_ends_with_what_it_has(run_job):
    def until_told(raw, study, *, on_epoch, stopping):
        while not stopping():
            pass
        return Result(status="completed", loss=1.0, stopped="clock").to_json()

    run_job(until_told)
    with here(None) as worker:
        worker.submit(JOB)
        assert list(worker.events(0.01)) == []
        worker.stop(1.0)
        (told,) = said_by(worker)
        assert told.result.stopped == "clock"
        worker.submit(JOB)
    assert not worker.thread.is_alive()  # whoever leaves waits for nothing more


def test_a_job_that_fails_is_a_result_and_a_full_disk_an_error(run_job, capsys):
    run_job(lambda raw, study, **watched: [][0])
    with here(None) as worker:
        worker.submit(JOB)
        (told,) = said_by(worker)
        assert (told.result.status, told.result.reason[:10]) == ("failed", "IndexError")

        def full(raw, study, **watched):
            raise OSError(28, "No space left on device")

        run_job(full)
        worker.submit(JOB)
        with pytest.raises(StorageError, match="No space left"):
            said_by(worker)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("workers", "networks", "why"),
    [(2, 2, "several at once"), ("ray", 1, "a cluster"), (1, 1, "TensorFlow is in use")],
)
def test_workers_train_where_this_process_cannot(workers, networks, why):
    recipe = Recipe.parse({"search": {"workers": workers, "trials": 5}})
    prepared = SimpleNamespace(parts=SimpleNamespace(folds=(None,)))
    task = SimpleNamespace(recipe=recipe, prepared=prepared)
    assert import_to_train(task, networks) is None, why


def test_the_environment_is_afterwards_what_it_was(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS", raising=False)
    with one_thread():
        assert os.environ["TF_NUM_INTRAOP_THREADS"] == os.environ["TF_NUM_INTEROP_THREADS"] == "1"
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "7"
    assert "TF_NUM_INTEROP_THREADS" not in os.environ
