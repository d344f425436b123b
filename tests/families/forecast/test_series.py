"""Series as they are read, encoded, and continued into the future."""

from datetime import date

import numpy as np
import polars as pl
from builders import make_series_encoders

from rnnauto.families.forecast.answer import raw_windows
from rnnauto.families.forecast.cut import future_windows, judged_windows
from rnnauto.families.forecast.series import SeriesEncoders, fit_series_encoders, gather_series
from rnnauto.families.forecast.windows import window_inputs
from rnnauto.layout import Column, Layout
from rnnauto.times.frequency import Frequency

LAYOUT = Layout(
    form="panel",
    rnn_type="many-to-many-unaligned",
    task="forecasting",
    target=("sold",),
    target_kind="number",
    id=("shop",),
    time="month",
    features=(Column(name="price", kind="number"), Column(name="weather", kind="category")),
    known_ahead=("price",),
    horizon=2,
    lookback=3,
)
FRAME = pl.DataFrame(
    {
        "shop": ["b", "a", "a", "a", "a", "b"],
        "month": [date(2020, month, 1) for month in (1, 2, 1, 3, 4, 2)],
        "sold": [9.0, 2.0, 1.0, 3.0, None, 8.0],
        "price": [5.0, 2.5, 1.5, 3.5, 4.5, 6.0],
        "weather": ["wet", "dry", "wet", "dry", "wet", "wet"],
    }
)


def encoders_of(series):
    return fit_series_encoders(series, LAYOUT, season=1, train=np.arange(len(series.targets)))


def test_series_are_in_the_order_of_time():
    series = gather_series(FRAME, LAYOUT)
    assert series.ids["shop"].to_list() == ["b", "a"]
    assert series.row_splits.tolist() == [0, 2, 6]
    np.testing.assert_equal(series.targets[:, 0], np.float32([9, 8, 1, 2, 3, np.nan]))
    assert series.ahead[:, 0].tolist() == [5, 6, 1.5, 2.5, 3.5, 4.5]
    assert series.categories[0].to_list() == ["wet", "wet", "wet", "dry", "dry", "wet"]


def test_rows_after_the_last_known_target_tell_the_future():
    series = gather_series(FRAME, LAYOUT)
    windows = future_windows(series, encoders_of(series), LAYOUT)
    assert windows.encoded.origins.tolist() == [2, 7]
    times = windows.series.times.to_list()
    assert times[2:4] == [date(2020, 3, 1), date(2020, 4, 1)]  # reckoned
    assert times[7:] == [date(2020, 4, 1), date(2020, 5, 1)]  # given, reckoned
    inputs = window_inputs(windows.encoded, np.arange(2))
    np.testing.assert_equal(inputs["ahead"][..., 0], np.float32([[np.nan] * 2, [4.5, np.nan]]))
    assert inputs["length"].tolist() == [2, 3]
    assert inputs["past"][1, :, 0].tolist() == [1, 2, 3]
    assert inputs["codes"].shape == (2, 3, 1)


def test_words_known_ahead_are_indicators_and_told_for_the_future():
    layout = LAYOUT.model_copy(update={"known_ahead": ("weather",)})
    series = gather_series(FRAME, layout)
    train = np.flatnonzero(np.array(series.ahead_categories[0]) != "")
    encoders = fit_series_encoders(series, layout, season=1, train=train)
    (words,) = encoders.ahead_categories
    assert words.vocabulary == ("wet", "dry")
    windows = future_windows(series, encoders, layout)
    inputs = window_inputs(windows.encoded, np.arange(2))
    wet, dry, other = [0, 1, 0], [0, 0, 1], [1, 0, 0]
    assert inputs["known"][1, :, -3:].tolist() == [wet, dry, dry]
    assert inputs["ahead"][:, :, -3:].tolist() == [[other, other], [wet, other]]
    raw = raw_windows(windows, np.arange(2))
    assert raw["ahead_categories"][..., 0].tolist() == [["", ""], ["wet", ""]]
    assert raw["known_categories"][1, :, 0].tolist() == ["wet", "dry", "dry"]
    assert encoders.moving_count == 0 and "known" not in raw and "ahead" not in raw


def test_an_empty_table_has_no_window():
    series = gather_series(FRAME, LAYOUT)
    empty = future_windows(gather_series(FRAME.clear(), LAYOUT), encoders_of(series), LAYOUT)
    assert len(empty) == 0
    assert empty.encoded.truth().shape == (0, 2, 1)


def test_origins_to_judge_by_leave_a_lookback_and_a_horizon():
    frame = pl.DataFrame({"shop": "a", "month": pl.date_range(
        date(2020, 1, 1), date(2020, 12, 1), "1mo", eager=True), "sold": np.arange(12.0) ** 2,
        "price": 1.0, "weather": "wet"})  # fmt: skip
    series = gather_series(frame, LAYOUT)
    windows = judged_windows(series, encoders_of(series), LAYOUT)
    assert windows.encoded.origins.tolist() == list(range(3, 11))
    assert windows.encoded.truth()[0, :, 0].tolist() == [9, 16]
    assert windows.encoded.units[0, 0] == 2  # the steps of the first three: 1 and 3


def test_the_step_of_an_older_model_is_read_as_a_frequency():
    made = make_series_encoders().model_dump(mode="json")
    del made["frequency"]
    step = {"unit": "month", "count": 3.0, "at_end": True}
    read = SeriesEncoders.model_validate(made | {"step": step})
    assert read.frequency == Frequency(unit="month", count=3, at="last")
