from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from rnnauto.early import EarlyModel


def news(best, *trials, seconds_left=100.0):
    return SimpleNamespace(best=best, trials=trials, seconds_left=seconds_left)


def consider(made, *events, wanted=True):
    """The models that were made, and the events that were passed on."""
    passed = []
    with ThreadPoolExecutor(1) as aside:
        early = EarlyModel(make=made, aside=aside, watch=passed.append, seconds=9.0, wanted=wanted)
        for event in events:
            early.consider(event)
    assert passed == list(events)
    return early


def test_the_first_best_trial_is_exported_once():
    made = []
    events = [news(None), news("1", "0", "1"), news("2", "0", "1", "2")]
    consider(lambda best, trials: made.append((best, trials)), *events)
    assert made == [("1", ("0", "1"))]


def test_nothing_is_exported_where_there_is_a_model_already():
    consider(lambda best, trials: pytest.fail(), news("1"), wanted=False)


def test_what_goes_wrong_in_the_export_ends_the_search():
    def fail(best, trials):
        raise ValueError("no export")

    early = consider(fail, news("1"))
    with pytest.raises(ValueError, match="no export"):
        early.consider(news("1"))


def test_nothing_is_exported_twice_shortly_before_the_end():
    consider(lambda best, trials: pytest.fail(), news("1", seconds_left=8.0))
