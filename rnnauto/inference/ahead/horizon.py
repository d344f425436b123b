"""Decide how far a forecast looks back and ahead: by the season, within limits."""

from dataclasses import dataclass

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.room import FEWEST_BEFORE, LEAST_LOOKBACK, LONG_SEASON, Room, usual_back
from rnnauto.errors import DataError
from rnnauto.inference.ahead.season import Season, find_season
from rnnauto.inference.case import Case, Evidence
from rnnauto.inference.regular import Regular, regular_series
from rnnauto.inference.roles import Roles
from rnnauto.times.describe import alias_of, words_of
from rnnauto.times.frequency import Frequency

SHARE = 10  # a horizon is at most one tenth of the shortest series
SEASONS_SEEN = 10  # by an exponential smoothing
MOST_SERIES = 0.9  # share of the series that are as long as is looked back
OUTLIERS = 8  # times shorter than the median: such a series sets no horizon
MOST_SHOWN = 1_000  # timesteps that a rule is put in words by


@dataclass(frozen=True)
class Window:
    """How far a forecast looks, in timesteps, and why.

    Attributes:
        horizon: timesteps predicted.
        lookback: timesteps seen.
        season: timesteps after which the series repeat; 1 where they do not.
        frequency: the rule of their times; None where nothing orders them but the file.
    """

    horizon: int
    lookback: int
    season: int
    frequency: Frequency | None
    evidence: tuple[Evidence, ...]


def decide_window(case: Case, roles: Roles) -> Window:
    """Decide horizon, lookback and season: the user's word, else a season within limits.

    Raises: DataError, where the user wants more than the longest series holds.
    """
    series = regular_series(case.frame, roles.id, roles.time)
    season = season_of(case, roles, series)
    data = case.data
    room = Room(
        series.lengths,
        season.timesteps,
        case.split,
        own_test=data.test_path is not None,
        own_validation=data.validation_path is not None,
    )
    horizon, why = wanted_horizon(case, season, room)
    check_room(case, "--horizon", horizon, room.longest - 1)
    lookback, back = wanted_lookback(case, season, room, horizon)
    check_room(case, "--lookback", lookback, room.longest - horizon)
    if not room.fits(horizon, lookback):
        horizon, lookback = fitted(case, room, horizon, lookback)
        shown = f"what {room.longest} timesteps have room for in every part"
        why = why if case.problem.horizon != "auto" else shown
        back = back if case.problem.lookback != "auto" else shown
    return Window(
        horizon,
        lookback,
        season.timesteps,
        series.frequency,
        (
            *frequency_evidence(series, roles.time),
            Evidence(
                f"season is {season.timesteps}", season.why, f"--season {season.timesteps + 1}"
            ),
            Evidence(f"horizon is {horizon}", why, f"--horizon {horizon + 1}"),
            Evidence(f"lookback is {lookback}", back, f"--lookback {lookback + 1}"),
        ),
    )


def wanted_horizon(case: Case, season: Season, room: Room) -> tuple[int, str]:
    """Decide how far to look ahead, and say why, before it is known whether there is room."""
    if case.problem.horizon != "auto":
        return case.problem.horizon, "you named it"
    if case.problem.type == "many-to-one":
        return 1, "the RNN type many-to-one predicts one timestep"
    told = case.as_implied.horizon
    if told and told < room.longest:
        return told, "the file says so"
    shortest = int(usual(room.lengths).min())
    most = max(shortest // SHARE, 1)
    why = season.why_ahead
    if season.ahead > most:
        why += f"; at most a {SHARE}th of the shortest series ({shortest} timesteps)"
        aside = len(room.lengths) - len(usual(room.lengths))
        why += f", {aside} much shorter ones aside" if aside else ""
    return min(season.ahead, most), why


def usual(lengths: Integers) -> Integers:
    """Leave out the lengths of series that are far shorter than most: they set nothing."""
    return lengths[OUTLIERS * lengths >= np.median(lengths)]


def wanted_lookback(case: Case, season: Season, room: Room, horizon: int) -> tuple[int, str]:
    """Decide how far to look back, and say why, before it is known whether there is room."""
    if case.problem.lookback != "auto":
        return case.problem.lookback, "you named it"
    lengths = usual(room.lengths)
    wanted, why = usual_back(horizon, season.timesteps), "some seasons or horizons"
    if 1 < season.timesteps < LONG_SEASON:
        wanted, why = max(wanted, SEASONS_SEEN * season.timesteps), f"{SEASONS_SEEN} seasons"
    most = int(np.quantile(lengths, 1 - MOST_SERIES, method="lower"))
    fits = max(most - horizon, min(LEAST_LOOKBACK, int(np.median(lengths)) - horizon))
    return max(min(wanted, fits), 1), f"{why}, within most series"


def fitted(case: Case, room: Room, horizon: int, lookback: int) -> tuple[int, int]:
    """Shorten what the user has not named until every part holds a window.

    Raises: DataError with the number of timesteps that would do, where that is not enough.
    """
    fixed = case.problem.lookback != "auto"
    if not fixed:
        lookback = max(lookback, FEWEST_BEFORE)
        back = room.most_back(horizon, lookback)
        if back:
            return horizon, back
    fewest = lookback if fixed else FEWEST_BEFORE
    most = room.most_ahead(fewest)
    if case.problem.horizon == "auto" and most:
        ahead = min(horizon, most)
        return ahead, lookback if fixed else room.most_back(ahead, lookback)
    named = case.problem.horizon if case.problem.horizon != "auto" else 1
    need = room.needed(named, fewest)
    shorter = f"use `--horizon {most}` or less, or " if most else ""
    if case.split.by == "sequence" and room.longest >= need:
        whole = int(np.count_nonzero(room.lengths >= fewest + named))
        raise DataError(
            f"`{case.source}`: `split.by: sequence` puts whole series into the {parts_of(room)}, "
            f"and {whole} of {len(room.lengths)} series have {fewest + named} timesteps or more",
            hint=f"{shorter}leave `split.by` out, so that series are cut in time, or give more",
        )
    raise DataError(
        f"`{case.source}`: the longest series has {room.longest} timesteps; to predict {named} of "
        f"them {need} are needed, for {parts_of(room)} each hold such a forecast",
        hint=f"{shorter}give series of {need} timesteps or more",
    )


def parts_of(room: Room) -> str:
    """Name the parts that are cut from the series."""
    parts = [
        "train",
        *(["validation"] * (not room.own_validation)),
        *(["test"] * (not room.own_test)),
    ]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) + " part"


def frequency_evidence(series: Regular, time: str | None) -> tuple[Evidence, ...]:
    """Say by which rule the times of series follow one another."""
    if series.frequency is None or time is None:
        return ()
    known = series.frame[time].head(MOST_SHOWN)
    alias = alias_of(series.frequency, known)
    reason = f"`{time}`: {words_of(series.frequency, known)}"
    if not series.frequency.even:
        reason += ", roughly"
    if series.absent:
        reason += f"; {series.absent} timesteps have no row and are filled in"
    return (Evidence(f"frequency is {alias}", reason, "--fill zero"),)


def season_of(case: Case, roles: Roles, series: Regular) -> Season:
    if case.problem.season != "auto":
        named = case.problem.season
        return Season(named, "you named it", named, f"you named a season of {named}")
    return find_season(series, roles.time, case.target)


def check_room(case: Case, name: str, wanted: int, most: int) -> None:
    """Raises: DataError, where a flag asks for more than the longest series has room for."""
    if wanted > most:
        raise DataError(
            f"`{case.source}`: `{name} {wanted}` is more than the longest series has room for",
            hint=f"use `{name} {max(most, 1)}` or less, or give longer series",
        )
