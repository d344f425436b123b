"""Differences between two programs that the last digits of a network's numbers explain."""

import numpy as np
import pytest

from rnnauto.families.decoder.compare import explained
from rnnauto.families.decoder.writer import Writer

SOURCE = {"text": np.array(["a", "b"], object)}
ANSWERS = [[4, 5, 3], [5, 3]]


def writer_moved_by(factor):
    """A writer of six entries that give their tokens half a nat, and `factor` times as much as a
    number of the state, 1, is off."""

    def begin(raw):
        return {"state": np.ones((len(raw["text"]), 1), np.float32)}

    def step(inputs, names):
        off = np.float64(inputs["state"][0, 0]) - 1.0
        scores = np.full((1, 6), -0.5 + factor * off)
        found = {"state_after": np.ones((1, 1), np.float32), "log_probabilities": scores}
        return [found[name] for name in names]

    return Writer(6, begin, step)


@pytest.mark.parametrize(
    ("factor", "far", "left"),
    [
        (0.0, [3e-6, 0.0], 3e-6),
        (0.0, [3e-5, 0.0], 3e-5),
        (300.0, [3e-5, 0.0], 0.0),
        (300.0, [3e-5, 9e-4], 9e-4),
        (1e6, [3e-5, 2e-3], 2e-3),
        (1e6, [np.inf, 0.0], np.inf),
    ],
    ids=["small", "steady", "last digits", "more than they do", "far", "no number"],
)
def test_what_last_digits_move_as_far_is_explained(factor, far, left):
    gaps = explained(writer_moved_by(factor), SOURCE, ANSWERS, np.array(far))
    assert gaps.largest == max(far)
    assert gaps.unexplained == left
