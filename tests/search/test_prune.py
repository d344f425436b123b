"""When a trial ends because earlier ones were better by then."""

from rnnauto.search.prune import BEHIND, FEWEST, MOST_COMPARED, behind, compared, limits, must_wait
from rnnauto.search.select import Trial
from rnnauto.search.trial import Epoch, Result


def trial(number, *curve):
    epochs = tuple(Epoch(at, 1.0, best, 0.01, best) for at, best in enumerate(curve, start=1))
    return Trial(f"{number:02}", {}, {0: Result("completed", loss=min(curve), epochs=epochs)})


def falling(number, end, epochs=8):
    """From 1 to `end` in equal steps."""
    return trial(number, *(1 - (1 - end) * at / (epochs - 1) for at in range(epochs)))


def running(number):
    return Trial(f"{number:02}", {})


def test_the_limit_is_the_median_of_earlier_trials_at_the_same_epoch():
    earlier = [falling(number, end) for number, end in enumerate((0.1, 0.2, 0.3, 0.4, 0.5))]
    newest = [running(number) for number in range(5, 4 + BEHIND)]
    found = limits([*earlier, *newest])
    assert found[:4] == (None,) * 4  # too early to judge
    # the median trial falls from 1 to 0.3 in 7 steps of 0.1
    assert [round(limit, 6) for limit in found[4:]] == [0.6, 0.5, 0.4, 0.3]


def test_a_trial_that_ended_sooner_counts_with_its_last_loss():
    earlier = [falling(0, 0.1, epochs=30), *(trial(n, *[0.5] * 6) for n in range(1, 5))]
    newest = [running(number) for number in range(5, 4 + BEHIND)]
    assert limits([*earlier, *newest])[29] == 0.5


def test_long_training_is_judged_later():
    earlier = [falling(number, 0.1, epochs=100) for number in range(FEWEST)]
    newest = [running(number) for number in range(FEWEST, FEWEST + BEHIND - 1)]
    found = limits([*earlier, *newest])
    assert found[23] is None
    assert found[24] is not None


def test_few_trials_and_failed_ones_set_no_limit():
    few = [falling(number, 0.5) for number in range(FEWEST - 1)]
    failed = Trial("99", {}, {0: Result("failed", reason="it broke")})
    assert limits([*few, failed] + [running(n) for n in range(90, 89 + BEHIND)]) == ()
    assert limits([]) == ()


def test_the_newest_trials_change_nothing_whether_they_have_ended_or_not():
    earlier = [falling(number, 0.2) for number in range(6)]
    ended = [falling(number, 0.9) for number in range(6, 5 + BEHIND)]
    still = [running(number) for number in range(6, 5 + BEHIND)]
    assert limits([*earlier, *ended]) == limits([*earlier, *still]) != ()


def test_a_trial_waits_for_those_that_it_is_compared_with():
    assert not must_wait([running(number) for number in range(BEHIND - 1)])
    assert must_wait([running(number) for number in range(BEHIND)])
    assert not must_wait([falling(0, 0.5), *(running(number) for number in range(1, BEHIND))])


def test_more_workers_have_more_trials_at_once():
    assert behind(1) == behind(2) == BEHIND
    assert behind(16) == 64
    running_at_once = [running(number) for number in range(behind(16))]
    assert not must_wait(running_at_once[:-1], behind(16))
    assert must_wait(running_at_once, behind(16))


def test_of_many_trials_the_newest_are_compared_with():
    many = [falling(number, 0.5) for number in range(MOST_COMPARED + 50)]
    assert compared(many, 8) == many[43:-7]
