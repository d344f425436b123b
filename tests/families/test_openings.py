"""What a search is told of its problem: every family opens with settings of its own."""

import numpy as np
import pytest
from builders import columns, lengths_to_search, make_layout

from rnnauto.data.encode import Encoders
from rnnauto.data.targets import LabelEncoder
from rnnauto.families.decoder.tokens import TokensEncoder
from rnnauto.families.families import FAMILIES
from rnnauto.families.forecast.space import ForecastShape, forecast_choices
from rnnauto.families.language.encode import NextToken
from rnnauto.recipe import Recipe, Space

LENGTHS = np.full(400, 12)
TEXT = {"features": columns(x="text"), "tokens": "word"}
# of every family that makes its space of how long its sequences are: a layout, and a target
MADE = {
    "direct": (make_layout(), LabelEncoder(classes=("a", "b"), kind="text")),
    "language": (
        make_layout(rnn_type="many-to-many", task="language-modelling", **TEXT),
        NextToken(outputs=9, ends=True),
    ),
    "decoder": (
        make_layout(rnn_type="many-to-many-unaligned", target_tokens="word", **TEXT),
        TokensEncoder(tokens="word", vocabulary=("walk",), longest=3),
    ),
}


def space_of(name):
    if name == "forecast":
        shape = ForecastShape(
            windows=500, lookback=24, fixed=False, season=12, positive=True, errors={}
        )
        return forecast_choices(Space(), shape)
    layout, target = MADE[name]
    encoders = Encoders(
        numbers=(), categories=(), static_numbers=(), static_categories=(), target=target
    )
    return FAMILIES[name].space(lengths_to_search(LENGTHS, layout, encoders), Recipe())


@pytest.mark.parametrize("name", FAMILIES)
def test_an_opening_trial_sets_every_hyperparameter_to_a_value_of_its_space(name):
    space = space_of(name)
    opening = FAMILIES[name].openings(space)
    assert len(opening) >= 2
    for values in opening:
        assert set(values) == set(space)
        assert all(values[setting] in space[setting] for setting in space)


def test_forecasts_open_with_differences_and_writers_with_attention():
    of_series = FAMILIES["forecast"].openings(space_of("forecast"))
    assert any(values["differencing"] != "none" for values in of_series)
    of_answers = FAMILIES["decoder"].openings(space_of("decoder"))
    assert [values["attention"] for values in of_answers] == ["dot", "dot", "none", "none"]
    assert [values["cell"] for values in of_answers[:2]] == ["lstm", "simple_rnn"]
