"""Steps of time columns are found, and go on into the future."""

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from rnnauto.families.forecast.steps import Step, find_step, times_after

MONTHS = [date(2020, 11, 1), date(2020, 12, 1), date(2021, 1, 1)]


@pytest.mark.parametrize(
    ("times", "step", "later"),
    [
        (MONTHS, Step(unit="month", count=1), [date(2021, 2, 1), date(2021, 3, 1)]),
        (
            [date(2020, 11, 30), date(2020, 12, 31), date(2021, 1, 31)],
            Step(unit="month", count=1, at_end=True),
            [date(2021, 2, 28), date(2021, 3, 31)],
        ),
        (
            [date(2018, 1, 1), date(2019, 1, 1), date(2020, 1, 1)],
            Step(unit="month", count=12),
            [date(2021, 1, 1), date(2022, 1, 1)],
        ),
        (
            [date(2021, 1, 4), date(2021, 1, 11), date(2021, 1, 18)],
            Step(unit="microsecond", count=7 * 86_400e6),
            [date(2021, 1, 25), date(2021, 2, 1)],
        ),
        (
            [datetime(2021, 1, 1, 22), datetime(2021, 1, 1, 23)],
            Step(unit="microsecond", count=3_600e6),
            [datetime(2021, 1, 2, 0), datetime(2021, 1, 2, 1)],
        ),
        ([1, 11, 21], Step(unit="number", count=10), [31, 41]),
        ([0.5, 1.0], Step(unit="number", count=0.5), [1.5, 2.0]),
    ],
)
def test_the_step_goes_on(times, step, later):
    column = pl.Series("time", times)
    found = find_step(column, np.array([0, len(times)]))
    assert found == step
    after = times_after(column[-1:], found, 2)
    assert after.to_list() == later
    assert after.dtype == column.dtype


def test_a_gap_and_the_border_between_series_do_not_count():
    column = pl.Series([1, 2, 3, 7, 8, 100, 101, 102])
    assert find_step(column, np.array([0, 5, 8])).count == 1
    lonely = find_step(pl.Series([5, 900]), np.array([0, 1, 2]))
    assert lonely == Step(unit="number", count=1)
