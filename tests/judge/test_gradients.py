"""The textbook pictures: what vanishes, what does not, what explodes, and what clipping does."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders import VALUES, make_encoded

from rnnauto.cells import CELLS
from rnnauto.families.direct.learner import LEARNER
from rnnauto.families.direct.network import build
from rnnauto.families.language.learner import LEARNER as LANGUAGE
from rnnauto.families.language.network import build_carried
from rnnauto.judge.gradients import by_lag, gradient_flow
from rnnauto.judge.vanishing import judged
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.networks.fused import fuse
from rnnauto.search.study import Study
from rnnauto.search.train import train
from rnnauto.search.trial import Job, StudyProblem

pytestmark = pytest.mark.train

STEPS = 100
ADDING = Features(2, (), (), 0, (), (), 1, False)
SCALES = (((0.5, 0.288), (0.02, 0.14)),)
ONE_VALUE = Answer("values", (1,))
PROBLEM = StudyProblem("direct", ADDING, ONE_VALUE, ((1.0, 0.408),), SCALES, ((),), 10, None)


def adding(count, *, seed, timesteps=STEPS):
    """The adding problem: two values are marked, one in each half; their sum is the target."""
    rng = np.random.default_rng(seed)
    rows, half = np.arange(count), timesteps // 2
    values, marks = rng.random((count, timesteps)), np.zeros((count, timesteps))
    first, second = rng.integers(0, half, count), rng.integers(half, timesteps, count)
    marks[rows, first] = marks[rows, second] = 1
    inputs = np.stack([values, marks], axis=-1).astype(np.float32)
    total = values[rows, first] + values[rows, second]
    return inputs, ((total - 1.0) / 0.408).astype(np.float32)


def trained(cell, *, steps, rate):
    """A network of 32 units after some steps of Adam, clipped to norm 1."""
    keras.utils.set_random_seed(1)
    built = build(ADDING, Architecture(cell, 32, 1, 1, "last", False))
    model = built.model
    fuse(model)  # the same numbers as Keras' loops give, sooner
    mean, deviation = np.array(SCALES[0], np.float32).T
    built.scales.numbers.set_weights([mean, deviation])
    optimizer = keras.optimizers.Adam(rate)
    length = tf.fill([64], STEPS)

    @tf.function
    def step(numbers, truth):
        with tf.GradientTape() as tape:
            outputs = model({"numbers": numbers, "length": length}, training=True)
            loss = tf.reduce_mean(tf.square(outputs[:, 0] - truth))
        variables = [variable.value for variable in model.trainable_variables]
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)
        optimizer.apply(gradients, model.trainable_variables)

    for number in range(steps):
        step(*adding(64, seed=100 + number))
    return built


def study_of(learner, problem):
    return Study(folder=None, learner=learner, problem=problem, data=None, folds=())


def flow_of(built, timesteps=STEPS):
    inputs, truth = adding(32, seed=7, timesteps=timesteps)
    length = np.full(32, timesteps, np.int32)
    batches = iter([({"numbers": inputs, "length": length}, truth, length)])
    return gradient_flow(built, study_of(LEARNER, PROBLEM), batches)


def test_a_simple_rnn_vanishes_on_the_adding_problem_and_a_trained_lstm_does_not():
    simple = flow_of(trained("simple_rnn", steps=100, rate=0.002))
    found = judged(simple.norms, simple.memory, cell="simple_rnn", patch=1)
    assert found.verdict == "vanishes"
    assert found.after < 80
    assert found.slope_per_step < -0.05
    assert "--cells lstm" in found.advice
    lstm = flow_of(trained("lstm", steps=200, rate=0.01))
    found = judged(lstm.norms, lstm.memory, cell="lstm", patch=1)
    assert found.verdict == "healthy"
    assert lstm.memory[STEPS - 1] > 0.1 * lstm.memory[1]
    assert lstm.norms[STEPS - 1] > 1e3 * simple.norms[STEPS - 1]


# rectified units have no derivative where they start
@pytest.mark.parametrize("cell", sorted(set(CELLS) - {"identity_rnn"}))
def test_the_norms_are_those_of_differences(cell):
    """dL/dh_t, by moving the state of one timestep: two halves run by hand."""
    keras.utils.set_random_seed(3)
    features = Features(2, (), (), 0, (), (), 1, True)
    architecture = Architecture(cell, 4, 1, 1, "last", False)
    built = build_carried(features, architecture)
    model = built.model
    inputs, truth = adding(2, seed=1, timesteps=6)
    targets = np.full((2, 6), np.nan, np.float32)
    targets[:, -1] = truth
    problem = StudyProblem("language", features, ONE_VALUE, (), (), (), 1, None)
    size = 4 * CELLS[cell].states
    given = {"numbers": inputs, "length": np.full(2, 6, np.int32)}
    state = np.zeros((2, size), np.float32)
    after = model({**given, "numbers": inputs[:, :4], "state": state})["state"].numpy()

    def losses(moved):
        outputs = model({**given, "numbers": inputs[:, 4:], "state": moved})["outputs"]
        return (outputs.numpy()[:, -1, 0] - truth) ** 2

    slopes = np.zeros((2, size))
    for unit in range(size):
        moved = after.copy()
        moved[:, unit] += 1e-2
        back = after.copy()
        back[:, unit] -= 1e-2
        slopes[:, unit] = (losses(moved) - losses(back)) / 2e-2
    wanted = np.linalg.norm(slopes.reshape(2, CELLS[cell].states, 4), axis=-1).mean(0)
    batches = iter([({**given, "state": state}, targets, np.full(2, 6))])
    flow = gradient_flow(built, study_of(LANGUAGE, problem), batches)
    assert flow.norms[2] == pytest.approx(wanted[0], rel=0.05, abs=1e-4)
    if cell == "lstm":
        assert flow.memory[2] == pytest.approx(wanted[1], rel=0.05, abs=1e-4)


def test_identity_units_explode_at_a_high_rate_and_clipping_alone_tames_them():
    """Gradient descent, for Adam's steps do not grow with the gradient; all but the clip norm is
    the same, the first weights and batches too."""
    inputs, truth = adding(96, seed=5)
    data = make_encoded([STEPS] * 96, truth * 0.408 + 1.0, numbers=inputs.reshape(-1, 2))
    values = {**VALUES, "cell": "identity_rnn", "units": 16, "layers": 1, "patch": 1}
    values |= {"pooling": "last", "bidirectional": False, "dropout": 0.0}
    values |= {"optimizer": "sgd", "learning_rate": 0.01}
    fold = (np.arange(80), np.arange(80, 96))
    wild, tamed = (
        train(LEARNER, job, PROBLEM, data, fold=fold).result
        for job in (Job("0", 0, {**values, "clip_norm": clip}, seed=4) for clip in ("off", 1.0))
    )
    assert wild.status == "failed" and "no longer finite at step" in wild.reason
    assert wild.gradient.first_non_finite_step <= 10
    assert wild.gradient.largest > 1e4
    assert tamed.status == "completed" and tamed.gradient.first_non_finite_step is None
    assert tamed.gradient.largest < 0.01 * wild.gradient.largest
    assert tamed.gradient.clipped > 0.5
    assert max(epoch.train_loss for epoch in tamed.epochs) < 1.5  # 1: that of the mean


def test_growing_recurrence_explodes_back_in_time():
    built = build(ADDING, Architecture("identity_rnn", 8, 1, 1, "last", False))
    (layer,) = built.forward
    kernel, _, bias = layer.get_weights()
    layer.set_weights([np.abs(kernel) + 0.1, 1.3 * np.eye(8), bias + 1.0])
    flow = flow_of(built, timesteps=60)
    found = judged(flow.norms, None, cell="identity_rnn", patch=1)
    assert found.verdict == "explodes"
    assert found.slope_per_step == pytest.approx(math.log(1.3), rel=0.05)
    assert "clip" in found.advice


def test_lags_count_back_from_each_true_end():
    norms = np.arange(8.0).reshape(1, 2, 4)
    total, count = by_lag(norms, np.array([2, 4]))
    assert total.tolist() == [[1 + 7, 0 + 6, 5, 4]]
    assert count.tolist() == [2, 2, 1, 1]
