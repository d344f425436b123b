"""Equal sequences that an epoch reads once."""

import numpy as np
import pytest

from rnnauto.data.repeats import each_once, share_repeated

GROUPS = np.array([0, 1, 0, 2, 0, 3, 3])


def test_one_of_every_group_is_drawn_each_time_another():
    train, rng = np.array([0, 2, 3, 4, 5, 6]), np.random.default_rng(0)
    drawn = [each_once(train, GROUPS, rng) for _ in range(300)]
    assert {tuple(GROUPS[some]) for some in drawn} <= {(0, 2, 3), (2, 0, 3)}
    counts = np.bincount(np.concatenate(drawn), minlength=7)
    assert counts[1] == 0 and counts[3] == 300
    assert (counts[[0, 2, 4]] > 70).all() and (counts[[5, 6]] > 110).all()


def test_the_share_that_need_not_be_read_is_told():
    assert share_repeated(GROUPS) == pytest.approx(3 / 7)
    assert share_repeated(np.arange(4)) == 0
    assert share_repeated(np.arange(0)) == 0
