"""Jobs whose setting changes numbers in training: what they learn from, and that seeds decide."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from builders import SMALL, make_encoded, study_problem

from rnnauto.families.direct.learner import LEARNER
from rnnauto.networks.architecture import Answer
from rnnauto.search.learner import Lesson
from rnnauto.search.train import train
from rnnauto.search.trial import Job

pytestmark = pytest.mark.train

CLASSES, VALUES = Answer("classes", (2,)), Answer("values", (1,))
FOLD = (np.arange(40), np.arange(40, 60))


def rising(targets):
    """Sequences of two columns and a number made of times, that rise where the class is 1."""
    rng = np.random.default_rng(0)
    lengths, classes = rng.integers(4, 9, 60), rng.integers(0, 2, 60)
    slope = np.repeat(2.0 * classes - 1, lengths)
    steps = np.concatenate([np.arange(length) for length in lengths])
    noise = rng.normal(size=(len(steps), 2))
    numbers = np.concatenate([slope[:, None] * steps[:, None] + noise, steps[:, None]], axis=1)
    return make_encoded(lengths, classes.astype(targets), numbers=numbers)


def problem_of(answer, *, folds=1):
    scales = ((0.0, 3.0), (0.5, 3.0), (3.0, 2.0))
    problem = study_problem(
        answer=answer, scales=((0.5, 0.5),), numbers=(scales,) * folds, static_numbers=((),) * folds
    )
    features = replace(problem.features, numbers=3)
    return replace(problem, features=features, columns=2, epochs=4)


def job_of(augment=None, *, seed=1, fold=0):
    values = SMALL | {"units": 8, "learning_rate": 0.02}
    return Job("0", fold, values if augment is None else values | {"augment": augment}, seed)


def losses(augment, answer=CLASSES, *, seed=1):
    data = rising(np.int32 if answer is CLASSES else np.float32)
    left = train(LEARNER, job_of(augment, seed=seed), problem_of(answer), data, fold=FOLD)
    assert left.result.status == "completed"
    return [(each.train_loss, each.validation_loss) for each in left.result.epochs]


@pytest.mark.parametrize("answer", [CLASSES, VALUES])
def test_equal_seeds_give_equal_losses_and_each_kind_others(answer):
    kinds = ("none", "warp", "size", "both")
    found = [losses(kind, answer) for kind in kinds]
    assert len({str(each) for each in found}) == len(kinds)
    assert found[0] == losses(None, answer)
    assert found[3] == losses("both", answer)
    assert found[3] != losses("both", answer, seed=2)


def test_batches_hold_the_same_sequences_in_the_same_order_with_other_columns():
    data, problem = rising(np.int32), problem_of(CLASSES, folds=2)
    lesson = Lesson(None, partial(LEARNER.batches, data))

    def epoch(augment):
        batches = lesson.changed_for(job_of(augment, fold=1), problem)
        return list(batches(FOLD[0], size=8, rng=np.random.default_rng(4)))

    for plain, changed in zip(epoch("none"), epoch("both"), strict=True):
        np.testing.assert_array_equal(plain.sequences, changed.sequences)
        np.testing.assert_array_equal(plain.targets, changed.targets)
        np.testing.assert_array_equal(plain.inputs["length"], changed.inputs["length"])
        one, other = plain.inputs["numbers"], changed.inputs["numbers"]
        np.testing.assert_array_equal(one[..., 2], other[..., 2])
        assert not np.allclose(one[..., :2], other[..., :2])
    assert lesson.changed_for(job_of("none"), problem) is lesson.batches
