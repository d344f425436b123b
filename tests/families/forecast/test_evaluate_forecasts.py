"""Metrics of forecasts by hand, and what the baselines say of the same windows."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from builders import make_series_encoders
from test_simple_errors import encoded

from rnnauto.errors import DataError
from rnnauto.families.forecast.evaluate import (
    evaluate_forecasts,
    fit_and_validate,
    score_forecasts,
    window_groups,
)
from rnnauto.families.forecast.series import EncodedSeries
from rnnauto.families.forecast.simple.baselines import simple_forecasts


def windows(targets, *, splits, origins, units, horizon=2, lookback=3):
    targets = np.asarray(targets, np.float32)
    targets = targets.reshape(len(targets), -1)
    origins, count = np.asarray(origins), len(splits) - 1
    return EncodedSeries(
        row_splits=np.asarray(splits),
        targets=targets,
        numbers=np.zeros((len(targets), 0), np.float32),
        codes=np.zeros((len(targets), 0), np.int32),
        ahead=np.zeros((len(targets), 0), np.float32),
        static_numbers=np.zeros((count, 0), np.float32),
        static_codes=np.zeros((count, 0), np.int32),
        units=np.asarray(units, np.float32).reshape(count, -1),
        origins=origins,
        owners=np.searchsorted(splits, origins, side="right") - 1,
        lookback=lookback,
        horizon=horizon,
    )


def test_metrics_by_hand():
    data = windows(
        [0, 0, 10, 20, 0, 0, 4, np.nan], splits=[0, 4, 8], origins=[2, 6], units=[5.0, 2.0]
    )
    median = np.array([[[12.0], [20.0]], [[1.0], [99.0]]])  # errors 2, 0 and 3
    found = score_forecasts(data, np.stack([median - 2, median, median + 1], -1)).metrics
    assert found["mae"].value == pytest.approx(5 / 3)
    assert found["rmse"].value == pytest.approx(np.sqrt(13 / 3))
    assert found["mase"].value == pytest.approx(((2 / 5 + 0) / 2 + 3 / 2) / 2)
    assert found["smape"].value == pytest.approx((200 * 2 / 22 / 2 + 200 * 3 / 5) / 2)
    assert found["coverage_80"].value == pytest.approx(2 / 3)
    assert "average_displacement" not in found
    assert "coverage_80" not in score_forecasts(data, median[..., None]).metrics


def test_each_series_weighs_the_same_in_mase():
    data = windows(np.zeros(12), splits=[0, 8, 12], origins=[2, 3, 4, 10], units=[1.0, 1.0])
    errors = np.array([1.0, 2.0, 3.0, 10.0])[:, None, None, None] * np.ones((4, 2, 1, 1))
    assert score_forecasts(data, errors).metrics["mase"].value == pytest.approx((2 + 10) / 2)


def test_displacement_is_the_distance_of_places():
    data = windows(np.zeros((6, 2)), splits=[0, 6], origins=[3], units=[[1.0, 1.0]])
    predicted = np.array([[[3.0, 4.0], [6.0, 8.0]]])[..., None]
    assert "average_displacement" not in score_forecasts(data, predicted).metrics  # unrelated ones
    found = score_forecasts(replace(data, places=True), predicted).metrics
    assert found["average_displacement"].value == pytest.approx(7.5)
    assert found["final_displacement"].value == pytest.approx(10)


def test_blocks_of_origins_where_series_are_few():
    data = windows(np.zeros(40), splits=[0, 40], origins=range(10, 30), units=[1.0], horizon=4)
    assert window_groups(data).tolist() == np.repeat(np.arange(5), 4).tolist()


def test_the_simple_forecasts():
    values = [1.0, 2, 3, 5, 4, 6, 8, 7]
    data = windows(values, splits=[0, 8], origins=[6], units=[1.0])
    found = simple_forecasts(data, season=4)
    assert found["naive"][0, :, 0].tolist() == [6, 6]
    assert found["seasonal naive"][0, :, 0].tolist() == [3, 5]
    assert "constant velocity" not in found
    walk = replace(data, targets=np.repeat(data.targets, 2, axis=1), places=True)
    walked = simple_forecasts(walk, season=4)["constant velocity"]
    assert walked[0].tolist() == [[8, 8], [10, 10]]
    assert found["drift"][0, :, 0].tolist() == [6.5, 7]  # from 5 to 6 in two steps
    assert found["Holt-Winters"].shape == (1, 2, 1)
    assert "seasonal naive" not in simple_forecasts(data, season=1)


def test_a_gap_is_the_value_before_it():
    data = windows([1, 2, np.nan, 9, 9], splits=[0, 5], origins=[3], units=[1.0])
    assert simple_forecasts(data, season=1)["naive"][0, :, 0].tolist() == [2, 2]


def test_the_model_is_compared_by_mase():
    values = np.sin(np.arange(60.0))
    data = windows(values, splits=[0, 60], origins=range(20, 58), units=[1.0])
    perfect = np.repeat(data.truth()[..., None], 3, axis=-1)
    found = evaluate_forecasts(data, perfect, season=1)
    assert found.main_metric == "mase"
    assert found.beats_baselines
    assert (found.rows, found.sequences) == (76, 1)
    with pytest.raises(DataError, match="no window to score"):
        evaluate_forecasts(data.take(np.arange(0)), perfect[:0], season=1)


def test_forecasts_are_validated_on_the_held_out_windows():
    prepared = SimpleNamespace(
        encoders=make_series_encoders(season=4),
        development=encoded(np.tile([1.0, 5.0, 2.0, 8.0], 20)),
        parts=SimpleNamespace(folds=((np.arange(30), np.arange(40, 50)),)),
    )
    found, validated = fit_and_validate(prepared, seed=0, metric="mase")
    assert found == ()
    assert validated["seasonal naive"] == pytest.approx(0, abs=1e-6)
    assert validated["naive"] > 1
    assert fit_and_validate(prepared, seed=0, metric="coverage_80")[1] == {}  # they have none
