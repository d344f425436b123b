from dataclasses import fields, replace

import numpy as np
import pytest
from builders import make_encoded, texts

from rnnauto.errors import DataError
from rnnauto.families.direct.linear import Baseline, fit_baselines, predict, solve


def numbers_by_mean(sequences=120, *, seed=0):
    """Class 1 where the mean of the first feature is positive; some values missing."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, sequences)
    classes = rng.integers(0, 2, sequences).astype(np.int32)
    numbers = rng.normal(size=(lengths.sum(), 2)) * 0.3
    numbers[:, 0] += np.repeat(2.0 * classes - 1, lengths)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    return make_encoded(lengths, classes, numbers=numbers)


def accuracy(baseline, encoded):
    return (predict(baseline, encoded).argmax(axis=1) == encoded.targets).mean()


def test_majority_gives_the_class_shares_of_the_known_targets():
    encoded = make_encoded([1] * 5, np.array([0, 1, 1, 1, -1], np.int32))
    majority, _ = fit_baselines(encoded, classes=3, seed=0)
    assert majority.name == "majority"
    probabilities = predict(majority, encoded)
    assert probabilities.shape == (5, 3)
    assert probabilities[4] == pytest.approx([0.25, 0.75, 0], abs=1e-6)
    assert (probabilities > 0).all()


def test_mean_gives_the_mean_of_the_known_targets():
    encoded = make_encoded([1, 1, 1], np.array([1.0, 4.0, np.nan], np.float32))
    mean, linear = fit_baselines(encoded, classes=None, seed=0)
    assert (mean.name, linear.name) == ("mean", "bag-of-timesteps linear")
    assert predict(mean, encoded).tolist() == [2.5, 2.5, 2.5]


def test_no_known_target_is_an_error():
    encoded = make_encoded([1, 1], np.array([-1, -1], np.int32))
    with pytest.raises(DataError, match="none of the 2 targets") as raised:
        fit_baselines(encoded, classes=2, seed=0)
    assert "target column" in raised.value.hint


def test_classes_that_means_tell_apart_are_told_apart():
    _, linear = fit_baselines(numbers_by_mean(), classes=2, seed=0)
    assert accuracy(linear, numbers_by_mean(seed=1)) > 0.95


@pytest.mark.parametrize("classes", [2, 5])
def test_texts_that_a_word_tells_apart_are_told_apart(classes):
    _, linear = fit_baselines(texts(classes=classes), classes=classes, seed=0)
    assert accuracy(linear, texts(classes=classes, seed=1)) > 0.95


def test_order_is_not_seen():
    encoded = numbers_by_mean()
    _, linear = fit_baselines(encoded, classes=2, seed=0)
    sequence = np.repeat(np.arange(len(encoded)), encoded.lengths)
    backwards = np.lexsort((-np.arange(len(sequence)), sequence))
    turned = replace(encoded, numbers=encoded.numbers[backwards])
    np.testing.assert_allclose(predict(linear, turned), predict(linear, encoded))


def test_a_regression_on_the_mean_of_a_sequence():
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 9, 300)
    level = rng.normal(size=300)
    numbers = np.repeat(level, lengths)[:, None]
    encoded = make_encoded(lengths, (1000 + 50 * level).astype(np.float32), numbers=numbers)
    _, linear = fit_baselines(encoded, classes=None, seed=0)
    values = predict(linear, encoded)
    assert values.shape == (300,)
    assert np.abs(values - encoded.targets).max() < 1


def test_regression_from_ids_and_static_columns():
    rng = np.random.default_rng(0)
    static = rng.integers(4, 7, (400, 1))
    known = rng.normal(size=(400, 1))
    targets = (static[:, 0] * 2.0 + known[:, 0]).astype(np.float32)
    encoded = make_encoded([1] * 400, targets, static_codes=static, static_numbers=known)
    _, linear = fit_baselines(encoded, classes=None, seed=0)
    assert np.abs(predict(linear, encoded) - targets).max() < 0.2


def test_per_timestep_the_timestep_alone_and_its_statics_decide():
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 20, 40)
    sign = rng.choice([-1, 1], 40)
    numbers = rng.normal(size=(lengths.sum(), 1))
    offset = 3.0 * np.repeat(sign, lengths)
    classes = (numbers[:, 0] + offset > 0).astype(np.int32)
    encoded = make_encoded(
        lengths, classes, numbers=numbers, static_numbers=sign[:, None], per_timestep=True
    )
    _, linear = fit_baselines(encoded, classes=2, seed=0)
    assert linear.name == "one-timestep linear"
    assert predict(linear, encoded).shape == (lengths.sum(), 2)
    assert accuracy(linear, encoded) > 0.97


def test_a_class_without_training_data_has_a_small_probability():
    encoded = numbers_by_mean()
    for baseline in fit_baselines(encoded, classes=4, seed=0):
        probabilities = predict(baseline, encoded)
        assert probabilities.shape == (120, 4)
        assert probabilities.sum(axis=1) == pytest.approx(1.0)
        assert (probabilities[:, 2:] < 1e-6).all()


def test_with_three_classes_of_which_the_middle_one_is_absent_columns_stay_in_place():
    encoded = numbers_by_mean()
    targets = np.where(encoded.targets == 1, 2, 0).astype(np.int32)
    _, linear = fit_baselines(replace(encoded, targets=targets), classes=3, seed=0)
    assert (predict(linear, encoded).argmax(axis=1) == targets).mean() > 0.95


def test_with_one_class_in_the_training_data_the_linear_model_says_so():
    encoded = replace(numbers_by_mean(), targets=np.ones(120, np.int32))
    _, linear = fit_baselines(encoded, classes=2, seed=0)
    assert (predict(linear, encoded).argmax(axis=1) == 1).all()


def test_one_sequence_is_enough():
    one = make_encoded([3], np.array([2.0], np.float32), numbers=[[1], [2], [3]])
    for baseline in fit_baselines(one, classes=None, seed=0):
        assert predict(baseline, one).tolist() == [2.0]


def test_empty_sequences_unseen_ids_and_wild_values_are_predicted():
    _, linear = fit_baselines(texts(), classes=2, seed=0)
    strange = make_encoded([0, 1], np.full(2, -1, np.int32), codes=[[19_999]])
    assert np.isfinite(predict(linear, strange)).all()
    _, linear = fit_baselines(numbers_by_mean(), classes=2, seed=0)
    wild = make_encoded([0, 1], np.full(2, -1, np.int32), numbers=[[3e38, np.nan]])
    assert np.isfinite(predict(linear, wild)).all()
    none = make_encoded([], np.zeros(0, np.int32), numbers=np.zeros((0, 2)))
    assert predict(linear, none).shape == (0, 2)


def test_a_large_file_is_fitted_on_a_part_and_predicted_in_blocks(monkeypatch):
    encoded = numbers_by_mean()
    _, linear = fit_baselines(encoded, classes=2, seed=0)
    whole = predict(linear, encoded)
    monkeypatch.setattr("rnnauto.families.direct.linear.FEWEST_UNITS", 50)
    monkeypatch.setattr("rnnauto.families.direct.linear.MOST_UNITS", 50)
    np.testing.assert_allclose(predict(linear, encoded), whole)
    _, smaller = fit_baselines(encoded, classes=2, seed=0)
    assert accuracy(smaller, encoded) > 0.9


def test_the_same_seed_gives_the_same_baselines():
    first, second = (fit_baselines(texts(), classes=2, seed=3) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert_same(one, other)


def test_a_fit_that_stops_early_gives_no_warning():
    rng = np.random.default_rng(0)
    solve(
        rng.normal(size=(50, 30)), rng.integers(0, 3, 50), strength=1e6, classes=3, work=1
    )  # filterwarnings = error


def assert_same(one, other):
    for field in fields(Baseline):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
