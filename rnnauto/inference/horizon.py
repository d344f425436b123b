"""Decide how far a forecast looks back and ahead: by the season, within limits."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence
from rnnauto.inference.roles import Roles
from rnnauto.inference.season import Season, find_season

SHARE = 10  # a horizon is at most one tenth of the shortest series
LEAST_LOOKBACK = 32
SEASONS_BACK, HORIZONS_BACK = 3, 4
LONG_SEASON = 100  # timesteps: three of these are slow to learn from


@dataclass(frozen=True)
class Window:
    """How far a forecast looks, in timesteps, and why.

    Attributes:
        horizon: timesteps predicted.
        lookback: timesteps seen.
        season: timesteps after which the series repeat; 1 where they do not.
    """

    horizon: int
    lookback: int
    season: int
    evidence: tuple[Evidence, ...]


def decide_window(case: Case, roles: Roles) -> Window:
    """Decide horizon, lookback and season: the user's word, else a season within limits.

    Raises: DataError, where the user wants more than the longest series holds.
    """
    lengths = series_lengths(case.frame, roles)
    shortest, longest = min(lengths), max(lengths)
    season = season_of(case, roles)
    why = season.why_ahead
    most = max(shortest // SHARE, 1)
    told = case.as_implied.horizon
    if case.problem.horizon == "auto":
        horizon = min(season.ahead, most)
        if case.problem.type == "many-to-one":
            horizon, why = 1, "the RNN type many-to-one predicts one timestep"
        elif told and told < longest:
            horizon, why = told, "the file says so"
        elif season.ahead > most:
            why += f"; at most a {SHARE}th of the shortest series ({shortest} timesteps)"
    else:
        horizon, why = case.problem.horizon, "you named it"
    check_room(case, "--horizon", horizon, longest - 1)
    room = longest - horizon
    if case.problem.lookback == "auto":
        seasons = SEASONS_BACK if season.timesteps < LONG_SEASON else 2
        wanted = max(seasons * season.timesteps, HORIZONS_BACK * horizon, LEAST_LOOKBACK)
        fits = max(shortest - horizon, min(LEAST_LOOKBACK, int(np.median(lengths)) - horizon))
        lookback = max(min(wanted, fits), 1)
        back = f"{seasons} seasons or {HORIZONS_BACK} horizons, within the shortest series"
        if lookback > shortest - horizon:
            back = f"{LEAST_LOOKBACK} at least, within most series"
    else:
        lookback, back = case.problem.lookback, "you named it"
    check_room(case, "--lookback", lookback, room)
    return Window(
        horizon,
        lookback,
        season.timesteps,
        (
            Evidence(
                f"season is {season.timesteps}", season.why, f"--season {season.timesteps + 1}"
            ),
            Evidence(f"horizon is {horizon}", why, f"--horizon {horizon + 1}"),
            Evidence(f"lookback is {lookback}", back, f"--lookback {lookback + 1}"),
        ),
    )


def season_of(case: Case, roles: Roles) -> Season:
    if case.problem.season != "auto":
        named = case.problem.season
        return Season(named, "you named it", named, f"you named a season of {named}")
    return find_season(case.frame, roles.id, roles.time, case.target)


def check_room(case: Case, name: str, wanted: int, most: int) -> None:
    """Raises: DataError, where a flag asks for more than the longest series has room for."""
    if wanted > most:
        raise DataError(
            f"`{case.source}`: `{name} {wanted}` is more than the longest series has room for",
            hint=f"use `{name} {max(most, 1)}` or less, or give longer series",
        )


def series_lengths(frame: pl.DataFrame, roles: Roles) -> list[int]:
    if not roles.id:
        return [frame.height]
    return frame.group_by(roles.id).len()["len"].to_list()
