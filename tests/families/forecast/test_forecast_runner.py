"""Windows through a model that is given as a function, and the table that comes of them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from test_cut_series import LAYOUT, series_and_encoders, table_of

from rnnauto.families.forecast.answer import (
    BATCH,
    forecast_table,
    predict_windows,
    raw_windows,
    words_at,
)
from rnnauto.families.forecast.cut import future_windows, judged_windows
from rnnauto.families.forecast.series import gather_series
from rnnauto.layout import Column


def last_value(raw):
    """A forecast that is the last value seen, from one below to one above."""
    at = np.maximum(raw["length"] - 1, 0)
    value = raw["past"][np.arange(len(at)), at, 0]
    spread = value[:, None, None, None] + np.array([-1, 0, 1])
    return {"quantiles": np.tile(spread, (1, LAYOUT.horizon, 1, 1)).astype(np.float32)}


def future_of(**series):
    gathered, encoders = series_and_encoders(table_of(**series))
    return future_windows(gathered, encoders, LAYOUT)


def test_windows_come_back_in_their_order_whatever_the_batch():
    series, encoders = series_and_encoders(table_of(a=list(range(2 * BATCH))))
    windows = judged_windows(series, encoders, LAYOUT)
    assert len(windows) > BATCH
    found = predict_windows(last_value, windows)
    assert found[:, 0, 0, 1].tolist() == [origin - 1 for origin in windows.encoded.origins]


def test_a_window_of_nothing_known_has_no_forecast():
    windows = future_of(a=[1, 2, 3], b=[None, None])
    found = predict_windows(last_value, windows)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    table = forecast_table(windows, found, origins=False)
    assert table["prediction"].to_list() == [3, 3, None, None]


def test_no_series_gives_a_header_only():
    table = table_of(a=[1, 2, 3])
    _, encoders = series_and_encoders(table)
    windows = future_windows(gather_series(table.frame.clear(), LAYOUT), encoders, LAYOUT)
    found = predict_windows(last_value, windows)
    assert found.shape == (0, 2, 1, 3)
    table = forecast_table(windows, found, origins=True)
    assert table.is_empty()
    assert table.columns == [
        *("shop", "origin", "day", "prediction"),
        *("prediction_10", "prediction_50", "prediction_90"),
    ]


def test_a_row_is_a_timestep_with_its_id_and_time():
    windows = future_of(b=[7], a=[1, 2])
    table = forecast_table(windows, predict_windows(last_value, windows), origins=True)
    assert table["shop"].to_list() == ["b", "b", "a", "a"]
    assert [time.day for time in table["day"]] == [2, 3, 3, 4]
    assert [time.day for time in table["origin"]] == [1, 1, 2, 2]
    assert table.select("prediction_10", "prediction", "prediction_90").row(0) == (6, 7, 8)


def test_words_stand_where_numbers_of_the_network_do():
    windows = future_of(a=[10, 40, 10])
    raw = raw_windows(windows, np.arange(1), extra=2)
    assert "codes" not in raw
    assert raw["categories"][0, :, 0].tolist() == ["wet", "dry", "wet", "rubbish", "rubbish"]


def test_words_of_several_columns_lie_side_by_side():
    columns = (pl.Series(["a", "b"]), pl.Series(["c", "d"]))
    found = words_at(columns, np.array([[1, 0]]))
    assert found.tolist() == [[["b", "d"], ["a", "c"]]]


@pytest.mark.parametrize("targets", [("y",), ("y", "z")])
def test_a_target_is_named_where_there_are_several(targets):
    windows = future_of(a=[1, 2])
    several = windows.encoders.model_copy(update={"targets": targets})
    columns = tuple(Column(name=name, kind="number") for name in targets)
    layout = windows.layout.model_copy(update={"targets": columns})
    quantiles = np.zeros((1, 2, len(targets), 3), np.float32)
    table = forecast_table(
        replace(windows, encoders=several, layout=layout), quantiles, origins=False
    )
    wanted = ["prediction"] if len(targets) == 1 else ["prediction_y", "prediction_z"]
    assert [name for name in table.columns if not name.endswith("0")] == ["shop", "day", *wanted]
