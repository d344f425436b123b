"""Columns that become numbers when they are looked at give what the whole matrix holds."""

import numpy as np
import polars as pl
import pytest

from rnnauto.data.columns import float_columns, number_matrix
from rnnauto.layout import Column

FRAME = pl.DataFrame(
    {"x": [1.5, None, 1e300, -0.0], "n": [1, 2, 3, None], "w": ["1", "b", "", "4"]}
)
COLUMNS = [Column(name=name, kind="number") for name in FRAME.columns]


@pytest.mark.parametrize(
    "at",
    [
        0,
        3,
        slice(1, 3),
        slice(2, None),
        np.array([3, 0, 0]),
        np.array([True, False, True, True]),
        (np.array([3, 0]), 1),
        (slice(None), 1),
        (slice(1, 4), 0),
        (slice(1, 3), slice(1, 3)),
    ],
)
def test_any_part_of_the_matrix_can_be_looked_at(at):
    whole, looked_at = number_matrix(FRAME, COLUMNS), float_columns(FRAME, COLUMNS)
    assert looked_at.shape == whole.shape and len(looked_at) == len(whole)
    np.testing.assert_array_equal(looked_at[at], whole[at])


def test_without_columns_there_is_nothing_to_look_at():
    assert float_columns(FRAME, []).shape == (4, 0)
