"""Batch windows cut from series: what was seen, what is known ahead, and what came."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers, evenly
from rnnauto.data.batches import Batch
from rnnauto.families.forecast.series import EncodedSeries

ARRAYS = (
    *("row_splits", "targets", "numbers", "codes", "ahead", "static_numbers", "static_codes"),
    *("units", "origins", "owners"),
)
# what trials are measured by where they are selected by a metric, beside the sizes
PLAIN = ("lookback", "horizon", "indicators", "zeros", "levels", "floors", "places")
MOST_PER_EPOCH = 8_192  # windows; a large panel has many times more, nearly the same
MOST_TO_ADAPT = 1_024  # windows that scales are learnt from
SMALLEST_UNIT = 0.3  # of the median: series that hardly move must not outweigh all others


def save_series(folder: Path, encoded: EncodedSeries) -> None:
    folder.mkdir(parents=True)
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", getattr(encoded, name), allow_pickle=False)
    plain = {name: getattr(encoded, name) for name in PLAIN}
    (folder / "windows.json").write_text(json.dumps(plain))


def load_series(folder: Path) -> EncodedSeries:
    """Load series whole: windows overlap, so that few of their pages would stay untouched."""
    arrays: dict[str, Any] = {
        name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in ARRAYS
    }
    plain = json.loads((folder / "windows.json").read_text())
    listed = {name: tuple(each) for name, each in plain.items() if isinstance(each, list)}
    return EncodedSeries(**arrays, **(plain | listed))


def epoch_of(chosen: Integers, *, rng: np.random.Generator) -> Integers:
    """Choose the windows of one epoch in random order; of many a random share."""
    return rng.permutation(chosen)[:MOST_PER_EPOCH]


def sample_windows(
    encoded: EncodedSeries, chosen: Integers
) -> tuple[dict[str, NDArray[Any]], Floats]:
    """Gather inputs and truth of some of the windows, from begin to end: to learn scales from."""
    chosen = sampled(chosen)
    return window_inputs(encoded, chosen), encoded.take(chosen).truth()


def sampled(chosen: Integers) -> Integers:
    """Choose some of many windows, evenly from begin to end."""
    return evenly(chosen, MOST_TO_ADAPT)


def window_inputs(
    encoded: EncodedSeries, chosen: Integers, *, extra: int = 0
) -> dict[str, NDArray[Any]]:
    """Gather what the network takes, padded on the right with what must not matter.

    Returns: length int32 [batch]; past float32 [batch, timesteps, targets]; numbers, codes,
        known (the past of what is known ahead) [batch, timesteps, ...]; ahead [batch, horizon,
        ...]; static_numbers, static_codes [batch, ...]; those that there are.
    """
    origins, owners = encoded.origins[chosen], encoded.owners[chosen]
    starts = np.maximum(origins - encoded.lookback, encoded.row_splits[owners])
    lengths = origins - starts
    steps = np.arange(int(lengths.max(initial=0)) + extra)
    real = steps < lengths[:, None]  # [batch, timesteps]
    at = np.where(real, starts[:, None] + steps, 0)
    filler = np.float32(1e6 if extra else 0)

    def past(values: NDArray[Any], padding: Any) -> NDArray[Any]:
        return np.where(real[..., None], values[at], padding)

    inputs: dict[str, NDArray[Any]] = {
        "length": lengths.astype(np.int32),
        "past": past(encoded.targets, filler),
    }
    if encoded.numbers.shape[1]:
        inputs["numbers"] = past(encoded.numbers, filler)
    if encoded.codes.shape[1]:
        inputs["codes"] = past(encoded.codes, np.int32(0))
    if encoded.ahead.shape[1]:
        inputs["known"] = past(encoded.ahead, filler)
        inputs["ahead"] = encoded.ahead[origins[:, None] + np.arange(encoded.horizon)]
    if encoded.static_numbers.shape[1]:
        inputs["static_numbers"] = encoded.static_numbers[owners]
    if encoded.static_codes.shape[1]:
        inputs["static_codes"] = encoded.static_codes[owners]
    return inputs


def training_units(encoded: EncodedSeries) -> Floats:
    """Choose the unit of every series' errors in the loss, float32 [series, targets].

    One target: that of the series, as in MASE. Several targets: the same for all series, so that
    together they make distances.
    """
    units = encoded.units
    typical = np.array([median_of(column) for column in units.T], np.float32)
    if units.shape[1] > 1:
        return np.broadcast_to(typical, units.shape)
    return np.where(np.isfinite(units), np.maximum(units, SMALLEST_UNIT * typical), typical)


def median_of(column: Floats) -> float:
    known = column[np.isfinite(column)]
    return float(np.median(known)) if known.size else 1.0


def window_targets(encoded: EncodedSeries, chosen: Integers, units: Floats) -> Floats:
    """Gather what came after each origin, and the unit of its errors, float32 [batch, horizon, 2,
    targets]."""
    origins = encoded.origins[chosen]
    truth = encoded.targets[origins[:, None] + np.arange(encoded.horizon)]
    unit = np.broadcast_to(units[encoded.owners[chosen]][:, None], truth.shape)
    return np.stack([truth, unit], axis=2)


def window_batches(encoded: EncodedSeries, chosen: Integers, *, size: int) -> Iterator[Batch]:
    """Batch every window once, in the order given; targets as `window_targets` has them."""
    units = training_units(encoded)
    for begin in range(0, len(chosen), size):
        part = chosen[begin : begin + size]
        yield Batch(window_inputs(encoded, part), window_targets(encoded, part, units), part)
