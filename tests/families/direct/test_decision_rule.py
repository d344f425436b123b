"""The rule by which a class is answered: what it is fitted to, and when it stays where it began."""

import numpy as np
import polars as pl
import pytest
from builders import make_encoded
from pydantic import ValidationError

from rnnauto.data.decisions import Decision, cost_table, decided
from rnnauto.data.targets import LabelEncoder
from rnnauto.errors import RecipeError
from rnnauto.families.direct.deciding.rule import Held, fit_decision, score_of
from rnnauto.families.direct.metrics import names_of
from rnnauto.families.direct.space import pose
from rnnauto.judge.evaluate import evaluate, score
from rnnauto.judge.measures import main_metric
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

COSTS = ((0.0, 1.0), (5.0, 0.0))  # the second class is missed at five times the cost
TWO, THREE = ("no", "yes"), ("a", "b", "c")


def held(chances, truth, *, owners=None, weights=None):
    truth = np.asarray(truth)
    owners = np.arange(len(truth)) if owners is None else np.asarray(owners)
    weights = np.ones(len(truth)) if weights is None else np.asarray(weights, float)
    return Held(np.asarray(chances, float), truth, owners, weights)


def two(chances):
    return np.stack([1 - chances, chances], axis=1)


def drawn(count=2_000, *, seed=0, distort=lambda p: p):
    """Units of class 1 as often as their probability says, before that is distorted."""
    rng = np.random.default_rng(seed)
    chances = rng.beta(1, 4, count)
    return held(two(distort(chances)), (rng.random(count) < chances).astype(int))


def mean_cost(rule, held):
    table, answers = np.array(COSTS), decided(held.chances, np.array(rule.worth, np.float32))
    return table[held.truth, answers].mean()


def test_right_probabilities_need_no_fitting_and_costs_tell_the_threshold():
    rule = fit_decision(drawn(), TWO, metric="cost", costs=COSTS, seed=0)
    assert rule.threshold == pytest.approx(1 / 6, abs=0.05)
    assert rule.label == "yes"
    assert rule.value < rule.plain
    assert rule.value == pytest.approx(mean_cost(rule, drawn()))


def test_wrong_probabilities_move_the_threshold_to_where_new_answers_cost_less():
    far_too_low = {"distort": lambda p: p**3}
    rule = fit_decision(drawn(**far_too_low), TWO, metric="cost", costs=COSTS, seed=0)
    assert rule.fitted
    assert rule.threshold == pytest.approx((1 / 6) ** 3, abs=0.01)
    new = drawn(seed=1, **far_too_low)
    theory = rule.model_copy(update={"worth": tuple(map(tuple, -np.array(COSTS)))})
    assert mean_cost(rule, new) < 0.8 * mean_cost(theory, new)


def test_few_units_or_what_does_not_help_by_halves_leave_the_rule_where_it_began():
    few = fit_decision(drawn(30), TWO, metric="cost", costs=COSTS, seed=0)
    assert not few.fitted and few.threshold == pytest.approx(1 / 6)
    rng = np.random.default_rng(3)
    noise = held(two(rng.random(400)), rng.integers(0, 2, 400))
    for metric in ("accuracy", "macro_f1"):
        found = fit_decision(noise, TWO, metric=metric, costs=(), seed=0)
        assert found.value >= found.plain - 0.02


def test_a_balanced_accuracy_begins_with_the_shares_of_the_classes():
    chances, truth = np.full(30, 0.2), np.array([1] * 6 + [0] * 24)
    rule = fit_decision(
        held(two(chances), truth), TWO, metric="balanced_accuracy", costs=(), seed=0
    )
    assert not rule.fitted
    assert rule.threshold == pytest.approx(0.2)  # the share of `yes`


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1"])
def test_a_rule_of_several_classes_is_better_on_new_answers_than_the_likeliest(metric):
    def units(seed):
        rng = np.random.default_rng(seed)
        truth = rng.choice(3, 1_500, p=[0.8, 0.15, 0.05])
        logits = np.eye(3)[truth] * 1.5 + rng.normal(size=(1_500, 3)) + [2.0, 0.5, 0.0]
        shares = np.exp(logits)
        return held(shares / shares.sum(axis=1, keepdims=True), truth)

    rule = fit_decision(units(0), THREE, metric=metric, costs=(), seed=0)
    assert rule.threshold is None and [curve.label for curve in rule.curves] == ["c", "b", "a"]
    new = units(1)
    scores = [
        score(new.truth, np.eye(3)[answers]).metrics[metric].value
        for answers in (
            decided(new.chances, np.array(rule.worth, np.float32)),
            new.chances.argmax(axis=1),
        )
    ]
    assert scores[0] > scores[1] + 0.02
    old = units(0)
    by_rule = np.eye(3)[decided(old.chances, np.array(rule.worth, np.float32))]
    assert rule.value == pytest.approx(score(old.truth, by_rule).metrics[metric].value)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_a_rule_is_fitted_to_the_metric_that_the_judge_has(metric):
    rng = np.random.default_rng(0)
    truth, answers, weights = rng.integers(0, 3, 90), rng.integers(0, 3, 90), rng.random(90)
    confused = np.zeros((3, 3))
    np.add.at(confused, (truth, answers), weights)
    judged = score(truth, np.eye(3)[answers], weights=weights).metrics[metric].value
    assert score_of(metric, np.zeros((3, 3)))(confused) == pytest.approx(judged)


def test_a_weight_counts_as_so_many_units():
    part = drawn(300, distort=lambda p: p**2)
    counts = np.tile([1, 2, 3], 100)
    times = np.repeat(np.arange(300), counts)
    weighed = held(part.chances, part.truth, weights=counts)
    repeated = held(part.chances[times], part.truth[times], owners=times)
    one, other = (
        fit_decision(each, TWO, metric="cost", costs=COSTS, seed=0) for each in (weighed, repeated)
    )
    assert one.threshold == pytest.approx(other.threshold)
    assert one.value == pytest.approx(other.value)


def test_a_curve_shows_the_metric_against_the_threshold():
    part = drawn()
    rule = fit_decision(part, TWO, metric="cost", costs=COSTS, seed=0)
    (curve,) = rule.curves
    assert curve.label == "yes"
    for threshold, value in curve.points[::7]:
        answers = (part.chances[:, 1] > threshold).astype(int)
        assert value == pytest.approx(np.array(COSTS)[part.truth, answers].mean())


def test_answers_by_costs_are_those_that_cost_least_on_the_average():
    table = cost_table({"b": {"a": 5}, "c": {"c": 0.5, "a": 2}}, THREE)
    assert table.tolist() == [[0, 1, 1], [5, 0, 1], [2, 1, 0.5]]
    encoder = LabelEncoder(classes=THREE, kind="text", costs=tuple(map(tuple, table.tolist())))
    chances = np.array([[0.7, 0.2, 0.1], [0.97, 0.02, 0.01]])
    # 0.2 * 5 + 0.1 * 2 for `a`, 0.7 + 0.1 for `b`, 0.7 + 0.2 + 0.1 * 0.5 for `c`
    assert decided(chances, encoder.worth).tolist() == [1, 0]
    assert decided(chances, None).tolist() == [0, 0]


def test_the_cost_is_a_metric_and_what_models_are_compared_by():
    encoder = LabelEncoder(classes=TWO, kind="text", costs=COSTS, decides_by="cost")
    truth = np.array([1, 1, 0, 0])
    chances = two(np.array([0.9, 0.1, 0.3, 0.1]))
    found = score(truth, chances, target=encoder)
    assert found.metrics["cost"].value == pytest.approx((0 + 5 + 1 + 0) / 4)
    assert found.confusion == [[1, 1], [1, 1]]  # 0.3 is above a sixth
    assert main_metric(encoder, per_timestep=False) == "cost"
    assert names_of(encoder, per_timestep=False)[0] == "cost"
    assert (
        "cost" not in score(truth, chances, target=LabelEncoder(classes=TWO, kind="text")).metrics
    )
    lost = score(truth, np.full((4, 2), np.nan), target=encoder)
    assert lost.metrics["cost"].value == pytest.approx((5 + 5 + 1 + 1) / 4)


def test_a_baseline_answers_by_a_rule_of_its_own():
    never, always = (tuple(map(tuple, rows)) for rows in ([[1, 0], [1, 0]], [[0, 1], [0, 1]]))
    rule = Decision(
        metric="accuracy", worth=never, fitted=True, plain=0, value=0, units=9, rivals={"b": always}
    )
    encoder = LabelEncoder(classes=TWO, kind="text", decides_by="accuracy", decision=rule)
    data = make_encoded([1] * 4, np.array([1, 1, 1, 0]))
    baselines = []
    for name in ("b", "c"):
        made = lambda encoded: two(np.full(4, 0.4))  # noqa: E731
        made.name = name
        baselines.append(made)
    found = evaluate(data, two(np.full(4, 0.9)), baselines, target=encoder, resamples=10)
    assert found.metrics["accuracy"].value == 0.25  # never `yes`
    assert found.baselines["b"].metrics["accuracy"].value == 0.75  # always
    assert found.baselines["c"].metrics["accuracy"].value == 0.25  # the likeliest


def test_a_table_of_other_classes_is_no_rule():
    for table in (((0.0, 1.0),), ((0.0, float("nan")), (1.0, 0.0)), ((0.0,), (1.0,))):
        with pytest.raises(ValidationError, match="of other classes"):
            LabelEncoder(classes=TWO, kind="text", costs=table)


def long_table():
    rng = np.random.default_rng(0)
    rows = [(n, t, float(rng.normal()), "ab"[n % 2]) for n in range(40) for t in range(3)]
    return pl.DataFrame(rows, schema=["id", "t", "x", "y"], orient="row")


def asked(frame=None, *, target="y", task="auto", **judge):
    recipe = {"data": {"target": target}, "problem": {"task": task}, "judge": judge}
    return prepare(long_table() if frame is None else frame, Recipe.parse(recipe))


def test_costs_and_a_metric_reach_the_encoders_of_every_fold():
    found = asked(costs={"a": {"b": 5}})
    assert {encoders.target.costs for encoders in found.fold_encoders} == {((0, 5), (1, 0))}
    assert found.test.encoders.target.decides_by == "cost"
    decides = asked(decide="macro_f1")
    assert decides.encoders.target.decides_by == "macro_f1"
    assert pose(decides, Recipe()).measured == "macro_f1"  # of trials, by their likeliest class
    assert pose(found, Recipe()).costs == ((0, 5), (1, 0))
    assert main_metric(decides.encoders.target, per_timestep=False) == "macro_f1"
    assert asked().encoders.target.worth is None


WRONG = {
    "another class": ({"costs": {"a": {"bb": 5}}}, "`judge.costs.a`: `bb` is no class"),
    "another truth": ({"costs": {"aa": {"b": 5}}}, "did you mean `a`"),
    "a right answer that costs": ({"costs": {"a": {"a": 1}}}, "costs no more than the right one"),
    "a wrong answer for nothing": ({"costs": {"a": {"b": 0}}}, "costs no more than the right one"),
    "two wishes": ({"costs": {"a": {"b": 5}}, "decide": "macro_f1"}, "leave one of them out"),
}


@pytest.mark.parametrize("case", WRONG)
def test_costs_that_make_no_sense_are_refused(case):
    judge, said = WRONG[case]
    with pytest.raises(RecipeError) as caught:
        asked(**judge)
    assert said in caught.value.message + caught.value.hint


def test_what_has_no_single_class_has_no_rule():
    frame = long_table().with_columns(y=pl.col("id") % 17 / 7)
    tags = pl.DataFrame(
        {"x": [[1.0, float(n)] for n in range(20)], "y": [["B-x", "O"], ["O", "B-x"]] * 10}
    )
    series = pl.DataFrame({"t": range(200), "y": np.sin(np.arange(200))})
    for table, options in (
        (frame, {"task": "regression"}),
        (tags, {}),
        (series, {"task": "forecasting"}),
    ):
        with pytest.raises(RecipeError, match="is for a target that is one of some classes"):
            asked(table, decide="macro_f1", **options)


@pytest.mark.parametrize(
    "wrong", ["a:b", {"a": 5}, {"a": {"b": -1}}, {"a": {"b": "much"}}, [1], {"a": {"b": True}}]
)
def test_costs_that_are_no_costs_are_refused(wrong):
    with pytest.raises(RecipeError, match="costs"):
        Recipe.parse({"judge": {"costs": wrong}})


def test_costs_are_read_from_a_flag():
    read = Recipe().with_overrides({"judge.costs": "{1: {true: 5}}"})
    assert read.judge.costs == {"1": {"true": 5.0}}
