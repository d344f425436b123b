import math

import numpy as np
import pytest

from rnnauto.errors import RecipeError
from rnnauto.judge.evaluate import Evaluation, Scores
from rnnauto.judge.expectations import Measured, check_expectations
from rnnauto.judge.metrics import Interval
from rnnauto.recipe import Expect


def scores(**values):
    metrics = {name: Interval(value, value, value) for name, value in values.items()}
    return Scores(metrics=metrics, confusion=None, units=9, resampled={})


def measured(model, *, beats=True, latencies=(), size=1000, **baselines):
    evaluation = Evaluation(
        scores=scores(**model),
        baselines={name: scores(**values) for name, values in baselines.items()},
        rows=9,
        sequences=9,
        beats_baselines=beats,
        labels=None,
        main_metric=next(iter(model)),
    )
    checks = {"keras": 1e-3, "alone": 2e-6, "padding": 1e-7}
    return Measured(evaluation, checks, size, tuple(latencies))


def only(expect, given):
    (found,) = check_expectations(Expect(**expect), given)
    return found


@pytest.mark.parametrize(("bound", "passed"), [(">= 0.9", True), (">= 0.91", False)])
def test_a_metric_is_compared(bound, passed):
    found = only({"accuracy": bound}, measured({"accuracy": 0.9}))
    assert (found.name, found.wanted, found.got, found.passed) == ("accuracy", bound, 0.9, passed)


def test_the_best_baseline_is_the_highest_or_the_lowest():
    given = measured(
        {"accuracy": 0.9, "mae": 1.0, "mae_x": 1.0},
        worse={"accuracy": 0.2, "mae": 3.0, "mae_x": 5.0},
        better={"accuracy": 0.8, "mae": 2.0, "mae_x": 4.0},
    )
    assert only({"accuracy": ">= baseline + 0.2"}, given).bound == pytest.approx(1.0)
    assert only({"mae": "<= 0.5 * baseline"}, given).bound == 1.0
    assert only({"mae_x": "<= 0.5 * baseline"}, given).bound == 2.0
    assert only({"mae": "<= baseline[worse]"}, given).bound == 3.0


def test_a_baseline_that_there_is_not_is_named_with_those_that_there_are():
    given = measured({"accuracy": 0.9}, majority={"accuracy": 0.2})
    with pytest.raises(RecipeError, match=r"called `majorty`; did you mean `majority`\?") as caught:
        only({"accuracy": ">= baseline[majorty]"}, given)
    assert caught.value.hint == "the baselines are majority"


def test_what_is_undefined_is_not_met():
    found = only({"r2": ">= -1"}, measured({"r2": math.nan}))
    assert (found.got, found.passed) == (None, False)
    found = only({"r2": ">= baseline"}, measured({"r2": 0.5}))
    assert (found.bound, found.passed) == (None, False)


@pytest.mark.parametrize("beats", [True, False])
def test_baselines_are_beaten_or_not(beats):
    given = measured({"accuracy": 1.0}, beats=beats, majority={"accuracy": 0.2})
    found = only({"beats_baselines": True}, given)
    assert (found.got, found.passed) == (beats, beats)
    assert check_expectations(Expect(), measured({"accuracy": 1.0}, beats=beats)) == ()


@pytest.mark.parametrize("beats", [True, False])
def test_where_there_is_no_baseline_none_is_beaten(beats):
    found = only({"beats_baselines": True}, measured({"accuracy": 1.0}, beats=beats))
    assert (found.got, found.passed) == ("no baseline to beat", False)


def test_padding_is_every_check_but_the_trained_networks():
    given = measured({"accuracy": 1.0})
    assert only({"padding_invariance": True}, given).got == 2e-6
    assert only({"padding_invariance": "<= 1e-5"}, given).passed
    assert not only({"padding_invariance": "<= 1e-6"}, given).passed


def test_size_and_percentiles_of_latency_are_compared():
    given = measured({"accuracy": 1.0}, latencies=np.arange(1, 102), size=5_000_001)
    assert not only({"model_size": "<= 5 MB"}, given).passed
    assert only({"model_size": "<= 5 MiB"}, given).passed
    assert only({"latency_p50": "<= 51 ms"}, given).got == 51
    assert only({"latency_p95": "<= 95 ms"}, given).passed is False
    assert only({"latency_p99": "<= 0.1 s"}, given).got == 100


def test_several_are_listed_in_order_as_plain_json():
    found = check_expectations(
        Expect(accuracy=[">= 0.1", "<= 0.2"], leak="none"), measured({"accuracy": 0.15})
    )
    assert [each.to_json() for each in found] == [
        {"name": "accuracy", "wanted": ">= 0.1", "got": 0.15, "bound": 0.1, "passed": True},
        {"name": "accuracy", "wanted": "<= 0.2", "got": 0.15, "bound": 0.2, "passed": True},
        {"name": "leak", "wanted": "none", "got": "none", "bound": None, "passed": True},
    ]
