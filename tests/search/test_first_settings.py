"""The first settings of a search are those of its oracle, which is made only for others."""

import subprocess
import sys
from functools import partial

import pytest

from rnnauto.search.starting.openings import Openings

SPACE = {
    **{"cell": ("lstm", "gru"), "units": (16, 32, 64), "dropout": (0.0, 0.1), "clip": (1.0, "off")},
    "bidirectional": (True, False),
}
FIRST = (
    {"cell": "gru", "units": 16, "dropout": 0.0, "clip": "off", "bidirectional": True},
    {"cell": "lstm", "units": 64, "dropout": 0.1, "clip": 1.0, "bidirectional": False},
    {"cell": "lstm", "units": 32, "dropout": 0.1, "clip": 1.0, "bidirectional": True},
)
LOSSES = (0.5, None, 0.3, 0.9, 0.2, 0.8, 0.1, 0.4, 0.6, 0.7, 0.25, 0.35, 0.45, 0.55)


def course(asker):
    """Ask for trials and tell of each when the next has been asked for, as two workers do."""
    proposed = []
    for number, loss in enumerate(LOSSES):
        proposed.append(asker.ask(number))
        if number:
            asker.tell(proposed[number - 1].id, loss)
    return proposed


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "grid"])
def test_a_search_is_that_of_its_oracle(algorithm):
    from rnnauto.search.oracle import make_asker

    make = partial(make_asker, SPACE, trials=20, seed=5, algorithm=algorithm, opening=FIRST)
    proposed = course(Openings(make, FIRST, 20))
    assert proposed == course(make())
    assert [each.values for each in proposed[:3]] == list(FIRST)


def test_there_are_no_more_trials_than_are_wanted():
    from rnnauto.search.oracle import make_asker

    made = []

    def make():
        made.append(make_asker(SPACE, trials=2, seed=5, opening=FIRST))
        return made[0]

    asker = Openings(make, FIRST, 2)
    assert [asker.ask(number).id for number in (0, 1)] == ["0000", "0001"]
    assert not made
    assert asker.ask(2) is None
    assert [trial.trial_id for trial in made[0].oracle.trials.values()] == ["0000", "0001"]


def test_nothing_heavy_is_imported_for_them():
    program = (
        "import sys; from rnnauto.search.starting.openings import Openings; "
        "print(Openings(None, [{'bidirectional': True}], 3).ask(0).id); "
        "print(sorted({'keras_tuner', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["0000", "[]"], done.stderr
