import numpy as np
import pytest
from builders import VALUES

from rnnauto.families.direct.probing import PROBING
from rnnauto.judge.sample import Sample
from rnnauto.judge.scored import numbers_of
from rnnauto.judge.vanishing import (
    SHOWN,
    best_of_cells,
    judged,
    slope_of,
    thinned,
)
from rnnauto.networks.architecture import Features
from rnnauto.search.select import Trial
from rnnauto.search.trial import Result


def test_a_pause_in_between_is_no_end():
    norms = np.array([1.0, 1e-5, *[0.5] * 8])
    assert judged(norms, None, cell="gru", patch=1).verdict == "healthy"
    faded = np.array([1.0, *[1e-5] * 9])
    found = judged(faded, None, cell="gru", patch=5)
    assert (found.verdict, found.after) == ("vanishes", 5)


def test_the_slope_is_that_of_the_logarithm():
    assert slope_of(np.exp(-0.5 * np.arange(10.0))) == pytest.approx(-0.5)
    assert slope_of(np.array([1.0, 0.0, 0.0])) is None


def test_what_is_no_number_explodes():
    found = judged(np.array([1.0, np.inf]), None, cell="lstm", patch=1)
    assert found.verdict == "explodes" and found.slope_per_step is None
    assert numbers_of(np.array([0.12345678, np.nan])) == (0.1235, None)


def test_an_lstm_is_judged_by_its_memory():
    faded, kept = np.array([1.0, *[1e-6] * 9]), np.ones(10)
    assert judged(faded, kept, cell="lstm", patch=1).verdict == "healthy"
    assert judged(kept, faded, cell="lstm", patch=1).verdict == "vanishes"


def test_the_advice_is_for_the_cell():
    faded = np.array([1.0, *[1e-6] * 9])
    assert "--cells lstm" in judged(faded, None, cell="simple_rnn", patch=1).advice
    assert "patch" in judged(faded, None, cell="lstm", patch=1).advice
    for cell in ("lstm", "gru", "exponential_trace", "simple_rnn"):
        assert "patch" not in judged(faded, None, cell=cell, patch=1, apart=True).advice


def trial(name, cell, loss):
    result = Result(status="completed", loss=loss, score=1 - loss)
    return Trial(name, {**VALUES, "cell": cell}, {0: result}, weights={0: "0.npz"})


def test_the_best_trial_of_each_cell_is_looked_at():
    trials = [trial("0", "lstm", 0.4), trial("1", "gru", 0.5), trial("2", "lstm", 0.3)]
    assert [each.id for each in best_of_cells(trials)] == ["2", "1"]


def test_many_lags_are_thinned_and_the_ends_stay():
    assert thinned(5).tolist() == [0, 1, 2, 3, 4]
    kept = thinned(1000)
    assert len(kept) == SHOWN and kept[0] == 0 and kept[-1] == 999


def test_only_the_last_known_timestep_is_asked_for():
    features = Features(1, (), (), 0, (), (), 2, True)
    truth = np.array([[1, 0, 1], [0, 1, -1]])
    found = PROBING.last_alone(Sample({}, truth, np.array([3, 3])), features)
    assert found.truth.tolist() == [[-1, -1, 1], [-1, 1, -1]]
    assert found.lengths.tolist() == [3, 2]
