"""Intervals that hold what was held out."""

from types import SimpleNamespace

import numpy as np
import pytest

from rnnauto.search import calibrate as calibrating
from rnnauto.search.calibrate import LEVEL, WIDEST, calibrate, coverage


class Widening:
    def assign(self, value):
        self.value = np.asarray(value)


class Fixed:
    """A model that always says 0, and half a unit to each side times its widening."""

    def __init__(self, targets):
        self.layer = SimpleNamespace(widening=Widening())
        self.targets = targets

    def get_layer(self, name):
        assert name == "quantiles"
        return self.layer

    def __call__(self, inputs, *, training):
        assert not training
        half = 0.5 * np.broadcast_to(self.layer.widening.value, (inputs, 2, self.targets))
        return np.stack([-half, 0 * half, half], -1).reshape(inputs, 2, -1)


@pytest.fixture
def held_out(monkeypatch):
    """Calibrate against values given for every member, [windows, 2, targets]."""

    def calibrated(*truths):
        data = SimpleNamespace(targets=np.zeros((1, truths[0].shape[2])))
        monkeypatch.setattr(
            calibrating, "sample_windows", lambda data, at: (len(truths[at]), truths[at])
        )
        models = [Fixed(truths[0].shape[2]) for _ in truths]
        return calibrate(models, range(len(truths)), data), models

    return calibrated


def test_intervals_that_hold_enough_stay_as_they_are(held_out):
    truth = np.linspace(-0.6, 0.6, 100).reshape(50, 2, 1)
    factor, models = held_out(truth)
    assert factor.tolist() == [1.0]
    assert models[0].layer.widening.value.tolist() == [1.0]


def test_intervals_are_widened_until_four_fifths_are_inside(held_out):
    truth = np.linspace(-2, 2, 100).reshape(50, 2, 1)  # 80% of it within 1.6
    factor, models = held_out(truth, truth)
    assert factor == pytest.approx(3.2, rel=0.04)
    samples = [(50, truth), (50, truth)]
    assert coverage(models, samples, factor)[0] >= LEVEL


def test_every_target_has_a_factor_of_its_own_and_unknown_values_do_not_count(held_out):
    wide, narrow = np.linspace(-2, 2, 100), np.linspace(-0.1, 0.1, 100)
    wide[::2] = np.nan
    factor, _ = held_out(np.stack([wide, narrow], -1).reshape(50, 2, 2))
    assert factor[0] == pytest.approx(3.2, rel=0.06)
    assert factor[1] == 1.0


def test_there_is_a_widest(held_out):
    factor, _ = held_out(np.full((10, 2, 1), 99.0))
    assert factor.tolist() == [WIDEST]
