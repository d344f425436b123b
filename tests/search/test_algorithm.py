import pytest

from rnnauto.search.algorithm import choose_algorithm

SPACE = {"units": (8, 16), "layers": (1, 2), "rate": tuple(range(25))}  # 100 settings


@pytest.mark.parametrize(
    ("trials", "budget", "expected", "reason"),
    [
        (100, 600, "grid", "each of the 100 settings"),
        (30, 600, "random", "30 trials are too few"),
        (60, 900, "bayesian", "60 trials"),
        (60, 120, "hyperband", "2.0 s a trial"),
    ],
)
def test_auto_chooses_by_space_trials_and_time_and_says_why(trials, budget, expected, reason):
    found, why = choose_algorithm("auto", SPACE, trials=trials, budget=budget)
    assert found == expected
    assert reason in why


@pytest.mark.parametrize("wanted", ["random", "bayesian", "hyperband", "grid"])
def test_what_was_asked_for_is_taken(wanted):
    assert choose_algorithm(wanted, SPACE, trials=1, budget=1.0) == (wanted, "as asked for")
