"""Windows as batches: what is seen, what pads it, and the units of errors."""

from dataclasses import fields, replace

import numpy as np
import pytest
from test_simple_errors import HORIZON, LOOKBACK, encoded

from rnnauto.families.forecast.windows import (
    MOST_PER_EPOCH,
    MOST_TO_ADAPT,
    SMALLEST_UNIT,
    epoch_of,
    load_series,
    sample_windows,
    save_series,
    training_units,
    window_inputs,
    window_targets,
)

NAN = np.nan


def two_series(**changes):
    """Ten timesteps 0 to 9, then six 100 to 105; a window in each sees less than the lookback."""
    values = np.concatenate([np.arange(10.0), 100.0 + np.arange(6.0)])
    origins = np.array([2, 7, 11, 12])
    nothing = np.zeros((2, 0), np.float32)
    usual = {
        "row_splits": np.array([0, 10, 16]),
        "origins": origins,
        "owners": np.array([0, 0, 1, 1]),
        "units": np.ones((2, 1), np.float32),
        "static_numbers": nothing,
        "static_codes": nothing.astype(np.int32),
        "lookback": 4,
        "horizon": 3,
    }
    return replace(encoded(values), **(usual | changes))


def test_a_window_never_sees_another_series():
    inputs = window_inputs(two_series(), np.arange(4))
    assert inputs["length"].tolist() == [2, 4, 1, 2]
    assert inputs["past"][..., 0].tolist() == [
        [0, 1, 0, 0],
        [3, 4, 5, 6],
        [100, 0, 0, 0],
        [100, 101, 0, 0],
    ]
    assert set(inputs) == {"length", "past"}  # what there is not is not given


def test_extra_timesteps_hold_what_must_not_matter():
    inputs = window_inputs(two_series(), np.array([0, 1]), extra=2)
    assert inputs["past"].shape == (2, 6, 1)
    assert (inputs["past"][0, 2:] == 1e6).all()
    assert inputs["length"].tolist() == [2, 4]


def test_every_feature_is_cut_at_its_own_place():
    rows = np.arange(16.0, dtype=np.float32)[:, None]
    series = two_series(
        numbers=rows,
        codes=rows.astype(np.int32),
        ahead=np.concatenate([rows, -rows], axis=1),
        static_numbers=np.array([[7], [8]], np.float32),
        static_codes=np.array([[3], [4]], np.int32),
    )
    inputs = window_inputs(series, np.array([1, 2]))
    assert inputs["numbers"][..., 0].tolist() == [[3, 4, 5, 6], [10, 0, 0, 0]]
    assert inputs["codes"].dtype == np.int32
    assert inputs["known"][0, :, 1].tolist() == [-3, -4, -5, -6]
    assert inputs["ahead"][..., 0].tolist() == [[7, 8, 9], [11, 12, 13]]
    assert inputs["static_numbers"].tolist() == [[7], [8]]
    assert inputs["static_codes"].tolist() == [[3], [4]]


def test_no_window_gives_empty_arrays():
    series = two_series()
    inputs = window_inputs(series, np.arange(0))
    assert inputs["past"].shape == (0, 0, 1)
    assert window_targets(series, np.arange(0), training_units(series)).shape == (0, 3, 2, 1)


def test_targets_carry_the_unit_of_their_series():
    series = two_series(units=np.array([[2], [5]], np.float32))
    found = window_targets(series, np.array([1, 3]), training_units(series))
    assert found[:, :, 0, 0].tolist() == [[7, 8, 9], [102, 103, 104]]
    assert found[:, :, 1, 0].tolist() == [[2] * 3, [5] * 3]


def test_units_that_are_unknown_or_tiny_are_replaced():
    units = np.array([[4], [NAN], [0.001], [4]], np.float32)
    found = training_units(two_series(units=units))[:, 0]
    assert found == pytest.approx([4, 4, SMALLEST_UNIT * 4, 4])
    unknown = training_units(two_series(units=np.full((2, 1), NAN, np.float32)))
    assert unknown[:, 0].tolist() == [1, 1]


def test_several_targets_have_one_unit_for_all_series():
    units = np.array([[1, 10], [3, 30], [NAN, 20]], np.float32)
    assert training_units(two_series(units=units)).tolist() == [[2, 20]] * 3


def test_an_epoch_is_a_random_share_of_many_windows():
    rng = np.random.default_rng(0)
    few, many = np.arange(50), np.arange(2 * MOST_PER_EPOCH)
    assert sorted(epoch_of(few, rng=rng)) == few.tolist()
    found = epoch_of(many, rng=rng)
    assert len(set(found)) == MOST_PER_EPOCH
    assert found.max() > MOST_PER_EPOCH


def test_scales_are_learnt_from_windows_of_all_times():
    series = encoded(np.arange(MOST_TO_ADAPT + 2_000.0))
    inputs, truth = sample_windows(series, np.arange(len(series)))
    assert len(truth) == MOST_TO_ADAPT
    assert inputs["past"].shape == (MOST_TO_ADAPT, LOOKBACK, 1)
    assert truth[0, 0, 0] == LOOKBACK
    assert truth[-1, -1, 0] == MOST_TO_ADAPT + 1_999
    assert truth.shape[1] == HORIZON


def test_saved_series_are_the_same(tmp_path):
    told = {"levels": (0.025, 0.5, 0.9), "floors": (-7.0,), "zeros": (7.0,), "places": True}
    series = two_series(codes=np.arange(16, dtype=np.int32)[:, None], **told)
    save_series(tmp_path / "data", series)
    found = load_series(tmp_path / "data")
    for each in fields(series):
        np.testing.assert_equal(getattr(found, each.name), getattr(series, each.name), each.name)
    for name, array in window_inputs(series, np.arange(4)).items():
        np.testing.assert_array_equal(window_inputs(found, np.arange(4))[name], array)
