"""What stands in the boxes of values, classes and sets of labels, and how wrong answers are."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from builders import make_encoders, make_layout, make_sequences

from rnnauto.data.decisions import Decision
from rnnauto.data.targets import LabelEncoder, LabelSetEncoder, SeveralTargets, ValueEncoder
from rnnauto.families.direct.encode import DirectPart
from rnnauto.families.direct.inside.sequence import faults, told, weights_of

CLASSES = LabelEncoder(classes=("ill", "well"), kind="text")
VALUE = ValueEncoder(mean=10.0, deviation=2.0)


def part_of(target, targets, *, lengths=(2,), **layout):
    sequences = make_sequences(list(lengths), targets=targets)
    shape = make_layout(**layout)
    return DirectPart(pl.DataFrame(), sequences, shape, make_encoders(target))


def said_of(target, targets, answers, **layout):
    return told(None, part_of(target, targets, **layout), np.array(answers, np.float32))


def test_a_class_is_said_with_its_probability_and_whether_it_is_right():
    said = said_of(CLASSES, ["well"], [[0.25, 0.75]]).whole
    assert (said.text, said.truth, said.right, said.chance) == ("well", "well", True, 0.75)
    said = said_of(CLASSES, ["well"], [[0.75, 0.25]]).whole
    assert (said.text, said.right) == ("ill", False)
    said = said_of(CLASSES, None, [[0.75, 0.25]]).whole
    assert (said.truth, said.right) == (None, None)


def test_a_class_that_is_decided_for_stands_with_its_own_probability():
    worth = ((4.0, 0.0), (0.0, 1.0))  # a patient who is found counts as four
    rare = Decision(metric="f1", worth=worth, fitted=True, plain=0.5, value=0.6, units=9)
    target = CLASSES.model_copy(update={"decision": rare})
    said = said_of(target, ["ill"], [[0.25, 0.75]]).whole
    assert (said.text, said.right, said.chance) == ("ill", True, 0.25)


@pytest.mark.parametrize(("separator", "wanted"), [("|", "a|c"), ("", '["a", "c"]')])
def test_a_set_of_labels_is_written_like_its_answer(separator, wanted):
    target = LabelSetEncoder(labels=("a", "b", "c"), kind="text", separator=separator)
    layout = {"target_kind": "list"}
    said = said_of(target, [["c", "a"]], [[0.9, 0.1, 0.6]], **layout).whole
    assert (said.text, said.truth, said.right) == (wanted, wanted, True)
    said = said_of(target, [["c", "new"]], [[0.9, 0.1, 0.6]], **layout).whole
    assert said.truth == "[c, new]" and said.right is False


def test_several_targets_are_said_by_name_and_numbers_are_neither_right_nor_wrong():
    target = SeveralTargets(names=("state", "dose"), each=(CLASSES, VALUE))
    targets = pl.DataFrame({"state": ["ill"], "dose": [11.5]}).to_struct("y")
    sequences = SimpleNamespace(targets=targets)
    one = SimpleNamespace(encoders=make_encoders(target), layout=make_layout(), sequences=sequences)
    said = told(None, one, np.array([[0.8, 0.2, 12.25]], np.float32)).whole
    assert said.text == "state=ill, dose=12.25"
    assert (said.truth, said.right) == ("state=ill, dose=11.5", None)


def test_weights_sum_an_answer_up_to_how_much_the_model_is_of_its_opinion():
    chances = np.array([[0.25, 0.75]], np.float32)
    assert weights_of(chances, CLASSES, scaled=False).tolist() == [[0.0, 1.0]]
    value = np.array([12.0], np.float32)
    assert weights_of(value, VALUE, scaled=False).tolist() == [[1.0]]
    assert weights_of(value, VALUE, scaled=True).tolist() == [[2.0]]  # from deviations
    both = SeveralTargets(names=("state", "dose"), each=(CLASSES, VALUE))
    answers = np.array([[0.25, 0.75, 12.0]], np.float32)
    assert weights_of(answers, both, scaled=False).tolist() == [[0.0, 0.5, 0.25]]
    assert weights_of(answers, both, scaled=True).tolist() == [[0.0, 0.5, 0.5]]
    labels = LabelSetEncoder(labels=("a", "b"), kind="text")
    sure = weights_of(np.array([[0.9, 0.2]], np.float32), labels, scaled=False)
    assert sure.tolist() == [[0.5, -0.5]]


def test_faults_are_the_share_of_wrong_answers_or_distances_in_deviations():
    part = part_of(CLASSES, ["ill", "well", None], lengths=(2, 1, 3))
    found = faults(part, np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.5]], np.float32))
    np.testing.assert_array_equal(found, [0.0, 1.0, np.nan])
    part = part_of(VALUE, [10.0, 14.0], lengths=(2, 1), task="regression", target_kind="number")
    np.testing.assert_allclose(faults(part, np.array([11.0, 10.0], np.float32)), [0.5, 2.0])
    part = part_of(CLASSES, ["ill", "ill", "well"], lengths=(2, 1), rnn_type="many-to-many")
    found = faults(part, np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9]], np.float32))
    np.testing.assert_allclose(found, [0.5, 0.0])
