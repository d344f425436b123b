import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from rnnauto.deploy.check import beside_first, check_differences
from rnnauto.early import EarlyModel
from rnnauto.errors import ExportError
from rnnauto.fitted import Said
from rnnauto.pipeline import notice
from rnnauto.search.loop import Interruption


def news(best, *trials, seconds_left=100.0):
    best = None if best is None else SimpleNamespace(id=best)
    return SimpleNamespace(best=best, trials=trials, seconds_left=seconds_left)


def consider(made, *events, wanted=True, left=100.0):
    """The models that were made, and the events that were passed on."""
    passed = []
    with ThreadPoolExecutor(1) as aside:
        early = EarlyModel(
            make=made,
            aside=aside,
            watch=passed.append,
            seconds=9.0,
            until=time.monotonic() + left,
            wanted=wanted,
        )
        for event in events:
            early.consider(event)
    assert passed == list(events)
    return early


def test_the_first_best_trial_is_exported_once():
    made = []
    events = [news(None), news("1", "0", "1"), news("2", "0", "1", "2")]
    consider(lambda best, trials: made.append((best.id, trials)), *events)
    assert made == [("1", ("0", "1"))]


def test_nothing_is_exported_where_there_is_a_model_already():
    consider(lambda best, trials: pytest.fail(), news("1"), wanted=False)


def test_what_goes_wrong_in_the_export_is_a_warning_said_once():
    tried, said = [], []

    def fail(best, trials):
        tried.append(best.id)
        raise ValueError("no export\nas it stands")

    with ThreadPoolExecutor(1) as aside:
        early = EarlyModel(
            make=fail, aside=aside, watch=said.append, seconds=0.0, until=time.monotonic() + 100
        )
        early.consider(news("1"))
    for name in ("1", "2", "3"):
        early.consider(news(name))
    assert tried == ["1"]
    assert early.made is None
    warnings = [event.text for event in said if isinstance(event, Said)]
    assert warnings == ["warning: no model could be made meanwhile: ValueError: no export"]


def test_baselines_that_fail_end_the_search_before_its_time():
    compared = Future()
    early = EarlyModel(make=None, aside=None, watch=[].append, seconds=0.0, until=0.0, wanted=False)
    notice(lambda: early, compared, Interruption(), print, news("1"))
    compared.set_exception(ValueError("no baseline"))
    with pytest.raises(ValueError, match="no baseline"):
        notice(lambda: early, compared, Interruption(), print, news("1"))


def test_nothing_is_exported_twice_shortly_before_the_end():
    consider(lambda best, trials: pytest.fail(), news("1"), left=8.0)


def test_how_long_an_export_takes_is_measured_however_little_the_search_has_left():
    made = []
    consider(lambda best, trials: made.append(best.id), news("1", seconds_left=1.0), left=10.0)
    assert made == ["1"]


@pytest.fixture
def slow(monkeypatch):
    """Models that take 20 seconds each, on a clock of their own; `at(second, news)` tells news."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("rnnauto.early.time", clock)
    made = []

    def make(best, trials):
        clock.now += 20.0
        made.append(best.id)
        return best.id

    def submit(call, *given):
        done = Future()
        done.set_result(call(*given))
        return done

    early = EarlyModel(
        make=make,
        aside=SimpleNamespace(submit=submit),
        watch=lambda news: None,
        seconds=9.0,
        until=100.0,
    )

    def at(second, name, **left):
        clock.now = float(second)
        early.consider(news(name, **left))

    return SimpleNamespace(early=early, at=at, made=made)


def test_a_model_that_is_slow_to_make_follows_the_best_trial_now_and_then(slow):
    assert slow.early.made is None
    slow.at(0, "0")
    assert slow.early.made == "0"
    slow.at(100, "1")  # 20 of the last 100 seconds have gone into a model
    slow.at(230, "0")  # it is of this trial
    assert slow.made == ["0"]
    slow.at(240, "1", seconds_left=8.0)  # the last model will be that
    slow.at(250, "1")
    assert slow.made == ["0", "1"]
    assert slow.early.made == "1"


def test_whoever_interrupts_a_search_waits_for_no_model():
    told = []
    interruption = Interruption(asked=True)
    notice(lambda: pytest.fail("imported"), Future(), interruption, told.append, news("1"))
    assert [each.best.id for each in told] == ["1"]


def test_the_first_trial_waits_for_no_import():
    told = []
    notice(lambda: pytest.fail("imported"), Future(), Interruption(), told.append, news(None))
    assert [each.best for each in told] == [None]


def test_a_last_model_that_is_not_exported_leaves_the_first_one_and_says_so(tmp_path):
    with pytest.raises(ExportError) as caught, beside_first(tmp_path / "model", object()):
        check_differences({"onnx": 1.0})
    assert "the export differs" in caught.value.message
    assert f"`{tmp_path / 'model'}` holds the model of an earlier trial" in caught.value.hint
    with pytest.raises(ExportError) as caught, beside_first(tmp_path / "model", None):
        check_differences({"onnx": 1.0})
    assert "nothing was written" in caught.value.hint
