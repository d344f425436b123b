"""What a search may ask of its workers: the same of processes here, forked or started anew, and of
tasks on a cluster."""

import os
import signal
import time

import numpy as np
import pytest
from builders import small_study
from rays import kill_worker
from test_workers import job, until

from rnnauto.families.learners import learner_of
from rnnauto.search.study import load_weights, weights_path
from rnnauto.search.workers import Died, Finished, Progressed, pool

pytestmark = pytest.mark.train

EPOCHS = 3


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A study for each kind of workers."""
    return {kind: small_study(tmp_path_factory.mktemp(kind) / "study") for kind in KINDS}


@pytest.fixture(scope="module")
def processes(folders):
    with pool(folders["processes"], 1) as started:
        yield started


@pytest.fixture(scope="module")
def spawned(folders):
    with pool(folders["spawned"], 1, forks=False) as started:
        yield started


@pytest.fixture(scope="module")
def tasks(cluster, folders):
    from rnnauto.search.ray_workers import ray_pool

    opened = ray_pool(folders["tasks"], learner_of=learner_of, address=cluster.address, cores=1)
    with opened as started:
        yield started


def kill_process(started):
    os.kill(started.workers[0].process.pid, signal.SIGKILL)


KINDS = {"processes": kill_process, "spawned": kill_process, "tasks": lambda started: kill_worker()}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def started(kind, request):
    return request.getfixturevalue(kind)


def ended(started, **options):
    """How a job ended, and the epochs that were told before."""
    started.submit(job(**options))
    assert (started.busy, started.idle) == (1, 0)
    seen = until(started, Finished)
    assert (started.busy, started.idle) == (0, 1)
    return seen[-1], [event.epoch for event in seen if isinstance(event, Progressed)]


def test_a_job_tells_its_epochs_and_leaves_its_weights(started, kind, folders):
    finished, epochs = ended(started, trial="told", seconds=None, epochs=EPOCHS)
    assert finished.job.trial == "told"
    assert finished.result.status == "completed"
    assert [epoch.number for epoch in epochs] == list(range(1, EPOCHS + 1))
    assert tuple(epochs) == finished.result.epochs
    assert finished.result.loss == min(epoch.validation_loss for epoch in epochs)
    assert load_weights(weights_path(folders[kind], finished.job.name))


def test_a_job_that_fails_says_why_and_the_next_one_runs(started, kind, folders):
    result = ended(started, trial="odd", cell="cuckoo")[0].result
    assert (result.status, result.loss) == ("failed", None)
    assert result.reason == "KeyError: 'cuckoo'"
    assert not weights_path(folders[kind], "odd-fold0").exists()
    assert ended(started, trial="next", seconds=None, epochs=1)[0].result.status == "completed"


def test_a_job_that_is_stopped_ends_with_what_it_has(started):
    started.submit(job("long", seconds=100.0))
    until(started, Progressed)
    started.stop(60)
    started.stop(60)  # asking twice does no harm
    result = until(started, Finished)[-1].result
    assert (result.status, result.stopped) == ("completed", "clock")
    assert result.loss is not None


def test_a_worker_that_dies_is_told_of_with_its_job_and_another_takes_its_place(started, kind):
    started.submit(job("dies", seconds=100.0))
    until(started, Progressed)
    KINDS[kind](started)
    died = until(started, Died)[-1]
    assert died.job.trial == "dies"
    assert "ended" in died.why
    assert (started.busy, started.idle) == (0, 1)
    assert ended(started, trial="after", seconds=None, epochs=1)[0].result.status == "completed"


def test_nobody_waits_longer_for_news_than_was_asked_for(started):
    begun = time.monotonic()
    assert not [event for event in started.events(0.2) if isinstance(event, Finished | Died)]
    assert time.monotonic() - begun < 30


def test_a_job_comes_to_the_same_whoever_runs_it(processes, spawned, tasks, folders):
    results = [
        ended(started, trial="same", seconds=None, epochs=EPOCHS)[0]
        for started in (processes, spawned, tasks)
    ]
    first, *others = (
        [epoch.validation_loss for epoch in finished.result.epochs] for finished in results
    )
    assert others == [first, first]
    left = [load_weights(weights_path(folders[kind], "same-fold0")) for kind in KINDS]
    for here, *elsewhere in zip(*left, strict=True):
        for there in elsewhere:
            np.testing.assert_array_equal(here, there)
