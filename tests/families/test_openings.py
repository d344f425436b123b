"""What a search is told of its problem: every family opens with settings of its own."""

import numpy as np
import pytest
from builders import columns, lengths_to_search, make_encoded, make_layout

from rnnauto.data.encode import Encoders
from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.families.anomaly.encode import Watched
from rnnauto.families.decoder.tokens import TokensEncoder
from rnnauto.families.families import NAMES, family_named
from rnnauto.families.forecast.space import ForecastShape, forecast_choices
from rnnauto.families.language.encode import NextToken
from rnnauto.families.lists.encode import EncodedLists, ListTarget
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
    "lists": (
        make_layout(
            "cell-sequences",
            "many-to-many-unaligned",
            task="regression",
            target_kind="number",
            features=columns(x="list"),
            continued=("x",),
        ),
        ListTarget(
            names=("y",),
            each=(ValueEncoder(mean=0, deviation=1),),
            longest=3,
            ends=False,
            continued=(0,),
        ),
    ),
    "anomaly": (
        make_layout(
            rnn_type="many-to-many", task="anomaly", target=(), features=columns(x="number")
        ),
        Watched(rate=0.01, calibration=100),
    ),
    "decoder": (
        make_layout(rnn_type="many-to-many-unaligned", target_tokens="word", **TEXT),
        TokensEncoder(tokens="word", vocabulary=("walk",), longest=3),
    ),
}


def space_of(name):
    if name == "forecast":
        shape = ForecastShape(
            windows=500,
            lookback=24,
            usual=24,
            fixed=False,
            season=12,
            positive=True,
            errors={},
        )
        return forecast_choices(Space(), shape)
    layout, target = MADE[name]
    encoders = Encoders(
        numbers=(), categories=(), static_numbers=(), static_categories=(), target=target
    )
    prepared = lengths_to_search(LENGTHS, layout, encoders)
    if name == "lists":
        prepared.development = risen(LENGTHS)
    return family_named(name).space(prepared, Recipe())


def risen(lengths):
    """Lists that rise by a step at every timestep, and by three more."""
    numbers = np.concatenate([np.arange(length) for length in lengths])[:, None]
    splits = 3 * np.arange(len(lengths) + 1)
    answers = (lengths[:, None] + np.arange(3)).reshape(-1, 1).astype(np.float32)
    return EncodedLists(make_encoded(lengths, numbers=numbers), answers, splits, ends=False)


@pytest.mark.parametrize("name", NAMES)
def test_an_opening_trial_sets_every_hyperparameter_to_a_value_of_its_space(name):
    space = space_of(name)
    opening = family_named(name).openings(space)
    assert len(opening) >= 2
    for values in opening:
        assert set(values) == set(space)
        assert all(values[setting] in space[setting] for setting in space)


def test_forecasts_open_with_differences_and_writers_with_attention():
    of_series = family_named("forecast").openings(space_of("forecast"))
    assert any(values["differencing"] != "none" for values in of_series)
    of_answers = family_named("decoder").openings(space_of("decoder"))
    assert [values["attention"] for values in of_answers] == ["dot"] * 5 + ["none"] * 2
    small, wide, usual = ["simple_rnn", "lstm"], ["lstm"], ["lstm", "simple_rnn"] * 2
    assert [values["cell"] for values in of_answers] == [*small, *wide, *usual]


def test_what_watches_opens_with_a_small_quick_lstm_between_the_cells():
    first, quick, last = family_named("anomaly").openings(space_of("anomaly"))
    wanted = {"cell": "lstm", "units": 32, "dropout": 0.0, "learning_rate": 0.01, "clip_norm": 0.1}
    assert quick | wanted == quick
    assert quick["batch_size"] == max(space_of("anomaly")["batch_size"])
    assert [(each["cell"], each["units"]) for each in (first, last)] == [
        ("simple_rnn", 64),
        ("lstm", 64),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_both_cells_are_among_the_first_three_settings(name):
    first = family_named(name).openings(space_of(name))[:3]
    assert {values["cell"] for values in first} == {"simple_rnn", "lstm"}
