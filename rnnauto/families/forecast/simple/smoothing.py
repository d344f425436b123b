"""Smooth series exponentially by any form of trend and season, many series and settings at once.

In the notation of Hyndman, Koehler, Snyder and Grose 2002. Of a form with an added error and of the
same with a relative one the states are equal, only the likelihood differs: one run has both.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Integers

Season = Literal["none", "added", "multiplied"]
FIRST = 10  # timesteps that the first level and trend are fitted to; two seasons where longer
LONGEST_HISTORY = 2_000  # timesteps that parameters are chosen by, the latest
EXACT = 1e-20  # squared error, of a series of magnitude 1, below which a fit is called exact


class Settings(NamedTuple):
    """The parameters of the smoothing, [series, settings] each.

    Attributes:
        level: weight of the newest error in the level.
        trend: the same in the trend; 0 where there is none.
        season: the same in the season.
        damping: what is left of the trend a timestep later; 0 where there is none.
    """

    level: Doubles
    trend: Doubles
    season: Doubles
    damping: Doubles


class Start(NamedTuple):
    """The states before the first timestep.

    Attributes:
        level: at the foot of the line, [series].
        trend: [series].
        mean: the level of a form without a trend, [series].
        seasons: by place, [season, series]; [0, series] of a form without a season.
    """

    level: Doubles
    trend: Doubles
    mean: Doubles
    seasons: Doubles


class Step(NamedTuple):
    """What is known before a timestep, [series, settings] each; `place` is the season of it, which
    the next step writes over, None where there is none."""

    level: Doubles
    trend: Doubles
    place: Doubles | None
    expected: Doubles


def latest(values: Doubles, lengths: Integers, season: int) -> tuple[Doubles, Integers]:
    """Take of every history the timesteps that parameters are chosen by, [series, timesteps], and
    their number, [series]; the places in the season stay."""
    shift = np.maximum(lengths - LONGEST_HISTORY, 0)
    shift -= shift % season
    seen = lengths - shift
    at = np.minimum(shift[:, None] + np.arange(int(seen.max())), values.shape[1] - 1)
    return np.take_along_axis(values, at, axis=1), seen


def start(values: Doubles, lengths: Integers, season: int, kind: Season) -> Start:
    """Find first states: seasons of the first two, apart from the line through their means; level
    and trend of a line through the first timesteps without their season.

    Args:
        values: [series, timesteps], two seasons and more where there is one.
    """
    if kind == "none":
        seasons = np.zeros((0, len(values)))
        bare = values[:, :FIRST]
    else:
        _, _, places = first_seasons(values, season, kind)
        at = np.arange(min(max(FIRST, 2 * season), values.shape[1]))
        with np.errstate(all="ignore"):
            ratio = kind == "multiplied"
            middle = places.mean(axis=1, keepdims=True)
            places = places / middle if ratio else places - middle
            first = values[:, at]
            bare = first / places[:, at % season] if ratio else first - places[:, at % season]
        seasons = np.ascontiguousarray(places.T)
    steps = np.arange(1.0, bare.shape[1] + 1)
    real = steps <= lengths[:, None]
    count = real.sum(axis=1)
    bare = np.where(real, bare, 0.0)
    mean = bare.sum(axis=1) / count
    apart = np.where(real, steps - (count[:, None] + 1) / 2, 0.0)
    trend = (apart * bare).sum(axis=1) / np.maximum((apart**2).sum(axis=1), 1.0)
    return Start(mean - trend * (count + 1) / 2, trend, mean, seasons)


def first_seasons(values: Doubles, season: int, kind: Season) -> tuple[Doubles, Doubles, Doubles]:
    """Draw a line through the means of the first two seasons: its level before the first timestep
    and its slope, [series] each, and what the places are apart from it, [series, season]."""
    years = values[:, : 2 * season].reshape(len(values), 2, season)
    means = years.mean(axis=2)
    slope = (means[:, 1] - means[:, 0]) / season
    line = means[:, :1] + slope[:, None] * (np.arange(2 * season) - (season - 1) / 2)
    line = line.reshape(years.shape)
    with np.errstate(all="ignore"):
        apart = years / line if kind == "multiplied" else years - line
        return line[:, 0, 0] - slope, slope, apart.mean(axis=1)


def stepped(
    values: Doubles, settings: Settings, begin: Start, seasons: Doubles, kind: Season
) -> Iterator[Step]:
    """Give the states before every timestep, and after the last.

    Args:
        values: [series, timesteps].
        seasons: of the form's first states, [season, series, settings], by place; written over.
    """
    sloping = settings.damping > 0
    level = np.where(sloping, begin.level[:, None], begin.mean[:, None])
    trend = np.where(sloping, begin.trend[:, None], 0.0)
    for at in range(values.shape[1] + 1):
        slope = settings.damping * trend
        ahead = level + slope
        place = seasons[at % len(seasons)] if len(seasons) else None
        expected = ahead
        if place is not None:
            expected = ahead * place if kind == "multiplied" else ahead + place
        yield Step(level, trend, place, expected)
        if at == values.shape[1]:
            return
        bare = error = values[:, at, None] - expected
        if place is not None:
            bare = error / place if kind == "multiplied" else error
            moved = error / ahead if kind == "multiplied" else error
            seasons[at % len(seasons)] = place + settings.season * moved
        level = ahead + settings.level * bare
        trend = slope + settings.trend * bare


def costs(
    values: Doubles, lengths: Integers, settings: Settings, begin: Start, kind: Season
) -> tuple[Doubles, Doubles]:
    """Compute -2 log likelihood of series of magnitude 1 with an added error and with a relative
    one, [series, settings] each; the second is infinite where a forecast was not positive.

    Args:
        values: [series, timesteps].
        lengths: timesteps of each that count, [series].
    """
    shape = settings.level.shape
    seasons = np.repeat(begin.seasons[:, :, None], shape[1], axis=2)
    squares, ratios, logs = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    scale = magnitude(values, lengths)[:, None]
    with np.errstate(all="ignore"):
        steps = stepped(values, settings, begin, seasons, kind)
        for at, step in zip(range(values.shape[1]), steps, strict=False):
            real = (at < lengths)[:, None]
            error = values[:, at, None] - step.expected
            squares += np.where(real, error**2, 0.0)
            ratios += np.where(real, (error / step.expected) ** 2, 0.0)
            logs += np.where(real, np.log(step.expected / scale), 0.0)  # NaN where it is below 0
        added = lengths[:, None] * np.log(np.maximum(squares / scale**2, EXACT))
        relative = lengths[:, None] * np.log(np.maximum(ratios, EXACT)) + 2 * logs
    return (
        np.where(np.isfinite(added), added, np.inf),
        np.where(np.isfinite(relative), relative, np.inf),
    )


def magnitude(values: Doubles, lengths: Integers) -> Doubles:
    """The mean magnitude of the values of every history, [series]; 1 where all are 0."""
    real = np.arange(values.shape[1]) < lengths[:, None]
    mean = np.where(real, np.abs(values), 0.0).sum(axis=1) / np.maximum(lengths, 1)
    return np.where(mean > 0, mean, 1.0)


def run_on(
    values: Doubles,
    settings: Settings,
    begin: Start,
    kind: Season,
    *,
    origins: list[Integers],
    horizon: int,
) -> list[Doubles]:
    """Forecast every series by its setting from each of its origins, [origins, horizon] each."""
    seasons, season = begin.seasons[:, :, None].copy(), len(begin.seasons)
    levels = np.empty((values.shape[1] + 1, len(values)))
    trends, places = np.empty_like(levels), np.empty((len(levels) + season, len(values)))
    with np.errstate(all="ignore"):
        for at, step in enumerate(stepped(values, settings, begin, seasons, kind)):
            levels[at], trends[at] = step.level[:, 0], step.trend[:, 0]
            if step.place is not None:
                places[at] = step.place[:, 0]
    for at in range(len(levels), len(places)):  # of the season after the last timestep
        places[at] = seasons[at % season, :, 0]
    ahead, found = np.arange(horizon), []
    for number, begins in enumerate(origins):
        growth = np.cumsum(settings.damping[number, 0] ** (ahead + 1.0))  # [horizon]
        line = levels[begins, number][:, None] + trends[begins, number][:, None] * growth
        if season:
            own = places[begins[:, None] + ahead % season, number]
            line = line * own if kind == "multiplied" else line + own
        found.append(line)
    return found


def positive(values: Doubles, lengths: Integers) -> NDArray[np.bool_]:
    """Whether all values of a history are above 0, [series]."""
    real = np.arange(values.shape[1]) < lengths[:, None]
    return np.asarray(np.where(real, values, 1.0).min(axis=1) > 0)
