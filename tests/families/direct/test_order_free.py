from dataclasses import replace

import numpy as np
import pytest

from rnnauto.data.encode import Encoded
from rnnauto.families.direct.order_free import (
    all_columns,
    bags_of,
    column_count,
    dense_columns,
    summarise,
    telling,
    units_of,
)

NAN = np.nan
RAGGED = Encoded(  # two timesteps, none, one
    row_splits=np.array([0, 2, 2, 3]),
    numbers=np.array([[1.0], [3.0], [NAN]], np.float32),
    codes=np.array([[4], [4], [5]], np.int32),
    static_numbers=np.array([[7.0], [NAN], [9.0]], np.float32),
    static_codes=np.array([[4], [5], [4]], np.int32),
    targets=np.array([0, 1, 0], np.int32),
    per_timestep=False,
)


def test_a_summary_leaves_out_what_is_missing():
    values = np.array([1.0, 5.0, NAN, NAN, NAN, 2.0])
    splits = np.array([0, 3, 5, 5, 6])  # the second is all missing, the third empty
    mean, missing, deviation, low, high = summarise(values, splits)
    np.testing.assert_array_equal(mean, [3, NAN, NAN, 2])
    np.testing.assert_allclose(missing, [1 / 3, 1, 1, 0])
    np.testing.assert_array_equal(deviation, [2, NAN, NAN, 0])
    np.testing.assert_array_equal(low, [1, NAN, NAN, 2])
    np.testing.assert_array_equal(high, [5, NAN, NAN, 2])


def test_dense_columns_are_summaries_then_static_numbers_then_length():
    columns = dense_columns(RAGGED, spread=True)
    assert columns.shape[1] == column_count(RAGGED, spread=True) == 8
    first = [2, 0, 1, 1, 3, 7, 0, np.log(3)]
    np.testing.assert_allclose(columns[0], first)
    np.testing.assert_array_equal(columns[1, 5:], [NAN, 1, 0])


@pytest.mark.parametrize("spread", [True, False])
def test_only_shares_of_what_is_never_missing_can_tell_nothing(spread):
    numbers = np.array([[1.0, 2.0], [3.0, NAN], [2.0, 2.0]], np.float32)
    static = np.array([[7.0, NAN], [8.0, 1.0], [9.0, 1.0]], np.float32)
    units = replace(
        RAGGED, row_splits=np.arange(4), numbers=numbers, static_numbers=static, moments=1
    )
    every = dense_columns(units, spread=spread)
    kept = telling(units, spread=spread)
    assert kept.shape == every.shape[1:]
    assert np.count_nonzero(~kept) == 3  # of the first feature, the first static one, and at 1
    assert not every[:, ~kept].any()
    np.testing.assert_array_equal(dense_columns(units, spread=spread, kept=kept), every[:, kept])


def test_an_empty_sequence_lacks_all():
    numbers = np.array([[1.0], [3.0], [2.0]], np.float32)
    assert telling(replace(RAGGED, numbers=numbers), spread=True)[1]


def test_columns_get_their_places_back_before_what_stands_behind_them():
    kept = np.array([True, False, True])
    found = all_columns(np.array([1.0, 2.0, 5.0]), kept, empty=9.0)
    assert found.tolist() == [1, 9, 2, 5]


def test_order_changes_nothing():
    shuffled = RAGGED.numbers[[1, 0, 2]]
    other = Encoded(**{**RAGGED.__dict__, "numbers": shuffled})
    np.testing.assert_array_equal(
        dense_columns(other, spread=True), dense_columns(RAGGED, spread=True)
    )


def test_bags_pair_units_with_ids():
    (unit, codes), (static_unit, static_codes) = bags_of(RAGGED)
    assert (unit.tolist(), codes.tolist()) == ([0, 0, 2], [4, 4, 5])
    assert (static_unit.tolist(), static_codes.tolist()) == ([0, 1, 2], [4, 5, 4])


def test_with_one_target_per_timestep_a_timestep_stands_alone_with_its_statics():
    aligned = Encoded(**{**RAGGED.__dict__, "per_timestep": True})
    units = units_of(aligned, np.array([1, 2]))
    assert units.row_splits.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(units.static_numbers, [[7], [9]])
    columns = dense_columns(units, spread=False)
    np.testing.assert_array_equal(columns, [[3, 0, 7, 0], [NAN, 1, 9, 0]])
    assert columns.shape[1] == column_count(aligned, spread=False)


@pytest.mark.parametrize("spread", [True, False])
def test_no_features_are_no_columns_but_the_length(spread):
    bare = Encoded(
        row_splits=np.array([0, 1]),
        numbers=np.zeros((1, 0), np.float32),
        codes=np.zeros((1, 0), np.int32),
        static_numbers=np.zeros((1, 0), np.float32),
        static_codes=np.zeros((1, 0), np.int32),
        targets=np.zeros(1, np.int32),
        per_timestep=False,
    )
    assert dense_columns(bare, spread=spread).shape == (1, int(spread))
