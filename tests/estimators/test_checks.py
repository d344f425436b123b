"""scikit-learn's own checks of estimators."""

import warnings

import pytest
from in_process import in_process
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from rnnauto import RNNClassifier, RNNForecaster, RNNRegressor

pytestmark = pytest.mark.train

FAST = {
    "cells": "simple_rnn",
    "units": 16,
    "layers": 1,
    "epochs": 30,
    "trials": 1,
    "workers": 1,
    "budget": "10m",
    "recipe": {
        "split": {"folds": 1},
        "search": {
            "space": {
                "learning_rate": [0.01],
                "dropout": [0.0],
                "pooling": ["last"],
                "bidirectional": [False],
            }
        },
        "train": {"refit": "off", "ensemble": 1},
        "judge": {"diagnose": False},
    },
}
SHORT = {"horizon": 1, "lookback": 2, "epochs": 3}
ESTIMATORS = [RNNClassifier(**FAST), RNNRegressor(**FAST), RNNForecaster(**FAST | SHORT)]
FLOAT32 = "answers are of float32, and sums of batches are in another order: 2e-7 apart"
OF_PARTS = "a row that is left out or repeated changes what is in which part, and every batch"
TOO_FEW = "4 different rows of 2 classes do not fill a train, a validation and a test part"
IN_ORDER = "rows stand in the order of time: a forecast depends on those before it"
WITH_A_FIT = {"check_n_features_in_after_fitting"}  # seconds
# those that fit nothing, or fail before they do
CHEAP = {
    "check_estimator_cloneable",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_estimators_unfitted",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order",
    "check_complex_data",
    "check_estimators_empty_data_messages",
    "check_estimator_sparse_tag",
    "check_estimator_sparse_array",
    "check_classifiers_one_label",
    "check_classifiers_regression_target",
    "check_supervised_y_no_nan",
    "check_parameters_default_constructible",
    "check_fit2d_1sample",
    "check_get_params_invariance",
    "check_set_params",
    "check_fit1d",
    "check_requires_y_none",
    "check_all_zero_sample_weights_error",
}


def known_to_fail(estimator):
    """What cannot be passed, and why; docs/python.md says the same."""
    if isinstance(estimator, RNNForecaster):
        checks = ("check_methods_subset_invariance", "check_methods_sample_order_invariance")
        return dict.fromkeys(checks, IN_ORDER)
    known = {
        "check_methods_subset_invariance": FLOAT32,
        "check_sample_weight_equivalence_on_dense_data": OF_PARTS,
    }
    if isinstance(estimator, RNNClassifier):
        checks = ("check_sample_weights_shape", "check_sample_weights_not_overwritten")
        known |= dict.fromkeys(checks, TOO_FEW)
    return known


def name_of(check):
    return getattr(check, "func", check).__name__


def cheap_checks():
    for estimator in ESTIMATORS:
        first = type(estimator) is RNNClassifier
        for each, check in estimator_checks_generator(estimator, legacy=True):
            if name_of(check) in CHEAP | (WITH_A_FIT if first else set()):
                yield pytest.param(each, check, id=f"{type(each).__name__}-{name_of(check)}")


@pytest.fixture(autouse=True)
def here():
    with in_process(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize(("estimator", "check"), [*cheap_checks()])
def test_an_estimator_passes_the_checks_that_cost_little(estimator, check):
    check(estimator)


EVERY = parametrize_with_checks(ESTIMATORS, expected_failed_checks=known_to_fail)


# pytest wants a list, scikit-learn gives it a generator
@pytest.mark.slow
@pytest.mark.parametrize(EVERY.args[0], [*EVERY.args[1]], ids=EVERY.kwargs["ids"])
def test_an_estimator_passes_all_checks(estimator, check):
    check(estimator)
