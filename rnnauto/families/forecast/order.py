"""Measure whether order matters: what was seen before each forecast, shuffled."""

from rnnauto.families.forecast.evaluate import METRIC, score_forecasts
from rnnauto.families.forecast.series import SeriesWindows
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.shuffled import MOST_SEQUENCES, order_matters, some_of


def order(subject: Subject, bench: Opening) -> Order | None:
    """Measure what a shuffled past costs; None where there is no order to shuffle."""
    part: SeriesWindows = subject.prepared.test
    seed = subject.seed
    if not part.layout.one_timestep and not part.lengths.max(initial=0) > 1:
        return None
    chosen = some_of(len(part), most=MOST_SEQUENCES, seed=seed)
    some = part.take(chosen)
    return order_matters(
        subject.run,
        lambda run: score_forecasts(some.encoded, subject.rescore(run, some), seed=seed),
        score_forecasts(some.encoded, subject.answers[chosen], seed=seed),
        part.layout,
        metric=METRIC,
        seed=seed,
    )
