"""Look into a part whose units are sequences, as those of most families are."""

from typing import Any

import numpy as np

from rnnauto.unroll.family import Unrolling
from rnnauto.unroll.find import number_at
from rnnauto.unroll.reads import read_sequence


def take(part: Any, number: int) -> Any:
    """Take the part of one sequence."""
    return part.take(np.array([number]))


def at(part: Any, row: int) -> Any:
    """Take the sequence that a row is of; None where there is nothing to read."""
    number = number_at(part.sequences, row)
    lost = part.lost is not None and number is not None and bool(part.lost.flags[number])
    return None if number is None or lost else take(part, number)


def of_sequences(**own: Any) -> Unrolling:
    """Say how to look into one sequence; `own` is what differs between these kinds of problem."""
    return Unrolling(
        take=take,
        at=at,
        ids=lambda part: part.sequences.ids,
        read=lambda one: read_sequence(one.sequences, one.layout),
        **own,
    )
