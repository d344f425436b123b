"""Measure whether order matters: what was seen before each forecast, shuffled."""

from rnnauto.families.forecast.evaluate import METRIC, score_forecasts
from rnnauto.families.forecast.series import SeriesWindows
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Order
from rnnauto.judge.shuffled import order_matters


def order(subject: Subject, bench: Opening) -> Order | None:
    """Measure what a shuffled past costs; None where there is no order to shuffle."""
    part: SeriesWindows = subject.prepared.test
    if not part.layout.one_timestep and not part.lengths.max(initial=0) > 1:
        return None
    return order_matters(
        subject,
        lambda some, answers, *, seed: score_forecasts(some.encoded, answers, seed=seed),
        lambda answers, chosen: answers[chosen],
        metric=METRIC,
    )
