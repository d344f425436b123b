"""Ask a SavedModel about windows, and turn its forecasts into a table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Floats, Integers
from rnnauto.data.columns import data_units, doubles_of, less_zeros, zeros_of
from rnnauto.data.joined import without_awaited
from rnnauto.data.unanswered import Unanswered
from rnnauto.deploy.latency import Single, spread
from rnnauto.deploy.runner import Run
from rnnauto.deploy.table import ORIGIN, beside, times_as_texts
from rnnauto.families.forecast.cut import future_windows, judged_windows
from rnnauto.families.forecast.future import ahead_notes
from rnnauto.families.forecast.levels import middle, per_cent
from rnnauto.families.forecast.series import (
    Series,
    SeriesEncoders,
    SeriesWindows,
    ahead_features,
    gather_series,
    past_features,
    reach_of,
)
from rnnauto.families.forecast.windows import window_inputs
from rnnauto.layout import Layout
from rnnauto.prepared import Source, count
from rnnauto.problems.absent import absent_between_files, refuse_other_frequency
from rnnauto.problems.asked import problems_asked
from rnnauto.problems.required_columns import read_for, refuse_without_time
from rnnauto.problems.times import DUPLICATE_TIMESTEP
from rnnauto.reading.cells import as_texts
from rnnauto.reading.read import Table

BATCH = 256


def to_predict(
    data: Source, layout: Layout, encoders: SeriesEncoders, *, history: Source | None
) -> SeriesWindows:
    """Read one window per series, which ends at its last known target.

    Args:
        history: earlier timesteps of the same series.

    Raises: DataError where a column is absent or holds what the model cannot read.
    """
    series, table = gathered(data, layout, encoders, history=history)
    windows = future_windows(series, encoders, layout)
    _, horizon = reach_of(layout)
    notes = ahead_notes(windows.series, windows.encoded.origins, horizon, layout)
    return replace(windows, table=replace(table, notes=(*table.notes, *notes)))


def gathered(
    data: Source, layout: Layout, encoders: SeriesEncoders, *, history: Source | None
) -> tuple[Series, Table]:
    """Read series to go on from, and what is to be said of their table. Raises: as `to_predict`."""
    words = encoders.words
    earlier = read_history(history, layout, words)
    table = read_series(layout, data, words, target=False, may_be_empty=True)
    frame = table.frame if earlier is None else after(earlier.frame, table.frame, layout)
    return gather_series(frame, layout), told(table, earlier, layout)


def to_judge(
    data: Source, layout: Layout, encoders: SeriesEncoders, *, history: Source | None
) -> SeriesWindows:
    """Read every origin that leaves a lookback before it and a horizon after it; timesteps of the
    history are seen, not judged. Raises: DataError."""
    words = encoders.words
    earlier = read_history(history, layout, words)
    table = read_series(layout, data, words)
    frame = table.frame if earlier is None else after(earlier.frame, table.frame, layout)
    seen = frame.height - table.frame.height
    series = gather_series(frame, layout)
    judged = series.rows >= seen if seen else None
    windows = judged_windows(series, encoders, layout, judged=judged)
    return replace(windows, table=told(table, earlier, layout))


def read_history(
    history: Source | None, layout: Layout, words: Mapping[str, Sequence[str]]
) -> Table | None:
    return None if history is None else read_series(layout, history, words)


def read_series(
    layout: Layout,
    data: Source,
    words: Mapping[str, Sequence[str]],
    *,
    target: bool = True,
    may_be_empty: bool = False,
) -> Table:
    """Read series whose times are there and come as often as the model's do. Raises: DataError."""
    table = read_for(
        layout, data, target=target, text_targets=(), may_be_empty=may_be_empty, classes=words
    )
    refuse_without_time(table, layout)
    refuse_other_frequency(table, layout)
    return table


def to_learn(data: Source, layout: Layout, encoders: SeriesEncoders) -> Table:
    """Read series to learn from: new ones, or later timesteps of known ones. Raises: DataError."""
    return read_series(layout, data, encoders.words)


def told(table: Table, history: Table | None, layout: Layout) -> Table:
    """Put what is odd about a history, by itself and beside the table, to what is said of this, and
    which targets are below 0 although no forecast is."""
    below = [note for each in (history, table) if each for note in below_floor(each, layout)]
    table = replace(table, notes=(*table.notes, *below))
    if history is None:
        return table
    name = f"`{history.source}`"
    odd = [
        replace(each, message=f"{name}: {each.message}") for each in problems_asked(history, layout)
    ]
    notes = tuple(f"{name}: {note}" for note in history.notes)
    keys = layout.timestep_keys()
    again = without_awaited(history.frame, table.frame, layout)
    both = twice(again, table.frame, keys) if keys else 0
    if both and layout.time:
        repeated = DUPLICATE_TIMESTEP.problem(
            f"{name} and `{table.source}` both have {count(both, 'timestep')}",
            layout.time,
            (),
            remedy="keep one row for each time; as it is both are read",
            severity="warning",
        )
        odd.append(repeated)
    odd += absent_between_files(
        again, table.frame, layout, names=(f"history {name}", f"file `{table.source}`")
    )
    return replace(table, notes=(*table.notes, *notes), problems=(*table.problems, *odd))


def below_floor(table: Table, layout: Layout) -> list[str]:
    """Say which targets have values below 0, where training had none and no forecast is."""
    known = {name: table.frame[name] for name in layout.floored if name in table.frame.columns}
    counts = {name: int((doubles_of(values) < 0).sum()) for name, values in known.items()}
    return [
        f"`{table.source}`, column `{name}`: {count(below, 'value')} below 0, which the model "
        "never saw; its forecasts are 0 or more, unless it is fitted with `--floor none`"
        for name, below in counts.items()
        if below
    ]


def twice(earlier: pl.DataFrame, frame: pl.DataFrame, keys: Sequence[str]) -> int:
    """Count the timesteps that two tables have both."""
    earlier, frame = of_one_type(earlier.select(keys), frame.select(keys))
    each = [part.unique() for part in (earlier, frame)]
    return int(pl.concat(each, how="diagonal_relaxed").is_duplicated().sum()) // 2


def after(earlier: pl.DataFrame, frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Put the rows of a table after those of its series' history."""
    earlier = without_awaited(earlier, frame, layout)
    earlier, frame = of_one_type(earlier, frame)
    if layout.id:
        earlier = earlier.join(frame, on=list(layout.id), how="semi", maintain_order="left")
    return pl.concat([earlier, frame], how="diagonal_relaxed")


def of_one_type(earlier: pl.DataFrame, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give columns that are text in one of two tables, such as ids, the same type in the other."""
    names = [
        name
        for name, dtype in earlier.schema.items()
        if name in frame.columns and dtype != frame.schema[name]
        if pl.String in {dtype, frame.schema[name]}
    ]
    return as_texts(earlier, names), as_texts(frame, names)


def answer(run: Run, windows: SeriesWindows, *, beams: int = 1) -> Floats:
    """Predict windows, as `predict_windows` does, but for rows without an id, which are no series;
    `beams` are for texts that are written."""
    quantiles = predict_windows(run, windows)
    quantiles[nameless(windows)] = np.nan
    return quantiles


def nameless(windows: SeriesWindows) -> Flags:
    """Find the windows of rows whose ids are missing, [windows]."""
    ids = windows.series.ids.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return ids.to_numpy()[windows.encoded.owners]


def without_answer(windows: SeriesWindows, quantiles: Floats) -> tuple[Unanswered, ...]:
    """Count the series that have no forecast, by why."""
    unnamed = nameless(windows)
    unseen = np.isnan(quantiles).all(axis=(1, 2, 3)) & ~unnamed
    return tuple(
        Unanswered(int(flags.sum()), len(quantiles), "series", why, "their forecast is empty")
        for flags, why in (
            (unseen, "have no value to go on from"),
            (unnamed, "are rows without an id"),
        )
    )


def single(run: Run, windows: SeriesWindows) -> Single:
    """Choose windows from begin to end, each the input of a call of its own."""
    return Single([raw_windows(windows, window[None]) for window in spread(len(windows))])


def predict_windows(run: Run, windows: SeriesWindows) -> Floats:
    """Predict the quantiles of every window, less the zero of each target, float32 [windows,
    horizon, targets, levels]; NaN for a window in which nothing has been seen."""
    encoded, zeros = windows.encoded, zeros_of(windows.layout.targets)[:, None]
    shape = (len(encoded), encoded.horizon, encoded.targets.shape[1], len(encoded.levels))
    quantiles = np.full(shape, np.nan, np.float32)
    for begin in range(0, len(encoded), BATCH):
        chosen = np.arange(begin, min(begin + BATCH, len(encoded)))
        raw = raw_windows(windows, chosen)
        real = np.arange(raw["past"].shape[1]) < raw["length"][:, None]
        seen = (np.isfinite(raw["past"]).any(axis=2) & real).any(axis=1)
        quantiles[chosen[seen]] = less_zeros(run(raw)["quantiles"][seen], zeros)
    return quantiles


def blocks(rows: Integers) -> Integers:
    """Cut series into those that one batch holds, as `deploy.runner.blocks_of` has it."""
    return np.append(np.arange(BATCH, len(rows), BATCH), len(rows)) if len(rows) else rows[:0]


def raw_windows(
    windows: SeriesWindows, chosen: Integers, *, extra: int = 0
) -> dict[str, NDArray[Any]]:
    """Gather the inputs of `serving_default`: those of the network, with texts for categories."""
    encoded, series = windows.encoded, windows.series
    inputs = window_inputs(encoded, chosen, extra=extra)
    for name, zeros in raw_zeros(windows.layout, encoded.ahead.shape[1]).items():
        if name in inputs:
            inputs[name] = data_units(inputs[name], zeros)
    origins = encoded.origins[chosen]
    starts = origins - inputs["length"]
    steps = np.arange(inputs["past"].shape[1])
    real = steps < inputs["length"][:, None]
    past = np.where(real, starts[:, None] + steps, 0)

    def past_words(columns: tuple[pl.Series, ...]) -> NDArray[Any]:
        words = words_at(columns, past)
        words[~real] = "rubbish" * bool(extra)
        return words

    if "codes" in inputs:
        del inputs["codes"]
        inputs["categories"] = past_words(series.categories)
    if encoded.indicators:
        for name in ("known", "ahead"):
            numbers = inputs.pop(name)[..., : -encoded.indicators]
            if numbers.shape[-1]:
                inputs[name] = numbers
        inputs["known_categories"] = past_words(series.ahead_categories)
        horizon = origins[:, None] + np.arange(encoded.horizon)
        inputs["ahead_categories"] = words_at(series.ahead_categories, horizon)
    if "static_codes" in inputs:
        del inputs["static_codes"]
        owners = encoded.owners[chosen]
        inputs["static_categories"] = words_at(series.static_categories, owners)
    return inputs


def raw_zeros(layout: Layout, ahead: int) -> dict[str, Doubles]:
    """List what is taken off the numbers of each input; `ahead` counts those known ahead, with what
    is made of times and words."""
    known = np.zeros(ahead)
    moving = zeros_of(ahead_features(layout))
    known[: len(moving)] = moving
    return {
        "past": zeros_of(layout.targets),
        "numbers": zeros_of(past_features(layout)),
        "known": known,
        "ahead": known,
        "static_numbers": zeros_of(layout.static),
    }


def words_at(columns: tuple[pl.Series, ...], places: Integers) -> NDArray[Any]:
    """Take the words at some rows, object [*places, columns]."""
    return np.stack([np.array(column.to_list(), object)[places] for column in columns], axis=-1)


def forecast_table(windows: SeriesWindows, quantiles: Floats, *, origins: bool) -> pl.DataFrame:
    """Write forecasts as a table of one row per timestep predicted: the ids, its time (`timestep`
    where there is none), `prediction`, the median, and a column for each quantile in per cent, like
    `prediction_10`; of several targets each has its own, `prediction_<target>` and
    `prediction_<target>_10` and so on.

    Args:
        origins: say in a column `origin` what the last timestep seen was.
    """
    encoded, series = windows.encoded, windows.series
    layout, encoders, levels = windows.layout, windows.encoders, encoded.levels
    owners = np.repeat(encoded.owners, encoded.horizon)
    at = (encoded.origins[:, None] + np.arange(encoded.horizon)).reshape(-1)
    columns = list(series.ids[owners].select(layout.id))
    if origins:
        last = np.repeat(np.maximum(encoded.origins - 1, 0), encoded.horizon)
        columns.append(series.times.gather(last).alias(ORIGIN))
    keys = pl.DataFrame([*columns, series.times.gather(at)])
    predictions: list[pl.Series] = []
    zeros = zeros_of(layout.targets)
    for number, target in enumerate(encoders.targets):
        name = "prediction" if len(encoders.targets) == 1 else f"prediction_{target}"
        values = data_units(quantiles[:, :, number], zeros[number]).reshape(-1, len(levels))
        predictions += [pl.Series(name, values[:, middle(levels)])]
        predictions += [
            pl.Series(f"{name}_{per_cent(level)}", values[:, at]) for at, level in enumerate(levels)
        ]
    return beside(keys, [column.fill_nan(None) for column in predictions])


def table(windows: SeriesWindows, quantiles: Floats, *, probabilities: bool) -> pl.DataFrame:
    """Write what comes after every series as a table; quantiles stand in it whatever is asked
    for."""
    return forecast_table(windows, quantiles, origins=False)


def tested_table(windows: SeriesWindows, quantiles: Floats) -> pl.DataFrame:
    """Write the table of the test part in a model folder, with the origin of each forecast."""
    return times_as_texts(forecast_table(windows, quantiles, origins=True), windows.layout)
