"""Everything before the search for forecasts: series, rolling origins, encoders. No TensorFlow."""

from dataclasses import replace

import numpy as np
import polars as pl

from rnnauto.data.columns import read_for
from rnnauto.data.horizon import season_of
from rnnauto.data.layout import Layout
from rnnauto.data.origins import Cut, WindowParts, naive_units, split_windows
from rnnauto.data.read import Table
from rnnauto.data.sequences import Integers
from rnnauto.data.series import (
    EncodedSeries,
    Series,
    SeriesEncoders,
    encode_series,
    fit_series_encoders,
    gather_series,
)
from rnnauto.recipe import Recipe

MOST_TESTED = 20_000  # windows of a part that is judged; beyond it they are chosen evenly
MOST_VALIDATED = 4_096


def cut_of(layout: Layout, season: int) -> Cut:
    assert layout.lookback is not None and layout.horizon is not None
    least = min(layout.lookback, max(2, season))
    return Cut(horizon=layout.horizon, least=least, wanted=layout.lookback)


def prepare_series(
    table: Table, test_table: Table | None, layout: Layout, recipe: Recipe
) -> tuple[WindowParts, EncodedSeries, EncodedSeries, tuple[SeriesEncoders, ...]]:
    """Returns: the parts, the windows to learn from and to select by, those of the test part, and
    the encoders of every fold."""
    frame, test_rows = table.frame, None
    if test_table is not None:
        names = list(dict.fromkeys((*layout.input_columns(), *layout.target)))
        frame = pl.concat(
            [table.frame.select(names), test_table.frame.select(names)], how="vertical_relaxed"
        )
    series = gather_series(frame, layout)
    if test_table is not None:
        test_rows = series.rows >= table.frame.height
    season, _ = season_of(table.frame, layout.id, layout.time)
    parts = split_windows(series, recipe.split, cut_of(layout, season), test_rows=test_rows)
    folds = tuple((train, evenly(held, MOST_VALIDATED)) for train, held in parts.folds)
    parts = replace(parts, folds=folds, test=evenly(parts.test, MOST_TESTED))
    units = naive_units(series, parts.history, season)
    fold_encoders = tuple(
        fit_series_encoders(
            series,
            layout,
            season=season,
            train=seen_timesteps(series, parts.development[train], layout),
        )
        for train, _ in parts.folds
    )
    development, test = (
        encode_series(series, fold_encoders[0], layout, origins=origins, units=units)
        for origins in (parts.development, parts.test)
    )
    return parts, development, test, fold_encoders


def evenly(numbers: Integers, most: int) -> Integers:
    """At most so many, from begin to end."""
    if len(numbers) <= most:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, most).astype(np.int64)]


def seen_timesteps(series: Series, origins: Integers, layout: Layout) -> Integers:
    """The timesteps that the windows of these origins hold, as input or target."""
    assert layout.lookback is not None and layout.horizon is not None
    change = np.zeros(len(series.targets) + 1, np.int64)
    owners = np.searchsorted(series.row_splits, origins, side="right") - 1
    np.add.at(change, np.maximum(origins - layout.lookback, series.row_splits[owners]), 1)
    np.add.at(change, origins + layout.horizon, -1)
    return np.flatnonzero(np.cumsum(change[:-1]) > 0)


def read_series_test(path: str, layout: Layout) -> Table:
    return read_for(layout, path, target=True, text_target=False)
