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
    (worker,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "ray::run_on_node" in " ".join(process.info["cmdline"] or [])
    ]
    worker.kill()
