"""Forecast windows by damped exponential smoothing: a weight for every timestep that is seen.

For given parameters the forecast of Holt and Winters with added trend and season is linear in the
window, so that four numbers, chosen by the train part, make one matrix. Gardner and McKenzie 1985,
"Forecasting trends in time series", damped the trend; all windows share the parameters, which for
many short series is steadier than parameters for each.
"""

import numpy as np

from rnnauto.arrays import Doubles, evenly

# level, trend, season and damping, each the logit of a share; where the search begins
BEGIN = np.array([-1.5, -3.0, -0.5, 2.5])
FIRST_STEP, LAST_STEP = 1.6, 0.1  # of the search, in logits
MOST_ROUNDS = 40
MOST_PRODUCTS = 30_000_000  # multiplications in a round; of long windows fewer are looked at
LEAST_WINDOWS = 32


def smoothing(windows: Doubles, truth: Doubles, *, season: int) -> Doubles:
    """Choose for each target the smoothing whose mean absolute error is least; returns its weights,
    [targets, horizon, steps].

    Args:
        windows: [windows, steps, targets], nothing missing, the newest at the right.
        truth: [windows, horizon, targets], NaN where missing.
        season: timesteps after which a season repeats; counts where more than that is seen.
    """
    (steps, targets), horizon = windows.shape[1:], truth.shape[1]
    season = season if 1 < season < steps else 1
    moves = directions(season > 1)
    room = MOST_PRODUCTS // (steps * horizon * len(moves) * targets)
    some = evenly(np.arange(len(windows)), max(LEAST_WINDOWS, room))
    seen = np.ascontiguousarray(windows[some].transpose(2, 0, 1))
    came = truth[some].transpose(2, 0, 1)
    at = np.tile(BEGIN, (targets, 1))
    step = np.full((targets, 1), FIRST_STEP)
    rows = np.arange(targets)
    for _ in range(MOST_ROUNDS):
        tried = at[:, None] + step[:, None] * moves  # [targets, moves, 4]; the first stays
        found = errors_of(seen, came, tried, season=season)
        best = found.argmin(axis=1)
        at = tried[rows, best]
        step = np.where((best == 0)[:, None], step / 2, step)
        if (step < LAST_STEP).all():
            break
    return weights_of(at, steps=steps, horizon=horizon, season=season)


def directions(seasonal: bool) -> Doubles:
    """List the moves of a round: none, and every parameter up and down, [moves, 4]."""
    each = np.eye(4)[[0, 1, 2, 3] if seasonal else [0, 1, 3]]
    return np.concatenate([np.zeros((1, 4)), each, -each])


def errors_of(seen: Doubles, came: Doubles, settings: Doubles, *, season: int) -> Doubles:
    """Measure the mean absolute error of settings [targets, settings, 4], [targets, settings].

    Args: seen: [targets, windows, steps]; came: [targets, windows, horizon].
    """
    targets, count, _ = settings.shape
    steps, horizon = seen.shape[2], came.shape[2]
    weights = weights_of(settings.reshape(-1, 4), steps=steps, horizon=horizon, season=season)
    forecasts = seen @ weights.reshape(targets, count * horizon, steps).transpose(0, 2, 1)
    apart = forecasts.reshape(targets, seen.shape[1], count, horizon)
    apart = np.abs(apart - came[:, :, None])
    known = np.isfinite(apart)
    total = np.where(known, apart, 0.0).sum(axis=(1, 3))
    return np.asarray(total / np.maximum(known.sum(axis=(1, 3)), 1))


def weights_of(settings: Doubles, *, steps: int, horizon: int, season: int) -> Doubles:
    """Compute what every timestep of a window counts in every step of the forecast, [settings,
    horizon, steps].

    The level, the trend and the season begin as the means of the first season say, and of what is
    seen of the second.

    Args:
        settings: logits of the shares, [settings, 4].
    """
    alpha, beta, gamma, damping = (1 / (1 + np.exp(-settings.T)))[..., None]
    ahead = np.arange(1, horizon + 1)
    # what level, trend and places of the season count in the forecast, from the last timestep back
    trend = np.cumsum(damping**ahead, axis=1)  # [settings, horizon]
    level = np.ones_like(trend)
    places = np.zeros((season, *trend.shape))
    places[(steps + ahead - 1) % season, :, ahead - 1] = 1.0
    weights = np.empty((steps, *trend.shape))
    kept = gamma * (1 - alpha) if season > 1 else 0.0  # of an error, by the season
    for at in range(steps - 1, -1, -1):
        place = places[at % season]
        error = alpha * (level + beta * trend) + kept * place
        trend = damping * (level + trend - error)
        level = level - error
        place -= error
        weights[at] = error
    begun = begin_of(np.eye(min(2 * season, steps)), season)
    weights[: begun.shape[1]] += np.tensordot(begun.T, np.stack([level, trend, *places]), axes=1)
    return np.ascontiguousarray(weights.transpose(1, 2, 0))


def begin_of(values: Doubles, season: int) -> Doubles:
    """Find level and trend before the first timestep, and what each place of the season is apart
    from them; without a season the first value, no trend, and nothing apart.

    Args: values: of the first two seasons, as far as they are seen.
    """
    if season == 1:
        return np.stack([values[0], np.zeros_like(values[0]), np.zeros_like(values[0])])
    first = values[:season]
    again = len(values) - season
    trend = (values[season:] - values[:again]).mean(axis=0) / season
    middle = (season - 1) / 2
    line = [first.mean(axis=0) + (at - middle) * trend for at in range(-1, season)]
    return np.stack([line[0], trend, *(first[at] - line[at + 1] for at in range(season))])


def filled(values: Doubles, *, season: int) -> Doubles:
    """Fill [windows, steps, targets] as the network does: by the last known value, and before the
    first by what is known of the season after it; 0 where nothing is known."""
    known = np.isfinite(values)
    steps = np.arange(values.shape[1])[None, :, None]
    first = known.argmax(axis=1)[:, None]
    last = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    places = np.where(steps < first, first + (steps - first) % season, steps)
    places = np.take_along_axis(last, np.minimum(places, values.shape[1] - 1), axis=1)
    found = np.take_along_axis(values, np.maximum(places, 0), axis=1)
    return np.where(known.any(axis=1, keepdims=True), found, 0.0)
