"""Shifting classes to how often they come among sequences that were not trained on."""

from dataclasses import replace

import numpy as np
import pytest
from builders import SMALL, make_encoded, study_problem

from rnnauto.families.direct.deciding.level import FEWEST, MOST_CLASSES, halves, level, levels
from rnnauto.families.direct.learner import LEARNER
from rnnauto.networks.architecture import Answer
from rnnauto.search.train import prepare, train
from rnnauto.search.trial import Job
from rnnauto.search.validation import Said, log_softmax, validate_part

pytestmark = pytest.mark.train

WRONG = np.array([-1.5, 0.0, 0.5])


def said(count=3000, *, wrong=WRONG, seed=0):
    """What a network says that is right but for a number that each of its classes lacks."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=(count, 3))
    chances = np.exp(log_softmax(logits))
    truth = (chances.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    return Said((logits + wrong).astype(np.float32), truth, np.arange(count), np.ones(count))


def test_what_classes_lack_is_found_and_lowers_the_loss_of_others():
    given = said()
    found = level(given, None)
    lacking = found.shift + WRONG
    np.testing.assert_allclose(lacking - lacking.mean(), 0, atol=0.15)
    before = -log_softmax(given.outputs)[np.arange(3000), given.truth].mean()
    other = said(seed=1)
    after = -log_softmax(other.outputs + found.shift)[np.arange(3000), other.truth].mean()
    assert found.loss < before - 0.1
    assert found.loss == pytest.approx(after, abs=0.03)
    assert found.right > (given.outputs.argmax(axis=1) == given.truth).mean()


def test_of_many_units_some_tell_what_all_lack():
    found = level(said(150_000), None)
    lacking = found.shift + WRONG
    np.testing.assert_allclose(lacking - lacking.mean(), 0, atol=0.03)


def test_a_weight_counts_as_so_many_units():
    given = said(1000)
    twice = np.repeat(np.arange(1000), 1 + np.arange(1000) % 2)
    weighed = replace(given, weights=1.0 + np.arange(1000) % 2)
    kept = (each[twice] for each in (given.outputs, given.truth, given.owners))
    doubled = Said(*kept, np.ones(len(twice)))
    one, other = level(weighed, None), level(doubled, None)
    np.testing.assert_allclose(one.shift, other.shift, atol=0.02)
    assert one.loss == pytest.approx(other.loss, abs=1e-3)


def weighed(*, over):
    """Let 3,000 units weigh 1, those from `over` on hardly anything or nothing."""
    return np.where(np.arange(3000) < 150, 1.0, over)


def test_a_few_units_that_alone_weigh_are_as_few_as_they_are():
    fifth = replace(said(), weights=(np.arange(3000) % 5 == 0) * 4.0)
    chosen = (each[::5] for each in (fifth.outputs, fifth.truth, fifth.owners))
    alone, among = level(Said(*chosen, np.ones(600)), None), level(fifth, None)
    np.testing.assert_allclose(among.shift, alone.shift, atol=1e-3)
    assert among.loss == pytest.approx(alone.loss, abs=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        replace(said(), weights=weighed(over=0.0)),
        replace(said(), weights=weighed(over=0.001)),
        replace(said(), weights=np.zeros(3000)),
        said(wrong=np.zeros(3)),  # nothing is lacking
        said(FEWEST - 1),
        replace(said(), owners=np.zeros(3000, np.int64)),  # nobody else to try it on
    ],
)
def test_answers_stay_where_nothing_shows_that_others_are_better(given):
    assert level(given, None) is None


def test_what_was_learnt_of_sequences_is_not_tried_on_equal_ones():
    """The class of each sequence is drawn by lot: equal ones alone show a share that is none."""
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(8), 50)
    truth = np.repeat([0, 1, 2, 2, 1, 2, 0, 2], 50)
    outputs = rng.normal(scale=0.1, size=(400, 3)).astype(np.float32)
    given = Said(outputs, truth, np.arange(400), np.ones(400))
    alone, apart = level(given, None), level(given, groups)
    assert alone is not None
    assert apart is None or apart.loss > alone.loss
    assert (np.bincount(groups[halves(groups)], minlength=8) % 50 == 0).all()


def test_only_single_classes_that_the_loss_selects_are_shifted():
    plain = study_problem(answer=Answer("classes", (3,)))
    job = Job("0", 0, SMALL, 1)
    assert levels(plain, job)
    balanced = replace(job, values={**SMALL, "class_weight": "balanced"})
    assert levels(plain, balanced)
    given = replace(job, values={**SMALL, "class_weight": "given"})
    assert not levels(plain, given)
    for changed in (
        {"answer": Answer("classes", (3, 2))},
        {"answer": Answer("values", (1,))},
        {"answer": Answer("labels", (3,))},
        {"answer": Answer("classes", (MOST_CLASSES + 1,))},
        {"objective": "macro_f1"},
        {"shown": "cost"},
        {"tags": ("O", "B-a", "I-a")},
    ):
        assert not levels(replace(plain, **changed), job)


def test_the_weights_that_are_kept_say_what_was_kept_of_the_validation_part():
    """Of the validation part, whose class is the second three times as often."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 7, 900)
    classes = np.where(np.arange(900) < 300, rng.random(900) < 0.2, rng.random(900) < 0.6)
    steps = np.repeat(classes * 0.5, lengths)[:, None] + rng.normal(size=(lengths.sum(), 1))
    data = make_encoded(lengths, classes.astype(np.int32), numbers=steps)
    scales = {"numbers": (((0.0, 1.0),),), "static_numbers": ((),)}
    problem = study_problem(answer=Answer("classes", (2,)), epochs=3, **scales)
    job, fold = Job("0", 0, SMALL | {"units": 4}, 1), (np.arange(300), np.arange(300, 900))
    left = train(LEARNER, job, problem, data, fold=fold, keep=True)
    network = prepare(LEARNER, job, problem, data, fold[0])
    network.model.set_weights(left.weights)
    again = validate_part(LEARNER, network, problem, data, fold[1], keep=True)
    np.testing.assert_allclose(again.answers, left.answers, atol=1e-5)
    assert again.loss == pytest.approx(left.result.loss, abs=0.03)
    plain = replace(LEARNER, level=None)
    without = train(plain, job, problem, data, fold=fold).result.loss
    assert left.result.loss < without - 0.1
