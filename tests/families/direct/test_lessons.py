"""What a network is told that is taught by the mean of others, and that it learns from it."""

import os
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from builders import NAN, SMALL, make_encoded, study_problem

from rnnauto.data.batches import save_encoded
from rnnauto.families.direct.learner import LEARNER
from rnnauto.families.direct.lessons.lesson import CUTS, TRUTH, blended, cuts_of, lesson, truth_of
from rnnauto.families.learners import learner_of
from rnnauto.networks.architecture import Answer
from rnnauto.networks.losses import summed_loss, target_spec
from rnnauto.search.run_job import run_job
from rnnauto.search.study import load_study, load_weights, save_study, save_weights, weights_path
from rnnauto.search.train import prepare, train
from rnnauto.search.trial import Job

pytestmark = pytest.mark.train

VALUES = SMALL | {"units": 8, "learning_rate": 0.02}
JOB = Job(trial="0", fold=0, values=VALUES, seed=1)
TEAM = (("0-fold0", VALUES), ("1-fold0", {**VALUES, "units": 4}))
STUDENT = replace(JOB, trial="0-taught-1", teachers=TEAM)
WEIGHTS = np.float32([[2.0], [1.0], [3.0]])
SLOW = bool(os.environ.get("RNNAUTO_SLOW"))


def problem_of(answer, *, per_timestep=False, scale=(0.0, 1.0)):
    numbers = {"numbers": (((0.0, 1.0),),), "static_numbers": ((),)}
    return study_problem(
        per_timestep=per_timestep, answer=answer, scales=(scale,), epochs=8, **numbers
    )


def signs(targets=None, *, count=60, per_timestep=False):
    """Class 1 where the numbers are positive on average, or one by one."""
    rng = np.random.default_rng(0)
    lengths, classes = rng.integers(2, 9, count), rng.integers(0, 2, count)
    numbers = rng.normal(size=lengths.sum()) * 0.5 + np.repeat(2.0 * classes - 1, lengths)
    found = (numbers > 0) if per_timestep else classes
    told = found.astype(np.int32) if targets is None else targets(found)
    return make_encoded(lengths, told, numbers=numbers[:, None], per_timestep=per_timestep)


def taught(data, problem):
    """The lesson of two teachers with fresh weights, and what each says of whole sequences."""
    networks = [
        prepare(LEARNER, replace(JOB, values=values), problem, data, np.arange(len(data)))
        for _, values in TEAM
    ]
    weights = [network.model.get_weights() for network in networks]
    return lesson(
        LEARNER, STUDENT, problem, data, train=np.arange(len(data)), teachers=weights
    ), weights


CLASSES, SETS, VALUE = Answer("classes", (2,)), Answer("labels", (2,)), Answer("values", (1,))
TARGETS = {
    CLASSES: None,
    SETS: lambda found: np.stack([found, 1 - found], axis=-1).astype(np.int32),
    VALUE: lambda found: found.astype(np.float32),
    Answer("classes", (2, 2)): lambda found: np.stack([found, 1 - found], axis=-1).astype(np.int32),
}


@pytest.mark.parametrize("per_timestep", [False, True])
@pytest.mark.parametrize("answer", TARGETS)
def test_a_network_learns_from_what_others_say(answer, per_timestep):
    data = signs(TARGETS[answer], per_timestep=per_timestep)
    problem = problem_of(answer, per_timestep=per_timestep)
    made, weights = taught(data, problem)
    batch = next(iter(made.batches(np.arange(len(data)), size=8, rng=np.random.default_rng(0))))
    spec = target_spec(problem.features, made.answer)
    assert spec.is_compatible_with(tf.constant(batch.taught))
    fold = (np.arange(len(data) - 20), np.arange(len(data) - 20, len(data)))
    weighted = replace(problem, mean_weight=1.0)  # steps that are given weights take them too
    one = weighted if per_timestep == (answer in (CLASSES, VALUE)) else problem
    for each in (problem, weighted) if SLOW else (one,):
        left = train(LEARNER, STUDENT, each, data, fold=fold, teachers=weights)
        assert left.result.status == "completed"
        losses = [epoch.train_loss for epoch in left.result.epochs]
        assert losses[-1] < losses[0]


def test_each_epoch_has_every_sequence_and_a_cut_of_it():
    data = signs()
    made, _ = taught(data, problem_of(CLASSES))
    assert made.answer.loss == "class_shares"
    batches = list(made.batches(np.arange(len(data)), size=8, rng=np.random.default_rng(0)))
    owners = np.concatenate([batch.sequences for batch in batches])
    assert (np.bincount(owners) == 2).all()
    lengths = np.concatenate([batch.inputs["length"] for batch in batches])
    assert (lengths <= data.lengths[owners]).all() and (lengths < data.lengths[owners]).any()
    assert (lengths >= data.lengths[owners] / 2).all()
    told = np.concatenate([batch.taught for batch in batches])
    np.testing.assert_allclose(told.sum(axis=1), 1, atol=1e-5)
    cut = lengths < data.lengths[owners]
    right = told[np.arange(len(told)), data.targets[owners]]
    # teachers with fresh weights know nothing: what is above a half is the share of the truth
    assert right[~cut].min() > 0.5 + TRUTH / 3 > right[cut].max()


def test_a_target_per_timestep_is_taught_without_cuts():
    data = signs(per_timestep=True)
    assert cuts_of(data, np.arange(len(data)), seed=0) == []
    made, _ = taught(data, problem_of(CLASSES, per_timestep=True))
    for batch in made.batches(np.arange(len(data)), size=8, rng=np.random.default_rng(0)):
        real = np.arange(batch.targets.shape[1]) < batch.inputs["length"][:, None]
        np.testing.assert_array_equal(np.isfinite(batch.taught[..., 0]), real)


def test_cuts_lie_inside_their_sequences_and_begin_where_beginnings_are_learnt():
    data = signs()
    cuts = cuts_of(data, np.arange(40), seed=3)
    assert len(cuts) == CUTS
    for cut in cuts:
        begin, end = data.row_splits[cut.sequence], data.row_splits[cut.sequence + 1]
        assert (cut.start >= begin).all() and (cut.start + cut.length <= end).all()
    assert (cuts[0].start > data.row_splits[:40]).any()
    beginnings = cuts_of(replace(data, beginnings=True), np.arange(40), seed=3)
    assert all((cut.start == data.row_splits[:40]).all() for cut in beginnings)
    assert any((2 * cut.length < data.lengths[:40]).any() for cut in beginnings)
    assert not any((2 * cut.length < data.lengths[:40]).any() for cut in cuts)
    single = make_encoded(np.ones(5, int), np.zeros(5, np.int32), numbers=np.zeros((5, 1)))
    assert cuts_of(single, np.arange(5), seed=0) == []


def test_the_truth_as_sure_outputs():
    encoded = make_encoded([1, 1, 1], np.int32([1, -1, 0]), numbers=np.zeros((3, 1)))
    shown = truth_of(encoded, problem_of(CLASSES))
    np.testing.assert_array_equal(shown, [[0, 1], [NAN, NAN], [1, 0]])
    values = replace(encoded, targets=np.float32([4, NAN, 8]))
    shown = truth_of(values, problem_of(VALUE, scale=(6.0, 2.0)))
    np.testing.assert_array_equal(shown, [[-1], [NAN], [1]])
    mixed = blended(np.float32([[0.5], [0.5], [0.5]]), shown, 0.5)
    np.testing.assert_array_equal(mixed, [[-0.25], [NAN], [0.75]])


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_shares_that_are_sure_have_the_loss_of_the_truth(weights):
    outputs = tf.constant(np.random.default_rng(0).normal(size=(3, 2)), tf.float32)
    weights = None if weights is None else tf.constant(weights)
    for answer, loss, truth in (
        (CLASSES, "class_shares", [1, -1, 0]),
        (SETS, "label_shares", [[1, 0], [-1, -1], [1, 1]]),
    ):
        truth = np.int32(truth)
        encoded = make_encoded([1, 1, 1], truth, numbers=np.zeros((3, 1)))
        shares = truth_of(encoded, problem_of(answer))
        wanted = summed_loss(outputs, tf.constant(truth), answer, weights)
        found = summed_loss(outputs, tf.constant(shares), replace(answer, loss=loss), weights)
        assert [float(each) for each in found[:2]] == pytest.approx(
            [float(each) for each in wanted[:2]]
        )


def test_a_job_reads_the_weights_of_its_teachers(tmp_path):
    data, problem = signs(), problem_of(CLASSES)
    fold = (np.arange(40), np.arange(40, 60))
    save_study(tmp_path, problem, (fold,), store=partial(save_encoded, encoded=data))
    study = load_study(tmp_path, learner_of)
    for name, values in TEAM:
        job = replace(JOB, trial=name.partition("-")[0], values=values)
        run_job(job.to_json(), study, on_epoch=print, stopping=lambda: False)
    assert STUDENT.needs == ("0-fold0", "1-fold0")
    told = [
        run_job(STUDENT.to_json(), study, on_epoch=print, stopping=lambda: False) for _ in range(2)
    ]
    losses = [[epoch["train_loss"] for epoch in result["epochs"]] for result in told]
    assert losses[0] == losses[1]  # a job is a function of what it says and those files
    path = weights_path(tmp_path, "1-fold0")
    save_weights(path, [-part for part in load_weights(path)])
    other = run_job(STUDENT.to_json(), study, on_epoch=print, stopping=lambda: False)
    assert [epoch["train_loss"] for epoch in other["epochs"]] != losses[0]
