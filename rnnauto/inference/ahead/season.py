"""Find after how many timesteps a series repeats: by the calendar, or by what its values show."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.columns import to_doubles
from rnnauto.inference.regular import Regular
from rnnauto.names import name_words
from rnnauto.times.describe import steps_per
from rnnauto.times.frequency import Frequency

FEWEST_STEPS, MOST_STEPS = 4, 300  # in a cycle that counts as a season
DAY = 86_400.0
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
SQUARED = (1e-100, 1e100)  # between these numbers can be squared and added up
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


def find_season(series: Regular, time: str | None, targets: tuple[str, ...]) -> Season:
    """Find the season of the sampling period.

    Of several cycles that it has steps in, such as an hour, a day and a week, it is the shortest
    that the targets' autocorrelation shows. Where the period has none, the values alone may show
    one; else it is one timestep.
    """
    steps = steps_in_cycles(series, time)
    cycles = seasons_of(steps)
    if cycles:
        reasons = {steps: f"{steps} steps of `{time}` are {name}" for steps, name in cycles.items()}
        shortest = min(cycles)
        usual = Season(shortest, reasons[shortest], shortest, reasons[shortest])
        if len(cycles) == 1:
            return usual
        correlation = autocorrelation(series, targets)
        shown = [steps for steps in cycles if peak(correlation, steps) >= LEAST_PEAK]
        if not shown:
            return usual
        why = f"{reasons[shown[0]]}, which the values show"
        return replace(usual, timesteps=shown[0], why=why)
    timesteps = repeats_after(autocorrelation(series, targets))
    if timesteps > 1:
        why = f"the values repeat after {timesteps} timesteps"
    elif time is None:
        why = "no time column, so no season: one timestep"
    elif not steps:
        why = f"`{time}` has no unit of time, so no season: one timestep"
    else:
        why = f"`{time}` steps by years, which have no season: one timestep"
    return Season(timesteps, why, timesteps, why)


def steps_in_cycles(series: Regular, time: str | None) -> dict[str, float]:
    """Count the timesteps in a day, a week and so on; empty where the unit of time is not known."""
    if time is None or series.frequency is None:
        return {}
    if series.frequency.unit != "number":
        return steps_per(series.frequency)
    word = next((word for word in name_words(time)[-1:] if word in NAMED_STEPS), None)
    if word is None:
        return {}
    seconds = NAMED_STEPS[word] * series.frequency.count
    return steps_per(Frequency(unit="microsecond", count=seconds * 1e6))


def seasons_of(steps: dict[str, float]) -> dict[int, str]:
    """Name the cycles by how many steps they have, shortest first, which may exceed MOST_STEPS."""
    cycles = {round(count): name for name, count in steps.items()}
    kept = {count: name for count, name in cycles.items() if count >= FEWEST_STEPS}
    return {count: name for count, name in kept.items() if count <= max(MOST_STEPS, min(kept))}


def autocorrelation(series: Regular, targets: tuple[str, ...]) -> NDArray[np.float64]:
    """Correlate series with themselves, [lags] from 0, as far as half of them are long enough.

    It is the mean over some series and all targets. Trends are taken out.
    """
    names = [name for name in targets if series.frame.schema[name].is_numeric()]
    if not names:
        return np.ones(1)
    count = len(series.lengths)
    parts = [
        series.frame[int(series.row_splits[at]) : int(series.row_splits[at + 1])]
        for at in np.unique(np.linspace(0, count - 1, MOST_SERIES).astype(int))
    ]
    correlations = [
        series_autocorrelation(values)
        for part in parts
        for values in to_doubles(part, names)[: int(SHARE * part.height)][-MOST_TIMESTEPS:].T
    ]
    longest = max(len(correlation) for correlation in correlations)
    table = np.full((len(correlations), longest), np.nan)
    for row, correlation in zip(table, correlations, strict=True):
        row[: len(correlation)] = correlation
    enough = np.isfinite(table).sum(axis=0) * 2 >= len(correlations)
    return np.asarray(np.nanmean(table[:, enough], axis=0)) if enough.any() else np.ones(1)


def series_autocorrelation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate a series with itself around a straight line, up to a third of its length."""
    known = np.isfinite(values)
    largest = float(np.abs(values[known]).max(initial=0.0))
    if not SQUARED[0] < largest < SQUARED[1]:  # the scale says nothing, and squares have limits
        values = values / (largest or 1.0)
    if known.any():  # a level says nothing, and rounds away what moves around it
        values = values - values[known].mean()
    if known.sum() < REPEATS * FEWEST_STEPS:
        return np.ones(1)
    steps = np.arange(len(values))
    line = np.polyfit(steps[known], values[known], 1)
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
