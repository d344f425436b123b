"""The curve of the rule by which a class is answered."""

import numpy as np

from rnnauto.data.decisions import decided
from rnnauto.deploy.shown import ShownDecision
from rnnauto.families.direct.deciding.rule import Held, fit_decision
from rnnauto.families.direct.shown import decision_shown
from rnnauto.report.answers import decision_figure

COSTS = ((0.0, 1.0), (5.0, 0.0))


def rule_of(classes, *, metric, costs=()):
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(len(classes), 0.7), 300)
    truth = np.array([rng.choice(len(classes), p=each) for each in chances])
    held = Held(chances, truth, np.arange(300), np.ones(300))
    return fit_decision(held, classes, metric=metric, costs=costs, seed=0)


def values_in(chart):
    """The rows of every data set of a chart."""
    return [row for rows in chart["datasets"].values() for row in rows]


def test_the_page_shows_cost_against_threshold_and_where_the_threshold_is():
    rule = rule_of(("no", "yes"), metric="cost", costs=COSTS)
    figure = decision_figure(ShownDecision.model_validate(decision_shown(rule)))
    assert "`no` is answered above" in figure.caption or "`yes` is answered above" in figure.caption
    assert "mean cost" in figure.caption and "300 answers" in figure.caption
    rows = values_in(figure.chart)
    points = {(row["at"], row["value"]) for row in rows if "value" in row}
    assert points == set(rule.curves[0].points)
    assert {"at": rule.threshold} in rows


def test_of_several_classes_there_is_a_curve_for_each():
    rule = rule_of(("a", "b", "c"), metric="macro_f1")
    figure = decision_figure(ShownDecision.model_validate(decision_shown(rule)))
    assert {row["class"] for row in values_in(figure.chart) if "class" in row} == {"a", "b", "c"}
    assert "macro F1" in figure.caption
    assert len(decided(np.eye(3), np.array(rule.worth, np.float32))) == 3
