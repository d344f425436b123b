"""Measure whether order matters: the sources of the test part with their timesteps shuffled."""

from rnnauto.families.lists.encode import ListPart
from rnnauto.families.lists.evaluate import ListAnswers, scores_of
from rnnauto.families.lists.metrics import main_metric
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.shuffled import order_matters


def order(subject: Subject, bench: Opening) -> Order | None:
    """Compare the scores in order and shuffled; None where there is no order to shuffle."""
    part: ListPart = subject.prepared.test
    if part.layout.one_timestep or not part.lengths.max(initial=0) > 1:
        return None
    metric = main_metric(part.encoders.target)
    return order_matters(subject, scores_of, ListAnswers.take, metric=metric)
