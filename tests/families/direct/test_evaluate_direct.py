"""The model beside the baselines: what is learnt from what, and how answers that end are scored."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from builders import make_encoded, make_encoders, make_layout
from test_predictors import CLASSES, VALUE

from rnnauto.data.targets import EndingValue
from rnnauto.families.direct.evaluate import evaluate_direct, fit_and_validate, point_score
from rnnauto.families.direct.predictors import fit_predictors, judged

ENDING = EndingValue(value=VALUE, end=VALUE)
NAN = np.nan


def numbered(truth, numbers):
    return make_encoded([1] * len(truth), np.asarray(truth), numbers=np.asarray(numbers)[:, None])


def test_baselines_of_the_validation_learn_nothing_from_it():
    """Its numbers tell the class the other way round than those of the train part."""
    truth = np.arange(80, dtype=np.int32) % 2
    numbers = np.where(np.arange(80) < 60, truth, 1 - truth)
    parts = SimpleNamespace(folds=((np.arange(60), np.arange(60, 80)),))
    data = SimpleNamespace(
        layout=make_layout(),
        encoders=make_encoders(CLASSES),
        development=numbered(truth, numbers),
        parts=parts,
    )
    found, validated = fit_and_validate(data, seed=0, metric="accuracy")
    assert validated["majority"] == 0.5
    linear = next(name for name in validated if name.endswith("linear"))
    assert validated[linear] == 0.0
    assert [each.name for each in found] == list(validated)


def test_a_point_score_is_the_metric_that_is_asked_for():
    truth = np.array([0, 1, 1, 0], np.int32)
    said = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    units = numbered(truth, truth)
    assert point_score(units, said, CLASSES, metric="accuracy") == 0.75
    assert point_score(units, said, CLASSES, metric="macro_f1") == pytest.approx((2 / 3 + 0.8) / 2)


def ending(values, lengths):
    """Answers of three timesteps at most: their values, and whether each is the last."""
    width = max(3, *lengths)
    truth = np.full((len(lengths), width, 2), NAN, np.float32)
    for row, length in enumerate(lengths):
        truth[row, :length, 0] = values[row]
        truth[row, :length, 1] = 0
        truth[row, length - 1, 1] = 1
    return make_encoded([width] * len(lengths), truth.reshape(-1, 2), per_timestep=True)


def test_answers_that_end_are_scored_by_values_and_by_length():
    data = ending([2.0, 4.0], [2, 3])
    values = np.array([2, 2, 99, 5, 5, 5], np.float32)  # 99 lies beyond the end
    ends = np.array([0, 1, 0, 0, 1, 0], np.float32)  # after 2, as it is; after 2, not 3
    said = np.stack([values, ends], axis=1)
    found = evaluate_direct(data, said, (), target=ENDING, seed=0)
    assert found.metrics["mae"].value == pytest.approx((0 + 0 + 1 + 1 + 1) / 5)
    assert found.metrics["length_mae"].value == pytest.approx(0.5)


def test_baselines_of_answers_that_end_know_values_only():
    data = replace(
        ending([2.0, 4.0] * 10, [2, 3] * 10), numbers=np.arange(60, dtype=np.float32)[:, None]
    )
    values = np.nan_to_num(data.targets, nan=0.0).astype(np.float32)
    scored = fit_predictors(judged(data, ENDING)[0], target=VALUE, seed=0)
    found = evaluate_direct(data, values, scored, target=ENDING, seed=0)
    assert found.metrics["mae"].value == found.metrics["length_mae"].value == 0
    assert found.baselines
    for each in found.baselines.values():
        assert "length_mae" not in each.metrics
        assert each.metrics["mae"].value > 0
