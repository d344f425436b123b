"""Which networks a final model is the mean of."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rnnauto.judge.averaged import (
    MOST_MEMBERS,
    averaged,
    checked_team,
    greedy,
    losses_of,
    not_worse,
    teachers,
)
from rnnauto.networks.architecture import Answer
from rnnauto.search.select import Trial
from rnnauto.search.study import load_answers, load_weights, save_weights, weights_path
from rnnauto.search.trial import Result
from rnnauto.search.validation import votes_of

CLASSES = Answer("classes", (2,))
VALUES = Answer("values", (1,))


def noisy(truth, rng, spread):
    """Logits of two classes that are right but for noise of their own."""
    right = np.stack([1.0 - truth, truth], axis=1) * 2 - 1
    return (right + rng.normal(size=right.shape) * spread).astype(np.float32)


@pytest.fixture
def truth():
    return np.random.default_rng(0).integers(0, 2, 400).astype(np.int32)


def team_of(outputs, truth, answer=CLASSES):
    votes = [votes_of(each, answer) for each in outputs]
    return checked_team(votes, truth, np.arange(len(truth)), answer)


def test_networks_that_err_in_different_ways_are_averaged(truth):
    rng = np.random.default_rng(1)
    outputs = [noisy(truth, rng, 1.0) for _ in range(8)]
    team = team_of(outputs, truth)
    assert team[0] == 0
    assert 3 <= len(team) == len(set(team)) <= MOST_MEMBERS


def test_copies_and_worse_networks_are_left_out(truth):
    rng = np.random.default_rng(2)
    best = noisy(truth, rng, 0.5)
    worse = [-best, noisy(1 - truth, rng, 1.0), best.copy()]
    assert team_of([best, *worse], truth) == [0]


def test_what_only_looks_better_on_the_part_that_chose_is_left_out(truth):
    """Of many that are right by chance, some look useful: not on the other half."""
    rng = np.random.default_rng(3)
    best = noisy(truth, rng, 0.3)
    chance = [rng.normal(size=(len(truth), 2)).astype(np.float32) * 0.01 for _ in range(10)]
    assert team_of([best, *chance], truth) == [0]


def test_values_are_averaged_too():
    rng = np.random.default_rng(4)
    truth = rng.normal(size=300).astype(np.float32)
    truth[::7] = np.nan
    outputs = [(np.nan_to_num(truth) + rng.normal(size=300))[:, None] for _ in range(4)]
    assert len(team_of(outputs, truth, VALUES)) > 1


def test_the_loss_of_each_kind_of_answer_by_hand():
    two = Answer("classes", (2, 2))
    votes = np.array([[0.5, 0.5, 0.25, 0.75], [1.0, 0.0, 0.5, 0.5]])
    truth = np.array([[0, 1], [0, -1]])
    assert losses_of(votes, truth, two) == pytest.approx([-np.log(0.5) - np.log(0.75), 0.0])
    labels = Answer("labels", (2,))
    assert losses_of(np.array([[0.5, 0.75]]), np.array([[1, 0]]), labels) == pytest.approx(
        [-np.log(0.5) - np.log(0.25)]
    )
    assert losses_of(np.array([[3.0]]), np.array([1.0]), VALUES) == pytest.approx([4.0])


def test_the_first_is_always_in_the_team(truth):
    rng = np.random.default_rng(5)
    votes = [votes_of(noisy(truth, rng, spread), CLASSES) for spread in (3.0, 0.1)]
    assert greedy(votes, truth, np.arange(len(truth)), CLASSES)[0] == 0


def trial(name, loss):
    result = Result(status="completed", loss=loss, score=loss)
    return Trial(name, {"cell": "lstm"}, {0: result}, {0: f"{name}-fold0"})


def study_of(folder, truth, *, objective=""):
    batches = [SimpleNamespace(targets=part, weights=None) for part in np.split(truth, 4)]
    learner = SimpleNamespace(validation_batches=lambda data, chosen: batches)
    problem = SimpleNamespace(answer=CLASSES, scales=(), objective=objective)
    nothing = (np.zeros(0), np.zeros(0))
    return SimpleNamespace(
        folder=folder, learner=learner, problem=problem, data=None, folds=(nothing,)
    )


def test_kept_answers_come_back_beside_weights_and_decide(tmp_path, truth):
    (tmp_path / "weights").mkdir()
    rng = np.random.default_rng(6)
    trials = [trial(str(number), 0.5 + number / 100) for number in range(4)]
    for number, each in enumerate(trials):
        answers = noisy(truth, rng, 1.0)
        weights = [np.full(3, number, np.float32)]
        save_weights(weights_path(tmp_path, each.weights[0]), weights, answers)
        assert load_weights(weights_path(tmp_path, each.weights[0]))[0].tolist() == [number] * 3
        np.testing.assert_array_equal(
            load_answers(weights_path(tmp_path, each.weights[0])), answers
        )
    team = averaged(trials, trials[1], study_of(tmp_path, truth))
    assert team[0].id == "1"
    assert len(team) > 2
    # by another metric than the loss, only networks of the winner's setting: here all are of one
    other = [replace(each, values={"cell": each.id}) for each in trials]
    assert averaged(other, other[1], study_of(tmp_path, truth, objective="macro_f1")) == [other[1]]
    assert len(averaged(trials, trials[1], study_of(tmp_path, truth, objective="macro_f1"))) > 2


def test_where_only_the_probabilities_of_the_truth_are_kept_the_same_are_chosen(tmp_path, truth):
    rng = np.random.default_rng(6)
    trials = [trial(str(number), 0.5 + number / 100) for number in range(4)]
    outputs = [noisy(truth, rng, spread) for spread in (1.0, 0.9, 8.0, 1.0)]
    for each in trials[2:]:
        each.values["units"] = each.id
    chosen = []
    for folder in (tmp_path / "all", tmp_path / "true"):
        (folder / "weights").mkdir(parents=True)
        for each, answers in zip(trials, outputs, strict=True):
            if folder.name == "true":
                votes = votes_of(answers, CLASSES)
                answers = np.take_along_axis(votes, truth[:, None], 1).astype(np.float32)
            save_weights(weights_path(folder, each.weights[0]), [np.zeros(3)], answers)
        team = averaged(trials, trials[0], study_of(folder, truth, objective="perplexity"))
        chosen.append([each.id for each in team])
    assert chosen[0] == chosen[1]
    assert chosen[0][:2] == ["0", "1"] and "2" not in chosen[0]


def test_one_network_is_taught_by_the_mean_or_else_by_the_best_few(tmp_path, truth):
    (tmp_path / "weights").mkdir()
    rng = np.random.default_rng(6)
    trials = [trial(str(number), 0.5 + number / 100) for number in range(7)]
    for each in trials:
        path = weights_path(tmp_path, each.weights[0])
        save_weights(path, [np.zeros(3, np.float32)], noisy(truth, rng, 1.0))
    study = study_of(tmp_path, truth)
    assert teachers(trials, trials[1], study) == averaged(trials, trials[1], study)
    for each in trials:  # nothing shows that a mean is better
        save_weights(weights_path(tmp_path, each.weights[0]), [np.zeros(3, np.float32)])
    far = trial("8", 0.9)
    assert teachers([far, *trials], trials[1], study) == [
        trials[1],
        *(trials[0], *trials[2:MOST_MEMBERS]),
    ]
    assert teachers([far, trials[0]], trials[0], study) == [trials[0]]
    other = [replace(each, values={"cell": each.id}) for each in trials]
    by_metric = study_of(tmp_path, truth, objective="macro_f1")
    assert teachers(other, other[1], by_metric) == [other[1]]


def test_without_kept_answers_the_winner_is_alone(tmp_path, truth):
    (tmp_path / "weights").mkdir()
    trials = [trial("0", 0.5), trial("1", 0.6)]
    for each in trials:
        save_weights(weights_path(tmp_path, each.weights[0]), [np.zeros(3, np.float32)])
    assert averaged(trials, trials[0], study_of(tmp_path, truth)) == [trials[0]]


def test_networks_of_one_setting_are_taken_together_unless_their_mean_is_worse(truth):
    rng = np.random.default_rng(5)
    good = [votes_of(noisy(truth, rng, 1.0), CLASSES) for _ in range(4)]
    bad = votes_of(noisy(1 - truth, rng, 0.1), CLASSES)
    assert not_worse(good, [0, 2, 3], truth, CLASSES) == [0, 2, 3]
    assert not_worse([good[0], bad], [0, 1], truth, CLASSES) == [0]
    assert not_worse(good, [0], truth, CLASSES) == [0]


def test_who_is_taken_first_stays_where_nobody_makes_the_mean_better(truth):
    rng = np.random.default_rng(6)
    best = noisy(truth, rng, 0.5)
    votes = [votes_of(each, CLASSES) for each in (best, best.copy(), -best)]
    places = np.arange(len(truth))
    assert checked_team(votes, truth, places, CLASSES, begin=[0, 1]) == [0, 1]
    more = [votes_of(noisy(truth, rng, 0.6), CLASSES) for _ in range(3)]
    team = checked_team([*votes, *more], truth, places, CLASSES, begin=[0, 1])
    assert team[:2] == [0, 1]
    assert 2 not in team


def test_of_one_recording_nothing_is_held_back_and_the_first_stay_alone():
    votes = [np.array([[0.6, 0.4]] * 4), np.array([[0.9, 0.1]] * 4)]
    truth = np.zeros(4, np.int32)
    assert checked_team(votes, truth, np.zeros(4, np.int64), CLASSES) == [0]
