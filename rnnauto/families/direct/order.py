"""Measure whether order matters: the test part with its timesteps shuffled."""

from rnnauto.families.direct.encode import DirectPart, answers_of
from rnnauto.families.direct.evaluate import scores_of
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.measures import main_metric
from rnnauto.judge.shuffled import MOST_SEQUENCES, order_matters, some_of


def order(subject: Subject, bench: Opening) -> Order | None:
    """Compare the scores in order and shuffled; None where there is no order to shuffle."""
    part: DirectPart = subject.prepared.test
    layout, seed = part.layout, subject.seed
    if layout.static_only or layout.one_timestep or not part.lengths.max(initial=0) > 1:
        return None
    chosen = some_of(len(part), most=MOST_SEQUENCES, seed=seed)
    some = part.take(chosen)
    return order_matters(
        subject.run,
        lambda run: scores_of(some, subject.rescore(run, some), seed=seed),
        scores_of(some, answers_of(part, subject.answers, chosen), seed=seed),
        layout,
        metric=main_metric(part.encoders.target, per_timestep=layout.per_timestep),
        seed=seed,
    )
