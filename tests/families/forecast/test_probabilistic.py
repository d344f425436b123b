"""Scores of all quantiles, by hand and beside what other libraries say."""

from statistics import NormalDist

import numpy as np
import pytest
from test_evaluate_forecasts import windows

from rnnauto.families.forecast.evaluate import score_forecasts
from rnnauto.families.forecast.levels import coverages, per_cent
from rnnauto.families.forecast.probabilistic import crps

LEVELS = (0.1, 0.5, 0.9)
TRUTH = [0, 0, 10, 20, 0, 0, 4, 1]
QUANTILES = np.array(
    [[[[8, 12, 13]], [[17, 21, 22]]], [[[0, 3, 6]], [[1, 1, 2]]]], float
)  # of two series, two timesteps each


def scored(truth, quantiles=QUANTILES):
    data = windows(truth, splits=[0, 4, 8], origins=[2, 6], units=[5.0, 2.0])
    return {name: each.value for name, each in score_forecasts(data, quantiles).metrics.items()}


def test_the_weighted_quantile_loss_is_that_of_gluonts():
    # pinball losses of 10%, 50% and 90%: 0.2 1 0.3; 0.3 0.5 0.2; 0.4 0.5 0.2; 0 0 0.1
    found = scored(TRUTH)
    assert found["wql"] == pytest.approx(2 * (1.5 + 1.0 + 1.1 + 0.1) / 3 / 35)
    assert found["wql"] == pytest.approx(0.07047619047619047)  # gluonts 0.17.0, the same quantiles
    assert scored([*TRUTH[:3], np.nan, *TRUTH[4:]])["wql"] == pytest.approx(0.12)  # so does it say


def test_crps_is_the_integral_over_all_levels():
    truth, quantiles = np.array([10.0, 20, 4, 1]), QUANTILES.reshape(4, 3)
    found = crps(truth, quantiles, LEVELS)
    levels = (np.arange(200_000) + 0.5) / 200_000
    for value, told, wanted in zip(truth, quantiles, found, strict=True):
        error = value - np.interp(levels, LEVELS, told)
        assert 2 * np.mean(np.maximum(levels * error, (levels - 1) * error)) == pytest.approx(
            wanted, rel=1e-6
        )
    assert found[0] == pytest.approx(0.9166666667)
    assert scored(TRUTH)["crps"] == pytest.approx(found.mean())


def test_crps_of_many_quantiles_is_that_of_their_distribution():
    normal, levels = NormalDist(), tuple(np.arange(1, 1000) / 1000)
    quantiles = np.array([normal.inv_cdf(level) for level in levels])
    for value in (-2.0, 0.0, 0.7):
        exact = value * (2 * normal.cdf(value) - 1) + 2 * normal.pdf(value) - 1 / np.sqrt(np.pi)
        assert crps(np.array([value]), quantiles[None], levels) == pytest.approx(exact, abs=1e-5)


def test_one_value_has_its_absolute_error_as_crps():
    found = scored(TRUTH, QUANTILES[..., 1:2])
    assert found["crps"] == pytest.approx(found["mae"])
    assert found["wql"] == pytest.approx(found["mae"] * 4 / 35)
    assert not any(name.startswith("coverage") for name in found)


def test_the_widest_interval_is_covered_and_that_of_80_per_cent():
    assert coverages(LEVELS) == {"coverage_80": (0, 2)}
    assert coverages((0.025, 0.1, 0.5, 0.9, 0.975)) == {
        "coverage_95": (0, 4),
        "coverage_80": (1, 3),
    }
    assert coverages((0.5, 0.9)) == {"coverage_40": (0, 1)}
    assert coverages((0.5,)) == {}
    assert [per_cent(level) for level in (0.07, 0.025, 0.999)] == ["7", "2.5", "99.9"]
