"""A weight of two counts as two rows, in every metric."""

import numpy as np
import pytest
from builders import make_encoded

from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.errors import DataError
from rnnauto.families.direct.linear import fit_baselines, fit_linear, predict
from rnnauto.families.direct.predictors import fit_predictors
from rnnauto.judge.averaged import greedy, losses_of, not_worse
from rnnauto.judge.evaluate import score
from rnnauto.networks.architecture import Answer

RNG = np.random.default_rng(0)
COUNTS = np.array([1, 2, 0, 3] * 6)
TIMES = np.repeat(np.arange(24), COUNTS)
CLASSES = LabelEncoder(classes=("a", "b", "c"), kind="text")
VALUE = ValueEncoder(mean=0.0, deviation=1.0)
CASES = {
    "classes": (RNG.integers(0, 3, 24), RNG.dirichlet(np.ones(3), 24), CLASSES),
    "values": (RNG.normal(9, 2, 24), RNG.normal(9, 2, 24), VALUE),
    "sets": (
        *(RNG.integers(0, 2, (24, 2)), RNG.random((24, 2))),
        LabelSetEncoder(labels=("x", "y"), kind="text"),
    ),
    "two values": (
        *(RNG.normal(size=(24, 2)), RNG.normal(size=(24, 2))),
        SeveralTargets(names=("u", "v"), each=(VALUE, VALUE)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_weight_counts_as_so_many_rows(case):
    truth, said, target = CASES[case]
    weighed = score(truth, said, target=target, weights=COUNTS.astype(np.float32))
    repeated = score(truth[TIMES], said[TIMES], target=target)
    for name, metric in repeated.metrics.items():
        assert weighed.metrics[name].value == pytest.approx(metric.value), name
    assert weighed.units == 24


def test_a_chunk_of_tags_has_the_weight_of_its_first_timestep():
    tags = LabelEncoder(classes=("B-x", "I-x", "O"), kind="text")
    truth = np.array([0, 1, 2, 0, 2])
    said = np.eye(3)[[0, 1, 2, 2, 2]]
    weights = np.array([5.0, 1, 1, 2, 1])
    found = score(truth, said, target=tags, row_splits=np.array([0, 3, 5]), weights=weights)
    # 5 of 7 are found, and all that is found is right
    assert found.metrics["entity_f1"].value == pytest.approx(2 * 5 / (5 + 7))


def test_weights_that_leave_nothing_to_score_are_an_error():
    truth, said, target = CASES["classes"]
    with pytest.raises(DataError, match="weight of every known target is 0"):
        score(truth, said, target=target, weights=np.zeros(24))


def rows(targets, weights=None, *, times=slice(None)):
    numbers = np.arange(len(targets), dtype=np.float32)[:, None] % 7
    made = make_encoded([1] * len(targets[times]), targets[times], numbers=numbers[times])
    return made if weights is None else _with(made, weights)


def _with(encoded, weights):
    from dataclasses import replace

    return replace(encoded, weights=np.asarray(weights, np.float32))


def test_baselines_learn_from_weights_as_from_rows():
    counts = np.tile([1, 2, 0, 3], 30)
    times = np.repeat(np.arange(120), counts)
    truth = ((np.arange(120) % 7 > 3) ^ (np.arange(120) % 5 == 0)).astype(np.int32)
    asked = rows(truth[:7])
    for targets, classes in ((truth, 2), (truth * 3.0 + 1, None)):
        targets = targets.astype(np.int32 if classes else np.float32)
        weighed, repeated = rows(targets, counts), rows(targets, times=times)
        constant = [fit_baselines(part, classes=classes, seed=0)[0] for part in (weighed, repeated)]
        np.testing.assert_allclose(*(predict(each, asked) for each in constant), rtol=1e-6)
        linear = [
            fit_linear(part, np.arange(len(part)), classes=classes, seed=0)
            for part in (weighed, repeated)
        ]
        apart = np.abs(np.subtract(*(predict(each, asked) for each in linear))).max()
        assert apart < 0.05 * (1 if classes else 3)
    # whoever reads weights tells the heavy class
    heavy = np.where(truth == 1, 50.0, 1.0)
    for each in fit_predictors(rows(truth, heavy), target=CLASSES2, seed=0):
        light = next(
            one
            for one in fit_predictors(rows(truth), target=CLASSES2, seed=0)
            if one.name == each.name
        )
        assert each(asked)[:, 1].mean() > light(asked)[:, 1].mean(), each.name


CLASSES2 = LabelEncoder(classes=("a", "b"), kind="text")


def test_a_mean_of_networks_is_better_by_the_weight_of_what_it_mends():
    answer, truth = Answer("classes", (2,)), np.array([0, 0, 1, 1])
    first = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.9, 0.1]])
    second = np.array([[0.2, 0.8], [0.2, 0.8], [0.2, 0.8], [0.05, 0.95]])
    last = np.array([0.0, 0.0, 0.0, 1.0])
    assert not_worse([first, second], [0, 1], truth, answer, weights=last) == [0, 1]
    assert not_worse([first, second], [0, 1], truth, answer, weights=1 - last) == [0]
    units = np.arange(4)
    assert greedy([first, second], truth, units, answer, weights=last) == [0, 1]
    assert greedy([first, second], truth, units, answer, weights=1 - last) == [0]
    assert losses_of(first, truth, answer, last)[:3].tolist() == [0, 0, 0]
