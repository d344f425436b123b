"""Smooth exponentially with trend and season (Holt 1957, Winters 1960), many series at once.

Parameters are chosen by the one-step error on a series' history, from a grid that is refined around
the best; the states then run on through the series, and every origin is forecast from those before
it. Plain numpy over all series together: a few seconds for hundreds of them.
"""

from dataclasses import dataclass

import numpy as np

from rnnauto.arrays import Doubles, Integers
from rnnauto.families.forecast.simple.smoothing import Season, first_seasons, latest, positive

LEVELS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
TRENDS = (0.0, 0.02, 0.1, 0.3)
SEASONS = (0.05, 0.2, 0.5)
DAMPINGS = (0.9, 0.98, 1.0)
ROUNDS = 3
REACH = 0.1  # how far the first refinement looks around the best
LANES = 100_000  # series times settings that run together


@dataclass(frozen=True)
class Settings:
    """The parameters of the smoothing, each [series, settings].

    Attributes:
        level: weight of the newest value in the level.
        trend: weight of the newest step in the trend.
        season: weight of the newest value in the season.
        damping: what is left of the trend a timestep later.
    """

    level: Doubles
    trend: Doubles
    season: Doubles
    damping: Doubles


@dataclass(frozen=True)
class States:
    """What the smoothing has come to, before every timestep.

    Attributes:
        levels: [series, timesteps + 1, settings].
        trends: [series, timesteps + 1, settings].
        seasons: [series, season, settings], by place.
        error: summed squares of the one-step errors, [series, settings].
    """

    levels: Doubles
    trends: Doubles
    seasons: Doubles
    error: Doubles


def forecast(
    values: Doubles, lengths: Integers, *, season: int, origins: list[Integers], horizon: int
) -> list[Doubles]:
    """Forecast every series from each of its origins.

    Args:
        values: [series, timesteps], right-padded, without gaps.
        lengths: timesteps of the history that parameters are chosen by, [series].
        origins: per series the first timesteps predicted; none lies inside the history.

    Returns: per series [origins, horizon].
    """
    forecasts: list[Doubles] = []
    block = max(1, LANES // (len(LEVELS) * len(TRENDS) * len(SEASONS) * len(DAMPINGS)))
    for begin in range(0, len(values), block):
        part = slice(begin, begin + block)
        forecasts += forecast_block(values[part], lengths[part], season, origins[part], horizon)
    return forecasts


def forecast_block(
    values: Doubles, lengths: Integers, season: int, origins: list[Integers], horizon: int
) -> list[Doubles]:
    """Forecast series of two seasons and more with a season, added or multiplied, whichever errs
    less; shorter ones with a trend alone; of a single timestep the last value."""
    best = [
        np.repeat(series[np.maximum(begins - 1, 0)][:, None], horizon, axis=1)
        for series, begins in zip(values, origins, strict=True)
    ]
    seasonal = (lengths >= 2 * season) & (season > 1)
    least = np.full(len(values), np.inf)
    for length, ratio, usable in (
        (1, False, ~seasonal & (lengths > 1)),
        (season, False, seasonal),
        (season, True, seasonal & positive(values, lengths)),
    ):
        chosen = np.flatnonzero(usable)
        if not len(chosen):
            continue
        settings, errors = choose(values[chosen], lengths[chosen], length, ratio=ratio)
        begins = [origins[at] for at in chosen]
        forecasts = run_on(values[chosen], settings, length, begins, horizon, ratio=ratio)
        for at, error, forecast in zip(chosen, errors, forecasts, strict=True):
            if error < least[at]:
                least[at], best[at] = error, forecast
    return best


def choose(
    values: Doubles, lengths: Integers, season: int, *, ratio: bool
) -> tuple[Settings, Doubles]:
    """Choose the settings of least error for every series, [series, 1], and tell that error,
    [series]."""
    history, seen = latest(values, lengths, season)
    grid = np.meshgrid(LEVELS, TRENDS, SEASONS if season > 1 else (0.0,), DAMPINGS)
    flat = [np.tile(axis.reshape(1, -1), (len(values), 1)) for axis in grid]
    settings, errors = best_of(history, seen, Settings(*flat), season, ratio=ratio)
    near = np.array([-1.0, 0.0, 1.0])
    for turn in range(ROUNDS):
        reach = REACH / 2**turn
        moves = np.meshgrid(near * reach, near * reach / 2, near * reach, near * reach / 8)
        level, trend, place, damping = (move.reshape(1, -1) for move in moves)
        tried = Settings(
            np.clip(settings.level + level, 0.001, 0.999),
            np.clip(settings.trend + trend, 0.0, 0.999),
            np.clip(settings.season + place, 0.0, 0.999) * (season > 1),
            np.clip(settings.damping + damping, 0.8, 1.0),
        )
        settings, errors = best_of(history, seen, tried, season, ratio=ratio)
    return settings, errors


def best_of(
    values: Doubles, lengths: Integers, tried: Settings, season: int, *, ratio: bool
) -> tuple[Settings, Doubles]:
    error = smooth(values, lengths, tried, season, ratio=ratio).error
    error = np.where(np.isfinite(error), error, np.inf)
    best = error.argmin(axis=1)[:, None]
    parts = (tried.level, tried.trend, tried.season, tried.damping)
    chosen = [np.take_along_axis(part, best, axis=1) for part in parts]
    return Settings(*chosen), np.take_along_axis(error, best, axis=1)[:, 0]


def smooth(
    values: Doubles,
    lengths: Integers,
    settings: Settings,
    season: int,
    *,
    ratio: bool,
    keep: bool = False,
) -> States:
    """Run the smoothing through the series.

    Args:
        ratio: seasons multiply the level; else they are added to it.
        keep: keep the states of all timesteps, and of the seasons (in `seasons` then [series,
            timesteps + 1, season]), of the only setting.
    """
    level, trend, seasons = start(values, season, settings.level.shape[1], ratio=ratio)
    error = np.zeros_like(settings.level)
    states: list[tuple[Doubles, Doubles, Doubles]] = [(level, trend, seasons.copy())]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for at in range(values.shape[1]):
            now = values[:, at, None]
            place = seasons[:, at % season]
            ahead = level + settings.damping * trend
            expected = ahead * place if ratio else ahead + place
            counted = (at < lengths[:, None]) & (at >= (season if season > 1 else 2))
            error += np.where(counted, (now - expected) ** 2, 0.0)
            bare = now / place if ratio else now - place
            fresh = settings.level * bare + (1 - settings.level) * ahead
            trend = settings.trend * (fresh - level) + (1 - settings.trend) * (
                settings.damping * trend
            )
            if season > 1:
                apart = now / ahead if ratio else now - ahead
                seasons[:, at % season] = settings.season * apart + (1 - settings.season) * place
            level = fresh
            if keep:
                states.append((level, trend, seasons.copy()))
    return States(
        levels=np.stack([part[0][:, 0] for part in states], axis=1),
        trends=np.stack([part[1][:, 0] for part in states], axis=1),
        seasons=np.stack([part[2][:, :, 0] for part in states], axis=1),
        error=error,
    )


def start(
    values: Doubles, season: int, count: int, *, ratio: bool
) -> tuple[Doubles, Doubles, Doubles]:
    """Start the first level, trend [series, settings] and seasons [series, season, settings]."""
    if season == 1:
        level, trend = values[:, 0], values[:, 1] - values[:, 0]
        level = level - trend  # of the timestep before the first
        seasons = np.full((len(values), 1), 1.0 if ratio else 0.0)
    else:
        kind: Season = "multiplied" if ratio else "added"
        level, trend, seasons = first_seasons(values, season, kind)
    return (
        np.tile(level[:, None], (1, count)),
        np.tile(trend[:, None], (1, count)),
        np.tile(seasons[:, :, None], (1, 1, count)),
    )


def run_on(
    values: Doubles,
    settings: Settings,
    season: int,
    origins: list[Integers],
    horizon: int,
    *,
    ratio: bool,
) -> list[Doubles]:
    """Forecast every series from each of its origins, [origins, horizon] each."""
    lengths = np.full(len(values), values.shape[1])
    states = smooth(values, lengths, settings, season, ratio=ratio, keep=True)
    ahead = np.arange(horizon)
    forecasts = []
    for number, begins in enumerate(origins):
        damping = settings.damping[number, 0]
        growth = np.cumsum(damping ** (ahead + 1.0))  # [horizon]
        level = states.levels[number, begins][:, None]
        trend = states.trends[number, begins][:, None]
        place = (begins[:, None] + ahead) % season
        seasons = states.seasons[number, begins[:, None], place]
        line = level + trend * growth
        forecasts.append(line * seasons if ratio else line + seasons)
    return forecasts
