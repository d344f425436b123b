"""Measure whether order matters: the sources of the test part with their timesteps shuffled."""

from rnnauto.families.decoder.evaluate import Answered, answer_metric, evaluate_answers
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.evaluate import Scores
from rnnauto.judge.shuffled import order_matters

MOST = 100  # sequences: to write answers takes long


def scores_of(part: DecoderPart, written: Answered, *, seed: int) -> Scores:
    """Score answers, without baselines."""
    return evaluate_answers(part, written, (), seed=seed).scores


def order(subject: Subject, bench: Opening) -> Order | None:
    """Compare the scores in order and shuffled; None where there is no order to shuffle."""
    part: DecoderPart = subject.prepared.test
    if part.layout.one_timestep or not part.lengths.max(initial=0) > 1:
        return None
    metric = answer_metric(part.layout)
    return order_matters(subject, scores_of, Answered.take, metric=metric, most=MOST)
