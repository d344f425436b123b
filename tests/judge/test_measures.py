import numpy as np
import pytest

from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.judge.measures import (
    Units,
    each_target,
    f1,
    known_units,
    main_metric,
    metrics_of,
    set_metrics,
    set_sums,
    sums_of,
)

VALUE = ValueEncoder(mean=0, deviation=1)
PLAIN = LabelEncoder(classes=("a", "b"), kind="text")
TAGS = LabelEncoder(classes=("B-x", "I-x", "O"), kind="text")
SETS = LabelSetEncoder(labels=("c", "e"), kind="text")


@pytest.mark.parametrize(
    ("target", "per_timestep", "metric"),
    [
        (VALUE, False, "rmse"),
        (PLAIN, True, "accuracy"),
        (TAGS, True, "entity_f1"),
        (TAGS, False, "accuracy"),
        (SETS, False, "negative_log_likelihood"),
        (SeveralTargets(names=("x", "y"), each=(VALUE, VALUE)), False, "rmse"),
    ],
)
def test_the_metric_that_models_are_compared_by(target, per_timestep, metric):
    assert main_metric(target, per_timestep=per_timestep) == metric


def test_one_of_several_targets_is_enough_to_be_known():
    assert known_units(np.array([0, -1, 2])).tolist() == [True, False, True]
    assert known_units(np.array([1.0, np.nan])).tolist() == [True, False]
    assert known_units(np.array([[-1, 1], [-1, -1]])).tolist() == [True, False]


def test_sums_of_groups_add_up_to_the_metrics_of_the_whole():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 40)
    chances = rng.dirichlet(np.ones(3), 40)
    one = Units(truth, chances, np.zeros(40, np.int64), 1, None)
    many = Units(truth, chances, np.arange(40) % 7, 7, None)
    whole = metrics_of(sums_of(one, None), one, None)
    parts = metrics_of(sums_of(many, None).sum(axis=0, keepdims=True), many, None)
    for name, value in whole.items():
        assert parts[name] == pytest.approx(value), name
    assert whole["accuracy"][0] == pytest.approx((chances.argmax(1) == truth).mean())


def test_nothing_found_where_nothing_is_to_be_found_is_right():
    assert f1(np.array([0.0, 1.0]), np.array([0.0, 2.0]), np.array([0.0, 2.0])).tolist() == [1, 0.5]


def test_sets_by_hand():
    truth, sure = np.array([[1, 0], [1, 1]]), np.array([[0.8, 0.4], [0.6, 0.3]])
    found = set_metrics(set_sums(truth, sure, np.zeros(2, np.int64), count=1))
    assert found["accuracy"][0] == 0.5
    loss = -(np.log(0.8) + np.log(0.6) + np.log(0.6) + np.log(0.3)) / 2
    assert found["negative_log_likelihood"][0] == pytest.approx(loss)
    assert found["macro_f1"][0] == pytest.approx((1 + 0) / 2)


def test_several_targets_are_taken_apart():
    both = SeveralTargets(names=("x", "y"), each=(PLAIN, VALUE))
    truth, answers = np.array([[0.0, 5.0]]), np.array([[0.7, 0.3, 4.0]])
    (first, _, chances, _), (second, values, guess, encoder) = each_target(truth, answers, both)
    assert (first, second, encoder) == ("x", "y", VALUE)
    assert chances.tolist() == [[0.7, 0.3]]
    assert (values.tolist(), guess.tolist()) == ([5.0], [[4.0]])
