import time

import numpy as np
import pytest
from sklearn import metrics as reference

from rnnauto.judge import metrics
from rnnauto.judge.metrics import (
    class_metrics,
    class_sums,
    compact_groups,
    confusion_counts,
    groups_of,
    interval,
    predicted_classes,
    resample_weights,
    unit_groups,
    value_metrics,
    value_sums,
)


def whole(metrics_of, sums):
    """Every metric over all groups, as numbers."""
    totals = metrics_of(sums.sum(axis=0, keepdims=True))
    return {name: float(values[0]) for name, values in totals.items()}


def random_classification(units, classes, *, seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(classes), size=units)
    # the last class is never true, so that classes absent from the truth are met
    return rng.integers(0, max(classes - 1, 2), units), probabilities


@pytest.mark.parametrize("classes", [2, 3, 100])
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")  # scikit-learn's
@pytest.mark.filterwarnings("ignore:The number of unique classes is greater than 50%")
def test_classification_metrics_equal_scikit_learns(classes):
    truth, probabilities = random_classification(150, classes, seed=classes)
    groups = np.random.default_rng(0).integers(0, 7, 150)
    found = whole(class_metrics, class_sums(truth, probabilities, groups, count=7))
    predicted = probabilities.argmax(axis=1)
    labels = np.arange(classes)
    assert found == pytest.approx(
        {
            "accuracy": reference.accuracy_score(truth, predicted),
            "balanced_accuracy": reference.balanced_accuracy_score(truth, predicted),
            "macro_f1": reference.f1_score(truth, predicted, average="macro"),
            "log_loss": reference.log_loss(truth, probabilities, labels=labels),
        }
    )
    assert (
        confusion_counts(truth, predicted, classes=classes)
        == reference.confusion_matrix(truth, predicted, labels=labels)
    ).all()


def test_regression_metrics_equal_scikit_learns():
    rng = np.random.default_rng(1)
    truth = 1e6 + rng.normal(size=200)
    values = truth + rng.normal(size=200)
    found = whole(value_metrics, value_sums(truth, values, rng.integers(0, 9, 200), count=9))
    assert found == pytest.approx(
        {
            "mae": reference.mean_absolute_error(truth, values),
            "rmse": reference.root_mean_squared_error(truth, values),
            "r2": reference.r2_score(truth, values),
        }
    )


def test_metrics_by_hand():
    probabilities = np.array([[0.5, 0.5, 0], [0.75, 0.25, 0], [0.25, 0.75, 0]])
    truth = np.array([0, 1, 1])
    found = whole(class_metrics, class_sums(truth, probabilities, np.arange(3), count=3))
    # class 0: recall 1, precision 1/2; class 1: recall 1/2, precision 1; class 2 is nowhere
    assert found == pytest.approx(
        {
            "accuracy": 2 / 3,
            "balanced_accuracy": 3 / 4,
            "macro_f1": 2 / 3,
            "log_loss": -np.log([0.5, 0.25, 0.75]).mean(),
        }
    )
    values = value_sums(np.array([1.0, 3.0]), np.array([2.0, 6.0]), np.arange(2), count=2)
    assert whole(value_metrics, values) == pytest.approx(
        {"mae": 2.0, "rmse": np.sqrt(5.0), "r2": 1 - 10 / 2}
    )


def test_a_weighted_sum_of_groups_is_the_metric_of_the_resampled_units():
    truth, probabilities = random_classification(60, 4, seed=2)
    groups = np.repeat(np.arange(12), 5)
    weights = resample_weights(12, resamples=3, seed=0)
    resampled = class_metrics(weights @ class_sums(truth, probabilities, groups, count=12))
    for row, counts in enumerate(weights.astype(int)):
        units = np.repeat(np.arange(60), counts[groups])
        predicted = probabilities[units].argmax(axis=1)
        expected = reference.f1_score(truth[units], predicted, average="macro")
        assert resampled["macro_f1"][row] == pytest.approx(expected)


def test_a_probability_of_zero_for_the_true_class_costs_sixteen_nats_not_infinity():
    sums = class_sums(np.array([1]), np.array([[1.0, 0.0]]), np.array([0]), count=1)
    assert whole(class_metrics, sums)["log_loss"] == pytest.approx(-np.log(1e-7))


def test_a_prediction_that_is_not_a_number_is_never_right():
    probabilities = np.array([[np.nan, np.nan], [0.9, 0.1]])
    truth = np.array([0, 0])
    assert predicted_classes(probabilities).tolist() == [-1, 0]
    found = whole(class_metrics, class_sums(truth, probabilities, np.arange(2), count=2))
    assert found["accuracy"] == 0.5
    assert found["log_loss"] == pytest.approx((-np.log(1e-7) - np.log(0.9)) / 2)
    counts = confusion_counts(truth, predicted_classes(probabilities), classes=2)
    assert counts.tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e30])
def test_r2_of_a_constant_truth_is_undefined(constant):
    sums = value_sums(np.full(3, constant), np.array([1.0, 2.0, 3.0]), np.arange(3), count=3)
    found = whole(value_metrics, sums)
    assert np.isnan(found["r2"])
    assert np.isfinite(found["rmse"])


def test_a_sequence_is_a_group():
    assert unit_groups(np.array([0, 2, 5]), per_timestep=False).tolist() == [0, 1]


def test_timesteps_of_twenty_sequences_are_drawn_by_sequence():
    groups = unit_groups(np.arange(21) * 2, per_timestep=True)
    assert groups.tolist() == np.repeat(np.arange(20), 2).tolist()


def test_timesteps_of_few_sequences_are_drawn_in_about_fifty_contiguous_blocks():
    groups = unit_groups(np.array([0, 600, 600, 1000]), per_timestep=True)
    assert (np.diff(groups) >= 0).all()
    assert groups[599] != groups[600]  # a block never spans two sequences
    assert groups.max() + 1 == len(np.unique(groups)) == 50
    assert set(np.bincount(groups)) == {20}


def test_blocks_of_a_short_series_are_longer_than_one_timestep():
    groups = unit_groups(np.array([0, 27]), per_timestep=True)
    assert np.bincount(groups).tolist() == [3] * 9


def test_no_timesteps_have_no_groups():
    assert unit_groups(np.array([0, 0]), per_timestep=True).size == 0


@pytest.mark.parametrize("splits", [[0, 600, 600, 1000], [0, 27], list(range(0, 63, 3))])
@pytest.mark.parametrize("per_timestep", [True, False])
def test_some_units_have_the_groups_that_they_have_among_all(splits, per_timestep):
    every = unit_groups(np.array(splits), per_timestep=per_timestep)
    chosen = np.flatnonzero(np.random.default_rng(0).random(len(every)) < 0.3)
    found = groups_of(np.array(splits), chosen, per_timestep=per_timestep)
    assert found.tolist() == every[chosen].tolist()


def test_every_resample_draws_as_many_groups_as_there_are():
    weights = resample_weights(5, resamples=100, seed=3)
    assert weights.shape == (100, 5)
    assert (weights.sum(axis=1) == 5).all()
    assert (weights == resample_weights(5, resamples=100, seed=3)).all()


def test_many_groups_are_merged_at_random_into_two_thousand_equal_ones():
    groups, count = compact_groups(np.repeat(np.arange(10_000), 2), seed=0)
    assert count == 2_000
    assert (groups[0::2] == groups[1::2]).all()
    assert (np.bincount(groups) == 10).all()


def test_few_groups_are_numbered_from_zero():
    groups, count = compact_groups(np.array([7, 3, 7]), seed=0)
    assert (groups.tolist(), count) == ([1, 0, 1], 2)


def test_an_interval_holds_its_value_and_leaves_out_undefined_resamples():
    found = interval(0.0, np.array([np.nan, *np.linspace(1, 2, 41)]))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1.975)


def test_an_undefined_metric_has_no_interval():
    assert np.isnan(interval(np.nan, np.array([1.0])).low)
    assert np.isnan(interval(1.0, np.array([np.nan])).high)


def test_a_thousand_resamples_of_twenty_thousand_units_take_no_time():
    truth, probabilities = random_classification(20_000, 20, seed=4)
    start = time.process_time()  # of all threads: a busy machine is none of the code's faults
    groups, count = compact_groups(np.arange(20_000), seed=0)
    sums = class_sums(truth, probabilities, groups, count=count)
    class_metrics(resample_weights(count, resamples=1_000, seed=0) @ sums)
    assert time.process_time() - start < 5  # about 0.2 s on an idle machine


@pytest.mark.parametrize("weighed", [True, False])
@pytest.mark.parametrize("ruled", [True, False])
def test_sums_of_classes_are_those_of_blocks_of_units(weighed, ruled, monkeypatch):
    truth, probabilities = random_classification(50, 3, seed=0)
    rng = np.random.default_rng(1)
    how = {
        "count": 4,
        "weights": rng.random(50) if weighed else None,
        "answers": rng.integers(-1, 3, 50) if ruled else None,
    }
    groups = rng.integers(0, 4, 50)
    whole = class_sums(truth, probabilities, groups, **how)
    monkeypatch.setattr(metrics, "BLOCK_UNITS", 7)
    np.testing.assert_allclose(class_sums(truth, probabilities, groups, **how), whole, rtol=1e-12)
