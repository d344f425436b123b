import numpy as np
import pytest

from rnnauto.data.gaps import Gaps, differing, fit_gaps, gap_numbers, steps_in

DAY = 86_400.0
SPLITS = np.array([0, 3, 3, 5])
TIMES = np.array([10.0, 12.0, 18.0, 1.0, 5.0])


def test_gaps_are_those_inside_a_sequence_in_median_steps_and_their_logarithm():
    found = gap_numbers(TIMES, SPLITS, Gaps(unit=2.0))
    assert found[:, 0].tolist() == [0, 1, 3, 0, 2]
    assert found[:, 1] == pytest.approx(np.log1p(found[:, 0]))


def test_a_missing_time_leaves_two_gaps_unknown_and_time_that_goes_back_is_no_gap():
    found = gap_numbers(np.array([1.0, np.nan, 3.0, 2.0]), np.array([0, 4]), Gaps(unit=1.0))
    assert np.isnan(found[:, 0]).tolist() == [False, True, True, False]
    assert found[3].tolist() == [0, 0]


def test_the_scale_is_that_of_the_train_part():
    gaps = fit_gaps(TIMES, SPLITS)
    assert gaps.unit == 4.0  # of 2, 6 and 4
    numbers = gap_numbers(TIMES, SPLITS, gaps)
    assert gaps.mean == pytest.approx(numbers.mean(axis=0))
    assert gaps.deviation == pytest.approx(numbers.std(axis=0))


def test_equal_times_have_no_scale():
    assert fit_gaps(np.full(4, 7.0), np.array([0, 4])) is None
    assert fit_gaps(np.array([1.0, 9.0]), np.array([0, 1, 2])) is None


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        (np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * DAY, 0),  # months
        (np.array([60.0, 59.0, 61.0, 60.4]), 0),
        (np.array([1.0, 1.0, 1.0, 3.0]), 0.25),
        (np.zeros(3), 0),
    ],
)
def test_steps_differ_by_more_than_a_tenth(steps, share):
    times = np.concatenate([[5.0], 5.0 + np.cumsum(steps)])
    assert differing(steps_in(times, np.array([0, len(times)]))) == share
