"""Measure how long a prediction takes: one sequence at a time, by whatever runtime is open."""

import time
from dataclasses import dataclass

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.deploy.runner import RawBatch, Run

BATCHES = 20  # different sequences
CALLS = 200
SECONDS = 5.0  # after which no more than the fewest calls are made
FEWEST_CALLS = 20


@dataclass(frozen=True)
class Single:
    """Inputs of one sequence, or window, at a time.

    Attributes:
        batches: the inputs of each.
        signature: which takes them.
    """

    batches: list[RawBatch]
    signature: str = "serving_default"


def spread(count: int) -> Integers:
    """Choose some numbers up to `count`, at even distances."""
    return np.unique(np.linspace(0, count - 1, min(BATCHES, count)).astype(np.int64))


def measure_latency(run: Run, single: Single) -> tuple[float, ...]:
    """Measure the milliseconds of every call, from arrays in to arrays out, one batch after the
    other.

    Each batch has been asked before: what is timed is a server that has run for a while.
    """
    batches, signature = single.batches, single.signature
    for batch in [*batches, *batches]:
        run(batch, signature)
    milliseconds: list[float] = []
    started = time.perf_counter()
    while len(milliseconds) < CALLS:
        before = time.perf_counter()
        run(batches[len(milliseconds) % len(batches)], signature)
        milliseconds.append((time.perf_counter() - before) * 1000)
        if time.perf_counter() - started > SECONDS and len(milliseconds) >= FEWEST_CALLS:
            break
    return tuple(milliseconds)
