"""Compare the ONNX graph of a model with its SavedModel, on what any batch may hold."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Integers
from rnnauto.deploy.check import ALONE, EXTRA, check_differences
from rnnauto.deploy.runner import RawBatch, Run

# what has an axis of timesteps, as it stands in raw batches: what its padding may hold
TIMED: dict[str, Any] = {
    "numbers": 1e6,
    "categories": "rubbish",
    "time": 1e6,
    "past": 1e6,
    "known": 1e6,
    "known_categories": "rubbish",
}
MOST = 1 << 15  # timesteps of a batch that is compared, but for the first
Told = Callable[[dict[str, NDArray[Any]]], NDArray[Any]]  # outputs as [batch, ...], in units


def check_graph(
    saved: Run, light: Run, batch: RawBatch, told: Told, *, per_timestep: bool = False
) -> dict[str, float]:
    """Compare the answers to a batch as it is, in rubbish padding, one by one, longer, cut to one
    timestep, empty, and with nothing known.

    Args: told: the numbers that are compared, of the outputs of `serving_default`.

    Returns: the largest difference, under `onnx`; of large numbers in parts of them. Raises:
        ExportError where it is too large.
    """
    largest = 0.0
    for each in variants(batch):
        one, other = told(saved(each)), told(light(each))
        if per_timestep and "length" in each:
            real = np.arange(one.shape[1]) < each["length"][:, None]
            one, other = one[real], other[real]
        largest = max(largest, difference(one, other))
    return check_differences({"onnx": largest})


def difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Find the largest difference, in parts of what is larger than 1; infinite where the shapes
    differ or only one is a number."""
    if one.shape != other.shape:
        return float("inf")
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other) / np.maximum(np.abs(one), 1.0)
    apart = np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf))
    return float(np.max(apart, initial=0.0))


def variants(batch: RawBatch) -> Iterator[RawBatch]:
    """Make of a batch all that is compared."""
    yield batch
    batch = few_of(batch)
    rows = len(next(iter(batch.values())))
    for at in range(min(rows, ALONE)):
        yield alone(batch, at)
    yield unknown(batch)
    if "text" in batch:
        yield batch | {"text": np.array(["", *batch["text"][1:]], object)}
        yield batch | {"text": np.array([f"{text} {text}" for text in batch["text"]], object)}
    if "length" not in batch:
        return
    yield padded(batch, EXTRA, real=False)
    yield padded(batch, EXTRA, real=True)
    none = np.zeros_like(batch["length"])
    yield batch | {"length": none}
    yield cut(batch, 0)
    yield alone(cut(batch, 0), 0)
    yield cut(batch, 1)
    yield alone(cut(batch, 1), 0)


def few_of(batch: RawBatch) -> RawBatch:
    """Take so many sequences, and so much of each, that no comparison takes long."""
    longest = max((array.shape[1] for name, array in batch.items() if name in TIMED), default=1)
    rows = max(1, MOST // max(longest, 1))
    few = {name: array[:rows] for name, array in batch.items()}
    return cut(few, MOST) if longest > MOST else few


def alone(batch: RawBatch, at: int) -> RawBatch:
    """Take one sequence, without padding."""
    one = {name: array[at : at + 1] for name, array in batch.items()}
    return cut(one, int(one["length"][0])) if "length" in one else one


def cut(batch: RawBatch, timesteps: int) -> RawBatch:
    """Take the first timesteps of every sequence."""
    first = {
        name: array[:, :timesteps] if name in TIMED else array for name, array in batch.items()
    }
    return first | {"length": np.minimum(batch["length"], np.int32(timesteps))}


def padded(batch: RawBatch, extra: int, *, real: bool) -> RawBatch:
    """Add timesteps to every sequence: what stood there over again, as real ones, or rubbish that
    must not be read."""
    wide = dict(batch)
    for name, rubbish in TIMED.items():
        if name not in batch:
            continue
        array = batch[name]
        shape = (len(array), extra, *array.shape[2:])
        more = np.full(shape, rubbish, array.dtype)
        if real and array.shape[1]:
            more = np.take(array, np.arange(extra) % array.shape[1], axis=1)
        wide[name] = np.concatenate([array, more], axis=1)
    longer = batch["length"] + np.int32(extra)
    return wide | {"length": longer if real else batch["length"]}


def unknown(batch: RawBatch) -> RawBatch:
    """Make all numbers missing or infinite in turn, and all words unknown."""
    found = dict(batch)
    for name, array in batch.items():
        if array.dtype == object:
            found[name] = np.full(array.shape, "never seen", object)
        elif array.dtype.kind == "f":
            odd = np.array([np.nan, np.inf, -np.inf], array.dtype)
            found[name] = np.resize(odd, array.shape)
    return found


def draws_apart(saved: Run, light: Run, asked: RawBatch, rows: Integers, *, seeds: int) -> float:
    """Compare drawn texts: what differs with one seed, where two tokens had all but the same
    chance, must be the same with others. Returns: 0, or infinite."""
    for seed in range(seeds):
        given = {**asked, "seed": np.array(seed, np.int32)}
        one, other = (run(given, "generate")["text"] for run in (saved, light))
        rows = rows[one[rows] != other[rows]]
        if not len(rows):
            return 0.0
    return float("inf")
