"""How long a prediction takes: one sequence at a time, through the SavedModel."""

import time

import numpy as np

from rnnauto.data.encode import Encoders
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.deploy.forecast_runner import raw_windows
from rnnauto.deploy.language_runner import initial_state
from rnnauto.deploy.runner import RawBatch, Run, raw_batch
from rnnauto.layout import Layout

BATCHES = 20  # different sequences
CALLS = 200
SECONDS = 5.0  # after which no more than the fewest calls are made
FEWEST_CALLS = 20


def single_batches(
    sequences: Sequences | SeriesWindows, layout: Layout, encoders: Encoders | SeriesEncoders
) -> list[RawBatch]:
    """Inputs of `serving_default` with one sequence (or window) each, spread over all of them."""
    count = len(sequences)
    chosen = np.unique(np.linspace(0, count - 1, min(BATCHES, count)).astype(np.int64))
    if isinstance(sequences, SeriesWindows):
        return [raw_windows(sequences, one[None]) for one in chosen]
    assert isinstance(encoders, Encoders)
    return [raw_batch(sequences, one[None], layout, encoders) for one in chosen]


def single_token(run: Run, layout: Layout) -> RawBatch:
    """Inputs of a language model's `step`: the first timestep of a text, or of sets of labels."""
    first: RawBatch = (
        {"labels": np.array([[""]], object)}
        if layout.label_sets
        else {"token": np.array([""], object)}
    )
    return first | {"state": initial_state(run, 1)}


def measure_latency(
    run: Run, batches: list[RawBatch], signature: str = "serving_default"
) -> tuple[float, ...]:
    """Milliseconds of every call, from arrays in to arrays out, one batch after the other.

    Each batch has been asked before: what is timed is a server that has run for a while.
    """
    for batch in [*batches, *batches]:
        run(batch, signature)
    taken: list[float] = []
    started = time.perf_counter()
    while len(taken) < CALLS:
        before = time.perf_counter()
        run(batches[len(taken) % len(batches)], signature)
        taken.append((time.perf_counter() - before) * 1000)
        if time.perf_counter() - started > SECONDS and len(taken) >= FEWEST_CALLS:
            break
    return tuple(taken)
