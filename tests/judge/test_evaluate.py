import json

import numpy as np
import pytest

from rnnauto.data.encode import Encoded
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.errors import DataError
from rnnauto.families.direct.predictors import fit_predictors
from rnnauto.judge.evaluate import Evaluation, beats, difference, evaluate, score, verdict_of

VALUES = ValueEncoder(mean=0, deviation=1)
LABELS = LabelEncoder(classes=("no", "yes"), kind="text")


def encoded_of(targets, *, lengths=None, per_timestep=False):
    """Sequences without any feature."""
    lengths = [1] * len(targets) if lengths is None else lengths
    splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Encoded(
        row_splits=splits,
        numbers=np.zeros((splits[-1], 0), np.float32),
        codes=np.zeros((splits[-1], 0), np.int32),
        static_numbers=np.zeros((len(lengths), 0), np.float32),
        static_codes=np.zeros((len(lengths), 0), np.int32),
        targets=np.asarray(targets),
        per_timestep=per_timestep,
    )


def certain(classes, *, count=2):
    """Probabilities of someone who is sure."""
    return np.eye(count)[np.asarray(classes)]


def integers(values):
    return np.asarray(values, np.int32)


def test_units_without_truth_are_left_out():
    scores = score(integers([0, -1, 1, 1]), certain([0, 1, 1, 0]))
    assert scores.units == 3
    assert scores.metrics["accuracy"].value == pytest.approx(2 / 3)
    assert scores.confusion == [[1, 0], [1, 1]]
    values = score(np.array([1.0, np.nan], np.float32), np.array([3.0, 9.0]))
    assert values.metrics["mae"].value == 2.0
    assert values.confusion is None


def test_no_truth_at_all_is_an_error_that_says_so():
    with pytest.raises(DataError, match="none of the 2 targets is known") as raised:
        score(integers([-1, -1]), certain([0, 1]))
    assert "target column" in raised.value.hint


def test_the_interval_of_an_accuracy_is_the_binomial_one():
    truth = integers([1] * 80 + [0] * 20)
    found = score(truth, certain([1] * 100)).metrics["accuracy"]
    assert found.value == 0.8
    # standard error 0.04, so 0.8 - 1.96 * 0.04 and 0.8 + 1.96 * 0.04
    assert found.low == pytest.approx(0.72, abs=0.015)
    assert found.high == pytest.approx(0.88, abs=0.015)


def test_merging_many_units_leaves_the_interval_as_wide():
    truth = integers(np.random.default_rng(0).random(10_000) < 0.8)
    found = score(truth, certain([1] * 10_000)).metrics["accuracy"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.004, rel=0.15)


def test_the_interval_is_wider_when_whole_sequences_go_wrong():
    truth = integers([1] * 1000)
    predicted = certain(np.repeat([0, 1, 1, 1, 1], 200))
    alone = score(truth, predicted).metrics["accuracy"]
    together = score(truth, predicted, groups=np.arange(1000) // 20).metrics["accuracy"]
    assert alone.value == together.value == 0.8
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_interval():
    truth, predicted = integers([0, 1, 1, 0, 1]), certain([0, 1, 0, 0, 1])
    assert score(truth, predicted, seed=1) == score(truth, predicted, seed=1)


def test_one_unit_has_a_value_and_no_interval():
    scores = score(integers([1]), certain([1]))
    assert scores.to_json()["accuracy"] == {"value": 1.0, "low": None, "high": None}
    assert not beats(scores, score(integers([1]), certain([0])), "accuracy")


def test_one_class_in_the_truth_is_scored():
    scores = score(integers([1, 1, 1, 1]), certain([1, 1, 1, 0]))
    assert scores.metrics["balanced_accuracy"].value == 0.75
    # class 1: precision 1, recall 3/4; class 0: predicted once, never true
    assert scores.metrics["macro_f1"].value == pytest.approx((6 / 7 + 0) / 2)


def test_a_hundred_classes_are_scored():
    truth = integers(np.arange(100).repeat(3))
    scores = score(truth, certain(truth, count=100))
    assert scores.metrics["macro_f1"].value == 1.0
    assert np.trace(np.array(scores.confusion)) == 300


def test_a_difference_is_paired():
    truth = integers([0, 1] * 200)
    better, worse = truth.copy(), truth.copy()
    better[:100] = 1 - better[:100]
    worse[:112] = 1 - worse[:112]  # wrong wherever the other is, and on 12 more
    a, b = score(truth, certain(better)), score(truth, certain(worse))
    found = difference(a, b, "accuracy")
    assert found.value == pytest.approx(0.03)
    assert found.low > 0
    assert a.metrics["accuracy"].low < b.metrics["accuracy"].high  # unpaired: not to be seen
    assert beats(a, b, "accuracy")
    assert not beats(b, a, "accuracy")
    assert not beats(a, a, "accuracy")


def test_less_error_is_better():
    truth = np.random.default_rng(0).normal(size=200)
    near, far = score(truth, truth + 0.1), score(truth, truth * 0)
    assert beats(near, far, "rmse")
    assert not beats(far, near, "rmse")
    assert difference(near, far, "mae").value > 0


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (0.0, "the network beats every baseline: accuracy 1.00 against 0.700 of the best, `plain`"),
        (
            0.3,
            "`plain` is as good as the network (accuracy 0.700 against 0.700; difference 0.000 [",
        ),
        (0.6, "`plain` is better than the network (accuracy 0.400 against 0.700"),
    ],
)
def test_a_sentence_says_whether_a_baseline_will_do(model, said):
    truth = integers([0, 1] * 200)

    def wrong(share):
        answers = truth.copy()
        answers[: int(share * 400)] = 1 - answers[: int(share * 400)]
        return score(truth, certain(answers))

    scores, plain = wrong(model), wrong(0.3)
    found = Evaluation(
        scores=scores,
        baselines={"plain": plain},
        rows=400,
        sequences=400,
        beats_baselines=beats(scores, plain, "accuracy"),
        labels=None,
        main_metric="accuracy",
    )
    assert found.verdict.startswith(said)
    shown = found.to_json()
    assert shown["verdict"] == found.verdict
    kind = {0.0: "beats", 0.3: "even", 0.6: "behind"}[model]
    assert (shown["comparison"]["kind"], shown["comparison"]["best_baseline"]) == (kind, "plain")
    assert shown["comparison"]["difference"]["value"] == pytest.approx(0.3 - model)


def compared(model, *others):
    """Regressions with errors of such sizes, beside baselines."""
    truth = np.random.default_rng(0).normal(size=200)
    scores, *baselines = (score(truth, truth + error) for error in (model, *others))
    return Evaluation(
        scores=scores,
        baselines={f"b{at}": each for at, each in enumerate(baselines)},
        rows=200,
        sequences=200,
        beats_baselines=all(beats(scores, each, "rmse") for each in baselines),
        labels=None,
        main_metric="rmse",
    )


def test_of_errors_the_lowest_is_the_best_and_the_sentence_says_so():
    found = verdict_of(compared(2.0, 3.0, 1.0, np.nan))
    assert (found.kind, found.best) == ("behind", "b1")
    assert "root mean squared error 2.00 against 1.00, lower is better" in found.sentence
    found = verdict_of(compared(0.5, 1.0))
    assert found.kind == "beats"
    assert found.sentence == (
        "the network beats every baseline: root mean squared error 0.500 against 1.00 of the best, "
        "`b0` (lower is better)"
    )


def test_what_is_no_number_beats_nothing():
    assert verdict_of(compared(np.nan, 1.0)).kind == "behind"
    alone = verdict_of(compared(1.0))
    assert (alone.kind, alone.best) == ("even", None) and "no baseline" in alone.sentence


def test_one_sequence_shows_nothing():
    encoded = encoded_of(integers([0, 1, 1]), lengths=[3], per_timestep=True)
    scores = score(encoded.targets, certain([0, 1, 1]), groups=np.zeros(3, np.int64))
    plain = score(encoded.targets, certain([0, 0, 0]), groups=np.zeros(3, np.int64))
    found = verdict_of(Evaluation(scores, {"plain": plain}, 3, 1, False, None, "accuracy"))
    assert found.kind == "even" and found.sentence.startswith("one sequence shows nothing")


def test_predictions_beyond_all_bounds_are_null_not_a_crash():
    truth = np.arange(30.0)
    scores = score(truth, np.where(truth == 3, np.nan, truth))
    assert scores.to_json()["rmse"] == {"value": None, "low": None, "high": None}
    assert not beats(scores, score(truth, truth * 0), "rmse")
    assert score(truth, np.full(30, np.inf)).to_json()["mae"]["value"] is None


def test_a_constant_truth_has_no_r2():
    encoded = encoded_of(np.full(5, 2.5, np.float32))
    evaluation = evaluate(encoded, np.full(5, 3.0), (), target=VALUES)
    assert evaluation.to_json()["metrics"]["r2"] == {"value": None, "low": None, "high": None}
    assert evaluation.to_json()["metrics"]["mae"]["value"] == 0.5


def test_an_evaluation_has_the_keys_that_are_promised():
    encoded = encoded_of(integers([0, 1, 1, -1] * 10))
    baselines = fit_predictors(encoded, target=LABELS, seed=0)
    evaluation = evaluate(encoded, certain([0, 1, 1, 0] * 10), baselines, target=LABELS)
    found = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert set(found) == {
        *("metrics", "baselines", "rows", "sequences", "beats_baselines", "confusion", "verdict"),
        *("comparison", "calibration", "signatures"),
    }
    assert found["metrics"]["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert set(found["metrics"]) == {"accuracy", "balanced_accuracy", "macro_f1", "log_loss"}
    assert set(found["baselines"]) == {
        *("majority", "bag-of-timesteps linear", "boosted summaries"),
    }
    assert found["baselines"]["majority"]["accuracy"]["value"] == pytest.approx(2 / 3)
    assert (found["rows"], found["sequences"]) == (30, 30)
    assert found["beats_baselines"] is True
    assert found["confusion"] == {"labels": ["no", "yes"], "counts": [[10, 0], [0, 20]]}
    bins = [{"confidence": 1.0, "accuracy": 1.0, "count": 30}]
    assert found["calibration"] == {
        "temperature": None,
        "before": {"error": 0.0, "bins": bins},
        "after": None,
    }


def test_a_regression_has_no_confusion_and_is_beaten_by_nothing_it_equals():
    encoded = encoded_of(np.arange(20, dtype=np.float32))
    baselines = fit_predictors(encoded, target=VALUES, seed=0)
    found = evaluate(encoded, np.full(20, 9.5), baselines, target=VALUES).to_json()
    assert found["confusion"] is None and found["calibration"] is None
    assert found["beats_baselines"] is False
    assert set(found["metrics"]) == {"mae", "rmse", "r2"}
    assert found["baselines"]["mean"] == found["metrics"]


def test_without_baselines_none_is_beaten():
    encoded = encoded_of(integers([0, 1]))
    assert not evaluate(encoded, certain([0, 1]), (), target=LABELS).beats_baselines


def test_rows_are_timesteps_and_sequences_those_with_a_known_one():
    encoded = encoded_of(integers([0, 1, -1, 1, -1]), lengths=[2, 0, 2, 1], per_timestep=True)
    evaluation = evaluate(encoded, certain([0, 1, 0, 1, 0]), (), target=LABELS)
    assert (evaluation.rows, evaluation.sequences) == (3, 2)
    assert evaluation.metrics["accuracy"].value == 1.0


def test_several_targets_are_scored_each_and_in_the_mean():
    both = SeveralTargets(names=("a", "b"), each=(VALUES, VALUES))
    truth = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 30.0]], np.float32)
    found = score(truth, np.array([[2.0, 10.0], [3.0, 0.0], [4.0, 34.0]]), target=both)
    assert {name: scored.value for name, scored in found.metrics.items() if "mae" in name} == {
        "mae": 1.5,
        "mae_a": 1.0,
        "mae_b": 2.0,
    }
    assert found.units == 3 and found.confusion is None


def test_several_classifications_stand_side_by_side():
    three = LabelEncoder(classes=("p", "q", "r"), kind="text")
    both = SeveralTargets(names=("a", "b"), each=(LABELS, three))
    truth = integers([[0, 2], [1, 0]])
    answers = np.concatenate([certain([0, 1]), certain([2, 1], count=3)], axis=1)
    found = score(truth, answers, target=both).metrics
    assert (found["accuracy_a"].value, found["accuracy_b"].value) == (1.0, 0.5)
    assert found["accuracy"].value == 0.75


def test_tags_are_scored_by_their_chunks():
    tags = LabelEncoder(classes=("B-x", "I-x", "O"), kind="text")
    truth = integers([0, 1, 2, 0, 2])
    answers = certain([0, 2, 2, 0, 2], count=3)
    encoded = encoded_of(truth, lengths=[3, 2], per_timestep=True)
    found = evaluate(encoded, answers, (), target=tags)
    assert found.metrics["entity_f1"].value == 0.5  # one of two found, one of two right
    assert found.metrics["token_accuracy"].value == 0.8
    assert found.main_metric == "entity_f1" and "accuracy" not in found.metrics


def test_the_same_classes_are_no_tags_where_a_sequence_has_one():
    tags = LabelEncoder(classes=("B-x", "I-x", "O"), kind="text")
    found = evaluate(encoded_of(integers([0, 1])), certain([0, 1], count=3), (), target=tags)
    assert found.main_metric == "accuracy" and "entity_f1" not in found.metrics


def test_sets_are_right_as_a_whole_or_not():
    notes = LabelSetEncoder(labels=("c", "e"), kind="text")
    truth = integers([[1, 1], [0, 1], [-1, -1]])
    answers = np.array([[0.9, 0.9], [0.9, 0.9], [0.5, 0.5]])
    found = score(truth, answers, target=notes).metrics
    assert found["accuracy"].value == 0.5
    assert found["macro_f1"].value == pytest.approx((2 / 3 + 1) / 2)
    loss = -(3 * np.log(0.9) + np.log(0.1)) / 2
    assert found["negative_log_likelihood"].value == pytest.approx(loss)
