"""Collect series to forecast: targets, features and times in order, and encode them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import model_validator

from rnnauto.arrays import Floats, Integers
from rnnauto.data.calendar import cycles_in, cyclic, seconds_of
from rnnauto.data.columns import (
    category_names,
    category_series,
    number_matrix,
    number_names,
    to_floats,
    zeros_of,
)
from rnnauto.data.encode import (
    RESERVED,
    CategoryEncoder,
    NumberEncoder,
    encode_categories,
    fit_categories,
    fit_numbers,
    words_of,
)
from rnnauto.data.grown import grown_categories
from rnnauto.data.sequences import ROW, gather
from rnnauto.families.forecast.levels import floors_of
from rnnauto.layout import QUANTILES, Column, Frozen, Layout
from rnnauto.reading.read import Table
from rnnauto.times.frequency import Frequency, find_frequency
from rnnauto.times.grid import Filled, fill, is_clock

TIMESTEP = "timestep"
MOST_TO_FIND_CYCLES = 10_000  # timesteps
MOST_AHEAD = 100  # words of a column known ahead that have an indicator of their own


@dataclass(frozen=True)
class Series:
    """Raw values, one series after the other, timesteps in the order of time; numbers are less the
    zero of their columns.

    Attributes:
        ids: [series].
        rows: of the table, -1 for timesteps that have none, [timesteps].
        row_splits: where series begin and end, [series + 1].
        times: [timesteps].
        targets: float32 [timesteps, targets].
        numbers: features known up to now, float32 [timesteps, features].
        categories: words known up to now, [timesteps] each.
        ahead: the numbers that are known for the future too, float32 [timesteps, features].
        ahead_categories: the words that are, [timesteps] each.
        static_numbers: float32 [series, features].
        static_categories: [series] each.
    """

    ids: pl.DataFrame
    rows: Integers
    row_splits: Integers
    times: pl.Series
    targets: Floats
    numbers: Floats
    categories: tuple[pl.Series, ...]
    ahead: Floats
    ahead_categories: tuple[pl.Series, ...]
    static_numbers: Floats
    static_categories: tuple[pl.Series, ...]

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> Integers:
        return np.diff(self.row_splits)


class SeriesEncoders(Frozen):
    """What turns series into inputs of the network, and its answers into times and values.

    Attributes:
        numbers, categories: features known up to now.
        ahead: the numbers known for the future.
        cycles: the calendar features beside them.
        ahead_categories: the words known for the future; each has an indicator, 0 or 1, for every
            entry and one for any other.
        static_numbers, static_categories: what a series has once.
        targets: the names of what is predicted.
        season: timesteps after which a season repeats; 1 where there is none.
        frequency: the rule by which timesteps follow one another.
    """

    numbers: tuple[NumberEncoder, ...]
    categories: tuple[CategoryEncoder, ...]
    ahead: tuple[NumberEncoder, ...]
    cycles: tuple[str, ...]
    ahead_categories: tuple[CategoryEncoder, ...] = ()
    static_numbers: tuple[NumberEncoder, ...]
    static_categories: tuple[CategoryEncoder, ...]
    targets: tuple[str, ...]
    season: int
    frequency: Frequency

    @model_validator(mode="before")
    @classmethod
    def a_step_is_a_frequency(cls, raw: Any) -> Any:
        """Read the step of older files, which knew months and equal steps."""
        if not isinstance(raw, dict) or not isinstance(raw.get("step"), dict):
            return raw
        step = dict(raw["step"])
        at = "last" if step.pop("at_end", False) else ""
        rest = {name: value for name, value in raw.items() if name != "step"}
        return rest | {"frequency": step | {"at": at}}

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words that are known of each column of categories."""
        return words_of(*self.categories, *self.ahead_categories, *self.static_categories)

    @property
    def moving_count(self) -> int:
        """Count the columns known ahead that are numbers from the start."""
        return len(self.ahead) + 2 * len(self.cycles)

    @property
    def ahead_count(self) -> int:
        return self.moving_count + sum(indicator_counts(self.ahead_categories))


@dataclass(frozen=True)
class EncodedSeries:
    """What the network reads, and the windows that are cut from it.

    Attributes:
        row_splits, targets, numbers, static_numbers: as in `Series`.
        codes: int32 [timesteps, categories].
        ahead: as in `Series`, then the calendar and, as the last `indicators` columns, those of
            words.
        static_codes: int32 [series, categories].
        units: the error of the seasonal naive forecast in the history, in which errors are
            measured, float32 [series, targets].
        origins: the first timestep that is predicted, int64 [windows].
        owners: the window's series, int64 [windows].
        lookback: the most timesteps that a network sees.
        horizon: the timesteps that it predicts.
        indicators: columns that stand for words.
        zeros: what is taken off each target, [targets]; empty where nothing is.
        levels: of the quantiles that forecasts tell.
        floors: as in `ForecastFeatures`.
        places: whether the targets together say where something is.
    """

    row_splits: Integers
    targets: Floats
    numbers: Floats
    codes: NDArray[np.int32]
    ahead: Floats
    static_numbers: Floats
    static_codes: NDArray[np.int32]
    units: Floats
    origins: Integers
    owners: Integers
    lookback: int
    horizon: int
    indicators: int = 0
    zeros: tuple[float, ...] = ()
    levels: tuple[float, ...] = QUANTILES
    floors: tuple[float | None, ...] = ()
    places: bool = False

    def __len__(self) -> int:
        """Count the windows."""
        return len(self.origins)

    @property
    def lengths(self) -> Integers:
        """Count the timesteps that a network reads, [windows]."""
        return np.full(len(self), self.lookback, np.int64)

    def take(self, chosen: Integers) -> "EncodedSeries":
        """Take the same series with the chosen windows only."""
        return replace(self, origins=self.origins[chosen], owners=self.owners[chosen])

    def truth(self) -> Floats:
        """Take what comes after every origin, float32 [windows, horizon, targets]."""
        return np.asarray(self.targets[self.origins[:, None] + np.arange(self.horizon)])


@dataclass(frozen=True)
class SeriesWindows:
    """Windows to predict: the series as they stand in the file, and as the network reads them.

    Attributes:
        table: what was read, of a file that is to be answered or judged.
    """

    series: Series
    encoded: EncodedSeries
    layout: Layout
    encoders: SeriesEncoders
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.encoded)

    @property
    def lengths(self) -> Integers:
        return self.encoded.lengths

    def take(self, chosen: Integers) -> "SeriesWindows":
        """Take the chosen windows of the same series."""
        return replace(self, encoded=self.encoded.take(chosen))


def indicator_counts(encoders: tuple[CategoryEncoder, ...]) -> tuple[int, ...]:
    return tuple(len(encoder.vocabulary) + 1 for encoder in encoders)


def indicators(columns: tuple[pl.Series, ...], encoders: tuple[CategoryEncoder, ...]) -> Floats:
    """Make float32 [rows, indicators] of words: for every column one for what is not in its
    vocabulary, and one for each of its entries."""
    rows = len(columns[0]) if columns else 0
    codes = encode_categories(columns, encoders, rows)
    places = np.maximum(codes - RESERVED + 1, 0)
    by_column = [
        np.eye(count, dtype=np.float32)[places[:, at]]
        for at, count in enumerate(indicator_counts(encoders))
    ]
    return np.concatenate(by_column, axis=1)


def reach_of(layout: Layout) -> tuple[int, int]:
    """Read lookback and horizon of a forecast, in timesteps."""
    if layout.lookback is None or layout.horizon is None:
        raise ValueError("a forecast has a lookback and a horizon")
    return layout.lookback, layout.horizon


def ahead_features(layout: Layout) -> tuple[Column, ...]:
    return tuple(column for column in layout.features if column.name in layout.known_ahead)


def past_features(layout: Layout) -> tuple[Column, ...]:
    return tuple(column for column in layout.features if column.name not in layout.known_ahead)


def gather_series(frame: pl.DataFrame, layout: Layout) -> Series:
    """Collect the series of a table, with a timestep at every place of their frequency; a target
    column that is absent is unknown throughout."""
    sequences = gather(frame, layout)
    rows = sequences.rows
    if rows is None:
        raise ValueError("a row of a series is a timestep")
    ordered = frame[rows]
    # of an empty table the name of the column is all there is
    if layout.time is not None and (frame.is_empty() or is_clock(frame.schema[layout.time])):
        times = ordered[layout.time]
    else:
        steps = np.arange(len(ordered)) - np.repeat(sequences.row_splits[:-1], sequences.lengths)
        times = pl.Series(TIMESTEP, steps + 1)
    row_splits = sequences.row_splits
    if layout.frequency is not None and layout.time is not None and len(ordered):
        filled = fill(times, row_splits, layout.frequency)
        ordered = filled_values(filled, ordered, layout)
        rows = np.where(filled.source < 0, -1, rows[filled.source])
        times, row_splits = filled.times, filled.row_splits
    targets = np.full((len(ordered), len(layout.target)), np.nan, np.float32)
    for at, name in enumerate(layout.target):
        if name in frame.columns:
            targets[:, at] = to_floats(ordered, [name], zeros_of(layout.targets)[at:])[:, 0]
    past, ahead = past_features(layout), ahead_features(layout)
    return Series(
        ids=sequences.ids if layout.id else sequences.ids.select(pl.lit(1).alias(ROW)),
        rows=rows,
        row_splits=row_splits,
        times=times,
        targets=targets,
        numbers=number_matrix(ordered, past),
        categories=category_series(ordered, past),
        ahead=number_matrix(ordered, ahead),
        ahead_categories=category_series(ordered, ahead),
        static_numbers=sequences.static_numbers,
        static_categories=sequences.static_categories,
    )


def filled_values(filled: Filled, ordered: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Give values to the timesteps that have no row, as the layout has it: none, zero, or those of
    the timestep before."""
    whole = filled.take(ordered)
    if not filled.absent or layout.fill == "missing":
        return whole
    absent = pl.Series((filled.source < 0) & before_last_target(filled, whole, layout))
    if layout.fill == "previous":
        names = [column.name for column in layout.features] + list(layout.target)
        known = [name for name in names if name in whole.columns]
        return whole.with_columns(
            pl.when(absent).then(pl.col(name).forward_fill()).otherwise(name).alias(name)
            for name in known
        )
    numbers = [name for name in layout.target if name in whole.columns]
    return whole.with_columns(
        pl.when(absent).then(pl.lit(0)).otherwise(name).alias(name) for name in numbers
    )


def before_last_target(filled: Filled, frame: pl.DataFrame, layout: Layout) -> NDArray[np.bool_]:
    """Tell which timesteps lie before the last known target of their series: what comes later is to
    be predicted."""
    names = [name for name in layout.target if name in frame.columns]
    known = np.zeros(frame.height, bool)
    for name in names:
        known |= frame[name].is_not_null().to_numpy()
    owners = np.repeat(np.arange(len(filled.row_splits) - 1), np.diff(filled.row_splits))
    last = np.full(len(filled.row_splits) - 1, -1, np.int64)
    np.maximum.at(last, owners[known], np.flatnonzero(known))
    return np.asarray(np.arange(frame.height) < last[owners])


def fit_series_encoders(
    series: Series, layout: Layout, *, season: int, train: Integers
) -> SeriesEncoders:
    """Fit the encoders of series.

    Args:
        train: timesteps of the train part.
    """
    past, ahead = past_features(layout), ahead_features(layout)
    categories = tuple(column.gather(train) for column in series.categories)
    words = tuple(column.gather(train) for column in series.ahead_categories)
    seconds = seconds_of(series.times)
    longest = int(np.argmax(series.lengths))
    inside = slice(series.row_splits[longest], series.row_splits[longest + 1])
    return SeriesEncoders(
        numbers=fit_numbers(number_names(past), series.numbers[train]),
        categories=fit_categories(category_names(past), categories),
        ahead=fit_numbers(number_names(ahead), series.ahead[train]),
        cycles=cycles_in(seconds[inside][-MOST_TO_FIND_CYCLES:]),
        ahead_categories=tuple(
            encoder.model_copy(update={"vocabulary": encoder.vocabulary[:MOST_AHEAD]})
            for encoder in fit_categories(category_names(ahead), words)
        ),
        static_numbers=fit_numbers(number_names(layout.static), series.static_numbers),
        static_categories=fit_categories(category_names(layout.static), series.static_categories),
        targets=layout.target,
        season=season,
        frequency=layout.frequency or find_frequency(series.times, series.row_splits),
    )


def grown(old: SeriesEncoders, fresh: SeriesEncoders) -> SeriesEncoders:
    """Give encoders of before with the words that only fresh ones know; those of columns known
    ahead, which have an input each, stay."""
    return old.model_copy(
        update={
            "categories": grown_categories(old.categories, fresh.categories),
            "static_categories": grown_categories(old.static_categories, fresh.static_categories),
        }
    )


def encode_series(
    series: Series,
    encoders: SeriesEncoders,
    layout: Layout,
    *,
    origins: Integers,
    units: Floats,
) -> EncodedSeries:
    lookback, horizon = reach_of(layout)
    zeros = zeros_of(layout.targets)
    ahead = [series.ahead, cyclic(seconds_of(series.times), encoders.cycles)]
    if encoders.ahead_categories:
        ahead.append(indicators(series.ahead_categories, encoders.ahead_categories))
    owners = np.searchsorted(series.row_splits, origins, side="right") - 1
    return EncodedSeries(
        row_splits=series.row_splits,
        targets=series.targets,
        numbers=series.numbers,
        codes=encode_categories(series.categories, encoders.categories, len(series.targets)),
        ahead=np.concatenate(ahead, axis=1),
        static_numbers=series.static_numbers,
        static_codes=encode_categories(
            series.static_categories, encoders.static_categories, len(series)
        ),
        units=units,
        origins=origins,
        owners=owners.astype(np.int64),
        lookback=lookback,
        horizon=horizon,
        indicators=sum(indicator_counts(encoders.ahead_categories)),
        zeros=tuple(zeros.tolist()) if zeros.any() else (),
        levels=layout.levels,
        floors=floors_of(layout),
        places=layout.are_places,
    )
