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
    seasonal = 1 < season < steps
    moves = directions(seasonal)
    room = MOST_PRODUCTS // (steps * horizon * len(moves) * targets)
    some = evenly(np.arange(len(windows)), max(LEAST_WINDOWS, room))
    windows, truth = windows[some], truth[some]
    at = np.tile(BEGIN, (targets, 1))
    step = np.full((targets, 1), FIRST_STEP)
    rows = np.arange(targets)
    for _ in range(MOST_ROUNDS):
        tried = at[:, None] + step[:, None] * moves  # [targets, moves, 4]; the first stays
        found = errors_of(windows, truth, tried, season=season if seasonal else 1)
        best = found.argmin(axis=1)
        at = tried[rows, best]
        step = np.where((best == 0)[:, None], step / 2, step)
        if (step < LAST_STEP).all():
            break
    return weights_of(at, steps=steps, horizon=horizon, season=season if seasonal else 1)


def directions(seasonal: bool) -> Doubles:
    """List the moves of a round: none, and every parameter up and down, [moves, 4]."""
    each = np.eye(4)[[0, 1, 2, 3] if seasonal else [0, 1, 3]]
    return np.concatenate([np.zeros((1, 4)), each, -each])


def errors_of(windows: Doubles, truth: Doubles, settings: Doubles, *, season: int) -> Doubles:
    """Measure the mean absolute error of settings [targets, settings, 4], [targets, settings]."""
    targets, count, _ = settings.shape
    steps, horizon = windows.shape[1], truth.shape[1]
    weights = weights_of(settings.reshape(-1, 4), steps=steps, horizon=horizon, season=season)
    seen = np.ascontiguousarray(windows.transpose(2, 0, 1))
    forecasts = seen @ weights.reshape(targets, count * horizon, steps).transpose(0, 2, 1)
    apart = forecasts.reshape(targets, len(windows), count, horizon)
    apart = np.abs(apart - truth.transpose(2, 0, 1)[:, :, None])
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
    values = np.eye(steps)  # row t picks the value of timestep t
    level, trend, seasons = begin_of(values, season)
    level = np.tile(level, (len(settings), 1))
    trend = np.tile(trend, (len(settings), 1))
    places = [np.tile(place, (len(settings), 1)) for place in seasons]
    for at in range(steps):
        ahead, place = level + damping * trend, places[at % season]
        error = values[at] - ahead - place
        level = ahead + alpha * error
        trend = damping * trend + alpha * beta * error
        if season > 1:
            places[at % season] = place + gamma * (1 - alpha) * error
    passed, told = np.zeros_like(damping), []
    for ahead in range(1, horizon + 1):
        passed = passed + damping**ahead
        told.append(level + passed * trend + places[(steps + ahead - 1) % season])
    return np.stack(told, axis=1)


def begin_of(values: Doubles, season: int) -> tuple[Doubles, Doubles, list[Doubles]]:
    """Find level and trend before the first timestep, and what each place of the season is apart
    from them; without a season the first value, and no trend."""
    if season == 1:
        return values[0], np.zeros_like(values[0]), [np.zeros_like(values[0])]
    first = values[:season]
    again = min(season, len(values) - season)
    trend = (values[season : season + again] - values[:again]).mean(axis=0) / season
    middle = (season - 1) / 2
    line = [first.mean(axis=0) + (at - middle) * trend for at in range(-1, season)]
    return line[0], trend, [first[at] - line[at + 1] for at in range(season)]


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
