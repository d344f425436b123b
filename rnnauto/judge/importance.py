"""What a network needs of its input: features and stretches of time, taken from other sequences."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import Encoders
from rnnauto.data.series import SeriesEncoders, indicator_counts
from rnnauto.judge.metrics import interval, resample_weights
from rnnauto.judge.occlude import blank, donated, positions, with_columns, with_timesteps
from rnnauto.judge.sample import Inputs, Reader, Sample, losses_of

RESAMPLES = 500
SEGMENTS = 10
MOST_FEATURES = 100
METRICS = {
    "classes": "log loss",
    "labels": "negative log likelihood",
    "values": "squared error in standard deviations",
    "quantiles": "pinball loss in units of the naive forecast's error",
}
CALENDAR = "calendar"
Columns = list[tuple[str, int]]


@dataclass(frozen=True)
class Trial:
    """What a change of the inputs did to the loss of every example, [examples]."""

    rise: NDArray[np.float64]

    def to_json(self, *, seed: int) -> dict[str, float]:
        weights = resample_weights(len(self.rise), resamples=RESAMPLES, seed=seed)
        found = interval(float(self.rise.mean()), weights @ self.rise / len(self.rise))
        return {"value": found.value, "low": found.low, "high": found.high}


def importance(
    reader: Reader, sample: Sample, encoders: Encoders | SeriesEncoders, *, seed: int
) -> dict[str, Any] | None:
    """How much the loss rises when a feature, or a stretch of timesteps, comes from another
    sequence (Breiman 2001; whole sequences are exchanged, stretched to the same length)."""
    if len(sample) < 2:
        return None
    base = losses_of(reader(sample.inputs), sample.truth, reader.problem)
    known = np.isfinite(base)
    other = donated(sample, seed=seed)

    def tried(inputs: Inputs) -> dict[str, float]:
        losses = losses_of(reader(inputs), sample.truth, reader.problem)
        return Trial((losses - base)[known]).to_json(seed=seed)

    columns = columns_by_name(encoders, sample.inputs)
    features: list[dict[str, Any]] = [
        {"name": name, **tried(with_columns(sample, other, places))}
        for name, places in list(columns.items())[:MOST_FEATURES]
    ]
    ordered = sorted(features, key=lambda feature: -feature["value"])
    return {
        "features": ordered or None,
        **time_importance(tried, sample, other),
        "metric": METRICS[reader.problem.answer.loss],
    }


def time_importance(tried: Any, sample: Sample, other: Inputs) -> dict[str, Any]:
    """At most ten stretches of time, in timesteps where all examples are equally long, else in per
    cent of their length."""
    longest = int(sample.lengths.max(initial=0))
    if longest < 2 or not any(name in sample.inputs for name in ("numbers", "codes", "past")):
        return {"timesteps": None, "unit": None}
    equal = bool((sample.lengths == longest).all())
    length = sample.lengths[:, None]
    place = length - positions(sample)  # from 0, negative nowhere; padding beyond the length
    count = min(SEGMENTS, longest)
    segment = np.where(place < length, place * count // np.maximum(length, 1), -1)
    filler = blank(sample) if "past" in sample.inputs else other
    found = []
    for number in range(count):
        value = tried(with_timesteps(sample, filler, segment == number))["value"]
        size = longest if equal else 100
        begin, end = -(-number * size // count), -(-(number + 1) * size // count)
        found.append({"from": begin + 1, "to": end, "value": value})
    return {"timesteps": found, "unit": "timestep" if equal else "percent"}


def columns_by_name(encoders: Encoders | SeriesEncoders, inputs: Inputs) -> dict[str, Columns]:
    """The input columns of every feature of the table; the targets' own past is not among them."""
    found: dict[str, Columns] = {}

    def add(name: str, places: Columns) -> None:
        kept = [(array, at) for array, at in places if array in inputs]
        if kept:
            found.setdefault(name, []).extend(kept)

    for at, number in enumerate(encoders.numbers):
        add(number.name, [("numbers", at)])
    for at, category in enumerate(encoders.categories):
        add(category.name, [("codes", at)])
    if isinstance(encoders, SeriesEncoders):
        for at, number in enumerate(encoders.ahead):
            add(number.name, [("known", at), ("ahead", at)])
        begin = len(encoders.ahead)
        made = range(begin, begin + 2 * len(encoders.cycles))
        add(CALENDAR, [(array, at) for at in made for array in ("known", "ahead")])
        begin = encoders.moving_count
        counts = indicator_counts(encoders.ahead_categories)
        for category, count in zip(encoders.ahead_categories, counts, strict=True):
            made = range(begin, begin + count)
            add(category.name, [(array, at) for at in made for array in ("known", "ahead")])
            begin += count
    else:
        begin = len(encoders.numbers)
        made = range(begin, begin + 2 * len(encoders.calendar))
        add(CALENDAR, [("numbers", at) for at in made])
    for at, number in enumerate(encoders.static_numbers):
        add(number.name, [("static_numbers", at)])
    for at, category in enumerate(encoders.static_categories):
        add(category.name, [("static_codes", at)])
    return {name: places for name, places in found.items() if places}
