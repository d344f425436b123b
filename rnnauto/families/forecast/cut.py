"""Cut series into windows at rolling origins, and fit their encoders. No TensorFlow."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, evenly
from rnnauto.data.joined import without_awaited
from rnnauto.data.room import least_before, usual_back
from rnnauto.families.forecast.future import with_future
from rnnauto.families.forecast.origins import (
    Cut,
    WindowParts,
    check_goes_on,
    history_of,
    naive_units,
    rolling,
    split_by_files,
    split_windows,
)
from rnnauto.families.forecast.series import (
    EncodedSeries,
    Series,
    SeriesEncoders,
    SeriesWindows,
    encode_series,
    fit_series_encoders,
    gather_series,
    reach_of,
)
from rnnauto.layout import Layout
from rnnauto.reading.read import Table

if TYPE_CHECKING:
    from rnnauto.recipe import Recipe

Settle = Callable[[SeriesEncoders], SeriesEncoders]
MOST_TESTED = 20_000  # windows of a part that is judged; beyond it they are chosen evenly
MOST_VALIDATED = 4_096


def cut_of(layout: Layout, season: int) -> Cut:
    lookback, horizon = reach_of(layout)
    wanted = min(lookback, usual_back(horizon, season))
    return Cut(horizon=horizon, least=least_before(lookback, season), wanted=wanted)


@dataclass(frozen=True)
class CutSeries:
    """Series cut into windows.

    Attributes:
        parts: which window belongs to which part.
        development: the windows to learn from and to select by.
        test: those of the test part.
        fold_encoders: the encoders of every fold.
        frame: the table that the series' rows belong to.
        earlier: how many of the test part, the first, are of what was learnt from before.
    """

    parts: WindowParts
    development: EncodedSeries
    test: SeriesWindows
    fold_encoders: tuple[SeriesEncoders, ...]
    frame: pl.DataFrame
    earlier: int = 0


@dataclass(frozen=True)
class Windows:
    """Series, and which of their windows belong to which part.

    Attributes:
        frame: the table that the series' rows belong to.
    """

    series: Series
    parts: WindowParts
    frame: pl.DataFrame


def cut_series(
    table: Table,
    test_table: Table | None,
    layout: Layout,
    recipe: "Recipe",
    *,
    validation: Table | None = None,
) -> CutSeries:
    """Cut the series of a table into windows, and fit encoders; see `windows_of`."""
    windows = windows_of(table, test_table, layout, recipe, validation=validation)
    return encoded_windows(windows, layout)


def windows_of(
    table: Table,
    test_table: Table | None,
    layout: Layout,
    recipe: "Recipe",
    *,
    validation: Table | None = None,
) -> Windows:
    """Choose the windows of every part.

    Args:
        test_table: its series may go on from those of the table, or be new ones.
        validation: the same of a validation file; there is a test file then too.
    """
    frame, test_rows, names = table.frame, None, [*layout.input_columns(), *layout.target]
    tables = [each.frame for each in (table, validation, test_table) if each is not None]
    for at, later in combinations(range(len(tables)), 2):
        tables[at] = without_awaited(tables[at], tables[later], layout)
    if len(tables) > 1:
        chosen = list(dict.fromkeys(names))
        frame = pl.concat([each.select(chosen) for each in tables], how="vertical_relaxed")
    series = gather_series(frame, layout)
    if test_table is not None:
        test_rows = series.rows >= frame.height - test_table.frame.height
    wanted = cut_of(layout, layout.season)
    learnt = (series.rows >= 0) & (series.rows < tables[0].height)
    if test_rows is not None:
        check_goes_on(series, learnt, test_rows, files=("training", "test"))
    if validation is not None and test_rows is not None:
        held = (series.rows >= tables[0].height) & ~test_rows
        check_goes_on(series, learnt, held, files=("training", "validation"))
        parts = split_by_files(series, wanted, held, test_rows)
    else:
        parts = split_windows(series, recipe.split, wanted, test_rows=test_rows)
    folds = tuple((train, evenly(validation, MOST_VALIDATED)) for train, validation in parts.folds)
    parts = replace(parts, folds=folds, test=evenly(parts.test, MOST_TESTED))
    return Windows(series, parts, frame)


def as_fitted(fresh: SeriesEncoders) -> SeriesEncoders:
    """Use the encoders that were fitted."""
    return fresh


def encoded_windows(
    windows: Windows, layout: Layout, *, settle: Settle = as_fitted, earlier: int = 0
) -> CutSeries:
    """Fit the encoders of windows on the train part of every fold, and encode them.

    Args: settle: gives the encoders that are used for those that were fitted.
    """
    series, parts, season = windows.series, windows.parts, layout.season
    units = naive_units(series, parts.history, season)
    fold_encoders = tuple(
        settle(
            fit_series_encoders(
                series,
                layout,
                season=season,
                train=seen_timesteps(series, parts.development[train], layout),
            )
        )
        for train, _ in parts.folds
    )
    development, test = (
        encode_series(series, fold_encoders[0], layout, origins=origins, units=units)
        for origins in (parts.development, parts.test)
    )
    tested = SeriesWindows(series, test, layout, fold_encoders[0])
    return CutSeries(parts, development, tested, fold_encoders, windows.frame, earlier)


def seen_timesteps(series: Series, origins: Integers, layout: Layout) -> Integers:
    """Find the timesteps that the windows of these origins hold, as input or target."""
    lookback, horizon = reach_of(layout)
    change = np.zeros(len(series.targets) + 1, np.int64)
    owners = np.searchsorted(series.row_splits, origins, side="right") - 1
    np.add.at(change, np.maximum(origins - lookback, series.row_splits[owners]), 1)
    np.add.at(change, origins + horizon, -1)
    return np.flatnonzero(np.cumsum(change[:-1]) > 0)


def future_windows(
    series: Series, encoders: SeriesEncoders, layout: Layout, *, blocks: int = 1
) -> SeriesWindows:
    """Cut one window per series, which ends at its last known target; so many horizons of the
    series come after it."""
    _, horizon = reach_of(layout)
    series, origins = with_future(series, encoders, blocks * horizon)
    return unmeasured_windows(series, encoders, layout, origins=origins)


def unmeasured_windows(
    series: Series, encoders: SeriesEncoders, layout: Layout, *, origins: Integers
) -> SeriesWindows:
    """Cut windows at origins whose errors are not measured: their units are 1."""
    units = np.ones((len(series), len(encoders.targets)), np.float32)
    encoded = encode_series(series, encoders, layout, origins=origins, units=units)
    return SeriesWindows(series, encoded, layout, encoders)


def judged_windows(
    series: Series,
    encoders: SeriesEncoders,
    layout: Layout,
    *,
    judged: NDArray[np.bool_] | None = None,
) -> SeriesWindows:
    """Cut windows at every origin after a lookback and before a horizon; a series that is too short
    for a lookback is judged by its last horizon. What lies before its first origin is a series'
    history.

    Args:
        judged: the timesteps to predict, [timesteps]: series that others come before are seen from
            there on. None: all.
    """
    cut = cut_of(layout, encoders.season)
    first = np.maximum(np.minimum(cut.wanted, series.lengths - cut.horizon), cut.least)
    if judged is not None:
        history = history_of(series, judged)
        first = np.where(history > 0, np.maximum(history, cut.least), first)
    origins = evenly(rolling(series, first, series.lengths, cut), MOST_TESTED)
    units = naive_units(series, np.minimum(first, series.lengths), encoders.season)
    encoded = encode_series(series, encoders, layout, origins=origins, units=units)
    return SeriesWindows(series, encoded, layout, encoders)
