"""Rules that a network is compared with: what each expects, told by hand or by its own library."""

import numpy as np
import pytest
from builders import make_encoded
from sklearn.ensemble import IsolationForest

from rnnauto.data.encode import CategoryEncoder, Encoders, NumberEncoder
from rnnauto.families.anomaly.baselines import (
    WINDOW,
    expected_of,
    fit_baselines,
    season_of,
    tell,
    with_threshold,
)
from rnnauto.families.anomaly.bigrams import fit_pairs
from rnnauto.families.anomaly.encode import Watched
from rnnauto.families.anomaly.forest import SAMPLES, TREES, fit_forest


def encoders_of(numbers, words=()):
    return Encoders(
        numbers=tuple(
            NumberEncoder(name=f"x{at}", mean=0.0, deviation=1.0, missing=False)
            for at in range(numbers)
        ),
        categories=tuple(
            CategoryEncoder(name=f"w{at}", vocabulary=own) for at, own in enumerate(words)
        ),
        static_numbers=(),
        static_categories=(),
        target=Watched(rate=0.05, calibration=100),
    )


def encoded_of(numbers, lengths=None, codes=None):
    numbers = np.asarray(numbers, np.float32).reshape(len(numbers), -1)
    lengths = [len(numbers)] if lengths is None else lengths
    given = {} if codes is None else {"codes": np.asarray(codes, np.int32)}
    return make_encoded(
        np.array(lengths),
        numbers=numbers,
        targets=np.zeros(len(numbers), np.int32),
        per_timestep=True,
        **given,
    )


def test_a_forest_scores_as_that_of_its_library():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(700, 3))
    asked = np.concatenate([rng.normal(size=(50, 3)), [[9.0, 9.0, 9.0]]])
    library = IsolationForest(n_estimators=TREES, max_samples=SAMPLES, random_state=4)
    library.fit(rows.astype(np.float32))
    ours = fit_forest(rows, seed=4)(asked.astype(np.float32).astype(np.float64))
    np.testing.assert_allclose(ours, -library.score_samples(asked.astype(np.float32)), rtol=1e-6)
    assert ours.argmax() == 50


def test_what_is_expected_is_of_the_same_sequence_and_never_of_what_comes():
    numbers = np.arange(8, dtype=float)[:, None]
    expected, seen = expected_of(numbers, np.array([0, 5, 8]), lag=2)
    assert expected[:, 0].tolist() == [0, 0, 0, 1, 2, 0, 0, 5]
    assert seen[:, 0].tolist() == [False, False, True, True, True, False, False, True]
    changed = numbers.copy()
    changed[4:] = 99.0
    for lag in (0, 1):
        before = expected_of(numbers, np.array([0, 8]), lag=lag)[0]
        after = expected_of(changed, np.array([0, 8]), lag=lag)[0]
        np.testing.assert_array_equal(before[:5], after[:5])


def test_a_rolling_mean_is_of_the_last_timesteps_alone():
    numbers = np.concatenate([np.full(500, 4.0), np.full(WINDOW, -4.0), [0.0]])[:, None]
    expected, _ = expected_of(numbers, np.array([0, len(numbers)]), lag=0)
    assert expected[500, 0] == pytest.approx(4.0, rel=0.1)
    assert expected[-1, 0] == pytest.approx(-4.0, rel=0.1)


@pytest.mark.parametrize("season", [7, 24, 100])
def test_a_season_is_found(season):
    rng = np.random.default_rng(1)
    curve = rng.normal(size=season)
    numbers = np.tile(curve, 9)[:, None] + rng.normal(0, 0.2, (9 * season, 1))
    assert season_of(numbers, np.array([0, len(numbers)])) == season


def test_numbers_that_do_not_repeat_have_no_season():
    rng = np.random.default_rng(2)
    for numbers in (rng.normal(size=(600, 1)), np.ones((600, 1)), np.zeros((2, 1))):
        assert season_of(numbers, np.array([0, len(numbers)])) == 1


def test_a_spike_is_flagged_by_every_rule_of_numbers_and_the_rest_hardly_ever():
    rng = np.random.default_rng(3)
    learnt, aside, asked = (encoded_of(rng.normal(size=900)) for _ in range(3))
    asked.numbers[400] = 12.0
    encoders = encoders_of(1)
    rules = fit_baselines(learnt, encoders, seed=0)
    assert [rule.name for rule in rules] == ["rolling z-score", "last value", "isolation forest"]
    for rule in rules:
        rule = with_threshold(rule, aside, encoders)
        scores = tell(rule, asked, encoders).score
        assert np.isnan(scores[0]) and np.isfinite(scores[1:]).all()
        flags = np.nan_to_num(scores) > rule.threshold
        assert flags[400]
        assert flags.mean() < 0.1


def test_a_likelihood_is_that_of_a_normal_distribution():
    rng = np.random.default_rng(4)
    learnt, asked = encoded_of(rng.normal(size=4000)), encoded_of(rng.normal(size=4000))
    rolling = fit_baselines(learnt, encoders_of(1), seed=0)[0]
    nats = np.nanmean(tell(rolling, asked, encoders_of(1)).likelihood)
    exact = 0.5 * np.log(2 * np.pi) + 0.5
    assert exact < nats < exact + 0.05


def test_pairs_tell_what_follows_what():
    codes = np.array([4, 5] * 50 + [4, 4], np.int32)
    later = np.arange(len(codes)) > 0
    pairs = fit_pairs(codes, later, np.ones(len(codes), bool), entries=6)
    usual, odd = pairs.following(np.array([4, 4]), np.array([5, 4]))
    assert usual < 0.1 < 2.0 < odd
    assert np.isfinite(pairs.following(np.array([0]), np.array([1]))).all()
    every = pairs.following(np.full(6, 4), np.arange(6))
    assert np.exp(-every).sum() == pytest.approx(1.0)


def test_rules_of_tokens_have_names_of_their_own():
    codes = np.array([[4], [5]] * 60)
    encoded = encoded_of(np.zeros((120, 0)), codes=codes)
    rules = fit_baselines(encoded, encoders_of(0, [("a", "b")]), seed=0)
    assert [rule.name for rule in rules] == ["token frequency", "token pairs"]
