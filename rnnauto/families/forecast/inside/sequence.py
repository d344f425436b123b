"""Tell how to look into one window of a forecast."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats
from rnnauto.data.calendar import seconds_of
from rnnauto.data.columns import data_units, zeros_of
from rnnauto.deploy.runner import RawBatch, Run
from rnnauto.families.forecast.answer import raw_windows
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.series import SeriesWindows, past_features
from rnnauto.families.forecast.windows import training_units, window_inputs
from rnnauto.unroll.copies import Spans, usual
from rnnauto.unroll.family import Read, Told, Unrolling
from rnnauto.unroll.reads import MOST_LINES, boxed, named, short, time_labels
from rnnauto.unroll.record import Line, Said


def median_of(windows: SeriesWindows) -> int:
    """Find the median among the levels of a forecast."""
    return middle(windows.encoded.levels)


def take(windows: SeriesWindows, number: int) -> SeriesWindows:
    return windows.take(np.array([number]))


def at(windows: SeriesWindows, row: int) -> SeriesWindows | None:
    """Take the window that ends with a row, or of a row after the last known target the last of its
    series; None where a row is of no series."""
    encoded = windows.encoded
    places = np.flatnonzero(windows.series.rows == row)
    if not len(places):
        return None
    owner = int(np.searchsorted(encoded.row_splits, places[0], side="right")) - 1
    (number,) = np.flatnonzero(encoded.owners == owner)[:1]
    one = take(windows, int(number))
    origin = np.minimum(one.encoded.origins, places[:1] + 1)
    return replace(one, encoded=replace(one.encoded, origins=origin))


def ids(windows: SeriesWindows) -> pl.DataFrame:
    return windows.series.ids[windows.encoded.owners]


def keys(one: SeriesWindows) -> pl.DataFrame:
    """Name every timestep that a window sees: the ids of its series, and its time."""
    begin, end = bounds(one)
    owners = np.full(end - begin, int(one.encoded.owners[0]))
    ids = one.series.ids[owners].select(one.layout.id)
    return pl.DataFrame([*ids.get_columns(), one.series.times[begin:end]])


def bounds(one: SeriesWindows) -> tuple[int, int]:
    """Find the timesteps that a window sees, in its series."""
    encoded = one.encoded
    origin, owner = int(encoded.origins[0]), int(encoded.owners[0])
    return max(origin - encoded.lookback, int(encoded.row_splits[owner])), origin


def labels_of(times: pl.Series) -> tuple[str, ...]:
    """Name timesteps by their times."""
    if not times.dtype.is_temporal():
        return tuple(f"{time:g}" if isinstance(time, float) else str(time) for time in times)
    return time_labels(seconds_of(times), dated=True)


def read(one: SeriesWindows) -> Read:
    """Write what is seen: the targets' own past, then the features known up to then."""
    series, layout = one.series, one.layout
    begin, end = bounds(one)
    past = past_features(layout)
    columns = np.concatenate(
        [
            data_units(series.targets[begin:end], zeros_of(layout.targets)),
            data_units(series.numbers[begin:end], zeros_of(past)),
        ],
        axis=1,
    ).astype(np.float64)
    numbers = [column.name for column in past if column.kind not in {"category", "text"}]
    names = [*one.encoders.targets, *numbers]
    words = [column.to_list()[begin:end] for column in series.categories]
    values = [
        boxed([*map(short, row), *(str(column[at]) for column in words)])
        for at, row in enumerate(columns)
    ]
    owner = int(one.encoded.owners[0])
    last = labels_of(series.times[max(end - 1, 0) : end])
    identity = " ".join(str(cell) for cell in series.ids.row(owner)) if layout.id else ""
    return Read(
        labels=labels_of(series.times[begin:end]),
        values=tuple(values),
        lines=tuple(
            Line(name=name, values=tuple(columns[:, at]))
            for at, name in enumerate(names[:MOST_LINES])
        ),
        statics=(),
        id=" ".join(filter(None, (identity, *(f"up to {label}" for label in last)))),
        features=named([*names, *(column.name for column in series.categories)]),
    )


def told(run: Run, one: SeriesWindows, quantiles: Floats) -> Told:
    """Say the median of every timestep of the horizon, with the truth where it is known."""
    encoded, series, layout = one.encoded, one.series, one.layout
    zeros, origin = zeros_of(layout.targets), int(encoded.origins[0])
    medians = np.asarray(data_units(quantiles[0, :, :, median_of(one)], zeros), np.float64)
    rows = slice(origin, origin + encoded.horizon)
    truth = np.asarray(data_units(encoded.targets[rows], zeros), np.float64)
    said = [
        Said(
            text=" ".join(map(short, row)),
            truth=" ".join(map(short, truth[at]))
            if at < len(truth) and np.isfinite(truth[at]).all()
            else None,
        )
        for at, row in enumerate(medians)
    ]
    return Told(None, ahead=tuple(zip(labels_of(series.times[rows]), said, strict=False)))


def scored(one: SeriesWindows, quantiles: Floats) -> str:
    return f"the mean of the forecast of `{one.encoders.targets[0]}`"


def inputs(one: SeriesWindows, quantiles: Floats) -> dict[str, NDArray[Any]]:
    return window_inputs(one.encoded, np.arange(1))


def weights(one: SeriesWindows, quantiles: Floats) -> NDArray[Any]:
    """Weigh the outputs of a network, [horizon, targets * levels]: the median of the first
    target."""
    found = np.zeros((one.encoded.horizon, quantiles.shape[2] * quantiles.shape[3]))
    found[:, median_of(one)] = 1.0 / one.encoded.horizon
    return found


def scores(run: Run, raw: RawBatch, one: SeriesWindows) -> Doubles:
    """Give the mean of the first target's median over the horizon, [copies]."""
    medians = run(raw)["quantiles"][:, :, 0, median_of(one)]
    return np.asarray(medians.astype(np.float64).mean(axis=1))


def with_hidden(run: Run, one: SeriesWindows, quantiles: Floats, spans: Spans) -> Doubles:
    """Score windows of which a stretch is not known: its targets are missing, its features what is
    usual."""
    raw = raw_windows(one, np.zeros(len(spans), np.int64))
    steps = np.arange(raw["past"].shape[1])
    mask = (spans[:, :1] <= steps) & (steps < spans[:, 1:])
    raw["past"] = np.where(mask[..., None], np.nan, raw["past"])
    if "numbers" in raw:
        mean = data_units(usual(one.encoders.numbers), zeros_of(past_features(one.layout)))
        raw["numbers"] = np.where(mask[..., None], mean, raw["numbers"]).astype(
            raw["numbers"].dtype
        )
    if "categories" in raw:
        raw["categories"] = np.where(mask[..., None], "", raw["categories"])
    return scores(run, raw, one)


def faults(windows: SeriesWindows, quantiles: Floats) -> Doubles:
    """Measure the mean error of every window in units of its series' usual one, [windows]."""
    encoded = windows.encoded
    units = training_units(encoded)[encoded.owners][:, None]
    error = np.abs(quantiles[..., median_of(windows)].astype(np.float64) - encoded.truth()) / units
    known = np.isfinite(error).sum(axis=(1, 2))
    return np.where(known > 0, np.nansum(error, axis=(1, 2)) / np.maximum(known, 1), np.nan)


def unrolling(windows: SeriesWindows) -> Unrolling:
    """Say how to look into one window."""
    return Unrolling(
        faults=faults,
        take=take,
        at=at,
        ids=ids,
        keys=keys,
        read=read,
        told=told,
        scored=scored,
        inputs=inputs,
        weights=weights,
        hidden=with_hidden,
        so_far=None,
        statics=None,
    )
