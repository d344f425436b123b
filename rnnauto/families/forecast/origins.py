"""Choose which windows belong to which part: rolling origins, whose targets never cross parts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers, timestep_positions
from rnnauto.data.room import FEW_SERIES, fold_count, held_series, tested_series
from rnnauto.errors import DataError
from rnnauto.families.forecast.series import Series

if TYPE_CHECKING:
    from rnnauto.recipe import Split

FEW_WINDOWS = 3_000  # windows below which finalists are confirmed on folds
HORIZONS = 3  # that a typical series must hold beside the lookback to be cut in time
FEW_JUDGED = 100  # windows, below which series that are cut in time are judged by more


@dataclass(frozen=True)
class WindowParts:
    """Origins, which are first timesteps predicted, by part.

    Attributes:
        development: those of all windows to learn from and to select by.
        folds: train and validation part of each; they index `development`.
        test: those of the test part.
        history: timesteps of every series before its test part.
        rule: how the windows were cut, in words.
    """

    development: Integers
    folds: tuple[tuple[Integers, Integers], ...]
    test: Integers
    history: Integers
    rule: str

    @property
    def unit(self) -> str:
        """Name what the parts are counted in."""
        return "windows"


@dataclass(frozen=True)
class Cut:
    """How long windows are, in timesteps.

    Attributes:
        horizon: what is predicted.
        least: what must come before an origin.
        wanted: what must come before those of series that are judged whole.
    """

    horizon: int
    least: int
    wanted: int


def split_windows(
    series: Series, recipe: "Split", cut: Cut, *, test_rows: NDArray[np.bool_] | None
) -> WindowParts:
    """Cut the windows into parts by time, or by whole series where the typical one is too short.

    A whole series is judged by what comes after a lookback: by one window, where that is nearly all
    of it. Where so few would be judged, and most series have room, they are cut in time after all.

    Args:
        test_rows: the timesteps that come from a test file, [timesteps]; None: the last ones of
            each series, or some series, are the test part.

    Raises: DataError where a part would hold no window.
    """
    by_time, by_series = (
        partial(way, series, recipe, cut, test_rows) for way in (split_by_time, split_by_series)
    )
    match recipe.by:
        case "time":
            parts = by_time()
        case "sequence":
            parts = by_series()
        case _:
            parts = preferred(series, cut, by_time, by_series)
    lack = lacking(parts)
    if lack:
        raise DataError(
            f"the {' and the '.join(lack)} part would hold no window of {cut.least} timesteps "
            f"and the {cut.horizon} after them, one of them with a known target",
            hint=remedy_of(lack, cut, own_test=test_rows is not None),
        )
    return parts


def preferred(
    series: Series,
    cut: Cut,
    by_time: Callable[[], WindowParts],
    by_series: Callable[[], WindowParts],
) -> WindowParts:
    """Choose a way to cut the windows into parts, the other one where a part would lack some."""
    if float(np.median(series.lengths)) >= cut.wanted + HORIZONS * cut.horizon:
        parts = by_time()
        return by_series() if lacking(parts) else parts
    parts = by_series()
    judged = fewest_judged(parts)
    if judged >= FEW_JUDGED:
        return parts
    other = by_time()
    if lacking(parts):
        return other
    train, _ = other.folds[0]
    roomy = len(train) >= HORIZONS * cut.horizon * len(series)
    return other if roomy and fewest_judged(other) > judged else parts


def fewest_judged(parts: WindowParts) -> int:
    """Count the windows of the smaller part of those that are judged."""
    return min(len(parts.test), len(parts.folds[0][1]))


def split_by_files(
    series: Series, cut: Cut, validation_rows: NDArray[np.bool_], test_rows: NDArray[np.bool_]
) -> WindowParts:
    """Cut the windows by the files that their timesteps come from: first what is trained on, then
    the validation file, then the test file.

    Args:
        validation_rows, test_rows: the timesteps that come from these files, [timesteps].

    Raises: DataError where a part would hold no window, or a series is tested before it is
        validated on.
    """
    lengths = series.lengths
    begins, ends = history_of(series, validation_rows), history_of(series, test_rows)
    after = last_of(series, validation_rows)
    if (after > ends).any():
        raise DataError(
            "a series has timesteps of the test file before its last ones of the validation file",
            hint="let the test file begin where the validation file ends",
        )
    train_end = np.minimum(begins, ends)

    def from_on(place: Integers) -> Integers:
        """Where a part begins: series that no others come before are seen for a lookback first."""
        return np.where(place == 0, cut.wanted, np.maximum(place, cut.least))

    train = rolling(series, np.full(len(series), cut.least), train_end, cut)
    validation = rolling(series, from_on(begins), after, cut)
    test = rolling(series, from_on(ends), lengths, cut)
    parts = WindowParts(
        np.concatenate([train, validation]),
        ((np.arange(len(train)), len(train) + np.arange(len(validation))),),
        test,
        ends,
        "in time, each part a file of its own",
    )
    lack = lacking(parts)
    if lack:
        raise DataError(
            f"the {' and the '.join(lack)} file holds no window of {cut.least} timesteps and the "
            f"{cut.horizon} after them, one of them with a known target",
            hint=f"give each file {cut.horizon} timesteps or more of a series, with their target; "
            f"of a series that no other file holds {cut.wanted + cut.horizon}",
        )
    return parts


def check_goes_on(
    series: Series, before: NDArray[np.bool_], rows: NDArray[np.bool_], *, files: tuple[str, str]
) -> None:
    """Check that no series has a known target in an earlier file after the first timestep of a
    later one, which would be judged as one of this; what both files have is a leak, told elsewhere.

    Args:
        before, rows: the timesteps that come from the two files, [timesteps].
        files: what these are called.

    Raises: DataError.
    """
    owners = np.repeat(np.arange(len(series)), series.lengths)
    places = timestep_positions(series.row_splits)
    late = before & (places > history_of(series, rows)[owners])
    late &= np.isfinite(series.targets).any(axis=1)
    if not late.any() or not len(series.times):
        return
    timesteps = pl.DataFrame({"owner": owners, "time": series.times})
    of_both = timesteps.filter(pl.Series(rows))
    stray = timesteps.filter(pl.Series(late)).join(of_both, on=["owner", "time"], how="anti")
    if len(stray):
        name = ", ".join(map(str, series.ids.row(stray["owner"][0]))) if len(series) > 1 else ""
        of = f" of series `{name}`" if name else ""
        raise DataError(
            f"the {files[0]} file has timesteps{of} after the first of the {files[1]} file, such "
            f"as {stray['time'][0]}",
            hint=f"let the {files[1]} file begin where the {files[0]} file ends",
        )


def last_of(series: Series, rows: NDArray[np.bool_]) -> Integers:
    """Count the timesteps of every series up to its last one of some rows; 0 where it has none."""
    owners = np.repeat(np.arange(len(series)), series.lengths)
    places = timestep_positions(series.row_splits)
    ends = np.zeros(len(series), np.int64)
    np.maximum.at(ends, owners[rows], places[rows] + 1)
    return ends


def lacking(parts: WindowParts) -> list[str]:
    """Name the parts that hold no window."""
    train, validation = parts.folds[0]
    sizes = {"train": len(train), "validation": len(validation), "test": len(parts.test)}
    return [name for name, size in sizes.items() if not size]


def remedy_of(lack: list[str], cut: Cut, *, own_test: bool) -> str:
    """Say what gives the parts that hold no window one; room has been looked for already."""
    if own_test and "test" in lack:
        return (
            f"give the test file {cut.horizon} timesteps or more of a series, with their target; "
            f"of a series that the training file lacks {cut.wanted + cut.horizon}"
        )
    return "fill the target in where it is missing, at the end of the series above all"


def split_by_time(
    series: Series, recipe: "Split", cut: Cut, test_rows: NDArray[np.bool_] | None
) -> WindowParts:
    """Cut the end of every series off as the test part, what comes before it as the validation
    part; in a small file other folds hold out earlier blocks of time."""
    lengths = series.lengths
    if test_rows is None:
        ends = lengths - part_rows(lengths, recipe.test, cut, rest=cut.least + 2 * cut.horizon)
    else:
        ends = history_of(series, test_rows)
    begins = ends - part_rows(ends, recipe.validation, cut, rest=cut.least + cut.horizon)
    test = rolling(series, np.maximum(ends, cut.least), lengths, cut)
    if test_rows is not None:  # series that only the test file has are seen for a lookback first
        new = ends == 0
        ends_or_wanted = np.where(new, cut.wanted, np.maximum(ends, cut.least))
        test = rolling(series, ends_or_wanted, lengths, cut)
    development = rolling(series, np.full(len(series), cut.least), ends, cut)
    place, owner = places(series, development)
    first = held_out(place, begins[owner], ends[owner], cut)
    folds = [first]
    if fold_count(recipe, len(development), FEW_WINDOWS) > 1:
        count = fold_count(recipe, len(development), FEW_WINDOWS) - 1
        for number in range(count):
            low = cut.least + (begins - cut.least) * number // count
            high = cut.least + (begins - cut.least) * (number + 1) // count
            folds.append(held_out(place, low[owner], high[owner], cut, around=True))
    usable = [fold for fold in folds if fold is first or (len(fold[0]) and len(fold[1]))]
    return WindowParts(development, tuple(usable), test, ends, "in time, by rolling origins")


def part_rows(lengths: Integers, share: float, cut: Cut, *, rest: int) -> Integers:
    """Count the last timesteps of every series that are a part: a share of it that leaves `rest`
    before them, and at least a horizon."""
    rows = np.minimum(np.round(share * lengths).astype(np.int64), lengths - rest)
    return np.minimum(np.maximum(rows, cut.horizon), lengths)


def history_of(series: Series, test_rows: NDArray[np.bool_]) -> Integers:
    """Count the timesteps of every series before the first one of the test file."""
    owners = np.repeat(np.arange(len(series)), series.lengths)
    places = timestep_positions(series.row_splits)
    ends = series.lengths.copy()
    np.minimum.at(ends, owners[test_rows], places[test_rows])
    return ends


def rolling(series: Series, first: Integers, end: Integers, cut: Cut) -> Integers:
    """List the origins of every series from its timestep `first` on whose horizon ends by `end`,
    and with a known target after each."""
    counts = np.maximum(end - cut.horizon - first + 1, 0)
    owners = np.repeat(np.arange(len(series)), counts)
    steps = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    origins = (series.row_splits[:-1] + first)[owners] + steps
    known = np.isfinite(series.targets).any(axis=1)
    before = np.concatenate([[0], np.cumsum(known)])
    some = (before[origins + cut.horizon] - before[origins]) > 0
    return np.asarray(origins[some], np.int64)


def places(series: Series, origins: Integers) -> tuple[Integers, Integers]:
    """Find the place of every origin inside its series, and the series, [windows] each."""
    owners = np.searchsorted(series.row_splits, origins, side="right") - 1
    return origins - series.row_splits[owners], owners


def held_out(
    place: Integers, low: Integers, high: Integers, cut: Cut, *, around: bool = False
) -> tuple[Integers, Integers]:
    """Choose windows to train on, whose targets come before `low` (with `around` also from `high`
    on), and windows to validate on, whose targets lie from `low` to before `high`."""
    train = place + cut.horizon <= low
    if around:
        train |= place >= high
    validation = (place >= low) & (place + cut.horizon <= high)
    return np.flatnonzero(train), np.flatnonzero(validation)


def split_by_series(
    series: Series, recipe: "Split", cut: Cut, test_rows: NDArray[np.bool_] | None
) -> WindowParts:
    """Put every series into one part; those to judge by are seen for a whole lookback first."""
    lengths = series.lengths
    order = np.random.default_rng(recipe.seed).permutation(len(series))
    long_enough = order[lengths[order] >= cut.wanted + cut.horizon]
    if test_rows is None:
        count = tested_series(recipe, len(long_enough))
        tested = np.zeros(len(series), bool)
        tested[long_enough[:count]] = True
        starts = np.full(len(series), cut.wanted)
        history = np.where(tested, 0, lengths)
    else:
        history = history_of(series, test_rows)
        starts = np.where(history > 0, np.maximum(history, cut.least), cut.wanted)
        tested = history == 0
    end = np.where((history == 0) | (history < lengths), lengths, 0)
    test = rolling(series, starts, end, cut)
    development = rolling(series, np.full(len(series), cut.least), history, cut)
    place, owner = places(series, development)
    rest = long_enough[~tested[long_enough]]
    turn = np.full(len(series), -1, np.int64)  # which series is held out when; -1: never
    folds = fold_count(recipe, len(rest), FEW_SERIES)
    if folds > 1:
        turn[rest] = np.arange(len(rest)) % folds
    else:
        turn[rest[: held_series(recipe, len(rest))]] = 0
    judged = place >= cut.wanted
    return WindowParts(
        development,
        tuple(
            (
                np.flatnonzero(turn[owner] != number),
                np.flatnonzero((turn[owner] == number) & judged),
            )
            for number in range(folds)
            if (turn == number).any()
        )
        or ((np.arange(0), np.arange(0)),),
        test,
        history,
        "by whole series",
    )


def naive_units(series: Series, history: Integers, season: int) -> Floats:
    """Measure the mean absolute error of the seasonal naive forecast over the history of every
    series, in which MASE measures errors, float32 [series, targets]; NaN where it is 0 or not
    known.

    A series whose history is shorter than a season and a timestep counts as a whole; where that
    is too short as well, its unit is the error of the last value.
    """
    units = np.full((len(series), series.targets.shape[1]), np.nan, np.float32)
    for number, (start, stop) in enumerate(
        zip(series.row_splits[:-1], series.row_splits[1:], strict=True)
    ):
        seen = series.targets[start : start + history[number]].astype(np.float64)
        values = seen if len(seen) > season else series.targets[start:stop].astype(np.float64)
        step = season if len(values) > season else 1
        errors = np.abs(values[step:] - values[:-step])
        known = np.isfinite(errors)
        count = known.sum(axis=0)
        total = np.where(known, errors, 0).sum(axis=0)
        units[number] = np.where(total > 0, total / np.maximum(count, 1), np.nan)
    return units
