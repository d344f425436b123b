"""Choose the search space of forecasts: how far back, which scale, which simple forecast to
correct."""

import math
from dataclasses import dataclass
from typing import Any

from rnnauto.data.room import usual_back
from rnnauto.families.forecast.features import forecast_features_of
from rnnauto.families.forecast.prepare import ForecastPrepared
from rnnauto.families.forecast.simple_errors import simple_errors
from rnnauto.networks.architecture import Answer, with_missing
from rnnauto.recipe import Recipe, Space
from rnnauto.search.pose import patience_of
from rnnauto.search.space import (
    Choices,
    batch_sizes,
    choice_of,
    filling_choices,
    opening,
    proposals,
)
from rnnauto.search.trial import StudyProblem

SHORTEST_LOOKBACK = 4
SEASONAL = frozenset({"seasonal", "seasonal_trend", "seasonal_last", "smoothed"})
NEAR = 1.5  # times the error of the nearest simple forecast: what is further off is not tried


@dataclass(frozen=True)
class ForecastShape:
    """What of the series decides which hyperparameters make sense.

    Attributes:
        windows: of the train part.
        lookback: the most timesteps that can be seen; `usual`: that recurrent layers read.
        fixed: whether the user named the lookback.
        season: timesteps after which a season repeats; 1 where there is none.
        positive: whether no target is below 0.
        errors: of the simple forecasts in the train part.
    """

    windows: int
    lookback: int
    usual: int
    fixed: bool
    season: int
    positive: bool
    errors: dict[str, float]


def pose(prepared: ForecastPrepared, recipe: Recipe) -> StudyProblem:
    """Pose the problem that trials share; forecasting networks learn their scales from the windows
    that they train on."""
    encoders = prepared.encoders
    features = forecast_features_of(encoders, prepared.layout)
    levels = features.levels
    return StudyProblem(
        family="forecast",
        features=features,
        answer=Answer("quantiles", (len(levels),) * len(encoders.targets), levels=levels),
        scales=(),
        numbers=(),
        static_numbers=(),
        epochs=recipe.train.epochs,
        patience=patience_of(recipe),
    )


def space(prepared: ForecastPrepared, recipe: Recipe) -> Choices:
    train, _ = prepared.parts.folds[0]
    data, season = prepared.development, prepared.encoders.season
    shape = ForecastShape(
        windows=len(train),
        lookback=data.lookback,
        usual=min(data.lookback, usual_back(data.horizon, season)),
        fixed=recipe.problem.lookback != "auto",
        season=season,
        # what has a zero lies on both sides of it
        positive=not data.zeros and not bool((data.truth() < 0).any()),
        errors=simple_errors(data, train, season=season),
    )
    wanted, missing = recipe.search.space, with_missing(prepared.encoders.numbers)
    return {**forecast_choices(wanted, shape), **filling_choices(wanted, missing, data.numbers)}


def trains_long(problem: StudyProblem) -> bool:
    """Say that many trials beat a long one: a trial of a first impression tells enough."""
    return False


def forecast_choices(space: Space, shape: ForecastShape) -> Choices:
    """List every hyperparameter with the values it may take; one value means that it is fixed."""
    lookbacks = lookback_choices(space, shape)
    differencing = simple_forecasts(space, shape, least=min(lookbacks))
    transform = tuple(kind for kind in space.transform if kind != "log" or shape.positive)
    return {
        "cell": space.cell,
        "units": space.units,
        "layers": space.layers,
        "patch": (1,),
        "pooling": ("last",),
        "bidirectional": (False,),
        "lookback": lookbacks,
        "scaling": space.scaling,
        "transform": transform or ("none",),
        "differencing": differencing or ("none",),
        "dropout": space.dropout,
        "learning_rate": space.learning_rate,
        "batch_size": batch_sizes(space.batch_size, shape.windows),
        "clip_norm": space.clip_norm,
        **choice_of(space, "weight_drop", gains=True),
        **choice_of(space, "optimizer", gains=False),
    }


def simple_forecasts(space: Space, shape: ForecastShape, *, least: int) -> tuple[str, ...]:
    """Choose the simple forecasts that a lookback of `least` timesteps allows, nearest first; where
    the user has not chosen, only near ones, at least two."""
    season_seen, trend_seen = 1 < shape.season <= least, 1 < shape.season < least
    allowed = {
        "none": True,
        "last": True,
        "trend": least > 1,
        "seasonal": season_seen,
        "seasonal_trend": trend_seen,
        "seasonal_last": trend_seen,
        "smoothed": True,
    }
    kinds = [kind for kind in space.differencing if allowed[kind]]
    order = sorted(kinds, key=lambda kind: shape.errors.get(kind, math.inf))
    if space.differencing != Space().differencing or not order:
        return tuple(order)
    far = NEAR * shape.errors.get(order[0], math.inf)
    near = [kind for kind in order if shape.errors.get(kind, math.inf) <= far]
    return tuple(order[: max(2, len(near))])


def lookback_choices(space: Space, shape: ForecastShape) -> tuple[int, ...]:
    """Choose lookbacks: the most that is usual, two thirds and a third of it; a season at
    least."""
    if not isinstance(space.lookback, str):
        return tuple(sorted({min(lookback, shape.lookback) for lookback in space.lookback}))
    if shape.fixed:
        return (shape.lookback,)
    least = min(shape.usual, max(shape.season + 1, SHORTEST_LOOKBACK))
    shares = (shape.usual, 2 * shape.usual // 3, shape.usual // 3)
    return tuple(sorted({max(share, least) for share in shares}))


def forecast_proposals(space: Choices) -> list[dict[str, Any]]:
    """Propose settings that often do well, tried first: each cell correcting the simple forecasts
    that are nearest, scaled by window."""
    wanted: list[dict[str, Any]] = []
    for differencing in space["differencing"]:
        log = differencing in SEASONAL
        for cell in space["cell"]:
            own = {
                "lookback": max(space["lookback"]),
                "scaling": "mean" if log else "none",
                "transform": "log" if log else "none",
                "differencing": differencing,
            }
            wanted.append(opening(space, cell) | own)
    return proposals(space, wanted)
