"""Forecast fewer or more timesteps than a network was trained for, and as sample paths.

Beyond the horizon a forecast goes on from itself: paths are drawn of what the network tells, each
is taken for the past, and the network is asked again. The quantiles there are those of what it
tells of all paths together, so that they widen with what is not known.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Floats, Integers, splits_of, timestep_positions
from rnnauto.data.columns import data_units, zeros_of
from rnnauto.data.unanswered import Unanswered
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.deploy.onward import Dependence, Onward
from rnnauto.deploy.runner import Run
from rnnauto.deploy.table import beside
from rnnauto.errors import DataError, ModelFolderError
from rnnauto.families.forecast.answer import (
    answer,
    forecast_table,
    gathered,
    predict_windows,
    without_answer,
)
from rnnauto.families.forecast.cut import future_windows, unmeasured_windows
from rnnauto.families.forecast.future import ahead_notes
from rnnauto.families.forecast.levels import floored
from rnnauto.families.forecast.onward.paths import (
    Copula,
    inverse_normal,
    places_of,
    values_at,
)
from rnnauto.families.forecast.series import (
    EncodedSeries,
    Series,
    SeriesWindows,
    past_features,
    reach_of,
)
from rnnauto.layout import Layout
from rnnauto.prepared import Source, count
from rnnauto.reading.heads.rows import listed
from rnnauto.reading.read import Table

PATHS = 100  # that quantiles beyond the horizon are made of
SHARES = 19  # values that each of them stands for
TOGETHER = 4_096  # paths that the network is asked about at once
PATH = "path"


@dataclass(frozen=True)
class Asked:
    """A forecast beyond a network's horizon.

    Attributes:
        windows: one per series, of whose series all timesteps of `blocks` horizons are there.
        steps: to predict.
        blocks: how often the network is asked.
        copula: how its errors go together; None where only medians are told.
    """

    windows: SeriesWindows
    steps: int
    blocks: int
    copula: Copula | None
    paths: int
    seed: int


def go_on(
    run: Callable[[], Run],
    data: Source,
    info: AnyModelInfo,
    onward: Onward,
    *,
    history: Source | None,
    look: Callable[..., None],
) -> tuple[pl.DataFrame, tuple[Unanswered, ...]]:
    """Forecast `onward.horizon` timesteps of every series, or draw paths of them.

    Returns: the table, and how many forecasts are empty, by why they are.

    Raises: DataError where what is known ahead is not known so far, or nothing says how errors go
        together.
    """
    layout, encoders = info.layout, info.encoders
    series, table = gathered(data, layout, encoders, history=history)
    _, horizon = reach_of(layout)
    steps = onward.horizon or horizon
    blocks = -(-steps // horizon)
    copula = copula_for(info, onward, blocks)
    windows = future_windows(series, encoders, layout, blocks=blocks)
    origins = windows.encoded.origins
    notes = (*table.notes, *ahead_notes(windows.series, origins, steps, layout))
    if blocks > 1:
        check_known(windows.series, origins, steps, layout, table)
        notes = (*notes, *caveats(layout, steps))
    look(replace(table, notes=notes), layout, encoders.words)
    opened = run()
    told = answer(opened, windows)
    empty = without_answer(windows, told)
    asked = Asked(windows, steps, blocks, copula, onward.paths or PATHS, onward.seed)
    if blocks > 1 or onward.paths:
        quantiles, paths = simulated(opened, asked, told, keep=onward.paths > 0)
        if onward.paths:
            return path_table(asked, paths), empty
        told = quantiles
    shorter = replace(windows, encoded=replace(windows.encoded, horizon=steps))
    return forecast_table(shorter, told[:, :steps], origins=False), empty


def copula_for(info: AnyModelInfo, onward: Onward, blocks: int) -> Copula | None:
    """Make what draws paths. Raises: DataError where nothing can."""
    levels = info.layout.levels
    if blocks == 1 and not onward.paths:
        return None
    if len(levels) == 1:
        if onward.paths:
            raise DataError(
                "this model tells a median alone, of which no paths can be drawn",
                hint="fit it with `--quantiles 0.1,0.9`",
            )
        return None
    measured: Dependence | None = info.dependence
    _, horizon = reach_of(info.layout)
    targets = len(info.layout.targets)
    if measured is None:
        raise DataError(
            "this model folder does not say how the errors of its forecasts go together: an older "
            "rnnauto wrote it",
            hint="fit it again: `rnnauto fit -r FOLDER/recipe.yaml -o NEW_FOLDER`",
        )
    if np.shape(measured.lags) != (targets, horizon) or np.shape(measured.between) != (
        targets,
        targets,
    ):
        raise ModelFolderError(
            "`dependence` of the model folder's `model.json` is of other targets, or another "
            "horizon",
            hint="train the model again, or fetch the folder again",
        )
    return Copula(measured)


def check_known(
    series: Series, origins: Integers, steps: int, layout: Layout, table: Table
) -> None:
    """Check that what is known ahead is given for all timesteps. Raises: DataError."""
    if not layout.known_ahead:
        return
    at = origins[:, None] + np.arange(steps)
    absent = series.rows[at] < 0
    if not absent.any():
        return
    number = int(np.argmax(absent.any(axis=1)))
    first = series.times[int(at[number][np.argmax(absent[number])])]
    named = ", ".join(map(str, series.ids.row(number))) if layout.id else ""
    of = f" of {named}" if named else ""
    raise DataError(
        f"`{table.source}`: {listed(list(layout.known_ahead))} must be known for all {steps} "
        f"timesteps to predict, and{of} there is no row for {first}",
        hint="add rows without a target for them, or ask for fewer with `--horizon`",
    )


def caveats(layout: Layout, steps: int) -> list[str]:
    """Say what is not as up to the horizon."""
    names = [column.name for column in past_features(layout)]
    beyond = f"beyond {count(layout.horizon or 0, 'timestep')}"
    itself = "its own paths" if len(layout.levels) > 1 else "its own medians"
    said = [f"{beyond} the forecast goes on from {itself}, which no score of the model tells of"]
    if names:
        stay = "stays" if len(names) == 1 else "stay"
        said.append(f"{listed(names)} {stay} as last seen {beyond}")
    return said


def simulated(run: Run, asked: Asked, told: Floats, *, keep: bool) -> tuple[Floats, Floats]:
    """Draw paths of every series, block after block.

    Args:
        told: quantiles of the first block, [series, horizon, targets, levels].
        keep: whether the paths are wanted, and not only quantiles.

    Returns: quantiles [series, timesteps, targets, levels] and paths [series, paths, timesteps,
        targets], less the zeros of the targets.
    """
    horizon, targets, levels = told.shape[1:]
    length = asked.blocks * horizon
    quantiles = np.full((len(told), length, targets, levels), np.nan, np.float32)
    quantiles[:, :horizon] = told
    count = asked.paths if asked.copula is not None else 1
    kept = np.full((len(told), count if keep else 0, length, targets), np.nan, np.float32)
    seen = np.flatnonzero(np.isfinite(told).all(axis=(1, 2, 3)))
    for begin in range(0, len(seen), max(1, TOGETHER // count)):
        some = seen[begin : begin + max(1, TOGETHER // count)]
        quantiles[some], paths = walk(run, asked, told[some], some, count)
        if keep:
            kept[some] = paths
    return quantiles, kept


def walk(run: Run, asked: Asked, told: Floats, some: Integers, count: int) -> tuple[Floats, Floats]:
    """Draw `count` paths of some series together; returns as `simulated`."""
    horizon, targets = told.shape[1:3]
    generators = [generator_of(asked, int(number)) for number in some]
    repeated = repeat(asked.windows, some, count)
    places = places_of(asked.windows.encoded.levels)
    encoded = replace(repeated.encoded, targets=repeated.encoded.targets.copy())
    pooled, values = [told], []
    each = np.repeat(told.astype(np.float64), count, axis=0)  # of every path
    for block in range(asked.blocks):
        if block:
            windows = replace(repeated, encoded=shifted(encoded, block * horizon))
            each = predict_windows(run, windows).astype(np.float64)
            pooled.append(pool(each.reshape(len(some), count, *each.shape[1:]), asked, places))
        drawn = draw(each, generators, asked, places, count)
        values.append(drawn.reshape(len(some), count, horizon, targets))
        at = encoded.origins[:, None] + block * horizon + np.arange(horizon)
        encoded.targets[at] = drawn
    return np.concatenate(pooled, axis=1), np.concatenate(values, axis=2)


def generator_of(asked: Asked, number: int) -> np.random.Generator:
    """Make the generator of a series, which its ids and the seed decide: whatever series stand
    beside it, its paths are the same."""
    series = asked.windows.series
    named = repr(series.ids.row(number)) if asked.windows.layout.id else ""
    return np.random.default_rng([asked.seed, zlib.crc32(named.encode())])


def draw(
    each: Doubles,
    generators: list[np.random.Generator],
    asked: Asked,
    places: Doubles,
    count: int,
) -> Floats:
    """Draw a value of every path and timestep, float32 [series * paths, horizon, targets]; the
    median where there is nothing else."""
    if asked.copula is None:
        return each[..., 0].astype(np.float32)
    scores = np.concatenate([asked.copula.draw(rng, count) for rng in generators])
    values = values_at(scores, each, places)
    return np.asarray(floored(values, asked.windows.encoded.floors), np.float32)


def pool(each: Doubles, asked: Asked, places: Doubles) -> Floats:
    """Find the quantiles of what is told of all paths together, [series, horizon, targets, levels].

    Args: each: [series, paths, horizon, targets, levels].
    """
    if asked.copula is None:
        return each[:, 0].astype(np.float32)
    shares = inverse_normal((np.arange(SHARES) + 0.5) / SHARES)
    scores = np.broadcast_to(shares, (*each.shape[:-1], SHARES))
    values = values_at(scores, each[..., None, :], places)
    values = np.moveaxis(values, -1, 2)  # [series, paths, shares, horizon, targets]
    values = floored(values, asked.windows.encoded.floors)
    values = values.reshape(len(each), -1, *each.shape[2:4])
    levels = asked.windows.encoded.levels
    return np.asarray(np.moveaxis(np.quantile(values, levels, axis=1), 0, -1), np.float32)


def repeat(windows: SeriesWindows, some: Integers, count: int) -> SeriesWindows:
    """Make a series of its own of every path: of its past what a network can see, and all that is
    to come. Features that are known up to now stay as they were last."""
    series, encoded = windows.series, windows.encoded
    owners = np.repeat(some, count)
    origins = encoded.origins[owners]
    begins = np.maximum(series.row_splits[owners], origins - encoded.lookback)
    lengths = series.row_splits[owners + 1] - begins
    row_splits = splits_of(lengths)
    at = np.repeat(begins, lengths) + timestep_positions(row_splits)
    last = np.minimum(at, np.repeat(np.maximum(origins - 1, begins), lengths))
    own = replace(
        series,
        ids=series.ids[owners],
        rows=series.rows[at],
        row_splits=row_splits,
        times=series.times.gather(at),
        targets=series.targets[at],
        numbers=series.numbers[last],
        categories=tuple(column.gather(last) for column in series.categories),
        ahead=series.ahead[at],
        ahead_categories=tuple(column.gather(at) for column in series.ahead_categories),
        static_numbers=series.static_numbers[owners],
        static_categories=tuple(column.gather(owners) for column in series.static_categories),
    )
    starts = row_splits[:-1] + origins - begins
    return unmeasured_windows(own, windows.encoders, windows.layout, origins=starts)


def shifted(encoded: EncodedSeries, steps: int) -> EncodedSeries:
    return replace(encoded, origins=encoded.origins + steps)


def path_table(asked: Asked, paths: Floats) -> pl.DataFrame:
    """Write paths as a table of one row per series, path and timestep: the ids, `path` from 1 on,
    the time, and `prediction`, or `prediction_<target>` of several."""
    windows, steps = asked.windows, asked.steps
    series, layout, count = windows.series, windows.layout, paths.shape[1]
    origins = windows.encoded.origins
    at = np.repeat(origins[:, None] + np.arange(steps), count, axis=0).reshape(-1)
    owners = np.repeat(np.arange(len(series)), count * steps)
    numbers = np.tile(np.repeat(np.arange(1, count + 1), steps), len(series))
    times = series.times.gather(at)
    name = PATH
    while name in {*layout.id, times.name}:
        name += "_"
    keys = pl.DataFrame([*series.ids[owners].select(layout.id), pl.Series(name, numbers), times])
    zeros = zeros_of(layout.targets)
    columns = []
    for number, target in enumerate(layout.target):
        told = "prediction" if len(layout.target) == 1 else f"prediction_{target}"
        values = data_units(paths[:, :, :steps, number], zeros[number]).reshape(-1)
        columns.append(pl.Series(told, values).fill_nan(None))
    return beside(keys, columns)
