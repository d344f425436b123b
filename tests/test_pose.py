"""What a search is told of its problem: every family opens with settings of its own."""

import numpy as np
import pytest
from builders import make_layout

from rnnauto.families.forecast.space import ForecastShape, forecast_choices
from rnnauto.recipe import Space
from rnnauto.search.pose import opening_trials
from rnnauto.search.space import Shape, choices

LENGTHS = np.full(400, 12)
SERIES = {"target": ("y",), "target_kind": "number", "horizon": 4, "lookback": 24}
LAYOUTS = {
    "direct": make_layout(),
    "language": make_layout(rnn_type="many-to-many", task="language-modelling"),
    "decoder": make_layout(rnn_type="many-to-many-unaligned", target_tokens="word"),
    "forecast": make_layout(rnn_type="many-to-many-unaligned", task="forecasting", **SERIES),
}


def space_of(family):
    if family == "forecast":
        shape = ForecastShape(
            windows=500, lookback=24, fixed=False, season=12, positive=True, errors={}
        )
        return forecast_choices(Space(), shape)
    shape = Shape(
        lengths=LENGTHS,
        per_timestep=family == "language",
        one_timestep=False,
        tokens=family != "direct",
        decoder=family == "decoder",
        language=family == "language",
    )
    return choices(Space(), shape)


@pytest.mark.parametrize("family", LAYOUTS)
def test_an_opening_trial_sets_every_hyperparameter_to_a_value_of_its_space(family):
    space = space_of(family)
    opening = opening_trials(space, LAYOUTS[family])
    assert len(opening) >= 2
    for values in opening:
        assert set(values) == set(space)
        assert all(values[name] in space[name] for name in space)


def test_forecasts_open_with_differences_and_writers_with_attention():
    of_series = opening_trials(space_of("forecast"), LAYOUTS["forecast"])
    assert any(values["differencing"] != "none" for values in of_series)
    of_answers = opening_trials(space_of("decoder"), LAYOUTS["decoder"])
    assert [values["attention"] for values in of_answers] == ["dot", "dot", "none", "none"]
    assert [values["cell"] for values in of_answers[:2]] == ["lstm", "simple_rnn"]
