"""Join the Ray cluster that a search runs on, or start one for it."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import RayError

from rnnauto.errors import RnnautoError

CONNECT_SECONDS = 10.0


@contextmanager
def connection(address: str, *, cores: int, store: int) -> Iterator[None]:
    """Join a cluster, or start one; one that the caller has joined is used and stays."""
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to Ray's makers
        # else what it starts is nice to all other programs, and hardly runs beside them
        os.environ.setdefault("RAY_worker_niceness", "0")
        options = {"num_cpus": cores, "object_store_memory": store, "include_dashboard": False}
    try:
        if ":" in address:
            check_reachable(address)
        with kept_handler(signal.SIGTERM):
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        raise RnnautoError(
            f"no Ray cluster at `{address}`: {first_line(error)}",
            hint="start one with `ray start --head`, or leave out `--ray-address`; for one that "
            "asks for a token, set RAY_AUTH_MODE=token",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def check_reachable(address: str) -> None:
    """Connect once: Ray itself waits for minutes for a cluster that is not there.

    Raises: OSError, ValueError.
    """
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()


@contextmanager
def kept_handler(number: signal.Signals) -> Iterator[None]:
    """Put the handler of a signal back: Ray sets one of its own, and a search ends in another
    way."""
    before = signal.getsignal(number)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(number, before)


def check_answer(reference: Any, address: str) -> None:
    """Wait for what an actor answers first. A cluster that asks for no token lets a driver in that
    does, or the other way round, and what it runs ends at once.

    Raises: RnnautoError.
    """
    try:
        ray.get(reference)
    except RayError as error:
        raise RnnautoError(
            f"the Ray cluster at `{address}` runs nothing: {first_line(error)}",
            hint="where it was started without a token, set RAY_AUTH_MODE=disabled here too",
        ) from error


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
