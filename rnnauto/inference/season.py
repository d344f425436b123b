"""Find after how many timesteps a series repeats: by the calendar, or by what its values show."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.data.columns import to_floats
from rnnauto.names import name_words

FEWEST_STEPS, MOST_STEPS = 4, 300  # in a cycle that counts as a season
DAY = 86_400.0
CYCLES = {
    "a minute": 60.0,
    "an hour": 3600.0,
    "a day": DAY,
    "a week": 7 * DAY,
    "a year": 365.25 * DAY,
}
# steps of one in a whole number, by the name of the column
NAMED_STEPS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": DAY,
    "week": 7 * DAY,
    "month": 365.25 * DAY / 12,
    "quarter": 365.25 * DAY / 4,
    "year": 365.25 * DAY,
}
SHARE = 0.8  # of every series, from its begin: the rest may be its test part
MOST_SERIES, MOST_TIMESTEPS = 20, 20_000  # of each: enough to find a season
REPEATS = 3  # times that a season has to be seen
LEAST_PEAK = 0.2  # of the autocorrelation over the lowest value before it
# autocorrelation of a season that no calendar suggests, and how far below that of neighbours
LEAST_FOUND, WITHIN = 0.5, 0.15


@dataclass(frozen=True)
class Season:
    """After how many timesteps a series repeats.

    Attributes:
        timesteps: that many; 1 where it does not.
        why: the reason, in words.
        ahead: the shortest cycle that the sampling period has steps in: how far is usually
            forecast.
    """

    timesteps: int
    why: str
    ahead: int
    why_ahead: str


def find_season(
    frame: pl.DataFrame, ids: tuple[str, ...], time: str | None, targets: tuple[str, ...]
) -> Season:
    """Find the season of the sampling period.

    Of several cycles that it has steps in, such as an hour, a day and a week, it is the shortest
    that the targets' autocorrelation shows. Where the period has none, the values alone may show
    one; else it is one timestep.
    """
    step = None if time is None else step_seconds(frame, ids, time)
    cycles = {} if step is None else steps_of_cycles(step)
    if cycles:
        reasons = {steps: f"{steps} steps of `{time}` are {name}" for steps, name in cycles.items()}
        shortest = min(cycles)
        usual = Season(shortest, reasons[shortest], shortest, reasons[shortest])
        if len(cycles) == 1:
            return usual
        correlation = autocorrelation(frame, ids, time, targets)
        shown = [steps for steps in cycles if peak(correlation, steps) >= LEAST_PEAK]
        if not shown:
            return usual
        why = f"{reasons[shown[0]]}, which the values show"
        return replace(usual, timesteps=shown[0], why=why)
    timesteps = repeats_after(autocorrelation(frame, ids, time, targets))
    if timesteps > 1:
        why = f"the values repeat after {timesteps} timesteps"
    elif time is None:
        why = "no time column, so no season: one timestep"
    elif step is None:
        why = f"`{time}` has no unit of time, so no season: one timestep"
    else:
        why = f"`{time}` steps by years, which have no season: one timestep"
    return Season(timesteps, why, timesteps, why)


def steps_of_cycles(step: float) -> dict[int, str]:
    """Name the cycles by how many steps they have, shortest first, which may exceed MOST_STEPS.

    Args: step: seconds.
    """
    cycles = {round(seconds / step): name for name, seconds in CYCLES.items()}
    kept = {steps: name for steps, name in cycles.items() if steps >= FEWEST_STEPS}
    return {steps: name for steps, name in kept.items() if steps <= max(MOST_STEPS, min(kept))}


def autocorrelation(
    frame: pl.DataFrame, ids: tuple[str, ...], time: str | None, targets: tuple[str, ...]
) -> NDArray[np.float64]:
    """Correlate series with themselves, [lags] from 0, as far as half of them are long enough.

    It is the mean over some series and all targets. Trends are taken out.
    """
    names = [name for name in targets if frame.schema[name].is_numeric()]
    if not names:
        return np.ones(1)
    ordered = frame.sort(time, maintain_order=True) if time else frame
    parts = ordered.partition_by(*ids, maintain_order=True) if ids else [ordered]
    chosen = [
        parts[at] for at in np.unique(np.linspace(0, len(parts) - 1, MOST_SERIES).astype(int))
    ]
    correlations = [
        series_autocorrelation(values)
        for part in chosen
        for values in to_floats(part, names)[: int(SHARE * part.height)][-MOST_TIMESTEPS:].T
    ]
    longest = max(len(correlation) for correlation in correlations)
    table = np.full((len(correlations), longest), np.nan)
    for row, correlation in zip(table, correlations, strict=True):
        row[: len(correlation)] = correlation
    enough = np.isfinite(table).sum(axis=0) * 2 >= len(correlations)
    return np.asarray(np.nanmean(table[:, enough], axis=0)) if enough.any() else np.ones(1)


def series_autocorrelation(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Correlate a series with itself around a straight line, up to a third of its length."""
    known = np.isfinite(values)
    if known.sum() < REPEATS * FEWEST_STEPS:
        return np.ones(1)
    steps = np.arange(len(values))
    line = np.polyfit(steps[known], values[known].astype(np.float64), 1)
    rest = np.where(known, values - np.polyval(line, steps), 0.0)
    size = 2 * len(rest)
    power = np.abs(np.fft.rfft(rest, size)) ** 2
    sums = np.fft.irfft(power, size)[: len(rest) // REPEATS + 1]
    if sums[0] <= 1e-12 * max(float(np.square(values[known]).sum()), 1e-300):
        return np.ones(1)  # a straight line
    shares = len(rest) / (len(rest) - np.arange(len(sums)))  # fewer pairs lie further apart
    return np.asarray(sums / sums[0] * shares)


def peak(correlation: NDArray[np.float64], steps: int) -> float:
    """Measure how far the autocorrelation rises to a lag from its lowest value before; 0 where the
    lag is not reached, or the values are not alike there."""
    if steps >= len(correlation) or correlation[steps] <= 0:
        return 0.0
    return float(correlation[steps] - correlation[1:steps].min(initial=correlation[steps]))


def repeats_after(correlation: NDArray[np.float64]) -> int:
    """Find the first lag at which the values are nearly as alike as neighbours are, and again at
    twice of it; 1 where there is none."""
    if len(correlation) < 2 * FEWEST_STEPS:
        return 1
    least = max(LEAST_FOUND, float(correlation[1]) - WITHIN)
    for steps in range(FEWEST_STEPS, len(correlation) - 1):
        around = correlation[steps - 1 : steps + 2]
        if correlation[steps] < least or correlation[steps] < around.max():
            continue
        again = 2 * steps
        if peak(correlation, steps) < LEAST_PEAK or again >= len(correlation):
            continue
        between = correlation[steps:again].min()
        if correlation[again] - between >= LEAST_PEAK:
            return steps
    return 1


def step_seconds(frame: pl.DataFrame, ids: tuple[str, ...], time: str) -> float | None:
    """Measure the usual step of a time column, in seconds; None where its unit is not known."""
    ordered = frame.select(*ids, time).drop_nulls(time).sort(*ids, time)
    step = pl.col(time).diff().over(ids) if ids else pl.col(time).diff()
    usual = ordered.select(step.alias("step")).filter(pl.col("step") != pl.col("step") * 0)
    dtype = frame.schema[time]
    if dtype.is_temporal():
        if dtype == pl.Time:
            usual = ordered.select(step.alias("step"))
        seconds = usual["step"].dt.total_microseconds().median()
        return seconds / 1e6 if isinstance(seconds, float | int) and seconds > 0 else None
    unit = next((NAMED_STEPS[word] for word in name_words(time)[-1:] if word in NAMED_STEPS), None)
    median = usual["step"].median()
    if unit is None or not isinstance(median, float | int) or median <= 0:
        return None
    return unit * median
