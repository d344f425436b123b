"""The search space of forecasts: how far back, which scale, which simple forecast to correct."""

from dataclasses import dataclass
from typing import Any

from rnnauto.recipe import Space
from rnnauto.search.space import LEARNING_RATES, Choices, batch_sizes, optimizers, within

SHORTEST_LOOKBACK = 4
SEASONAL = frozenset({"seasonal", "seasonal_trend"})


@dataclass(frozen=True)
class ForecastShape:
    """What of the series decides which hyperparameters make sense; `lookback` is the most that can
    be seen, `fixed` where the user named it."""

    windows: int
    lookback: int
    fixed: bool
    season: int
    positive: bool


def forecast_choices(space: Space, shape: ForecastShape) -> Choices:
    """Every hyperparameter with the values it may take; one value means that it is fixed."""
    lookbacks = lookback_choices(space, shape)
    season_seen = 1 < shape.season <= min(lookbacks)
    trend_seen = shape.season < min(lookbacks)
    possible = {
        "none": True,
        "last": not season_seen,
        "trend": not season_seen and min(lookbacks) > 1,
        "seasonal": season_seen,
        "seasonal_trend": season_seen and trend_seen,
    }
    differencing = tuple(kind for kind in space.differencing if possible[kind])
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
        **optimizers(space),
    }


def lookback_choices(space: Space, shape: ForecastShape) -> tuple[int, ...]:
    """The most that can be seen, two thirds and a third of it; a season at least."""
    if not isinstance(space.lookback, str):
        return tuple(sorted({min(lookback, shape.lookback) for lookback in space.lookback}))
    if shape.fixed:
        return (shape.lookback,)
    least = min(shape.lookback, max(shape.season + 1, SHORTEST_LOOKBACK))
    shares = (shape.lookback, 2 * shape.lookback // 3, shape.lookback // 3)
    return tuple(sorted({max(share, least) for share in shares}))


def forecast_proposals(space: Choices) -> list[dict[str, Any]]:
    """Settings that often do well, tried first: each cell correcting the simple forecasts that fit
    the data, scaled by window."""
    found: list[dict[str, Any]] = []
    for differencing in ("seasonal", "trend", "seasonal_trend", "last"):
        if differencing not in space["differencing"]:
            continue
        log = differencing in SEASONAL
        for cell in space["cell"]:
            wanted: dict[str, Any] = {
                "cell": cell,
                "units": 64,
                "layers": 1,
                "patch": 1,
                "pooling": "last",
                "bidirectional": False,
                "lookback": max(space["lookback"]),
                "scaling": "mean" if log else "none",
                "transform": "log" if log else "none",
                "differencing": differencing,
                "dropout": 0.1,
                "learning_rate": LEARNING_RATES[cell],
                "batch_size": min(space["batch_size"]),
                "clip_norm": 1.0,
            }
            proposal = within(space, wanted)
            if proposal not in found:
                found.append(proposal)
    return found
