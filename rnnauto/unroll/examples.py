"""Choose sequences that are worth a look: one that is answered right, and one that is not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.unroll.family import Unrolling
from rnnauto.unroll.gather import Opened, unroll
from rnnauto.unroll.record import Unrolled

SEEN = (3, 40)  # timesteps of an example
LONGEST = 1000  # timesteps of one that a fit waits for


def unroll_some(
    opened: Opened, unrolling: Unrolling, part: Any, judged: Any, answer: Any
) -> list[Unrolled]:
    """Look into two sequences of a part: one that was answered right and one that was not, or the
    nearest and the farthest answer; one alone where all are right.

    Args:
        judged: the answers to the part, as the judge has them.
        answer: has the model tell a user of a part.
    """
    found = []
    for number, title in examples_of(unrolling.faults(part, judged), part.lengths):
        one = unrolling.take(part, number)
        found.append(unroll(opened, unrolling, one, answer(opened.run, one), title=title))
    return found


def examples_of(faults: Doubles, lengths: NDArray[np.int64]) -> list[tuple[int, str]]:
    """Choose the number of a unit with few faults, and of one with many, and say which is which.
    Of some length, where there are such: neither too short nor too long to be seen at once."""
    known = np.isfinite(faults) & (lengths <= LONGEST)
    fitting = known & (lengths >= SEEN[0]) & (lengths <= SEEN[1])
    places = np.flatnonzero(fitting if fitting.any() else known)
    if not len(places):
        return []
    best, worst = places[faults[places].argmin()], places[faults[places].argmax()]
    wrong = np.flatnonzero(known & (faults > 0))
    if faults[worst] <= faults[best] and len(wrong):  # none of these lengths
        worst = wrong[faults[wrong].argmax()]
    yes_or_no = bool(np.isin(faults[known], (0.0, 1.0)).all())
    names = ("A right answer", "A wrong answer") if yes_or_no else ("A good answer", "A bad answer")
    if yes_or_no and faults[best] > 0:
        return [(int(best), names[1])]
    if faults[worst] <= faults[best]:
        return [(int(best), names[0])]
    return [(int(best), names[0]), (int(worst), names[1])]
