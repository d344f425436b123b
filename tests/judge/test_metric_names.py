import pytest
from builders import make_encoders

from rnnauto.data.targets import EndingValue, SeveralTargets, ValueEncoder
from rnnauto.errors import RecipeError
from rnnauto.families.direct.metrics import metric_names, objectives
from rnnauto.judge.metric_names import check_baselines, check_metrics, objective_of
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


def test_trials_are_selected_by_any_metric_that_they_can_have():
    several = make_encoders(SeveralTargets(names=("x", "y"), each=(VALUE, VALUE)))
    names, can = metric_names(layout(), several), objectives(layout(), several)
    assert objective_of("auto", layout(), can, names) == ""
    assert objective_of("r2_y", layout(), can, names) == "r2_y"
    with pytest.raises(RecipeError, match="accuracy is no metric of one-to-one regression") as no:
        objective_of("accuracy", layout(), can, names)
    assert "choose auto, or one of mae, rmse, r2, mae_x" in no.value.hint


def test_trials_are_not_selected_by_lengths_that_they_do_not_cut():
    ending = make_encoders(EndingValue(value=VALUE, end=VALUE))
    names, can = metric_names(layout(), ending), objectives(layout(), ending)
    with pytest.raises(RecipeError, match="measured on whole answers"):
        objective_of("length_mae", layout(), can, names)


@pytest.mark.parametrize("text", [">= 95", "< 1.5", ">= 101%"])
def test_a_share_is_held_against_no_more_than_one(text):
    names = ["accuracy", "accuracy_x", "word_error_rate", "mae"]
    for name in ("accuracy", "accuracy_x"):
        with pytest.raises(RecipeError, match=f"`expect.{name}`: `{text}` holds a share"):
            check_metrics(Expect(**{name: text}), layout(), names)
    fair = {"accuracy": ["<= 100%", ">= 2 * baseline"], "word_error_rate": text, "mae": "<= 3"}
    check_metrics(Expect(**fair), layout(), names)


def test_a_baseline_that_there_is_not_cannot_be_expected():
    check_baselines(Expect(rmse=["<= 1", "<= baseline", "<= 0.9 * baseline[mean]"]), ["mean"])
    check_baselines(Expect(rmse="<= baseline[nix]"), [])  # not known yet
    with pytest.raises(RecipeError, match=r"is called `meen`; did you mean `mean`\?") as caught:
        check_baselines(Expect(rmse="<= baseline[meen]"), ["mean", "linear"])
    assert caught.value.hint == "the baselines are mean, linear"
