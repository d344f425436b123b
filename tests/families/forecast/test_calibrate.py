"""Intervals that hold what was held out."""

from types import SimpleNamespace

import numpy as np
import pytest

from rnnauto.families.forecast import calibrate as calibrating
from rnnauto.families.forecast.calibrate import WIDEST, calibrate, fit_of, widen


class Widening:
    def assign(self, value):
        self.value = np.asarray(value)


class Fixed:
    """A network that always says 0, and half a unit to each side times its widening."""

    def __init__(self, targets=1, levels=(0.1, 0.5, 0.9)):
        self.layer = SimpleNamespace(widening=Widening(), levels=levels)
        self.targets = targets

    @property
    def parts(self):
        return SimpleNamespace(quantiles=self.layer)

    def model(self, windows, *, training):
        assert not training
        shape = (windows, 2, self.targets)
        low, high = (0.5 * np.broadcast_to(side, shape) for side in self.layer.widening.value)
        return np.stack([-low, 0 * low, high], -1).reshape(windows, 2, -1)


def spread(most):
    """Values from -most to most, [50 windows, 2 timesteps, 1 target]."""
    return np.linspace(-most, most, 100).reshape(50, 2, 1)


def test_intervals_that_hold_enough_stay_as_they_are():
    model = Fixed()
    assert widen(model, 50, spread(0.6)).tolist() == [[1.0], [1.0]]
    assert model.layer.widening.value.tolist() == [[1.0], [1.0]]


def test_intervals_are_widened_until_four_fifths_are_inside():
    model, truth = Fixed(), spread(2.0)  # 80% of it within 1.6
    factor = widen(model, 50, truth)
    assert factor == pytest.approx(3.2, rel=0.02)
    assert model.layer.widening.value.tolist() == factor.tolist()
    assert fit_of(model, 50, truth, factor, units=1).outside.tolist() == [[0.1], [0.1]]


def test_each_side_is_widened_for_what_lies_beyond_it():
    truth = np.where(spread(2.0) < 0, -0.4, spread(2.0))  # half of it just above the lower end
    below, above = widen(Fixed(), 50, truth)
    assert below.tolist() == [1.0]
    assert above == pytest.approx(3.2, rel=0.02)


def test_a_side_without_a_quantile_stays():
    below, above = widen(Fixed(levels=(0.5, 0.7, 0.9)), 50, spread(2.0))
    assert below.tolist() == [1.0] and above == pytest.approx(3.2, rel=0.02)


def test_other_quantiles_hold_what_lies_between_them():
    factor = widen(Fixed(levels=(0.05, 0.5, 0.95)), 50, spread(2.0))  # 90% of it within 1.8
    assert factor == pytest.approx(3.6, rel=0.02)


def test_every_target_has_a_factor_of_its_own_and_unknown_values_do_not_count():
    wide = spread(2.0)
    wide[::2] = np.nan
    factor = widen(Fixed(2), 50, np.concatenate([wide, spread(0.1)], -1))
    assert factor[:, 0] == pytest.approx(3.2, rel=0.06)
    assert factor[:, 1].tolist() == [1.0, 1.0]


def test_a_factor_ends_where_it_is_not_worth_it():
    truth = np.zeros((50, 2, 1))
    truth[:6] = 3.0  # 12% of the values lie far beyond all others
    units = np.where(truth > 0, 100.0, 1.0)[:, :1]  # and are of series for which that is little
    below, above = widen(Fixed(), 50, truth, units=units)
    assert below.tolist() == [1.0] and 1.0 < above.item() < 2.0
    assert widen(Fixed(), 50, truth)[1] == pytest.approx(6.0, rel=0.02)


def test_there_is_a_widest():
    assert widen(Fixed(), 50, spread(99.0)).tolist() == [[WIDEST], [WIDEST]]


def test_every_member_is_held_against_its_own_windows(monkeypatch):
    truths = {"first fold": spread(2.0), "second fold": spread(0.1)}
    monkeypatch.setattr(calibrating, "sample_windows", lambda data, fold: (50, truths[fold]))
    monkeypatch.setattr(calibrating, "sampled", lambda fold: np.zeros(50, np.int64))
    monkeypatch.setattr(calibrating, "training_units", lambda data: np.ones((1, 1)))
    members = [Fixed(), Fixed()]
    calibrate(members, list(truths), SimpleNamespace(owners=np.zeros(50, np.int64)))
    assert members[0].layer.widening.value == pytest.approx(3.2, rel=0.02)
    assert members[1].layer.widening.value.tolist() == [[1.0], [1.0]]
