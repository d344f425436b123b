"""Roll origins back through series: windows at each, which were learnt from, and pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Floats, Integers, timestep_positions
from rnnauto.data.columns import data_units, less_zeros, zeros_of
from rnnauto.deploy.runner import Run
from rnnauto.deploy.table import ORIGIN, beside, times_as_texts
from rnnauto.errors import DataError
from rnnauto.families.forecast.answer import answer, forecast_table, read_series
from rnnauto.families.forecast.cut import cut_of, unmeasured_windows
from rnnauto.families.forecast.levels import middle
from rnnauto.families.forecast.origins import last_of, naive_units
from rnnauto.families.forecast.series import (
    SeriesEncoders,
    SeriesWindows,
    encode_series,
    gather_series,
    reach_of,
)
from rnnauto.layout import Layout
from rnnauto.prepared import Source
from rnnauto.reading.read import Table
from rnnauto.report.picture import Json, identity, short, time_of

PICTURED = 6  # series and targets
BEFORE = 3  # horizons that are shown before the first origin
PLACE = " place"  # no column of a file is called so


@dataclass(frozen=True)
class Rolled:
    """The windows of a table at several origins of each series.

    Attributes:
        windows: those of the first origin, then those of the next; errors are measured in units of
            what lies before the first.
        numbers: the origin of each, 0 for the first, [windows].
        places: the timesteps before each origin, [origins, series]; below 0 where a series is too
            short.
    """

    table: Table
    windows: SeriesWindows
    numbers: Integers
    places: Integers

    def at(self, number: int) -> Integers:
        """List the windows of an origin."""
        return np.flatnonzero(self.numbers == number)

    def cut(self, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Cut the table at an origin: what lies before it, and the horizon after it."""
        series, layout = self.windows.series, self.windows.layout
        place = self.places[number]
        steps = timestep_positions(series.row_splits)
        origin = np.repeat(place, series.lengths)
        before = (steps < origin) & (series.rows >= 0)
        after = (steps >= origin) & (steps < origin + self.windows.encoded.horizon)
        judged = after & (origin > 0) & (series.rows >= 0)
        names = list(dict.fromkeys((*layout.input_columns(), *layout.target)))
        frame = self.table.frame.select(names)
        return frame[series.rows[before]], frame[series.rows[judged]]

    def answered(self, run: Run, number: int, layout: Layout, encoders: SeriesEncoders) -> Floats:
        """Ask another model, which was fitted on what lies before an origin, for its forecasts from
        there: [windows of the origin, horizon, targets, levels], less the zeros of this layout."""
        own = self.windows.layout
        alike = {"frequency": own.frequency, "fill": own.fill, "time": own.time, "id": own.id}
        layout = layout.model_copy(update=alike)
        series = gather_series(self.table.frame, layout)
        origins = self.windows.encoded.origins[self.at(number)]
        quantiles = answer(run, unmeasured_windows(series, encoders, layout, origins=origins))
        values = data_units(quantiles, zeros_of(layout.targets)[:, None])
        return less_zeros(values, zeros_of(own.targets)[:, None])

    def origin(self, number: int) -> str:
        """Write when an origin is: the last timestep seen, or the first and the last of them where
        the series differ."""
        encoded = self.windows.encoded
        seen = self.windows.series.times.gather(encoded.origins[self.at(number)] - 1)
        ends = pl.DataFrame({ORIGIN: [seen.min(), seen.max()]}, schema={ORIGIN: seen.dtype})
        first, last = times_as_texts(ends, self.windows.layout)[ORIGIN].cast(pl.String)
        return str(first) if first == last else f"{first} to {last}"

    def predictions(self, quantiles: Floats) -> pl.DataFrame:
        """Write all forecasts as a table, with the truth beside them."""
        windows = self.windows
        table = forecast_table(windows, quantiles, origins=True)
        truth = data_units(windows.encoded.truth(), zeros_of(windows.layout.targets))
        several = len(windows.layout.target) > 1
        columns = [
            pl.Series(f"truth_{name}" if several else "truth", truth[..., at].reshape(-1))
            for at, name in enumerate(windows.layout.target)
        ]
        table = beside(table, [column.fill_nan(None) for column in columns])
        return times_as_texts(table, windows.layout)

    def learnt_from(self, tested: pl.DataFrame) -> int:
        """Count the windows that the model may have learnt from: those that are not in its own test
        part, nor after it.

        Args: tested: the predictions of the test part, texts.
        """
        series, encoded, layout = self.windows.series, self.windows.encoded, self.windows.layout
        keys = [*layout.id, ORIGIN]
        if not set(keys) <= set(tested.columns):
            return 0
        owners = np.repeat(np.arange(len(series)), series.lengths)
        named = pl.DataFrame([*series.ids[owners].select(layout.id), series.times.alias(ORIGIN)])
        timeline = times_as_texts(named, layout).select(pl.col(keys).cast(pl.String))
        known = tested.select(keys).unique().with_columns(tested=True)
        inside = timeline.join(known, on=keys, how="left", maintain_order="left", nulls_equal=True)
        judged = inside["tested"].fill_null(False).to_numpy()
        newest = np.full(len(series), -1, np.int64)
        np.maximum.at(newest, owners[judged], np.flatnonzero(judged))
        last = encoded.origins - 1
        fresh = judged[last] | ((last > newest[encoded.owners]) & (newest[encoded.owners] >= 0))
        return int((~fresh).sum())

    def pictures(self, quantiles: Floats) -> list[Json]:
        """Show some series with the forecasts from every origin: `id`, `target`, `interval`,
        `history` of [time, value], and `forecasts`, of [time, low, median, high] each."""
        windows, encoded = self.windows, self.windows.encoded
        layout, series, levels = windows.layout, windows.series, encoded.levels
        zeros = zeros_of(layout.targets)
        targets = data_units(encoded.targets, zeros)
        told = data_units(quantiles[..., [0, middle(levels), -1]], zeros[:, None])
        made: list[Json] = []
        for owner in np.unique(encoded.owners):
            own = np.flatnonzero(encoded.owners == owner)
            first = int(encoded.origins[own].min()) - BEFORE * encoded.horizon
            begin, end = int(series.row_splits[owner]), int(series.row_splits[owner + 1])
            for at, target in enumerate(layout.target):
                if len(made) == PICTURED:
                    return made
                made.append(
                    {
                        "id": identity(series.ids, int(owner)) if layout.id else "",
                        "target": target,
                        "interval": round(levels[-1] - levels[0], 5),
                        "history": [
                            [time_of(series.times[step]), short(float(targets[step, at]))]
                            for step in range(max(begin, first), end)
                        ],
                        "forecasts": [
                            self.picture(int(window), told[window, :, at]) for window in own
                        ],
                    }
                )
        return made

    def picture(self, window: int, told: Any) -> list[list[Any]]:
        origin, times = int(self.windows.encoded.origins[window]), self.windows.series.times
        return [
            [time_of(times[origin + step]), *(short(float(value)) for value in values)]
            for step, values in enumerate(told)
        ]


def roll(
    data: Source, layout: Layout, encoders: SeriesEncoders, *, windows: int, step: int | None
) -> Rolled:
    """Read series, and cut `windows` windows off the end of each, `step` timesteps apart; as many
    as the horizon where it is None.

    Raises: DataError where no series is long enough for the earliest origin.
    """
    table = read_series(layout, data, encoders.words)
    series = gather_series(table.frame, layout)
    _, horizon = reach_of(layout)
    step = horizon if step is None else step
    known = np.asarray(np.isfinite(series.targets).any(axis=1))
    ends = last_of(series, known)
    back = horizon + step * np.arange(windows - 1, -1, -1)
    places = ends - back[:, None]
    least = cut_of(layout, encoders.season).least
    places = np.where(places >= least, places, -1)
    if not (places[0] >= 0).any():
        longest = int(ends.max(initial=0))
        room = max((longest - least - horizon) // step + 1, 0)
        raise DataError(
            f"`{table.source}`: {windows} windows of {horizon} timesteps, {step} apart, need "
            f"{least + int(back[0])} with a known target; the longest series has {longest}",
            hint=f"use `--windows {room}` or less" if room else "give longer series",
        )
    numbers, owners = np.nonzero(places >= 0)
    origins = series.row_splits[owners] + places[numbers, owners]
    some = np.array([known[origin : origin + horizon].any() for origin in origins])
    first = ends
    for place in places[::-1]:  # the earliest of each series
        first = np.where(place >= 0, place, first)
    units = naive_units(series, first, encoders.season)
    encoded = encode_series(series, encoders, layout, origins=origins[some], units=units)
    cut = SeriesWindows(series, encoded, layout, encoders, table)
    return Rolled(table, cut, numbers[some], places)
