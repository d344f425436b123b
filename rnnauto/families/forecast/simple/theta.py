"""Forecast by the Theta method (Assimakopoulos and Nikolopoulos 2000), many series at once.

As simple exponential smoothing with half of the trend (Hyndman and Billah 2003), of values whose
season is taken off where it shows: the method that won the M3 competition.
"""

import numpy as np

from rnnauto.arrays import Doubles, Integers

WEIGHTS = np.array([0.02, *np.linspace(0.05, 0.95, 19), 0.99])  # of the newest value, tried
SURE = 1.645  # standard errors by which the season has to show: a level of 90 %


def forecast(
    values: Doubles, lengths: Integers, *, season: int, origins: list[Integers], horizon: int
) -> list[Doubles]:
    """Forecast every series from each of its origins.

    Args:
        values: [series, timesteps], right-padded, without gaps.
        lengths: timesteps of the history that the season and the weight are chosen by, [series].
        origins: per series the first timesteps predicted; none lies inside the history.

    Returns: per series [origins, horizon].
    """
    ratios = np.array(
        [(own[:count] > 0).all() for own, count in zip(values, lengths, strict=True)], bool
    )
    places = np.stack(
        [
            season_of(own[:count], season, ratio=bool(ratio))
            for own, count, ratio in zip(values, lengths, ratios, strict=True)
        ]
    )  # [series, season]
    at = np.arange(values.shape[1]) % season
    factors = np.where(ratios[:, None], places, 1.0)
    terms = np.where(ratios[:, None], 0.0, places)
    bare = values / factors[:, at] - terms[:, at]
    weights, levels = smoothed(bare, lengths)
    slopes = slopes_of(bare)
    ahead = np.arange(horizon)
    found = []
    for number, begins in enumerate(origins):
        seen = np.maximum(begins, 1)[:, None]
        weight = weights[number]
        steps = ahead + (1 - (1 - weight) ** seen) / weight  # [origins, horizon]
        line = levels[number, seen] + slopes[number, seen] / 2 * steps
        place = (begins[:, None] + ahead) % season
        found.append((line + terms[number][place]) * factors[number][place])
    return found


def season_of(history: Doubles, season: int, *, ratio: bool) -> Doubles:
    """Find what each place of the season multiplies the values by, or adds to them, [season]; 1 or
    0 where no season shows."""
    none = np.full(season, 1.0 if ratio else 0.0)
    if season < 2 or len(history) < 2 * season + 1 or not shows(history, season):
        return none
    weights = np.full(season + 1 - season % 2, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    half = len(weights) // 2
    trend = np.convolve(history, weights, "valid")
    inner = history[half : half + len(trend)]
    apart = inner / trend if ratio else inner - trend
    place = np.arange(half, half + len(trend)) % season
    means = np.bincount(place, apart, season) / np.maximum(np.bincount(place, minlength=season), 1)
    if not np.isfinite(means).all() or (ratio and (means <= 0).any()):
        return none
    level = float(means.mean())
    return np.asarray(means / level if ratio else means - level)


def shows(history: Doubles, season: int) -> bool:
    """Whether values are correlated with those a season earlier, beyond what chance makes."""
    apart = history - history.mean()
    power = float(apart @ apart)
    if not power > 0:
        return False
    lags = [float(apart[lag:] @ apart[:-lag]) / power for lag in range(1, season + 1)]
    limit = SURE * np.sqrt((1 + 2 * np.sum(np.square(lags[:-1]))) / len(history))
    return bool(abs(lags[-1]) > limit)


def smoothed(values: Doubles, lengths: Integers) -> tuple[Doubles, Doubles]:
    """Choose the weight of least one-step error on every history, [series], and give the level
    before every timestep, [series, timesteps + 1]."""
    count, steps = values.shape
    level = np.repeat(values[:, :1], len(WEIGHTS), axis=1)
    error = np.zeros_like(level)
    levels = np.empty((steps + 1, *level.shape))
    for at in range(steps):
        levels[at] = level
        apart = values[:, at, None] - level
        error += np.where(at < lengths[:, None], apart**2, 0.0)
        level = level + WEIGHTS * apart
    levels[steps] = level
    best = np.where(np.isfinite(error), error, np.inf).argmin(axis=1)
    return WEIGHTS[best], levels[:, np.arange(count), best].T


def slopes_of(values: Doubles) -> Doubles:
    """Fit a line to the timesteps before every timestep: its slope, [series, timesteps + 1]; 0
    before the third."""
    steps = np.arange(values.shape[1])
    first = values[:, :1]  # taken off, for the sums to stay exact
    empty = np.zeros((len(values), 1))
    total = np.concatenate([empty, np.cumsum(values - first, axis=1)], axis=1)
    placed = np.concatenate([empty, np.cumsum((values - first) * steps, axis=1)], axis=1)
    number = np.arange(values.shape[1] + 1, dtype=np.float64)
    spread = number * (number**2 - 1) / 12
    slopes = (placed - total * (number - 1) / 2) / np.where(spread > 0, spread, np.inf)
    return np.asarray(slopes)
