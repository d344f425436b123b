"""What the four oracles propose, asked and told without any training."""

import random
import statistics
from collections import Counter

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from rnnauto.search import oracles
from rnnauto.search.oracle import make_asker
from rnnauto.search.oracles import (
    JITTER,
    Kernel,
    fit_process,
    numbers_of,
    places,
    plan_of,
    ranks,
)
from rnnauto.search.prune import BEHIND

pytestmark = pytest.mark.train

SPACE = {
    "cell": ("simple_rnn", "lstm", "gru"),
    "units": (16, 32, 64, 128),
    "layers": (1, 2),
    "bidirectional": (False, True),
    "learning_rate": (0.0005, 0.001, 0.002, 0.005, 0.01),
    "clip_norm": ("off", 0.1, 1.0),
}
SMALL = {"cell": ("simple_rnn", "lstm"), "units": (16, 32, 64), "clip_norm": ("off",)}
ALGORITHMS = ("random", "bayesian", "hyperband", "grid")
OPENING = [{name: options[0] for name, options in SPACE.items()}]


def loss_of(values):
    """The lower, the nearer to lstm, 64 units, a rate of 0.005."""
    return (
        (values["cell"] != "lstm")
        + abs(SPACE["units"].index(values["units"]) - 2)
        + abs(SPACE["learning_rate"].index(values["learning_rate"]) - 3) / 2
        + 0.3 * (values["layers"] == 2)
    )


def made(algorithm, trials, *, space=SPACE, seed=3, opening=()):
    return make_asker(space, trials=trials, seed=seed, algorithm=algorithm, opening=list(opening))


def searched(asker, *, workers=1, seed=0, fails=lambda values: False):
    """Trials in the order in which they were asked for, by workers of random speed."""
    rng, running, found = random.Random(seed), [], []
    while True:
        while len(running) < workers and (asked := asker.ask(len(found))) is not None:
            found.append(asked)
            running.append(asked)
        if not running:
            return found
        done = running.pop(rng.randrange(len(running)))
        asker.tell(done.id, None if fails(done.values) else loss_of(done.values))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_trials_do_not_depend_on_the_workers_or_their_speed(algorithm):
    alone = searched(made(algorithm, 24))
    assert len(alone) == 24
    for workers in (2, 5):
        assert searched(made(algorithm, 24), workers=workers, seed=workers) == alone


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_proposals_open_and_nothing_is_trained_twice(algorithm):
    found = searched(made(algorithm, 24, opening=OPENING))
    assert found[0].values == OPENING[0]
    begun = [str(trial.values) for trial in found if trial.parent is None]
    assert len(set(begun)) == len(begun)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_used_up_space_ends_the_search(algorithm):
    found = searched(made(algorithm, 60, space=SMALL | {"learning_rate": (0.005,), "layers": (1,)}))
    assert len({str(trial.values) for trial in found}) == 6
    assert sum(trial.parent is None for trial in found) == 6


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_failures_are_survived(algorithm):
    asker = made(algorithm, 24)
    assert len(searched(asker, fails=lambda values: values["units"] > 16)) == 24
    assert len(searched(made(algorithm, 24), fails=lambda values: True)) == 24


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_seed_tries_other_settings(algorithm):
    first, second = (searched(made(algorithm, 12, seed=seed)) for seed in (3, 4))
    assert (first == second) == (algorithm == "grid")


def test_the_grid_is_the_whole_space():
    space = SMALL | {"layers": (1, 2)}
    asker = make_asker(space, trials=99, seed=1, algorithm="grid", opening=[])
    found = []
    while (trial := asker.ask(len(found))) is not None:
        found.append(tuple(trial.values.values()))
        asker.tell(trial.id, 1.0)
    assert len(set(found)) == len(found) == 12


def test_a_cut_off_grid_is_spread_over_the_space():
    found = searched(made("grid", 24))
    for name, options in SPACE.items():
        assert {trial.values[name] for trial in found} == set(options)


def test_a_model_proposes_better_settings_than_chance():
    def typical(algorithm):
        late = [searched(made(algorithm, 40, seed=seed))[20:] for seed in (1, 2)]
        return statistics.mean(loss_of(trial.values) for trials in late for trial in trials)

    assert typical("bayesian") < 0.7 * typical("random")


def test_a_model_waits_for_the_trials_that_it_must_know():
    asker = made("bayesian", 30)
    asked = [asker.ask(number) for number in range(BEHIND)]
    assert None not in asked[:BEHIND]
    waits = [asker.ask(number) for number in range(BEHIND, 2 * BEHIND)]
    assert waits == [None] * BEHIND
    asker.tell(asked[1].id, 1.0)
    assert asker.ask(BEHIND) is None
    asker.tell(asked[0].id, 1.0)
    assert asker.ask(BEHIND).id == "0008"


def test_hyperband_promotes_the_best_of_a_round_from_its_weights():
    found = searched(made("hyperband", 24))
    by_id = {trial.id: trial for trial in found}
    first = found[:9]
    assert {trial.epochs for trial in first} == {9}
    promoted = [trial for trial in found if trial.parent in {each.id for each in first}]
    best = sorted(first, key=lambda trial: (loss_of(trial.values), trial.id))[:3]
    assert [trial.parent for trial in promoted] == [trial.id for trial in best]
    for trial in found:
        if trial.parent is not None:
            assert trial.values == by_id[trial.parent].values
    parents = [trial.parent for trial in found if trial.parent]
    assert len(set(parents)) == len(parents)


def test_every_last_round_of_hyperband_adds_up_to_all_epochs():
    found = searched(made("hyperband", 24))
    by_id = {trial.id: trial for trial in found}
    parents = {trial.parent for trial in found}

    def total(trial):
        return trial.epochs + (total(by_id[trial.parent]) if trial.parent else 0)

    assert {total(trial) for trial in found if trial.id not in parents} >= {81}
    assert max(map(total, found)) == 81


@pytest.mark.parametrize("most", [4, 20, 500])
def test_hyperband_gives_no_trial_more_epochs_than_there_may_be(most):
    asker = make_asker(SPACE, trials=24, seed=3, algorithm="hyperband", opening=[], epochs=most)
    found = searched(asker)
    by_id = {trial.id: trial for trial in found}

    def total(trial):
        return trial.epochs + (total(by_id[trial.parent]) if trial.parent else 0)

    assert most / 3 < max(map(total, found)) <= most or most > 81


def test_a_failed_trial_costs_hyperband_no_promotion():
    found = searched(made("hyperband", 24), fails=lambda values: values["units"] == 16)
    assert sum(trial.parent is not None for trial in found) == sum(
        trial.parent is not None for trial in searched(made("hyperband", 24))
    )


def test_hyperband_has_rounds_even_in_a_short_search():
    assert any(trial.parent for trial in searched(made("hyperband", 6)))
    assert len(plan_of(made("hyperband", 24).oracle)) <= 24


def test_for_many_workers_rounds_of_hyperband_wait_less():
    """Sweeps share a plan; still each trial comes after all of the round before."""
    oracle = made("hyperband", 24).oracle
    alone, shared = plan_of(oracle), plan_of(oracle, 3)
    assert Counter(shared) == Counter(
        each._replace(sweep=sweep) for each in alone for sweep in range(3)
    )
    for at, each in enumerate(shared):
        if each.number:
            assert each._replace(number=each.number - 1) not in shared[at:]
    assert shared[: len(alone)] != alone


def test_a_model_for_many_workers_has_none_of_them_wait():
    asker = make_asker(SPACE, trials=80, seed=1, algorithm="bayesian", behind=64)
    asked = [asker.ask(number) for number in range(66)]
    assert None not in asked[:64]
    assert asked[64] is None


def test_a_model_of_many_trials_is_fitted_to_some_of_them(monkeypatch):
    """To the best, and to the newest; and proposals stay distinct."""
    seen = []

    def fit(points, heights, candidates, kernel):
        seen.append(len(points))
        return real(points, heights, candidates, kernel)

    real = oracles.fit_process
    monkeypatch.setattr(oracles, "fit_process", fit)
    monkeypatch.setattr(oracles, "NEWEST", 12)
    monkeypatch.setattr(oracles, "BEST", 4)
    found = searched(made("bayesian", 40))
    assert len({str(trial.values) for trial in found}) == 40
    assert max(seen) <= 12 + 4 + BEHIND


@pytest.mark.parametrize("count", [8, 350])
def test_a_process_is_scikit_learns(count):
    """Its covariances to the bit: proposals are those of its kernels."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    rng = np.random.default_rng(1)
    points, candidates, heights = rng.random((count, 6)), rng.random((60, 6)), rng.random(count)
    kernel = Kernel(0.7, 1.3, 0.05)
    theirs = ConstantKernel(0.7) * Matern(1.3, nu=2.5)
    ours = kernel.covariances(cdist(candidates / 1.3, points / 1.3))
    assert (ours == theirs(candidates, points)).all()
    _, mean, deviation = fit_process(points, heights, candidates, kernel)
    process = GaussianProcessRegressor(
        theirs + WhiteKernel(0.05), alpha=JITTER, optimizer=None, normalize_y=True
    )
    process.fit(points, heights)
    expected = process.predict(candidates, return_std=True)
    assert mean == pytest.approx(expected[0], abs=1e-9)
    assert deviation == pytest.approx(expected[1], abs=1e-9)


def test_numbers_keep_their_order_and_words_are_equally_far_apart():
    axes = {"units": ["64", "16", "32"], "cell": ['"a"', '"b"', '"c"'], "fixed": ["1"]}
    settings = [
        {"units": units, "cell": cell, "fixed": "1"}
        for units, cell in (("64", '"a"'), ("16", '"b"'), ("32", '"c"'))
    ]
    found = places(axes, np.array(numbers_of(axes, settings)))
    assert found[:, 0].tolist() == [1.0, 0.0, 0.5]
    words = found[:, 1:]
    assert [float(abs(words[0] - words[at]).max()) for at in (1, 2)] == pytest.approx(
        [0.7071] * 2, abs=1e-4
    )


def test_ranks_put_failures_with_the_worst():
    assert ranks(np.array([3.0, 1.0, np.inf, 1.0, np.inf])).tolist() == [0.5, 0.0, 1.0, 0.0, 1.0]
    assert ranks(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
