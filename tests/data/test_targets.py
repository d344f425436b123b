import numpy as np
import polars as pl
import pytest
from builders import NAN
from pydantic import ValidationError

from rnnauto.data.targets import (
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    ValueEncoder,
    decode_label_sets,
    encode_targets,
    fit_labels,
    fit_target,
    fit_values,
    is_known,
    label_texts,
    lists_of,
    value_encoders,
)

SETS = pl.Series("notes", [[60, 64], [], None, [64, None]])
NOTES = LabelSetEncoder(labels=("60", "64"), kind="integer")
PAIR = pl.DataFrame({"a": ["p", "q", None], "b": [1, None, None]}).to_struct()
BOTH = SeveralTargets(
    names=("a", "b"),
    each=(
        LabelEncoder(classes=("p", "q"), kind="text"),
        LabelEncoder(classes=("1", "2"), kind="integer"),
    ),
)


def test_labels_are_sorted_and_know_how_the_file_wrote_them():
    def label(values, dtype=None):
        return fit_labels(pl.Series(values, dtype=dtype))

    assert label([10, 9, None, 10]) == LabelEncoder(classes=("9", "10"), kind="integer")
    assert label(["b", None, "a"]) == LabelEncoder(classes=("a", "b"), kind="text")
    assert label([True, False]) == LabelEncoder(classes=("false", "true"), kind="boolean")
    assert label([0.5, 1.0]) == LabelEncoder(classes=("0.5", "1.0"), kind="number")
    assert label([2.0, 1.0]) == LabelEncoder(classes=("1", "2"), kind="number")


def test_one_class_is_no_label_encoder():
    with pytest.raises(ValidationError, match="at least 2 items"):
        fit_labels(pl.Series(["a", "a"]))


def test_labels_have_one_spelling_each():
    assert label_texts(pl.Series([1.0, None, 2.0])).to_list() == ["1", None, "2"]
    assert label_texts(pl.Series([1.5, 1.0])).to_list() == ["1.5", "1.0"]
    assert label_texts(pl.Series([1, 2])).to_list() == ["1", "2"]


def test_a_constant_regression_target_has_a_deviation_to_divide_by():
    assert fit_values(np.array([4, 4, NAN], np.float32)) == ValueEncoder(mean=4, deviation=1)
    assert fit_values(np.array([1, 3, NAN], np.float32)) == ValueEncoder(mean=2, deviation=1)


def test_a_list_of_labels_is_a_set_whose_labels_come_from_every_part():
    assert fit_target(SETS[:1], every=SETS, classification=True) == NOTES
    assert NOTES.widths == (2,)


def test_sets_become_ones_and_zeros_and_missing_sets_are_told_from_empty_ones():
    assert encode_targets(SETS, NOTES, 4).tolist() == [[1, 1], [0, 0], [-1, -1], [0, 1]]
    assert encode_targets(None, NOTES, 2).tolist() == [[-1, -1]] * 2
    assert encode_targets(pl.Series([[99, 60]]), NOTES, 1).tolist() == [[1, 0]]


def test_sets_come_back_as_lists():
    there = np.array([[True, True], [False, False], [False, True]])
    assert decode_label_sets(there, NOTES).to_list() == [["60", "64"], [], ["64"]]


def test_lists_are_the_reverse_of_exploding():
    items = pl.Series(["a", "b", "c"])
    assert lists_of(items, np.array([0, 0, 2, 3])).to_list() == [[], ["a", "b"], ["c"]]


def test_several_targets_have_an_encoder_each():
    every = pl.DataFrame({"a": ["p", "q", None], "b": [1, 2, None]}).to_struct()
    assert fit_target(PAIR, every=every, classification=True) == BOTH
    assert BOTH.widths == (2, 2)
    assert value_encoders(BOTH) == ()


def test_several_targets_are_encoded_side_by_side():
    found = encode_targets(PAIR, BOTH, 3)
    assert found.tolist() == [[0, 0], [1, -1], [-1, -1]] and found.dtype == np.int32
    assert encode_targets(None, BOTH, 2).tolist() == [[-1, -1]] * 2


def test_several_values_are_standardised_each_by_its_own():
    values = pl.DataFrame({"a": [1.0, 3.0], "b": [10.0, 30.0]}).to_struct()
    encoder = fit_target(values, every=values, classification=False)
    assert value_encoders(encoder) == (
        ValueEncoder(mean=2, deviation=1),
        ValueEncoder(mean=20, deviation=10),
    )
    assert encode_targets(values, encoder, 2).tolist() == [[1, 10], [3, 30]]


def test_of_several_targets_one_is_enough():
    assert is_known(PAIR).tolist() == [True, True, False]
    assert is_known(pl.Series([1, None])).tolist() == [True, False]
    numbers = pl.Series([1.0, NAN, None, float("inf"), -1e300])
    assert is_known(numbers, held=True).tolist() == [True, False, False, False, False]
