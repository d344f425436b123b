import numpy as np
from builders import NAN

from rnnauto.deploy.check import difference


def test_a_difference_that_is_no_number_is_infinite():
    one, nan = [np.zeros(2, np.float32)], [np.array([0, NAN], np.float32)]
    assert difference(one, one) == 0
    assert difference(one, nan) == np.inf
    assert difference([], []) == 0
    assert difference([np.zeros(0)], [np.zeros(0)]) == 0
