"""What a forecast may choose from goes by season, lookback and sign."""

import pytest

from rnnauto.families.forecast.space import ForecastShape, forecast_choices, forecast_proposals
from rnnauto.recipe import Space


def shape(**options):
    usual = {"windows": 80, "lookback": 36, "fixed": False, "season": 12, "positive": True}
    usual |= {"errors": ERRORS, "usual": options.get("lookback", 36)}
    return ForecastShape(**(usual | options))


ERRORS = {"none": 3, "last": 2, "trend": 5, "seasonal": 1, "seasonal_trend": 0.9}


def differencing(space=None, **options):
    return forecast_choices(space or Space(), shape(**options))["differencing"]


def test_the_nearest_simple_forecasts_are_tried_in_their_order():
    assert differencing() == ("seasonal_trend", "seasonal")
    assert differencing(errors=ERRORS | {"last": 1.2}) == ("seasonal_trend", "seasonal", "last")
    assert differencing(errors=ERRORS | {"last": 0.1}) == ("last", "seasonal_trend")
    assert differencing(errors=ERRORS | {"smoothed": 0.8})[0] == "smoothed"
    assert differencing(errors={}) == Space().differencing


def test_a_season_has_to_be_seen_for_seasonal_differences():
    for other in ({"season": 1}, {"lookback": 8}):
        assert differencing(**other) == ("last", "none")
    named = Space(differencing=("trend", "seasonal_last", "last"))
    assert differencing(named) == ("last", "trend", "seasonal_last")
    assert differencing(named, season=1) == ("last", "trend")
    assert differencing(Space(differencing=("seasonal",)), season=1) == ("none",)


@pytest.mark.parametrize(
    ("options", "lookbacks"),
    [
        ({}, (13, 24, 36)),
        ({"lookback": 120, "usual": 36}, (13, 24, 36)),
        ({"fixed": True}, (36,)),
        ({"season": 1, "lookback": 9}, (4, 6, 9)),
    ],
)
def test_lookbacks(options, lookbacks):
    assert forecast_choices(Space(), shape(**options))["lookback"] == lookbacks
    assert forecast_choices(Space(lookback=(20, 99)), shape())["lookback"] == (20, 36)


def test_negative_values_have_no_logarithm():
    assert forecast_choices(Space(), shape(positive=False))["transform"] == ("none",)
    assert forecast_choices(Space(transform=("log",)), shape())["transform"] == ("log",)


def test_the_proposals_open_with_every_cell_on_the_season():
    space = forecast_choices(Space(), shape())
    first, second, *_ = forecast_proposals(space)
    assert (first["cell"], second["cell"]) == ("simple_rnn", "lstm")
    for proposal in forecast_proposals(space):
        assert all(value in space[name] for name, value in proposal.items())
    assert first["differencing"] == "seasonal_trend"
    assert first["transform"] == "log"
    assert first["weight_drop"] == 0.3
