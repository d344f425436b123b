"""Measure what a network needs: features and stretches of time come from other sequences."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import CategoryEncoder, Encoders, NumberEncoder
from rnnauto.data.gaps import CHANNELS
from rnnauto.judge.diagnosis import FeatureImportance, Importance, Stretch, Unit
from rnnauto.judge.metrics import Interval, interval, resample_weights
from rnnauto.judge.occlude import blank, donated, positions, with_columns, with_timesteps
from rnnauto.judge.sample import Columns, Inputs, Reader, Sample, losses_of

RESAMPLES = 500
SEGMENTS = 10
MOST_FEATURES = 100
METRICS = {
    "classes": "log loss",
    "labels": "negative log likelihood",
    "values": "squared error in standard deviations",
    "distances": "squared error in standard deviations",
    "quantiles": "pinball loss in units of the naive forecast's error",
}
CALENDAR = "calendar"
SINCE_LAST = "time since the last timestep"


@dataclass(frozen=True)
class Shuffled:
    """What a change of the inputs did.

    Attributes:
        rise: of the loss of every example, [examples].
    """

    rise: NDArray[np.float64]

    def scored(self, *, seed: int) -> Interval:
        """Average the rise, with its interval."""
        weights = resample_weights(len(self.rise), resamples=RESAMPLES, seed=seed)
        return interval(float(self.rise.mean()), weights @ self.rise / len(self.rise))


def importance(
    reader: Reader, sample: Sample, columns: dict[str, Columns], *, seed: int
) -> Importance | None:
    """Measure how much the loss rises when a feature, or a stretch of timesteps, comes from another
    sequence (Breiman 2001; whole sequences are exchanged, stretched to the same length).

    Args:
        columns: the input columns of every feature of the table.
    """
    if len(sample) < 2:
        return None
    base = losses_of(reader(sample.inputs), sample.truth, reader.problem)
    known = np.isfinite(base)
    other = donated(sample, seed=seed)

    def tried(inputs: Inputs) -> Interval:
        losses = losses_of(reader(inputs), sample.truth, reader.problem)
        return Shuffled((losses - base)[known]).scored(seed=seed)

    features = [
        (name, tried(with_columns(sample, other, places)))
        for name, places in list(columns.items())[:MOST_FEATURES]
    ]
    ordered = sorted(features, key=lambda feature: -feature[1].value)
    stretches, unit = time_importance(tried, sample, other)
    return Importance(
        features=tuple(FeatureImportance(name=name, **vars(rise)) for name, rise in ordered)
        or None,
        timesteps=stretches,
        unit=unit,
        metric=METRICS[reader.problem.answer.loss],
    )


def time_importance(
    tried: Callable[[Inputs], Interval], sample: Sample, other: Inputs
) -> tuple[tuple[Stretch, ...] | None, Unit | None]:
    """Measure at most ten stretches of time, in timesteps where all examples are equally long, else
    in per cent of their length."""
    longest = int(sample.lengths.max(initial=0))
    if longest < 2 or not any(name in sample.inputs for name in ("numbers", "codes", "past")):
        return None, None
    equal = bool((sample.lengths == longest).all())
    length = sample.lengths[:, None]
    place = length - positions(sample)  # from 0, negative nowhere; padding beyond the length
    count = min(SEGMENTS, longest)
    segment = np.where(place < length, place * count // np.maximum(length, 1), -1)
    filler = blank(sample) if "past" in sample.inputs else other
    stretches = []
    for number in range(count):
        value = tried(with_timesteps(sample, filler, segment == number)).value
        size = longest if equal else 100
        begin, end = -(-number * size // count), -(-(number + 1) * size // count)
        stretches.append(Stretch(begin=begin + 1, end=end, value=value))
    return tuple(stretches), "timestep" if equal else "percent"


def columns_in(
    array: str, encoders: Sequence[NumberEncoder | CategoryEncoder]
) -> list[tuple[str, Columns]]:
    """List the names of features that stand side by side in one input, with their columns."""
    return [(encoder.name, [(array, at)]) for at, encoder in enumerate(encoders)]


def source_columns(encoders: Encoders[Any], inputs: Container[str]) -> dict[str, Columns]:
    """List the input columns of every feature of what is read, and of what its times tell."""
    begin = len(encoders.numbers)
    places = begin + 2 * len(encoders.calendar)
    gaps = CHANNELS if encoders.gaps is not None else 0
    return collected(
        [
            *columns_in("numbers", encoders.numbers),
            *columns_in("codes", encoders.categories),
            (CALENDAR, [("numbers", at) for at in range(begin, places)]),
            (SINCE_LAST, [("numbers", at) for at in range(places, places + gaps)]),
            *columns_in("static_numbers", encoders.static_numbers),
            *columns_in("static_codes", encoders.static_categories),
        ],
        inputs,
    )


def collected(named: Sequence[tuple[str, Columns]], inputs: Container[str]) -> dict[str, Columns]:
    """Collect by name the columns of inputs that there are."""
    columns: dict[str, Columns] = {}
    for name, places in named:
        kept = [(array, at) for array, at in places if array in inputs]
        if kept:
            columns.setdefault(name, []).extend(kept)
    return columns
