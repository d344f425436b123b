"""Add the timesteps to predict to series: those that the table gives, and then reckoned ones."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers, splits_of
from rnnauto.families.forecast.origins import last_of
from rnnauto.families.forecast.series import Series, SeriesEncoders
from rnnauto.layout import Layout
from rnnauto.reading.heads.rows import listed
from rnnauto.times.grid import later
from rnnauto.visible import of_some


def with_future(series: Series, encoders: SeriesEncoders, horizon: int) -> tuple[Series, Integers]:
    """End every series at its last known target, followed by the `horizon` timesteps to predict.

    Rows of the table after the last known target tell what is known ahead; where there are not
    enough of them, their times are reckoned and what they would tell is missing.

    Returns: the series, and the first timestep to predict of each, [series].
    """
    known = np.asarray(np.isfinite(series.targets).any(axis=1))
    seen = last_of(series, known)
    lengths = seen + horizon
    row_splits = splits_of(lengths)
    steps = np.arange(row_splits[-1]) - np.repeat(row_splits[:-1], lengths)
    in_table = np.asarray(steps < np.repeat(np.minimum(series.lengths, lengths), lengths))
    source = np.where(in_table, np.repeat(series.row_splits[:-1], lengths) + steps, 0)
    origins = row_splits[:-1] + seen
    future = np.asarray(steps >= np.repeat(seen, lengths))

    def floats(values: Floats, absent: NDArray[np.bool_]) -> Floats:
        if not len(values):
            return np.full((len(in_table), values.shape[1]), np.nan, np.float32)
        return np.where(absent[:, None], np.float32("nan"), values[source])

    def words(column: pl.Series, absent: NDArray[np.bool_]) -> pl.Series:
        if not len(column):
            return pl.Series(column.name, [""] * len(in_table), dtype=pl.String)
        return pl.select(
            pl.when(pl.Series(absent)).then(pl.lit("")).otherwise(column.gather(source))
        ).to_series()

    return (
        replace(
            series,
            rows=np.where(in_table, series.rows[source] if len(series.rows) else 0, -1),
            row_splits=row_splits,
            times=future_times(series, encoders, seen, horizon, source=source, in_table=in_table),
            targets=floats(series.targets, future | ~in_table),
            numbers=floats(series.numbers, future | ~in_table),
            categories=tuple(words(column, future | ~in_table) for column in series.categories),
            ahead=floats(series.ahead, ~in_table),
            ahead_categories=tuple(words(column, ~in_table) for column in series.ahead_categories),
        ),
        origins,
    )


def ahead_notes(series: Series, origins: Integers, steps: int, layout: Layout) -> tuple[str, ...]:
    """Say how many timesteps to predict have no row that gives what is known ahead.

    Args: series, origins: of `with_future`.
    """
    if not layout.known_ahead:
        return ()
    absent = series.rows[origins[:, None] + np.arange(steps)] < 0
    if not absent.any():
        return ()
    count = of_some(len(layout.known_ahead), "count")
    return (
        f"{listed(list(layout.known_ahead))} should be known ahead, and {count} as missing in "
        f"{absent.sum():,} of the {absent.size:,} timesteps to predict: give it in rows "
        "without a target after the series",
    )


def future_times(
    series: Series,
    encoders: SeriesEncoders,
    seen: Integers,
    horizon: int,
    *,
    source: Integers,
    in_table: NDArray[np.bool_],
) -> pl.Series:
    """Tell the times of `with_future`: those of the table, and after its rows the reckoned ones."""
    if not len(series.times):
        return series.times
    ends = np.minimum(series.lengths, seen + horizon)  # rows that the table gives, [series]
    inside = np.arange(len(series.times)) - np.repeat(series.row_splits[:-1], series.lengths)
    given = inside < np.repeat(ends, series.lengths)
    before = series.times.filter(pl.Series(given))
    reckoned = later(before, splits_of(ends), encoders.frequency, horizon)
    lengths = seen + horizon
    steps = np.arange(len(in_table)) - np.repeat(splits_of(lengths)[:-1], lengths)
    late = np.repeat(np.arange(len(series)) * horizon - ends, lengths) + steps
    late = np.where(in_table, 0, late)
    times = series.times.gather(source)
    if times.dtype != reckoned.dtype:
        times = times.cast(reckoned.dtype)
    return pl.select(
        pl.when(pl.Series(in_table)).then(times).otherwise(reckoned.gather(late)).alias(times.name)
    ).to_series()
