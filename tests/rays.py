"""A Ray cluster on this machine, for tests."""

import os
from contextlib import contextmanager

import psutil
import pytest

STORE = 100 << 20  # bytes of a node's object store


@contextmanager
def one_node():
    """One node with one processor."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    head["_system_config"] = {"health_check_period_ms": 500}  # how often a lost node is looked for
    try:
        started = Cluster(initialize_head=True, head_node_args=head)
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
