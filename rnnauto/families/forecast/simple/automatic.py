"""Smooth exponentially by the form that suits a series, as `ets` of R's forecast package does.

Of the forms of Hyndman, Koehler, Snyder and Grose 2002 ("A state space framework for automatic
forecasting using exponential smoothing methods") those with no, an added or a damped trend, no, an
added or a multiplied season, and an added or a relative error are tried, and for every series that
of least corrected AIC is taken. Parameters by a grid and steps around its best; in plain numpy over
all series together.
"""

from itertools import product
from typing import Literal, NamedTuple

import numpy as np

from rnnauto.arrays import Doubles, Integers
from rnnauto.families.forecast.simple.smoothing import (
    Season,
    Settings,
    costs,
    latest,
    positive,
    run_on,
    start,
)

Trend = Literal["none", "added", "damped"]
FEWEST = 5  # timesteps by which the simplest form can be chosen
MOST_TIMESTEPS = 200_000  # of all series for which a form is chosen; the others have the commonest
LEVELS = (0.05, 0.2, 0.5, 0.85)
TRENDS = (0.02, 0.1, 0.4)  # of the weight of the level
SEASONS = (0.02, 0.1, 0.4)  # of what the weight of the level leaves
DAMPINGS = (0.85, 0.95)
LOWEST = np.array([0.001, 0.001, 0.001, 0.8])
HIGHEST = np.array([0.999, 0.999, 0.999, 0.98])
ROUNDS = 7
REACH = np.array([0.12, 0.12, 0.12, 0.06])  # of the first steps around the best
LANES = 60_000  # series times settings that run together


class Form(NamedTuple):
    """A way to smooth.

    Attributes:
        relative: whether errors are relative to what was expected.
    """

    season: Season
    trend: Trend
    relative: bool

    def parameters(self, season: int) -> int:
        """Count what is estimated: weights, first states and the variance."""
        weights = 1 + (self.trend != "none") + (self.trend == "damped") + (self.season != "none")
        states = 1 + (self.trend != "none") + (season - 1 if self.season != "none" else 0)
        return weights + states + 1


class Choice(NamedTuple):
    """Per series the number of its form, [series], and its parameters, [series, 4]: level, trend as
    a share of it, season as a share of what it leaves, damping."""

    form: Integers
    parameters: Doubles


TREND_KINDS: tuple[Trend, ...] = ("none", "added", "damped")
SEASON_KINDS: tuple[Season, ...] = ("none", "added", "multiplied")
FORMS = tuple(
    Form(season, trend, relative)
    for season, trend, relative in product(SEASON_KINDS, TREND_KINDS, (False, True))
    if relative or season != "multiplied"  # unstable: R's `ets` leaves these out too
)


def forecast(
    values: Doubles, lengths: Integers, *, season: int, origins: list[Integers], horizon: int
) -> list[Doubles]:
    """Forecast every series from each of its origins; one of too few timesteps by its last value.

    Args:
        values: [series, timesteps], right-padded, without gaps.
        lengths: timesteps of the history that form and parameters are chosen by, [series].
        origins: per series the first timesteps predicted; none lies inside the history.

    Returns: per series [origins, horizon].
    """
    found = [
        np.repeat(series[np.maximum(begins - 1, 0)][:, None], horizon, axis=1)
        for series, begins in zip(values, origins, strict=True)
    ]
    seasonal = (lengths >= 2 * season) & (season > 1)
    ratio = positive(values, lengths)
    for with_season, above in product((False, True), (False, True)):
        group = np.flatnonzero((lengths >= FEWEST) & (seasonal == with_season) & (ratio == above))
        if not len(group):
            continue
        cycle = season if with_season else 1
        choice = choose_all(values[group], lengths[group], cycle, above=above)
        for number in np.unique(choice.form):
            mine = np.flatnonzero(choice.form == number)
            kind = FORMS[number].season
            at = group[mine]
            trends = np.full((len(mine), 1), TREND_KINDS.index(FORMS[number].trend))
            settings = settings_of(choice.parameters[mine][:, None], trends)
            begin = start(values[at], lengths[at], cycle, kind)
            begins = [origins[series] for series in at]
            made = run_on(values[at], settings, begin, kind, origins=begins, horizon=horizon)
            for series, told in zip(at, made, strict=True):
                found[series] = np.where(np.isfinite(told), told, found[series])
    return found


def choose_all(values: Doubles, lengths: Integers, season: int, *, above: bool) -> Choice:
    """Choose form and parameters of series that have the same forms to choose from; where they are
    many, of some in even steps, and the others have the commonest form and its median parameters.

    Args: above: whether all values are positive.
    """
    history, seen = latest(values, lengths, season)
    count = min(len(values), max(1, int(MOST_TIMESTEPS / seen.mean())))
    sample = np.unique(np.linspace(0, len(values) - 1, count).astype(np.int64))
    forms = tuple(
        number
        for number, form in enumerate(FORMS)
        if (above or not form.relative) and (season > 1 or form.season == "none")
    )
    grid = len(LEVELS) * (1 + len(TRENDS) * (1 + len(DAMPINGS))) * len(SEASONS)
    parts = []
    for begin in range(0, len(sample), max(1, LANES // grid)):
        mine = sample[begin : begin + max(1, LANES // grid)]
        parts.append(choose(history[mine], seen[mine], season, forms))
    chosen = Choice(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    common = int(np.bincount(chosen.form).argmax())
    middle = np.median(chosen.parameters[chosen.form == common], axis=0)
    form, parameters = np.full(len(values), common), np.tile(middle, (len(values), 1))
    form[sample], parameters[sample] = chosen
    return Choice(form, parameters)


def choose(history: Doubles, lengths: Integers, season: int, forms: tuple[int, ...]) -> Choice:
    """Choose for every series the form of least corrected AIC, and its parameters."""
    least = np.full(len(history), np.inf)
    best = Choice(np.zeros(len(history), np.int64), np.tile(LOWEST, (len(history), 1)))
    for kind in SEASON_KINDS:
        mine = [number for number in forms if FORMS[number].season == kind]
        if not mine:
            continue
        fitted, found = fit(history, lengths, season, kind, [FORMS[number] for number in mine])
        for number, parameters, cost in zip(mine, fitted, found, strict=True):
            count = FORMS[number].parameters(season)
            spare = lengths - count - 1
            penalty = 2 * count + 2 * count * (count + 1) / np.maximum(spare, 1)
            criterion = np.where(spare > 0, cost + penalty, np.inf)
            better = criterion < least
            least[better], best.form[better] = criterion[better], number
            best.parameters[better] = parameters[better]
    return best


def fit(
    history: Doubles, lengths: Integers, season: int, kind: Season, forms: list[Form]
) -> tuple[Doubles, Doubles]:
    """Fit forms of one kind of season to every series.

    Returns: parameters [forms, series, 4], and what they cost, -2 log likelihood, [forms, series].
    """
    begin = start(history, lengths, season, kind)
    relative = np.array([form.relative for form in forms])
    trends = np.array([TREND_KINDS.index(form.trend) for form in forms])

    def costs_of(tried: Doubles, trend: Integers) -> tuple[Doubles, Doubles]:
        """Run settings [series, settings, 4]; give both costs of each, [series, settings]."""
        settings = settings_of(tried, np.tile(trend, (len(history), 1)))
        return costs(history, lengths, settings, begin, kind)

    grid, trend = grid_of(seasonal=kind != "none")
    both = costs_of(np.tile(grid, (len(history), 1, 1)), trend)
    best = np.empty((len(forms), len(history), 4))
    least = np.empty((len(forms), len(history)))
    for number in range(len(forms)):
        mine = np.flatnonzero(trend == trends[number])
        own = both[int(relative[number])][:, mine]  # [series, settings]
        best[number], least[number] = grid[mine[own.argmin(axis=1)]], own.min(axis=1)
    moves, owners = moves_of(forms)  # [settings, 4], [settings]
    reach = np.ones_like(least)
    for _ in range(ROUNDS):
        steps = moves[:, None] * reach[owners, :, None] * REACH
        tried = np.clip(best[owners] + steps, LOWEST, HIGHEST)  # [settings, series, 4]
        both = costs_of(np.swapaxes(tried, 0, 1), trends[owners])
        for number in range(len(forms)):
            mine = np.flatnonzero(owners == number)
            own = both[int(relative[number])][:, mine]
            better = own.min(axis=1) < least[number]
            found = tried[mine[own.argmin(axis=1)], np.arange(len(history))]
            best[number] = np.where(better[:, None], found, best[number])
            least[number] = np.where(better, own.min(axis=1), least[number])
            reach[number] = np.where(better, reach[number], reach[number] / 2)
    return best, least


def grid_of(*, seasonal: bool) -> tuple[Doubles, Integers]:
    """Lay out parameters to begin with, [settings, 4], and the trend of each, [settings]."""
    seasons = SEASONS if seasonal else SEASONS[:1]
    rows = [
        (number, *row)
        for number, trend in enumerate(TREND_KINDS)
        for row in product(
            LEVELS,
            TRENDS if trend != "none" else TRENDS[:1],
            seasons,
            DAMPINGS if trend == "damped" else DAMPINGS[:1],
        )
    ]
    table = np.array(rows)
    return table[:, 1:], table[:, 0].astype(np.int64)


def moves_of(forms: list[Form]) -> tuple[Doubles, Integers]:
    """List a step up and one down for every parameter of every form, [settings, 4], and whose they
    are, [settings]."""
    moves, owners = [], []
    for number, form in enumerate(forms):
        has = (True, form.trend != "none", form.season != "none", form.trend == "damped")
        for at, way in product(np.flatnonzero(has), (1.0, -1.0)):
            moves.append(way * np.eye(4)[at])
            owners.append(number)
    return np.array(moves), np.array(owners)


def settings_of(parameters: Doubles, trends: Integers) -> Settings:
    """Turn parameters [series, settings, 4] into settings of forms whose trends have these numbers,
    [series, settings]."""
    level, trend, season, damping = np.moveaxis(parameters, -1, 0)
    left = np.where(trends == TREND_KINDS.index("damped"), damping, 1.0)
    sloping = trends > 0
    return Settings(
        np.ascontiguousarray(level),
        np.where(sloping, level * trend, 0.0),
        season * (1 - level),
        np.where(sloping, left, 0.0),
    )
