import math

import numpy as np
import pytest

from rnnauto.data.batches import Batch
from rnnauto.networks.architecture import Answer, Features
from rnnauto.search.trial import StudyProblem
from rnnauto.search.validation import Tally, Validated, selected_by


def problem(loss, widths, *, scales=(), tags=(), **more):
    features = Features(
        numbers=1,
        missing=(),
        vocabularies=(),
        static_numbers=0,
        static_missing=(),
        static_vocabularies=(),
        outputs=sum(widths),
        per_timestep=False,
    )
    return StudyProblem(
        family="direct",
        features=features,
        answer=Answer(loss, widths),
        scales=scales,
        numbers=((),),
        static_numbers=((),),
        epochs=1,
        patience=None,
        tags=tags,
        **more,
    )


def batch_of(targets):
    lengths = (targets >= 0).sum(axis=1).astype(np.int32)
    return Batch({"length": lengths}, targets, np.arange(len(targets)))


def test_equal_shares_are_told_apart_by_the_loss_and_other_metrics_never():
    better, worse = (Validated(loss, 0.0, loss) for loss in (0.2, 0.9))
    of_shares = [selected_by("accuracy", each, 0.75) for each in (better, worse)]
    assert of_shares[0].criterion < of_shares[1].criterion < 0.2501
    assert all(each.score == 0.75 for each in of_shares)
    tiny = [selected_by("rmse", each, 1e-9) for each in (better, worse)]
    assert {each.criterion for each in tiny} == {1e-9}
    assert math.isnan(selected_by("accuracy", Validated(math.nan, 0, 0), 1.0).criterion)


def test_classes_are_ranked_by_their_loss():
    tally = Tally(problem("classes", (2,)), loss=3.0, units=4.0, right=3)
    found = tally.result()
    assert (found.loss, found.score, found.criterion) == (0.75, 0.75, 0.75)


def test_the_error_of_several_values_is_the_mean_in_data_units():
    tally = Tally(problem("values", (1, 1), scales=((0, 2), (5, 10))), loss=4.0, units=2.0)
    tally.add_values(np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [-1.0, np.nan]]))
    assert tally.result().score == (1 * 2 + 1 * 10) / 2


def test_tags_are_ranked_by_what_is_missing_to_a_perfect_f1():
    tally = Tally(problem("classes", (3,), tags=("B-x", "I-x", "O")), loss=1.0, units=3.0)
    batch = batch_of(np.array([[0, 1, 2], [0, 2, -1]]))
    tally.add_tags(np.eye(3)[[[0, 1, 2], [2, 0, 0]]], batch)
    found = tally.result()
    assert found.score == pytest.approx(2 * 1 / (2 + 2)) and found.criterion == 0.5


def test_tags_in_order_are_validated_as_they_are_answered():
    tags = ("B-x", "B-y", "I-x", "I-y", "O")
    truth = np.array([[0, 2, 4], [4, 1, -1]])
    outputs = np.zeros((2, 3, 5))
    outputs[0, 0, 0], outputs[0, 1, 3], outputs[0, 1, 2], outputs[0, 2, 4] = 3, 2, 1.5, 3
    outputs[1, 0, 4], outputs[1, 1, 1], outputs[1, 2, 3] = 3, 2, 50  # past the end of the sequence
    scores = []
    for ordered in (False, True):
        tally = Tally(problem("classes", (5,), tags=tags, tags_in_order=ordered))
        tally.add_tags(outputs, batch_of(truth))
        scores.append(tally.by_loss().score)
    assert scores[0] < 1 and scores[1] == 1


def test_without_a_known_target_nothing_is_validated():
    assert math.isnan(Tally(problem("values", (1,), scales=((0, 1),))).result().score)
    assert math.isnan(Tally(problem("classes", (3,), tags=("B", "I", "O"))).result().criterion)
