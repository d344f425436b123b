"""A metric is one record: everything that names it reads that."""

import numpy as np
import pytest
import yaml
from builders import make_encoded
from pydantic import create_model

from rnnauto.data.targets import ValueEncoder
from rnnauto.errors import RecipeError
from rnnauto.families.anomaly.metrics import ALARMS, OF_EVENTS, OF_NORMAL
from rnnauto.families.decoder.metrics import ANSWER_METRICS, LIKELIHOOD_METRICS
from rnnauto.families.forecast.evaluate import forecast_measures
from rnnauto.families.language.evaluate import NEXT_CHARACTER_METRICS, NEXT_SET_METRICS
from rnnauto.judge.corpus import CORPUS_METRICS
from rnnauto.judge.early_metrics import EARLY_METRICS
from rnnauto.judge.evaluate import evaluate, score
from rnnauto.judge.expectations import Measured, check_expectations
from rnnauto.judge.measures import SET_METRICS, TAG_METRICS
from rnnauto.judge.metrics import (
    CLASS_METRICS,
    COST_METRICS,
    LENGTH_METRICS,
    VALUE_METRICS,
    Measure,
    names_measured,
)
from rnnauto.metrics import (
    METRICS,
    Metric,
    direction,
    lower_is_better,
    metric_named,
    metric_words,
    shortfall,
)
from rnnauto.recipe import Expect, Recipe
from rnnauto.recipe.expect import metric_fields

MINE = Metric(
    "mse",
    "mean squared error",
    "Mean of the squared errors",
    lower_is_better=True,
    reference="Gauss 1821",
)
SQUARED = Measure(MINE, lambda sums: sums.squared / sums.units)
TRUTH, SAID = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 6.0])
VALUE = ValueEncoder(mean=0.0, deviation=1.0)


@pytest.fixture
def mine(monkeypatch):
    """What a record more in `rnnauto/metrics.py` does."""
    monkeypatch.setitem(METRICS, MINE.name, MINE)


def test_every_record_is_measured_and_every_measure_has_a_record():
    kinds = (
        *(CLASS_METRICS, COST_METRICS, TAG_METRICS, SET_METRICS, VALUE_METRICS, LENGTH_METRICS),
        *(ANSWER_METRICS, CORPUS_METRICS, LIKELIHOOD_METRICS),
        *(NEXT_CHARACTER_METRICS, NEXT_SET_METRICS, EARLY_METRICS),
        forecast_measures(levels=(0.05, 0.1, 0.5, 0.9, 0.95), places=True),
        (*OF_EVENTS, *ALARMS.values(), *OF_NORMAL),
    )
    records = [metric_named(name) for kind in kinds for name in names_measured(kind)]
    assert {record.name for record in records} == set(METRICS)
    made = [each.metric for kind in kinds for each in kind]
    assert [each.description for each in made] == [record.description for record in records]


def test_every_record_can_be_expected():
    assert list(METRICS) == list(Expect.model_fields)[: len(METRICS)]
    assert Expect(length_mae="<= 1").metrics() == {"length_mae": ("<= 1",)}


def test_the_metric_of_one_of_several_targets_is_that_metric():
    assert metric_named("rmse_tmin") == METRICS["rmse"]
    assert metric_named("negative_log_likelihood_x") == METRICS["negative_log_likelihood"]
    assert metric_named("rms") is None and metric_named("rmsex") is None
    assert lower_is_better("mae_x") and not lower_is_better("r2_x")


def test_a_metric_says_which_way_it_gets_better():
    assert direction("rmse_x") == "min" and shortfall("rmse_x", 3.0) == 3.0
    assert direction("r2") == "max" and shortfall("r2", -0.5) == 1.5
    assert direction("coverage_80") == "nearest 0.8"
    assert direction("coverage_97.5") == "nearest 0.975"
    assert shortfall("coverage_80", 0.7) == pytest.approx(shortfall("coverage_80", 0.9))


def test_metrics_have_names_for_people():
    assert metric_words("rmse") == "root mean squared error"
    assert metric_words("accuracy_left_hand") == "accuracy left hand"


def test_a_metric_that_is_added_is_computed(mine):
    found = score(TRUTH, SAID, measures=(*VALUE_METRICS, SQUARED), resamples=10)
    assert list(found.metrics) == ["mae", "rmse", "r2", "mse"]
    assert found.metrics["mse"].value == 1.0
    assert found.to_json()["mse"]["high"] <= 4.0
    assert "mse" not in score(TRUTH, SAID, resamples=10).metrics


def test_a_metric_that_is_added_is_said_in_its_words(mine):
    assert metric_words("mse") == "mean squared error"
    assert lower_is_better("mse") and lower_is_better("mse_tmin")


def evaluated():
    """The network is off by 2 in one of four values, the baseline by 3 everywhere."""
    data = make_encoded([1] * 4, TRUTH.astype(np.float32))

    def off(encoded):
        return TRUTH + 3

    off.name = "off"
    return evaluate(data, SAID, [off], target=VALUE, measures=(*VALUE_METRICS, SQUARED))


def expect_of(text):
    return Recipe.parse(yaml.safe_load(text), source="`r.yaml`", text=text).expect


def test_a_metric_that_is_added_can_be_expected_beside_a_baseline(mine):
    expect = expect_of('expect: {mse: ["<= 2", "<= 0.1 * baseline"], rmse: "<= baseline"}')
    checked = check_expectations(expect, Measured(evaluated(), {"alone": 0.0}, 1, ()))
    found = {(each.name, each.wanted): (each.got, each.bound) for each in checked}
    assert found["mse", "<= 2"] == (1.0, 2.0)
    assert found["mse", "<= 0.1 * baseline"] == pytest.approx((1.0, 0.9))


def test_a_recipe_offers_a_metric_that_is_added(mine):
    made = create_model("Expect", __base__=Expect, **metric_fields([MINE]))
    schema = made.model_json_schema()["properties"]["mse"]
    assert schema["description"] == "Mean of the squared errors"
    with pytest.raises(RecipeError, match="unknown setting `expect.msf`"):
        expect_of('expect: {msf: "<= 2"}')


def test_without_its_record_it_is_no_metric():
    with pytest.raises(RecipeError, match="unknown setting `expect.mse`"):
        expect_of('expect: {mse: "<= 2"}')
