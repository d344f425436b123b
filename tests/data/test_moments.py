import numpy as np
import pytest
from builders import make_sequences

from rnnauto.data.moments import MOST_MOMENTS, fit_moments, moment_codes, moment_numbers, moments_of

MONTHS = make_sequences([2, 1], times=np.array([3.0, 12.0, 3.0]))


def test_a_moment_is_a_time_or_a_place_in_the_sequence():
    assert moments_of(MONTHS, timed=True).tolist() == [3, 12, 3]
    assert moments_of(MONTHS, timed=False).tolist() == [1, 2, 1]


def test_moments_are_learnt_in_order_and_many_share_a_code():
    assert fit_moments(np.array([12.0, 3.0, np.nan, 3.0])) == (3, 12)
    many = fit_moments(np.arange(1000.0))
    assert len(many) == MOST_MOMENTS and (many[0], many[-1]) == (0, 999)


def test_moments_become_numbers_from_0_to_1_and_codes():
    at = np.array([1.0, 5.0, 3.0, 9.0, np.nan])
    known = (1.0, 3.0, 5.0)
    assert moment_numbers(at, known)[:4, 0].tolist() == [0, 1, 0.5, 2]
    assert moment_codes(at, known, offset=4, absent=1)[:, 0].tolist() == [4, 6, 5, 6, 1]
    assert moment_codes(np.array([0.0]), known, offset=4, absent=1).tolist() == [[4]]


@pytest.mark.train
def test_the_graph_makes_the_same_of_moments():
    from rnnauto.networks import moments

    at = np.array([[1.0, 2.0, np.nan], [0.0, 99.0, 3.0]])
    known = (1.0, 3.0, 5.0)
    codes = moments.codes(at, known, offset=4, absent=1).numpy()
    assert codes.reshape(-1, 1).tolist() == (
        moment_codes(at.ravel(), known, offset=4, absent=1).tolist()
    )
    numbers = moments.numbers(at, known).numpy().reshape(-1, 1)
    assert numbers == pytest.approx(moment_numbers(at.ravel(), known), nan_ok=True)
    assert moments.positions(np.array([2, 3], np.int32)).numpy().tolist() == [[1, 2, 3]] * 2
    assert moments.positions(np.zeros(0, np.int32)).shape == (0, 0)
