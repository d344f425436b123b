import numpy as np
import pytest

from rnnauto.judge.calibration import HOTTEST, calibration, cooled, fit_temperature, reliability
from rnnauto.judge.diagnosis import Bin


def test_an_overconfident_network_is_cooled_down():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(3, p=row) for row in chances])
    assert fit_temperature(3 * np.log(chances), truth) == pytest.approx(3, rel=0.1)
    before = reliability(cooled(3 * np.log(chances), 1.0), truth)
    after = reliability(cooled(3 * np.log(chances), 3.0), truth)
    assert before.error > 0.2 > 0.05 > after.error
    assert sum(each.count for each in after.bins) == 4000


def test_a_temperature_has_bounds():
    logs = np.log(np.array([[0.9, 0.1]] * 40))
    assert 1 / HOTTEST <= fit_temperature(logs, np.zeros(40, np.int64)) < 0.1
    assert 10 < fit_temperature(logs, np.ones(40, np.int64)) <= HOTTEST


def test_bins_hold_the_mean_confidence_and_the_share_that_is_right():
    chances = np.array([[0.95, 0.05], [0.91, 0.09], [0.4, 0.6], [1.0, 0.0]])
    found = reliability(chances, np.array([0, 1, 1, 0]))
    low, high = found.bins
    assert low == Bin(confidence=0.6, accuracy=1.0, count=1)
    assert high.count == 3 and high.accuracy == pytest.approx(2 / 3)
    error = 0.25 * 0.4 + 0.75 * abs(np.mean([0.95, 0.91, 1.0]) - 2 / 3)
    assert found.error == pytest.approx(error)


def test_what_is_not_known_or_no_number_is_left_out():
    chances = np.array([[0.8, 0.2], [0.8, 0.2], [np.nan, np.nan]])
    found = calibration(chances, np.array([0, -1, 1]), temperature=None)
    assert found.temperature is None and found.after is None
    assert found.before.bins == (Bin(confidence=0.8, accuracy=1.0, count=1),)


def test_the_temperature_that_was_fitted_is_tried():
    chances = np.array([[0.9, 0.1]] * 4)
    found = calibration(chances, np.array([0, 0, 1, 1]), temperature=1e6)
    assert found.before.error == pytest.approx(0.4)
    assert found.after.error == pytest.approx(0.0, abs=1e-5)
