"""Measure whether order matters: the test part with its timesteps shuffled."""

from dataclasses import replace

from rnnauto.data.split import LONGEST, first_timesteps
from rnnauto.families.direct.encode import DirectPart, answers_of
from rnnauto.families.direct.evaluate import scores_of
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.measures import main_metric
from rnnauto.judge.shuffled import order_matters


def order(subject: Subject, bench: Opening) -> Order | None:
    """Compare the scores in order and shuffled; None where there is no order to shuffle."""
    part: DirectPart = subject.prepared.test
    layout = part.layout
    if layout.static_only or layout.one_timestep or not part.lengths.max(initial=0) > 1:
        return None
    return order_matters(
        subject,
        scores_of,
        lambda answers, chosen: answers_of(part, answers, chosen),
        metric=main_metric(part.encoders.target, per_timestep=layout.per_timestep),
        cut=short_enough,
    )


def short_enough(part: DirectPart) -> DirectPart:
    """Take of recordings of millions of timesteps the first; they are answered in pieces, and what
    is shuffled is read at once."""
    per_timestep = part.layout.per_timestep
    first = first_timesteps(part.sequences, most=LONGEST, per_timestep=per_timestep)
    return part if first is part.sequences else replace(part, sequences=first)
