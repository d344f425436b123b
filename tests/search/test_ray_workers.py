"""A real Ray cluster on this machine: its trials, and what becomes of them when a node dies."""

import json
import os
import signal
import time

import polars as pl
import pytest
from builders import SMALL, small_study
from conftest import DATA, PATIENCE
from in_process import in_process
from rays import another_node
from test_workers import job, until

import rnnauto as api
from rnnauto.budget import usable_cores
from rnnauto.errors import RnnautoError
from rnnauto.families.learners import learner_of
from rnnauto.search.driver import run_search
from rnnauto.search.loop import Search
from rnnauto.search.study import load_weights, weights_path
from rnnauto.search.trial import Proposed
from rnnauto.search.workers import Finished, Progressed

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def second(cluster):
    """One more node; its GPU is one that Ray is only told of."""
    started = another_node(cluster, num_gpus=1)
    yield started
    if started in cluster.worker_nodes:
        cluster.remove_node(started)


@pytest.fixture
def pool_of(cluster):
    from rnnauto.search.ray_workers import ray_pool

    return lambda study: ray_pool(study, learner_of=learner_of, address=cluster.address, cores=1)


def test_a_node_with_other_packages_is_an_error(pool_of, tmp_path):
    handler = signal.getsignal(signal.SIGTERM)
    with pool_of(small_study(tmp_path / "study")) as started:
        assert signal.getsignal(signal.SIGTERM) == handler
        started.wanted = {**started.wanted, "keras": "2.0.0"}
        started.submit(job())
        with pytest.raises(RnnautoError, match=r"has keras 3.* \(here: 2.0.0\)"):
            until(started, Finished)


def test_gpus_that_no_node_has_are_an_error(cluster, tmp_path):
    from rnnauto.search.ray_workers import Share, ray_pool

    there = {"learner_of": learner_of, "address": cluster.address, "cores": 1}
    with (
        pytest.raises(RnnautoError, match="no node of the Ray cluster has the 2 GPUs"),
        ray_pool(small_study(tmp_path / "study"), **there, share=Share(0.5, 2)),
    ):
        pass


def test_a_trial_takes_its_share_of_a_node_and_no_more(cluster, second, tmp_path):
    """What Ray gives to whom of a GPU is its own bookkeeping."""
    import ray

    from rnnauto.search.ray_workers import Share, ray_pool

    study = small_study(tmp_path / "study")
    there = {"learner_of": learner_of, "address": cluster.address, "cores": 1}
    with ray_pool(study, **there, share=Share(0.5, 0.5)) as started:
        assert len(started.workers) == 2  # of four by processors, for there is one GPU
        started.submit(job(seconds=100.0))
        until(started, Progressed)
        assert ray.available_resources()["GPU"] == pytest.approx(0.5)
        started.stop(60)
        assert until(started, Finished)[-1].result.status == "completed"


class Asker:
    """Trials that differ; the first is short, so that two others train when it has ended."""

    def ask(self, number):
        values = {**SMALL, "learning_rate": 0.001 * (number + 1)}
        return Proposed(f"{number}", values, epochs=None if number else 10)

    def tell(self, trial, loss):
        pass


def test_a_node_dies_and_the_search_completes_with_every_trial_once(
    cluster, second, pool_of, tmp_path
):
    study = small_study(tmp_path / "study", epochs=300)
    killed_at = []

    def watch(news):
        both_train = sum(epoch is not None for epoch in news.running.values()) == 2
        done = {trial.id for trial in news.trials if trial.completed}
        if done and both_train and not killed_at:
            killed_at.append(done)
            cluster.remove_node(second, allow_graceful=False)

    end = time.monotonic() + PATIENCE
    with pool_of(study) as started:
        assert len(started.workers) == 2
        search = Search(
            pool=started,
            folds=1,
            seed=0,
            journal_path=tmp_path / "journal.jsonl",
            deadline=lambda: end,
            notify=watch,
        )
        run_search(search, Asker(), most_trials=4, refit=False)
        assert killed_at
        patience = time.monotonic() + PATIENCE  # the cluster may notice later than the search
        while len(started.workers) > 1 and time.monotonic() < patience:
            time.sleep(0.5)
        assert len(started.workers) == 1
    events = [json.loads(line) for line in search.journal_path.read_text().splitlines()]
    completed = [event["trial"] for event in events if event["event"] == "trial-completed"]
    assert sorted(completed) == ["0", "1", "2", "3"]
    again = [each["trial"] for each in events if each.get("attempt") == 2]
    assert len(again) == 1
    assert again[0] not in killed_at[0]
    assert all(load_weights(weights_path(study, f"{trial}-fold0")) for trial in completed)


def test_a_cluster_for_one_fit_runs_as_any_other_program(monkeypatch):
    """Ray's own workers are so nice that other programs leave them no processor."""
    from rnnauto.search.ray_cluster import connection

    told = {}
    monkeypatch.delenv("RAY_worker_niceness", raising=False)
    monkeypatch.setattr("ray.init", lambda *given, **named: told.update(os.environ))
    with connection("local", cores=1, store=1 << 28):
        pass
    assert told["RAY_worker_niceness"] == "0"


@pytest.mark.usefixtures("cluster")
def test_a_fit_on_ray_is_the_fit_of_one_worker(rnnauto, tmp_path):
    """On Ray in a process of its own: it asks for a token where it starts a cluster, and goes on
    to."""
    here, there = tmp_path / "here", tmp_path / "there"
    one_process = f"search.ray_cpus={usable_cores()}"  # for each has TensorFlow to import
    done = rnnauto(
        *("fit", DATA / "iris.csv", "--target", "species", "--trials", "2", "-o", there),
        *("--workers", "ray", "--set", "split.folds=1", "--set", "search.space.units=[8]"),
        *("--set", "train.epochs=2", "--set", "judge.diagnose=false"),
        *("--set", one_process),
    )
    assert done.returncode == 0, done.stderr
    with in_process():
        api.fit(
            DATA / "iris.csv",
            target="species",
            folder=here,
            split={"folds": 1},
            search={"trials": 2, "workers": 1, "space": {"units": [8]}},
            train={"epochs": 2},
            judge={"diagnose": False},
        )
    leaderboards = [pl.read_csv(each / "leaderboard.csv").drop("seconds") for each in (here, there)]
    assert leaderboards[0].equals(leaderboards[1])
    predictions = [(each / "predictions_test.csv").read_bytes() for each in (here, there)]
    assert predictions[0] == predictions[1]


def test_a_cluster_that_asks_for_no_token_says_so_to_who_has_one(cluster, rnnauto, tmp_path):
    done = rnnauto(
        *("fit", DATA / "iris.csv", "--target", "species", "--trials", "2", "-o", tmp_path / "m"),
        *("--workers", "ray", "--ray-address", cluster.address),
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN="a" * 64,
    )
    assert done.returncode == 2
    assert "runs nothing" in done.stderr
    assert "RAY_AUTH_MODE=disabled" in done.stderr
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("share", "there", "fits"),
    [
        ((1, 0), {"CPU": 4}, 4),
        ((1, 0), {"CPU": 4, "GPU": 1}, 4),
        ((0.5, 0), {"CPU": 4}, 8),
        ((3, 0), {"CPU": 4}, 1),
        ((1, 0.25), {"CPU": 16, "GPU": 2}, 8),
        ((1, 0.4), {"CPU": 16, "GPU": 3}, 6),  # two on each
        ((1, 0.25), {"CPU": 3, "GPU": 2}, 3),
        ((1, 2), {"CPU": 16, "GPU": 5}, 2),
        ((1, 1), {"CPU": 16}, 0),
        ((1, 1), {}, 0),
    ],
)
def test_as_many_trials_run_as_their_shares_of_the_nodes_allow(share, there, fits):
    from rnnauto.search.ray_workers import Share

    assert Share(*share).fits(there) == fits


def test_a_cluster_that_is_not_there_is_one_error(tmp_path):
    from rnnauto.search.ray_workers import ray_pool

    study = small_study(tmp_path / "study")
    with (
        pytest.raises(RnnautoError, match="no Ray cluster at `127.0.0.1:1`"),
        ray_pool(study, learner_of=learner_of, address="127.0.0.1:1", cores=1),
    ):
        pass
