"""The forecasting network: an untrained one is its simple forecast, whatever the padding."""

from dataclasses import replace

import numpy as np
import pytest
from test_simple_errors import HORIZON, LOOKBACK, encoded

from rnnauto.families.forecast.features import ForecastFeatures
from rnnauto.families.forecast.network import adapt, build_forecast
from rnnauto.families.forecast.simple_errors import simple_errors
from rnnauto.families.forecast.windows import window_inputs
from rnnauto.networks.architecture import Architecture
from rnnauto.recipe import Space

pytestmark = pytest.mark.train

SEASON = 4


def features(**options):
    usual = {
        "targets": 1,
        "horizon": 6,
        "season": SEASON,
        "numbers": 0,
        "missing": (),
        "vocabularies": (),
        "ahead": 0,
        "ahead_missing": (),
        "static_numbers": 0,
        "static_missing": (),
        "static_vocabularies": (),
    }
    return ForecastFeatures(**(usual | options))


def architecture(differencing, *, scaling="none", transform="none"):
    return Architecture(
        cell="simple_rnn",
        units=4,
        layers=1,
        patch=1,
        pooling="last",
        bidirectional=False,
        lookback=9,
        scaling=scaling,
        transform=transform,
        differencing=differencing,
    )


def inputs_of(*series, timesteps=12, filler=0.0):
    past = np.full((len(series), timesteps, 1), filler, np.float32)
    for row, values in zip(past, series, strict=True):
        row[: len(values), 0] = values
    return {"past": past, "length": np.array([len(values) for values in series], np.int32)}


RISING = np.array([20, 10, 30, 10, 24, 14, 34, 14, 28, 18, 38, 18], float)  # 4 more a season


@pytest.mark.parametrize("scaling", ["none", "mean", "standard"])
@pytest.mark.parametrize(
    ("differencing", "wanted"),
    [
        ("last", [18] * 6),
        ("trend", [-2, -22, -42, -62, -82, -102]),
        ("seasonal", [28, 18, 38, 18, 28, 18]),
        ("seasonal_trend", [32, 22, 42, 22, 36, 26]),
        ("seasonal_last", [32, 22, 42, 22, 36, 26]),
    ],
)
def test_untrained_it_is_the_simple_forecast(differencing, wanted, scaling):
    built = build_forecast(features(), architecture(differencing, scaling=scaling))
    found = np.asarray(built.model(inputs_of(RISING)))
    assert found[0, :, 1] == pytest.approx(wanted, abs=1e-3)
    assert (found[..., 0] < found[..., 1]).all()
    assert (found[..., 1] < found[..., 2]).all()


def test_a_logarithm_makes_the_season_a_ratio():
    built = build_forecast(features(), architecture("seasonal_trend", transform="log"))
    values = np.tile([1.0, 2.0, 4.0, 8.0], 3) * np.repeat([1.0, 2.0, 4.0], 4)
    sample = inputs_of(values)
    adapt(built, sample, np.full((1, 6, 1), 8, np.float32))
    assert np.asarray(built.model(sample))[0, :, 1] == pytest.approx(
        [8, 16, 32, 64, 16, 32], rel=1e-4
    )


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e6])
def test_the_constants_are_learnt_from_windows_whatever_the_unit(unit):
    built = build_forecast(features(), architecture("last", scaling="none"))
    rng = np.random.default_rng(0)
    series = rng.normal(50, 3, (40, 12)) * unit
    truth = series[:, -1:] + rng.normal(0, 2, (40, 6)) * np.arange(1, 7) * unit
    adapt(built, inputs_of(*series), truth.astype(np.float32)[..., None])
    scale = built.parts.scale
    assert float(scale.mean.numpy()[0]) == pytest.approx(50 * unit, rel=0.01)
    assert float(scale.deviation.numpy()[0]) == pytest.approx(3 * unit, rel=0.1)
    low, median, high = np.moveaxis(np.asarray(built.model(inputs_of(*series))), -1, 0)
    inside = ((low <= truth) & (truth <= high)).mean()
    assert 0.7 < inside < 0.9  # the interval fits before any training
    assert (high - low)[:, -1].mean() > 4 * (high - low)[:, 0].mean()


@pytest.mark.parametrize("size", [1.0, 1e-9])
def test_what_never_changes_keeps_the_deviation_one(size):
    built = build_forecast(features(), architecture("last", scaling="none"))
    adapt(built, inputs_of(np.full(12, size)), np.full((1, 6, 1), size, np.float32))
    assert built.parts.scale.deviation.numpy().tolist() == [1.0]
    assert built.parts.quantiles.error.numpy() == pytest.approx(1e-6)  # no error was seen


def test_a_forecast_depends_on_its_window_alone():
    built = build_forecast(features(), architecture("seasonal", scaling="mean"))
    built.model.get_layer("corrections").kernel.assign(np.ones((4, 3), np.float32))
    gap = RISING.copy()
    gap[5] = np.nan
    series = [RISING, RISING[:5], gap, RISING[:0]]
    together = np.asarray(built.model(inputs_of(*series)))
    assert np.isfinite(together).all()
    padded = np.asarray(built.model(inputs_of(*series, timesteps=40, filler=1e6)))
    np.testing.assert_allclose(padded, together, rtol=1e-5)
    for at, values in enumerate(series):
        alone = np.asarray(built.model(inputs_of(values, timesteps=max(len(values), 1))))
        np.testing.assert_allclose(alone[0], together[at], rtol=1e-4, atol=1e-4)
    longer = np.concatenate([[900.0, -900.0], RISING])  # before the lookback
    again = np.asarray(built.model(inputs_of(longer, timesteps=14)))
    np.testing.assert_allclose(again[0], together[0], rtol=1e-5)


def test_other_features_reach_the_forecast():
    wide = features(
        targets=2, numbers=1, missing=(0,), vocabularies=(6,), ahead=2, static_numbers=1
    )
    built = build_forecast(wide, architecture("last"))
    for layer in ("decoder", "corrections"):
        kernel = built.model.get_layer(layer).kernel
        kernel.assign(np.random.default_rng(1).normal(size=kernel.shape))
    rng = np.random.default_rng(0)
    inputs = {
        "past": rng.normal(size=(1, 9, 2)).astype(np.float32),
        "length": np.array([9], np.int32),
        "numbers": rng.normal(size=(1, 9, 1)).astype(np.float32),
        "codes": np.full((1, 9, 1), 4, np.int32),
        "known": rng.normal(size=(1, 9, 2)).astype(np.float32),
        "ahead": rng.normal(size=(1, 6, 2)).astype(np.float32),
        "static_numbers": np.ones((1, 1), np.float32),
    }
    before = np.asarray(built.model(inputs))
    assert before.shape == (1, 6, 6)
    for name in ("numbers", "codes", "known", "ahead", "static_numbers"):
        changed = inputs | {name: inputs[name] + 1}
        assert np.abs(np.asarray(built.model(changed)) - before).max() > 1e-6, name


def test_the_search_reckons_the_simple_forecasts_as_the_network_does():
    series = encoded(np.random.default_rng(0).normal(size=80).cumsum() + 50, units=2.0)
    chosen = np.arange(len(series))
    found = simple_errors(series, chosen, season=SEASON)
    inputs, truth = window_inputs(series, chosen), series.truth()
    for kind, error in found.items():
        learnt = kind == "smoothed"  # from windows as they are scaled
        shape = architecture(kind, scaling="none" if learnt else "mean")
        built = build_forecast(features(horizon=HORIZON), replace(shape, lookback=LOOKBACK))
        if learnt:
            adapt(built, inputs, truth)
        middle = np.asarray(built.model(inputs))[:, :, 1:2]
        assert error == pytest.approx(np.abs(middle - truth).mean() / 2.0, rel=1e-3), kind
    assert set(found) == set(Space().differencing)


@pytest.mark.parametrize("scaling", ["mean", "standard"])
@pytest.mark.parametrize("kind", ["seasonal", "smoothed"])
def test_windows_without_a_level_do_not_widen_the_intervals_of_all(kind, scaling):
    """Some see a gap alone, some zeros alone, before values as of the others."""
    rng = np.random.default_rng(0)
    series = np.tile([40.0, 50.0, 60.0, 50.0], 3) + rng.normal(0, 1, (60, 12))
    truth = (np.tile([40.0, 50.0, 60.0, 50.0], 2)[:6] + rng.normal(0, 1, (60, 6))).astype("float32")
    alone = build_forecast(features(), architecture(kind, scaling=scaling))
    adapt(alone, inputs_of(*series), truth[..., None])
    gaps = series.copy()
    gaps[:6], gaps[6:12] = np.nan, 0.0
    beside = build_forecast(features(), architecture(kind, scaling=scaling))
    adapt(beside, inputs_of(*gaps), truth[..., None])
    wanted, found = (np.asarray(built.model(inputs_of(*series[20:]))) for built in (alone, beside))
    assert np.abs(found - wanted).max() < 2.0
