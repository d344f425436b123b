"""A Ray cluster on this machine, for tests."""

import os
from contextlib import contextmanager, suppress

import psutil
import pytest

STORE = 100 << 20  # bytes of a node's object store
# a node ends itself where its agents take longer than some seconds, as on a busy machine
ATTEMPTS = 5


def tried(start):
    """What comes of starting nodes, at the first attempt that succeeds."""
    for _ in range(ATTEMPTS - 1):
        with suppress(Exception):
            return start()
    return start()


def another_node(cluster, **options):
    """One more node with one processor."""
    return tried(lambda: cluster.add_node(num_cpus=1, object_store_memory=STORE, **options))


@contextmanager
def one_node():
    """One node with one processor."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # else the other tests leave it no processor
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    head["_system_config"] = {"health_check_period_ms": 500}  # how often a lost node is looked for
    try:
        started = tried(lambda: Cluster(initialize_head=True, head_node_args=head))
    except Exception as error:  # whatever Ray itself lacks here
        pytest.skip(f"Ray starts no cluster on this machine: {error}")
    try:
        yield started
    finally:
        started.shutdown()


def kill_worker():
    """End the process that runs the job, as a lack of memory would."""
    # of our own cluster: others may run one on this machine
    (worker,) = [
        process
        for process in psutil.Process().children(recursive=True)
        if "ray::run_on_node" in " ".join(process.cmdline())
    ]
    worker.kill()
