"""Look into a part whose units are sequences, as those of most families are."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rnnauto.arrays import Doubles
from rnnauto.unroll.copies import Spans, hidden, without_statics
from rnnauto.unroll.family import Unrolling
from rnnauto.unroll.find import is_lost, number_at
from rnnauto.unroll.reads import read_sequence

Scores = Callable[[Any, Any, Any], Doubles]
Take = Callable[[Any, int], Any]


def take(part: Any, number: int) -> Any:
    """Take the part of one sequence."""
    return part.take(np.array([number]))


def sequence_at(part: Any, row: int) -> int | None:
    """Find the sequence that a row is of; None where there is nothing to read."""
    number = number_at(part.sequences, row)
    return None if number is None or is_lost(part, number) else number


def of_sequences(part: Any, scores: Scores, *, take: Take = take, **own: Any) -> Unrolling:
    """Say how to look into one sequence.

    Args:
        take: the part of one sequence.
        scores: what of the answer is left, given the open model, copies of a sequence, and the
            answers to the sequence itself.
        own: what else differs between these kinds of problem.
    """

    def with_hidden(run: Any, one: Any, answers: Any, spans: Spans) -> Doubles:
        copies = hidden(one.sequences, spans, one.layout, one.encoders)
        return scores(run, replace(one, sequences=copies), answers)

    def statics(run: Any, one: Any, answers: Any) -> tuple[Doubles, list[str]]:
        copies, names = without_statics(one.sequences, one.layout, one.encoders)
        return scores(run, replace(one, sequences=copies), answers), names

    def at(part: Any, row: int) -> Any:
        """Take the sequence that a row is of; None where there is nothing to read."""
        number = sequence_at(part, row)
        return None if number is None else take(part, number)

    return Unrolling(
        take=take,
        at=at,
        ids=lambda part: part.sequences.ids,
        read=lambda one: read_sequence(one.sequences, one.layout),
        hidden=with_hidden,
        statics=statics if part.layout.static else None,
        **own,
    )
