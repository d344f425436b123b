import pytest

from rnnauto.families.direct.space import openings
from rnnauto.recipe import Space
from rnnauto.search.oracle import make_asker
from rnnauto.search.trial import seed_of

pytestmark = pytest.mark.train

SPACE = {
    "cell": ("simple_rnn", "lstm"),
    "units": (16, 32, 64, 128),
    "layers": (1, 2),
    "patch": (1, 2),
    "pooling": ("last", "mean", "max"),
    "bidirectional": (False, True),
    "dropout": (0.0, 0.1),
    "learning_rate": (0.001, 0.01),
    "batch_size": (16, 32),
    "clip_norm": ("off", 0.1, 1.0),
}
ALGORITHMS = ("random", "bayesian", "hyperband", "grid")
SMALL = {name: options[:1] for name, options in SPACE.items()} | {"units": (16, 32, 64)}


def opened(space, **options):
    """One that asks for a family's openings first."""
    return make_asker(space, opening=openings(space), **options)


def asked(asker, trials, *, loss=1.0):
    """Ask and tell at once."""
    found = []
    for number in range(trials):
        trial = asker.ask(number)
        if trial is None:
            break
        asker.tell(trial.id, loss)
        found.append(trial)
    return found


def values_of(trials):
    return [trial.values for trial in trials]


def test_proposals_come_first_then_random_draws_from_the_space():
    found = values_of(asked(opened(SPACE, trials=12, seed=5), 12))
    assert found[:5] == openings(SPACE)
    assert len(found) == 12
    for values in found:
        assert set(values) == set(SPACE)
        assert all(value in SPACE[name] for name, value in values.items())


def test_values_keep_their_types():
    for values in values_of(asked(opened(SPACE, trials=9, seed=5), 9)):
        assert type(values["bidirectional"]) is bool
        assert type(values["units"]) is int
        assert type(values["dropout"]) is float
        assert values["clip_norm"] == "off" or type(values["clip_norm"]) is float


def test_the_same_seed_asks_the_same_and_another_seed_something_else():
    def draws(seed):
        return values_of(asked(opened(SPACE, trials=10, seed=seed), 10))

    assert draws(3) == draws(3)
    assert draws(3)[4:] != draws(4)[4:]


def test_hashed_seeds_of_neighbours_share_no_draws():
    def draws(seed):
        trials = asked(opened(SPACE, trials=16, seed=seed_of(seed, "oracle")), 16)
        return {str(values) for values in values_of(trials)[4:]}

    assert len(draws(0) & draws(1)) <= 2  # of 12 out of thousands


def test_what_is_asked_does_not_depend_on_how_many_are_running_or_on_the_results():
    one_by_one = asked(opened(SPACE, trials=10, seed=3), 10, loss=0.5)
    asker = opened(SPACE, trials=10, seed=3)
    at_once = [asker.ask(number) for number in range(10)]
    for trial in reversed(at_once):
        asker.tell(trial.id, None)
    assert at_once == one_by_one


def test_no_settings_are_tried_twice_and_a_used_up_space_ends():
    found = values_of(asked(opened(SMALL, trials=30, seed=1), 30))
    assert sorted(values["units"] for values in found) == [16, 32, 64]


def test_a_space_of_one_is_one_trial():
    one = {name: options[:1] for name, options in SPACE.items()}
    assert len(asked(opened(one, trials=5, seed=1), 5)) == 1


def test_there_are_no_more_trials_than_wanted():
    assert len(asked(opened(SPACE, trials=3, seed=1), 10)) == 3


def test_a_hundred_failures_do_not_end_the_search():
    assert len(asked(opened(SPACE, trials=100, seed=1), 100, loss=None)) == 100


def test_ids_are_unique():
    names = [trial.id for trial in asked(opened(SPACE, trials=20, seed=1), 20)]
    assert len(set(names)) == 20


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_oracle_writes_no_files_and_prints_nothing(tmp_path, monkeypatch, capfd, algorithm):
    monkeypatch.chdir(tmp_path)
    asked(opened(SPACE, trials=20, seed=1, algorithm=algorithm), 20)
    asked(opened(SPACE, trials=20, seed=1, algorithm=algorithm), 20, loss=None)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_the_default_space_crosses_keras_tuner_unharmed():
    space = {name: value for name, value in Space().model_dump().items() if value != "auto"}
    space |= {"patch": (1, 5), "batch_size": (16, 32)}
    for values in values_of(asked(make_asker(space, trials=30, seed=2, opening=[]), 30)):
        assert all(value in space[name] for name, value in values.items())
