import pytest
from builders import make_encoders

from rnnauto.data.targets import EndingValue, SeveralTargets, ValueEncoder
from rnnauto.errors import RecipeError
from rnnauto.families.direct.metrics import metric_names
from rnnauto.judge.metric_names import check_metrics
from rnnauto.layout import Layout
from rnnauto.recipe import Expect

VALUE = ValueEncoder(mean=0.0, deviation=1.0)


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
    encoders = make_encoders(SeveralTargets(names=("x", "y"), each=(VALUE, VALUE)))
    names = metric_names(layout(), encoders)
    check_metrics(Expect(rmse="<= 1", rmse_x="<= 1", r2_y=">= 0"), layout(), names)
    with pytest.raises(RecipeError, match=r"`expect.rmse_z` is no metric of") as caught:
        check_metrics(Expect(rmse_z="<= 1"), layout(), names)
    assert "did you mean `rmse_" in caught.value.message
    assert "its metrics are mae, rmse, r2, mae_x" in caught.value.hint


def test_the_lengths_of_lists_that_end_can_be_expected():
    ending = make_encoders(EndingValue(value=VALUE, end=VALUE))
    names = metric_names(layout(), ending)
    check_metrics(Expect(rmse="<= 1", length_mae="<= 0.5"), layout(), names)
    names = metric_names(layout(), make_encoders(VALUE))
    with pytest.raises(RecipeError, match="`expect.length_mae` is no metric of"):
        check_metrics(Expect(length_mae="<= 1"), layout(), names)
