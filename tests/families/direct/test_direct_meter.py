"""The metric that selects trials is that of the judge, whatever the batches."""

import numpy as np
import pytest
from builders import study_problem

from rnnauto.data.batches import Batch
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.families.direct.deciding.meter import meter
from rnnauto.judge.evaluate import score
from rnnauto.networks.architecture import Answer
from rnnauto.recipe import Recipe
from rnnauto.search.validation import votes_of

RNG = np.random.default_rng(0)
TAGS = ("B-x", "I-x", "O")


def classes(count):
    return LabelEncoder(classes=tuple("abcdefg"[:count]), kind="text")


def value(mean, deviation):
    return ValueEncoder(mean=mean, deviation=deviation)


def missing(truth, by):
    truth[3::7] = by
    return truth


# the answer, what a batch has of it, and the encoder that the judge has
CASES = {
    "classes": (
        *(Answer("classes", (3,)), missing(RNG.integers(0, 3, 60), -1), classes(3)),
        ("accuracy", "balanced_accuracy", "macro_f1", "log_loss"),
    ),
    "labels": (
        *(Answer("labels", (3,)), RNG.integers(0, 2, (60, 3))),
        *(LabelSetEncoder(labels=("a", "b", "c"), kind="text"),),
        ("negative_log_likelihood", "accuracy", "macro_f1"),
    ),
    "a value": (
        *(Answer("values", (1,)), missing(RNG.normal(5, 2, 60).astype(np.float32), np.nan)),
        *(value(5.0, 2.0), ("mae", "rmse", "r2")),
    ),
    "classes of two targets": (
        *(Answer("classes", (3, 2)), RNG.integers(0, 2, (60, 2))),
        *(SeveralTargets(names=("u", "v"), each=(classes(3), classes(2))),),
        ("accuracy", "macro_f1_u", "balanced_accuracy_v"),
    ),
    "two values": (
        *(Answer("values", (1, 1)), RNG.normal(size=(60, 2)).astype(np.float32)),
        *(SeveralTargets(names=("u", "v"), each=(value(0.0, 1.0), value(1.0, 3.0))),),
        ("rmse", "r2_u", "mae_v"),
    ),
}


def problem_of(answer, target, objective, **more):
    names = target.names if isinstance(target, SeveralTargets) else ()
    encoders = target.each if names else (target,)
    scales = tuple((each.mean, each.deviation) for each in encoders if hasattr(each, "mean"))
    given = {"answer": answer, "objective": objective, "targets": names, "scales": scales}
    return study_problem(**given, **more)


@pytest.mark.parametrize("case", CASES)
def test_an_objective_is_measured_over_batches_as_the_judge_measures_all(case):
    answer, truth, target, objectives = CASES[case]
    outputs = np.random.default_rng(1).normal(size=(60, sum(answer.widths)))
    for objective in objectives:
        problem = problem_of(answer, target, objective)
        measured = meter(problem, None, np.arange(60))
        for part in np.array_split(np.arange(60), 4):
            measured.add(outputs[part], Batch({}, truth[part], part))
        answers = votes_of(outputs, answer)
        if problem.scales:
            mean, deviation = np.array(problem.scales).T
            answers = answers * deviation + mean
            answers = answers if len(problem.scales) > 1 else answers[:, 0]
        judged = score(truth, answers, target=target, resamples=1).metrics[objective]
        assert measured.value() == pytest.approx(judged.value, rel=1e-5)


def test_chunks_of_tags_are_counted_within_their_sequences():
    truth = np.array([[0, 1, -1], [2, 0, 1]])
    outputs = np.eye(3)[[[0, 1, 2], [2, 0, 2]]] * 9
    problem = problem_of(
        *(Answer("classes", (3,)), LabelEncoder(classes=TAGS, kind="text"), "entity_f1"),
        per_timestep=True,
        tags=TAGS,
    )
    measured = meter(problem, None, np.arange(2))
    for at in range(2):
        measured.add(outputs[at : at + 1], Batch({}, truth[at : at + 1], np.array([at])))
    assert measured.value() == pytest.approx(0.5)  # one of two chunks, and one found is too short


def test_a_recipe_names_a_metric_or_the_one_that_was_meant():
    assert Recipe().search.objective == "auto"
    with pytest.raises(Exception, match="did you mean `balanced_accuracy`"):
        Recipe.parse({"search": {"objective": "balanced_acuracy"}})
