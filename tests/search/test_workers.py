"""Real worker processes: what they are asked to do, and what becomes of those that die."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from builders import SMALL, small_study
from conftest import PATIENCE
from fake_worker import HANGS

from rnnauto.errors import StorageError
from rnnauto.recipe import Recipe
from rnnauto.search import workers
from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.starting.forks import FORKS
from rnnauto.search.starting.template import warming
from rnnauto.search.trial import Job, Proposed, Result
from rnnauto.search.workers import (
    Died,
    Finished,
    ProcessPool,
    Progressed,
    Started,
    Worker,
    pool,
)

pytestmark = pytest.mark.train


@pytest.fixture
def study(tmp_path):
    return small_study(tmp_path / "study")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A study, and a worker for it that several tests give jobs to, one after the other."""
    place = small_study(tmp_path_factory.mktemp("shared") / "study")
    with pool(place, 1) as started:
        yield place, started


def job(trial="0", *, seconds=0.1, epochs=None, **values):
    return Job(
        trial=trial, fold=0, values={**SMALL, **values}, seed=1, seconds=seconds, epochs=epochs
    )


def until(started, wanted):
    """The events up to the first of a kind."""
    seen = []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for event in started.events(1.0):
            seen.append(event)
            if isinstance(event, wanted):
                return seen
    raise AssertionError(f"no {wanted} in {PATIENCE} seconds: {seen}")


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_worker_runs_job_after_job_and_lives_through_faults_in_them(shared):
    study, started = shared
    (worker,) = started.workers
    assert (started.idle, started.busy) == (1, 0)
    started.submit(job())  # taken when the worker is ready
    assert (started.idle, started.busy) == (0, 1)
    seen = until(started, Finished)
    assert [type(event) for event in seen][:2] == [Started, Progressed]
    first = seen[-1].result
    assert (first.status, first.stopped) == ("completed", "clock")
    assert started.idle == 1
    assert (study / "weights" / "0-fold0.npz").is_file()
    assert 100 << 20 < started.peak_memory < 4 << 30

    started.submit(job("1", cell="cuckoo"))
    result = until(started, Finished)[-1].result
    assert (result.status, result.loss) == ("failed", None)
    assert result.reason == "KeyError: 'cuckoo'"

    started.submit(job("2", seconds=None))  # would go on for ever
    until(started, Progressed)
    started.stop(60)
    started.stop(60)  # asking twice does no harm
    stopped = until(started, Finished)[-1].result
    assert (stopped.status, stopped.stopped) == ("completed", "clock")
    assert stopped.loss is not None

    # the same job, in the same process and later; not the first one, whose time was over
    # within an epoch, for it had to trace its steps
    started.submit(job(seconds=None))
    until(started, Progressed)
    started.stop(60)
    again = until(started, Finished)[-1].result
    assert again.epochs[0].validation_loss == stopped.epochs[0].validation_loss
    assert started.workers == [worker]


class Asker:
    def ask(self, number):
        return Proposed(f"{number}", SMALL)

    def tell(self, trial_id, loss):
        pass


def test_a_killed_workers_job_is_run_again_once_and_the_pool_survives(study, tmp_path):
    killed = []

    def kill(news):
        (worker,) = started.workers
        running = worker.job is not None and worker.job.trial == "0"
        if running and worker.process.pid not in killed:
            killed.append(worker.process.pid)
            os.kill(worker.process.pid, signal.SIGKILL)
        if news.running.get("1-fold0"):  # it trains, and would until the deadline
            started.stop(60)

    end = time.monotonic() + PATIENCE
    with pool(study, 1) as started:
        search = Search(
            pool=started,
            folds=1,
            seed=0,
            journal_path=tmp_path / "journal.jsonl",
            deadline=lambda: end,
            notify=kill,
        )
        winner = run_search(search, Asker(), most_trials=2, refit=False)
        assert len(started.workers) == 1
    assert len(killed) == 2
    assert search.trials["0"].results[0].status == "failed"
    assert search.trials["0"].results[0].reason == "the worker process ended (signal 9)"
    assert winner.id == "1"


def test_a_worker_that_cannot_start_says_why(study):
    (study / "problem.json").unlink()
    with pool(study, 1) as started:
        started.submit(job())
        died = until(started, Died)[-1]
    assert died.job.trial == "0"
    assert died.why.startswith("the worker process ended (exit code 1): FileNotFoundError: ")
    assert "problem.json" in died.why


FAKE = (str(Path(__file__).parents[1] / "fake_worker.py"),)


@pytest.fixture
def fake(tmp_path):
    """A folder for workers whose objective is arithmetic: they take no time to start."""
    (tmp_path / "weights").mkdir()
    return tmp_path


def fake_job(trial, units, **options):
    return Job(trial, 0, {"units": units}, seed=1, **options)


def test_a_trial_that_hangs_is_killed_and_told_from_a_slow_one(fake, monkeypatch):
    monkeypatch.setattr(workers, "HANG_SECONDS", 0.5)
    with pool(fake, 1, FAKE) as started:
        started.submit(fake_job("slow", 1, seconds=1000.0))
        assert until(started, Finished)[-1].result.status == "completed"
        pid = started.workers[0].process.pid
        started.submit(fake_job("hangs", HANGS, seconds=0.1))
        died = until(started, Died)[-1]
        assert died.why.startswith("the trial hung: it might take 0 s and was killed after ")
        assert is_gone(pid)
        started.submit(fake_job("next", 1))
        assert until(started, Finished)[-1].job.trial == "next"


def test_a_worker_that_does_not_stop_in_time_is_replaced(fake):
    with pool(fake, 1, FAKE) as started:
        pid = started.workers[0].process.pid
        os.kill(pid, signal.SIGSTOP)  # it hears nothing, as one that waits for its disk
        started.submit(fake_job("stuck", 1))
        started.stop(0.1)
        died = until(started, Died)[-1]
        assert died.job.trial == "stuck"
        assert died.why == "the trial did not stop in time and was killed"
        assert started.idle == 1
        assert started.workers[0].process.pid != pid
        assert is_gone(pid)


def test_a_worker_is_replaced_after_so_many_jobs(fake, monkeypatch):
    monkeypatch.setattr(workers, "MOST_JOBS", 2)
    with pool(fake, 1, FAKE) as started:
        pids = []
        for number in range(5):
            pids.append(started.workers[0].process.pid)
            started.submit(fake_job(str(number), 1))
            until(started, Finished)
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_a_worker_that_has_grown_too_big_is_replaced(fake, monkeypatch):
    monkeypatch.setattr(workers, "MOST_GROWTH", -1)
    with pool(fake, 1, FAKE) as started:
        (worker,) = started.workers
        started.submit(fake_job("3", 1))
        assert until(started, Finished)[-1].result.status == "completed"
        (successor,) = started.workers
        assert successor.process.pid != worker.process.pid
        assert is_gone(worker.process.pid)
    wait_for(lambda: is_gone(successor.process.pid))


@pytest.mark.parametrize(("memory", "kept"), [(2_200, True), (2_300, False)])
def test_what_a_worker_has_taken_before_its_first_job_is_no_growth(memory, kept):
    """With a GPU that is 1.5 GB and more: each worker was replaced after each trial."""
    worker = Worker(None, None, None, job=job())
    started, replaced = ProcessPool(Path(), workers=[worker]), []
    started.replace = replaced.append
    list(started.heard(worker, {"ready": True, "memory": 1_500 << 20}))
    result = Result(status="failed", reason="none").to_json()
    list(started.heard(worker, {"result": result, "memory": memory << 20}))
    assert (replaced == []) is kept


def test_a_full_disk_is_not_a_trials_fault(shared):
    study, started = shared
    weights = study / "weights"
    weights.rename(study / "aside")
    started.submit(job())
    with pytest.raises(StorageError) as caught:
        until(started, Finished)
    (study / "aside").rename(weights)
    assert caught.value.message.startswith("a trial could not be written: [Errno 2] ")
    assert "--resume" in caught.value.hint


DRIVER = """
import sys, time
from pathlib import Path
from rnnauto.search.workers import pool
with pool(Path(sys.argv[1]), 2) as started:
    print(*[worker.process.pid for worker in started.workers], flush=True)
    while not any(worker.ready for worker in started.workers):
        list(started.events(1.0))
    print("ready", flush=True)
    time.sleep(600)
"""


def test_workers_end_when_their_driver_is_killed(study):
    command = [sys.executable, "-c", DRIVER, str(study)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        pids = [int(word) for word in driver.stdout.readline().split()]
        assert len(pids) == 2
        assert driver.stdout.readline() == "ready\n"
        assert not any(is_gone(pid) for pid in pids)
        driver.kill()
    wait_for(lambda: all(is_gone(pid) for pid in pids))


def test_a_workers_memory_is_its_own_and_not_its_drivers():
    # else every worker of a driver with much data would be replaced after every job
    ballast = np.ones(500 << 20, np.uint8)
    program = "from rnnauto.search.worker import peak_memory; print(peak_memory())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert 10 << 20 < int(done.stdout) < ballast.nbytes


def test_workers_have_one_thread_and_a_session_of_their_own(shared):
    _, started = shared
    (worker,) = started.workers
    while not worker.ready:  # before it runs, a process may still show its parent's environment
        until(started, Started)
    process = psutil.Process(worker.process.pid)
    environment = process.environ()
    # Ctrl-C in a terminal reaches the driver's group only
    assert os.getsid(process.pid) == process.pid != os.getsid(0)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        assert environment[name] == "1"


def test_a_job_whose_worker_is_not_ready_is_not_waited_for(study):
    with pool(study, 1) as started:
        started.submit(job("early"))
        started.stop(600)
        begun = time.monotonic()
        died = until(started, Died)[-1]
        assert died.job.trial == "early"
        assert time.monotonic() - begun < 60


@pytest.mark.skipif(not FORKS, reason="workers are not forked here")
def test_workers_are_forked_from_what_was_started_before_them(tmp_path):
    (tmp_path / "weights").mkdir()
    with warming(Recipe()) as template, pool(tmp_path, 1, template=template) as workers:
        assert workers.template is template
        assert psutil.Process(workers.workers[0].process.pid).ppid() == template.process.pid
    assert template.process.returncode is not None
    on_a_cluster = Recipe().with_overrides({"search.workers": "ray"})
    with warming(Recipe(), forks=False) as none, warming(on_a_cluster) as none_either:
        assert none is none_either is None
