import numpy as np
import pytest

from rnnauto.data.encode import Encoders
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    ValueEncoder,
)
from rnnauto.errors import RecipeError
from rnnauto.judge.evaluate import score
from rnnauto.judge.metric_names import check_metrics, names_of
from rnnauto.layout import Layout
from rnnauto.recipe import Expect

CLASSES = np.array([0, 1, 1, 0])
SHARES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
WORDS = LabelEncoder(classes=("a", "b"), kind="text")
TAGS = LabelEncoder(classes=("B-x", "O"), kind="text")
VALUE = ValueEncoder(mean=0.0, deviation=1.0)


@pytest.mark.parametrize(
    ("target", "truth", "predicted", "splits"),
    [
        (WORDS, CLASSES, SHARES, None),
        (WORDS, CLASSES, SHARES, np.array([0, 2, 4])),
        (TAGS, CLASSES, SHARES, np.array([0, 2, 4])),
        (VALUE, np.array([1.0, 2.0]), np.array([1.5, 2.5]), None),
        (LabelSetEncoder(labels=("a", "b"), kind="text"), np.eye(2, dtype=int), np.eye(2), None),
    ],
)
def test_the_names_are_those_that_are_measured(target, truth, predicted, splits):
    names = names_of(target, per_timestep=splits is not None)
    assert list(score(truth, predicted, target=target, row_splits=splits).metrics) == list(names)


def layout(**more):
    return Layout(
        form="plain-table",
        rnn_type="one-to-one",
        task="regression",
        target=("x", "y"),
        target_kind="number",
        **more,
    )


def test_each_of_several_targets_has_metrics_of_its_own():
    encoders = Encoders.model_construct(
        target=SeveralTargets(names=("x", "y"), each=(VALUE, VALUE))
    )
    check_metrics(Expect(rmse="<= 1", rmse_x="<= 1", r2_y=">= 0"), layout(), encoders)
    with pytest.raises(RecipeError, match=r"`expect.rmse_z` is no metric of") as caught:
        check_metrics(Expect(rmse_z="<= 1"), layout(), encoders)
    assert "did you mean `rmse_" in caught.value.message
    assert "its metrics are mae, rmse, r2, mae_x" in caught.value.hint


def test_the_lengths_of_lists_that_end_can_be_expected():
    encoders = Encoders.model_construct(target=EndingValue(value=VALUE, end=VALUE))
    check_metrics(Expect(rmse="<= 1", length_mae="<= 0.5"), layout(), encoders)
    with pytest.raises(RecipeError, match="`expect.length_mae` is no metric of"):
        check_metrics(Expect(length_mae="<= 1"), layout(), Encoders.model_construct(target=VALUE))
