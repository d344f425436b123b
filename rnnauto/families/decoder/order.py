"""Measure whether order matters: the sources of the test part with their timesteps shuffled."""

from rnnauto.families.decoder.evaluate import Answered, answer_metric, evaluate_answers
from rnnauto.families.decoder.pairs import DecoderPart
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.evaluate import Scores
from rnnauto.judge.shuffled import order_matters, some_of

MOST = 100  # sequences: to write answers takes long


def scores_of(part: DecoderPart, written: Answered, *, seed: int) -> Scores:
    """Score answers, without baselines."""
    return evaluate_answers(part, written, (), seed=seed).scores


def order(subject: Subject, bench: Opening) -> Order | None:
    """Compare the scores in order and shuffled; None where there is no order to shuffle."""
    part: DecoderPart = subject.prepared.test
    seed = subject.seed
    if part.layout.one_timestep or not part.lengths.max(initial=0) > 1:
        return None
    chosen = some_of(len(part), most=MOST, seed=seed)
    some = part.take(chosen)
    return order_matters(
        subject.run,
        lambda run: scores_of(some, subject.rescore(run, some), seed=seed),
        scores_of(some, subject.answers.take(chosen), seed=seed),
        part.layout,
        metric=answer_metric(part.layout),
        seed=seed,
    )
