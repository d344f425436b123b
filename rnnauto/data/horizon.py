"""How far a forecast looks back and ahead: the season of the sampling period, within limits."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rnnauto.data.case import Case, Evidence
from rnnauto.data.kinds import name_words
from rnnauto.data.roles import Roles
from rnnauto.errors import DataError

SHARE = 10  # a horizon is at most one tenth of the shortest series
FEWEST_STEPS = 4  # in a cycle that counts as a season
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
LEAST_LOOKBACK = 32
SEASONS_BACK, HORIZONS_BACK = 3, 4


@dataclass(frozen=True)
class Window:
    horizon: int
    lookback: int
    evidence: tuple[Evidence, ...]


def decide_window(case: Case, roles: Roles) -> Window:
    """Raises: DataError, where the user wants more than the longest series holds."""
    lengths = series_lengths(case.frame, roles)
    shortest, longest = min(lengths), max(lengths)
    season, why = season_of(case.frame, roles.id, roles.time)
    most = max(shortest // SHARE, 1)
    if case.problem.horizon == "auto":
        horizon = min(season, most)
        if case.problem.type == "many-to-one":
            horizon, why = 1, "the RNN type many-to-one predicts one timestep"
        elif season > most:
            why += f"; at most a {SHARE}th of the shortest series ({shortest} timesteps)"
    else:
        horizon, why = case.problem.horizon, "you named it"
    check_room(case, "--horizon", horizon, longest - 1)
    room = longest - horizon
    if case.problem.lookback == "auto":
        wanted = max(SEASONS_BACK * season, HORIZONS_BACK * horizon, LEAST_LOOKBACK)
        fits = max(shortest - horizon, min(LEAST_LOOKBACK, int(np.median(lengths)) - horizon))
        lookback = max(min(wanted, fits), 1)
        back = f"{SEASONS_BACK} seasons or {HORIZONS_BACK} horizons, within the shortest series"
        if lookback > shortest - horizon:
            back = f"{LEAST_LOOKBACK} at least, within most series"
    else:
        lookback, back = case.problem.lookback, "you named it"
    check_room(case, "--lookback", lookback, room)
    return Window(
        horizon,
        lookback,
        (
            Evidence(f"horizon is {horizon}", why, f"--horizon {horizon + 1}"),
            Evidence(f"lookback is {lookback}", back, f"--lookback {lookback + 1}"),
        ),
    )


def check_room(case: Case, name: str, wanted: int, most: int) -> None:
    if wanted > most:
        raise DataError(
            f"`{case.source}`: `{name} {wanted}` is more than the longest series has room for",
            hint=f"use `{name} {max(most, 1)}` or less, or give longer series",
        )


def series_lengths(frame: pl.DataFrame, roles: Roles) -> list[int]:
    if not roles.id:
        return [frame.height]
    return frame.group_by(roles.id).len()["len"].to_list()


def season_of(frame: pl.DataFrame, ids: tuple[str, ...], time: str | None) -> tuple[int, str]:
    """Timesteps in a season, and what shows it; 1 where nothing does."""
    if time is None:
        return 1, "no time column, so no season: one timestep"
    step = step_seconds(frame, ids, time)
    if step is None:
        return 1, f"`{time}` has no unit of time, so no season: one timestep"
    for name, seconds in CYCLES.items():
        steps = round(seconds / step)
        if steps >= FEWEST_STEPS:
            return steps, f"{steps} steps of `{time}` are {name}"
    return 1, f"`{time}` steps by years, which have no season: one timestep"


def step_seconds(frame: pl.DataFrame, ids: tuple[str, ...], time: str) -> float | None:
    """The usual step of a time column; None where its unit is not known."""
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
