"""Who wins, by hand-made losses."""

import random
from dataclasses import replace

import pytest

from rnnauto.search.select import (
    Trial,
    Trials,
    clearly_worse,
    explain,
    finalists,
    partners,
    ranked,
    team,
    winner,
)
from rnnauto.search.trial import Result


def trial(name, *losses, parameters=100, values=None):
    results = {
        fold: Result(
            status="failed" if loss is None else "completed",
            loss=loss,
            score=None if loss is None else 1 - loss,
            parameters=parameters,
        )
        for fold, loss in enumerate(losses)
    }
    return Trial(name, {"name": name} if values is None else values, results)


def wins(trials, rule="one_standard_error", proven=()):
    found = winner(Trials(trials), rule=rule, proven=proven)
    return None if found is None else found.id


def test_ranking_puts_confirmed_trials_first_and_failed_ones_last():
    trials = [trial("0", 0.1), trial("1", 0.5, 0.7), trial("2", None), trial("3", 0.5, 0.6)]
    trials += [trial("4"), trial("5", 0.1)]
    assert [each.id for each in ranked(trials)] == ["3", "1", "0", "5", "2", "4"]


def test_no_completed_trial_no_winner():
    assert wins([]) is None
    assert wins([trial("0"), trial("1", None), trial("2", 0.1, None)]) is None


def test_on_one_fold_the_lowest_loss_wins():
    trials = [trial("small", 0.11, parameters=1), trial("large", 0.10, parameters=9)]
    assert wins(trials, proven=[{"name": "small"}]) == "large"


def test_differences_are_compared_fold_by_fold():
    # the folds differ far more than the trials, which always differ by about 0.1
    best = trial("best", 1.0, 5.0, 9.0)
    assert clearly_worse(trial("worse", 1.1, 5.1, 9.11), best)
    # mean difference 0.1, their deviation 0.1: the standard error is 0.1 * sqrt(1/3 + 1/2) = 0.091
    assert clearly_worse(trial("worse", 1.0, 5.1, 9.2), best)
    # their deviation 0.12: the standard error is 0.11
    assert not clearly_worse(trial("as good", 0.98, 5.1, 9.22), best)
    assert not clearly_worse(best, best)


@pytest.mark.parametrize(("rule", "expected"), [("one_standard_error", "small"), ("best", "large")])
def test_the_smaller_of_two_as_good_ones_wins(rule, expected):
    large = trial("large", 0.30, 0.35, 0.31, parameters=900)
    small = trial("small", 0.32, 0.33, 0.32, parameters=100)
    assert wins([large, small], rule) == expected


def test_a_proven_one_goes_before_a_smaller_one_but_not_before_a_clearly_better_one():
    large = trial("large", 0.30, 0.35, 0.31, parameters=900)
    small = trial("small", 0.32, 0.33, 0.32, parameters=100)
    middle = trial("middle", 0.31, 0.36, 0.30, parameters=500)
    assert wins([large, small, middle], proven=[{"name": "middle"}]) == "middle"
    bad = trial("bad", 0.41, 0.46, 0.40, parameters=5)
    assert wins([large, small, bad], proven=[{"name": "bad"}]) == "small"


def test_only_trials_of_as_many_folds_are_compared():
    large = trial("large", 0.30, 0.35, parameters=900)
    other = trial("other", 0.30, parameters=1)
    assert wins([large, other], proven=[{"name": "other"}]) == "large"


def test_finalists_are_the_best_and_the_best_proven_ones():
    trials = [trial(str(n), 0.1 * (n + 1)) for n in range(8)] + [trial("failed", None)]
    proven = [{"name": "5"}, {"name": "6"}, {"name": "7"}, {"name": "failed"}]
    found = finalists(trials, most=4, fewest_proven=2, proven=proven)
    assert [each.id for each in found] == ["0", "5", "1", "6"]
    found = finalists(trials, most=4, fewest_proven=2, proven=[{"name": "0"}])
    assert [each.id for each in found] == ["0", "1", "2", "3"]


def test_a_winner_that_has_not_the_lowest_loss_is_explained():
    large = trial("large", 0.30, 0.35, 0.31, parameters=900)
    small = trial("small", 0.32, 0.33, 0.32, parameters=100)
    assert explain(large, [large, small], proven=()) == ""
    text = explain(small, [large, small], proven=())
    assert "a smaller network" in text
    assert "0.3233" in text
    assert "large (0.32)" in text
    assert "a proven setting" in explain(small, [large, small], proven=[{"name": "small"}])


def test_the_spread_is_that_of_the_score_over_the_folds():
    assert trial("0", 0.1, 0.3).spread == pytest.approx(0.1414, abs=1e-4)
    assert trial("0", 0.1).spread is None


def test_a_team_is_the_winner_and_the_next_best_of_as_many_folds():
    trials = [trial("a", 0.3, 0.3), trial("b", 0.2, 0.2), trial("c", 0.1), trial("d", 0.4, 0.4)]
    assert [each.id for each in team(trials, trials[0], size=1)] == ["a"]
    assert [each.id for each in team(trials, trials[0], size=3)] == ["a", "b", "d"]
    assert [each.id for each in team(trials, trials[0], size=9)] == ["a", "b", "d"]


def of_kind(differencing, *losses):
    one = trial(differencing + str(losses[0]), *losses)
    return replace(one, values={**one.values, "differencing": differencing})


def test_a_forecast_is_averaged_with_another_kind_and_with_the_lowest_loss():
    best, same, other = of_kind("last", 1, 1), of_kind("last", 1.1, 1), of_kind("trend", 1.4, 1.4)
    far, unconfirmed = of_kind("none", 1.6, 1.6), of_kind("none", 1.2)
    assert partners([best, same, far, unconfirmed, other], best) == [best, other]
    assert partners([best, same, far], best) == [best]
    assert partners([best, same, far, other], same) == [same, other, best]
    assert partners([best, same, far, other], other) == [other, best]
    assert partners([trial("a", 1, 1), trial("b", 1, 1)], trial("a", 1, 1)) == [trial("a", 1, 1)]
    found = finalists([best, same, other, far], most=4, fewest_proven=1, proven=[same.values])
    assert found == [best, other, same, far]


def test_the_best_that_corrects_another_simple_forecast_is_confirmed_however_far_behind():
    alike = [trial(str(n), 0.1 + n / 100, values={"differencing": "a", "n": n}) for n in range(8)]
    other = trial("other", 0.9, values={"differencing": "b"})
    found = finalists([*alike, other], most=4, fewest_proven=2, proven=[])
    assert [each.id for each in found] == ["0", "other", "1", "2"]
    sound = [each.values for each in alike[5:7]]
    found = finalists([*alike, other], most=4, fewest_proven=2, proven=sound)
    assert [each.id for each in found] == ["0", "other", "5", "6"]


def test_a_pruned_trial_neither_wins_nor_is_confirmed():
    ended = trial("ended", 0.1)
    ended = Trial("ended", ended.values, {0: replace(ended.results[0], status="pruned")})
    whole = trial("whole", 0.2)
    assert wins([ended, whole]) == "whole"
    assert [each.id for each in finalists([ended, whole], most=5, fewest_proven=2, proven=[])] == [
        "whole"
    ]
    assert [each.id for each in ranked([trial("failed", None), ended, whole])] == [
        *("whole", "ended", "failed"),
    ]


def test_the_best_and_the_counts_are_those_of_all_trials_however_results_change():
    rng, trials = random.Random(1), Trials()
    for step in range(400):
        name = rng.choice(["", "-again-", "-taught-"]).join([str(rng.randrange(40)), ""])
        losses = rng.choices([0.1, 0.2, 0.3, None], k=rng.randrange(3))
        trials[name] = trial(name, *losses)
        if step % 5 == 0 and losses:  # its weights were lost: it has no results until it ran again
            trials[name] = trial(name)
        completed = [each for each in ranked(trials.values()) if each.completed]
        assert trials.best is (completed[0] if completed else None)
    assert trials.again == sum(each.again for each in trials.values()) > 0
    assert trials.taught == sum(each.taught for each in trials.values()) > 0
