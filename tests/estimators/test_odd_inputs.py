"""What X and y may be: read as they are meant, or refused in words."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.utils.estimator_checks import _NotAnArray

from rnnauto.estimators.classifier import labels_of
from rnnauto.estimators.forecaster import take_rows
from rnnauto.estimators.forecaster import values_of as values_of_series
from rnnauto.estimators.given import take
from rnnauto.estimators.regressor import values_of
from rnnauto.estimators.targets import ask, flattened, is_lists, weights_beside

pytestmark = pytest.mark.train

NAN = float("nan")
NUMBERS = np.arange(12, dtype=float).reshape(3, 2, 2)
DAYS = np.array([["2020-01-01", "2020-01-02"], ["2020-01-03", "NaT"]], "M8[D]")
PAIRS = [np.ones(2), np.zeros(2)]


def masked(values, at):
    return np.ma.masked_array(values, mask=np.asarray(values) == at)


@pytest.mark.parametrize(
    "values", [masked(NUMBERS, 1), masked(NUMBERS.astype("f2"), 1), list(masked(NUMBERS, 1))]
)
def test_what_a_mask_hides_is_missing(values):
    assert take(values).frame["x1"].to_list() == [[None, 3], [5, 7], [9, 11]]


def test_what_a_mask_hides_of_two_dimensions_y_and_weights_is_missing():
    assert take(masked(NUMBERS[0], 1)).frame["x"].to_list() == [[0, None], [2, 3]]
    assert take_rows(masked(NUMBERS[0], 1)).frame.rows() == [(0, None), (2, 3)]
    assert values_of_series(masked([1, 2], 2)).tolist()[0] == 1
    assert np.isnan(values_of_series(masked([1, 2], 2))[1])
    with pytest.raises(ValueError, match="NaN"):
        values_of(masked([1, 2], 2))
    with pytest.raises(ValueError, match="the label at 1 is None"):
        labels_of(masked(["a", "b"], "b"))
    with pytest.raises(ValueError, match="NaN"):
        weights_beside(take(PAIRS), masked([1, 2], 2))


@pytest.mark.parametrize(
    "read",
    [
        lambda: take(DAYS),
        lambda: take(DAYS[:, :, None]),
        lambda: take(list(DAYS)),
        lambda: take(DAYS - DAYS[0, 0]),
        lambda: take(pd.DataFrame(DAYS.astype("M8[ns]"))),
        lambda: take_rows(DAYS),
        lambda: values_of(DAYS[0]),
        lambda: values_of(pd.Series(DAYS[0].astype("M8[ns]"))),
        lambda: values_of_series(DAYS[0]),
        lambda: values_of_series(pl.Series([datetime.date(2020, 1, 1)])),
    ],
)
def test_times_are_not_taken_for_the_numbers_inside_them(read):
    with pytest.raises(ValueError, match="holds times, not numbers"):
        read()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((x for x in PAIRS), "is a `generator`, which is no list"),
        ({"a": [1, 2]}, "is a `dict`, which is no list"),
        ({"a": [1, 2]}.values(), "is a `dict_values`, which is no list"),
        ({1, 2}, "is a `set`, which is no list"),
        (pl.LazyFrame({"a": [1]}), "was not computed yet"),
        (pd.DataFrame(index=[1, 2]), "X has no columns"),
        ([["a"], []], "sequence 1 of X is empty"),
        ([[1, [2, 3]], [1, 2]], "sequence 0 of X is no array of numbers"),
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], "sequence 0 of X is no array of numbers"),
        (
            [pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame({"b": [1], "a": [2]})],
            "sequence 1 of X has other columns",
        ),
    ],
)
def test_what_is_no_list_of_sequences_is_refused_in_words(values, said):
    with pytest.raises(ValueError, match=said):
        take(values)


def test_a_list_is_not_cut_where_its_sequences_happen_to_be_equally_long():
    lists = [[[1, 2], [3, 4]], [[5, 6], [NAN, NAN]]]
    assert take(lists).lengths.tolist() == [2, 2]
    assert take(lists).frame["x0"].to_list() == [[1, 3], [5, None]]
    assert take(np.array(lists)).lengths.tolist() == [2, 1]  # an array is padded


def test_words_may_be_an_array_or_a_column():
    words = pl.Series(["a", "b"])
    held = [words, words.to_numpy(), words.to_list(), pd.Series(["a", "b"]), np.array(["a", "b"])]
    assert take(held).kind == "words"
    assert take(held).frame["x"].to_list() == [["a", "b"]] * 5


def test_names_of_several_levels_are_names():
    names = pd.MultiIndex.from_product([["a"], ["x", "y"]])
    given = take(pd.DataFrame(np.ones((2, 2)), columns=names))
    assert (given.kind, given.frame.columns) == ("a frame", ["a_x", "a_y"])
    days = pd.DataFrame(np.ones((2, 2)), columns=pd.to_datetime(["2020-01-01", "2020-01-02"]))
    assert take(days).kind == "numbers"  # a column for each time is a sequence a row


@pytest.mark.parametrize("column", [pd.Series, pl.Series, tuple, list])
def test_a_column_of_lists_has_a_value_for_each_timestep(column):
    y = column([["a", "b"], ["b", "a"]])
    assert is_lists(y) and flattened(y).tolist() == ["a", "b", "b", "a"]
    asked = ask(take(PAIRS), y, flat=labels_of(y), dtype=pl.String)
    assert asked.per_timestep and asked.columns[0].to_list() == [["a", "b"], ["b", "a"]]


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.array([True, False], object), "b"),
        (pd.Series([2, 1], dtype=object), "i"),
        (np.array(["a", "b"], np.dtypes.StringDType()), "O"),
    ],
)
def test_labels_that_came_as_objects_have_their_type(labels, kind):
    found = labels_of(labels)
    assert found.dtype.kind == kind and found.tolist() == list(labels)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["a", None], object),
        pd.Series(["a", pd.NA], dtype="string"),
        np.array(["a", NAN], object),
    ],
)
def test_a_missing_label_is_a_value_error_that_says_where(labels):
    with pytest.raises(ValueError, match="the label at 1 is"):
        labels_of(labels)
    with pytest.raises(ValueError, match="the label at 1 is"):
        labels_of(list(labels))


def test_targets_of_one_name_are_told_apart():
    y = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    asked = ask(take(PAIRS), y, flat=values_of(y), dtype=pl.Float64)
    assert asked.names == ["a", "a_"]
    assert [column.to_list() for column in asked.columns] == [[1, 3], [2, 4]]


def test_one_weight_is_that_of_all():
    assert weights_beside(take(PAIRS), 2.0).to_list() == [2, 2]


def test_weights_need_no_functions_of_arrays():
    assert weights_beside(take(PAIRS), _NotAnArray(np.array([1.0, 2]))).to_list() == [1, 2]
