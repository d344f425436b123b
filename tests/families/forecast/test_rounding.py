"""What exports of forecasts are held to where numbers of a level cancel."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from test_cut_series import LAYOUT, series_and_encoders, table_of

from rnnauto.errors import ExportError
from rnnauto.families.forecast.cut import judged_windows
from rnnauto.families.forecast.export import compare_graph, rounding

pytestmark = pytest.mark.train

LEVEL = np.float32(70)
ULP = np.spacing(LEVEL)  # what float32 cannot tell apart there


def member(scaling, transform, mean):
    scale = SimpleNamespace(kind=scaling, mean=tf.constant([mean]), deviation=tf.constant([2.0]))
    return SimpleNamespace(
        parts=SimpleNamespace(scale=scale, transform=SimpleNamespace(kind=transform))
    )


def windows():
    """Those of a series whose steps are small beside its level."""
    values = [float(LEVEL) + 0.1 * (day % 2) for day in range(12)]
    series, encoders = series_and_encoders(table_of(a=values))
    return judged_windows(series, encoders, LAYOUT)


def forecasts(*, off, known_off=0.0):
    """A model that tells 0.2 where nothing is known, and what it last saw else, and is off."""

    def run(raw):
        past = np.pad(raw["past"][..., 0], [(0, 0), (0, 1)])
        at = np.maximum(raw["length"] - 1, 0)
        last = past[np.arange(len(at)), at]
        known = np.isfinite(last) & (raw["length"] > 0)
        value = np.where(known, last + known_off, 0.2 + off).astype(np.float32)
        shape = (1, LAYOUT.horizon, 1, 3)
        return {"quantiles": np.tile(value[:, None, None, None], shape)}

    return run


def test_rounding_of_the_level_is_no_difference():
    least = rounding([member("none", "none", -LEVEL), member("mean", "none", 0.0)], 1)
    found = compare_graph(forecasts(off=0.0), forecasts(off=ULP), windows(), least=least)
    assert 0 < found["onnx"] < 1e-5
    nothing = rounding([member("mean", "none", LEVEL), member("none", "log", LEVEL)], 1)
    assert nothing.tolist() == [0.0]
    with pytest.raises(ExportError, match="onnx"):
        compare_graph(forecasts(off=0.0), forecasts(off=ULP), windows(), least=nothing)


def test_more_than_rounding_is_a_difference():
    least = rounding([member("none", "none", LEVEL)], 1)
    with pytest.raises(ExportError, match="onnx"):
        compare_graph(forecasts(off=0.0), forecasts(off=40 * ULP), windows(), least=least)
    with pytest.raises(ExportError, match="onnx"):
        known = forecasts(off=0.0, known_off=2e-5 * LEVEL)
        compare_graph(forecasts(off=0.0), known, windows(), least=least)
