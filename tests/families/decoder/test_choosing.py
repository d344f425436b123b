"""The penalty of length is chosen where it helps on what it was not chosen by."""

import numpy as np
import pytest

from rnnauto.families.decoder.choosing import PENALTIES, best_by_halves
from rnnauto.families.decoder.tokens import TokensEncoder, penalties_of

pytestmark = pytest.mark.train


def right(*tokens):
    """Sums of answers of ten tokens, of which so many are right: by penalty and sequence."""
    table = np.array(tokens, float)
    sums = np.zeros((*table.shape, 5))
    sums[..., 0], sums[..., 1], sums[..., 2] = 1, table, 10
    return sums


@pytest.mark.parametrize(
    ("tokens", "chosen"),
    [
        (([5, 5, 5, 5], [6, 6, 7, 6], [9, 9, 9, 9]), 2),
        (([5, 5, 5, 5], [6, 6, 6, 6], [6, 6, 6, 6]), 1),  # of equals the least
        (([5, 5, 5, 5], [5, 5, 5, 5], [4, 4, 4, 4]), 0),
        (([5, 5, 5, 5], [9, 1, 9, 2], [5, 5, 5, 5]), 0),  # better on one half, worse on the other
        (([5], [9]), 0),  # one sequence has no halves
    ],
)
def test_a_penalty_is_chosen_where_halves_agree(tokens, chosen):
    assert best_by_halves(right(*tokens)) == chosen


def test_penalties_are_those_of_the_paper_and_none_is_as_before():
    encoder = TokensEncoder(tokens="word", vocabulary=("a",), longest=2)
    assert encoder.length_penalty is None
    np.testing.assert_array_equal(penalties_of(encoder, None), np.ones(5, np.float32))
    np.testing.assert_allclose(penalties_of(encoder, 1), np.arange(5, 10) / 6, rtol=1e-6)
    assert PENALTIES[0] == 0
