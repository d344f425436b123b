"""A frame of pandas reads as the CSV file that it would be written to."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.reading.read import read_table

NA, NAT = pd.NA, pd.NaT
DAYS = pd.date_range("2024-01-30", periods=4)
HOURS = pd.date_range("2024-01-30 01:00", periods=4, freq="h")
COLUMNS = {
    "whole": [1, 2, 3, 4],
    "small": np.array([1, 2, 3, 4], np.int8),
    "unsigned": np.array([1, 2, 3, 4], np.uint64),
    "fractions": [1.5, np.nan, 2.0, 0.25],
    "half": np.array([1.5, 2.5, np.nan, 0.25], np.float16),
    "whole with a gap": [1.0, np.nan, 2.0, 3.0],
    "infinite": [1.5, float("inf"), 2.0, 3.0],
    "truth": [True, False, True, True],
    "truth with a gap": np.array([True, None, False, True], object),
    "text": ["a", "b", "", "c d"],
    "text with gaps": np.array(["a", None, np.nan, NA], object),
    "numbers as text": ["1", "2", "3.5", None],
    "numbers and gaps": np.array([1, None, 2.5, NA], object),
    "numbers and text": np.array([1, "a", 2.5, None], object),
    "leading zeros": ["007", "012", "100", "001"],
    "decimals": np.array([decimal.Decimal("1.5"), None, decimal.Decimal(2), 3], object),
    "dates as text": ["2024-01-01", "2024-01-02", None, "2024-01-04"],
    "dates as objects": np.array(
        [datetime.date(2024, 1, 1), None, *[datetime.date(2024, 1, 3)] * 2]
    ),
    "times as objects": np.array([datetime.time(1, 30), None, *[datetime.time(4)] * 2]),
    "stamps as objects": np.array([*HOURS[:3].to_pydatetime(), NAT], object),
    "nothing": [None] * 4,
    "no numbers": [np.nan] * 4,
    "python strings": pd.array(["a", NA, "b", "c"], "string[python]"),
    "category": pd.Categorical(["x", "y", None, "x"]),
    "category of numbers": pd.Categorical([3, 1, None, 3]),
    "bins": pd.cut(pd.Series([1, 5, 9, None]), [0, 4, 10]),
    "Int64": pd.array([1, NA, 3, 2**62], "Int64"),
    "UInt8": pd.array([1, NA, 3, 4], "UInt8"),
    "Float64": pd.array([1.5, NA, 3, 4], "Float64"),
    "boolean": pd.array([True, NA, False, True], "boolean"),
    "days": DAYS,
    "hours": HOURS,
    "hours with a gap": HOURS.where([True, False, True, True]),
    "parts of a second": pd.to_datetime(
        ["2024-01-01 00:00:00.25", None, *["2024-01-02"] * 2], format="ISO8601"
    ),
    "months": pd.period_range("2024-01", periods=4, freq="M"),
    "days as periods": pd.period_range("2024-01-01", periods=4, freq="D"),
    "sparse": pd.arrays.SparseArray([0.0, 0.0, 1.5, np.nan]),
    "sparse whole": pd.arrays.SparseArray([0, 0, 1, 0]),
    "ids": np.array(["f3c1", "0a", None, "b"], object),
}


def read(**columns):
    return read_table(pd.DataFrame(columns)).frame


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_reads_as_in_a_csv_file(tmp_path, name):
    frame = pd.DataFrame({"n": [1.5, 2.5, 3.5, 4.5], "v": COLUMNS[name]})
    frame.to_csv(tmp_path / "table.csv", index=False)
    wanted, found = read_table(tmp_path / "table.csv").frame, read_table(frame).frame
    assert found["v"].to_list() == wanted["v"].to_list()
    empty = wanted["v"].null_count() == wanted.height
    # of numbers a frame knows better how wide they are
    numbers = found["v"].dtype.is_numeric() and wanted["v"].dtype.is_numeric()
    assert empty or numbers or found.dtypes == wanted.dtypes


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_times_of_every_unit_and_zone(unit, zone):
    stamps = pd.Series(HOURS.where([True, False, True, True])).astype(f"datetime64[{unit}]")
    told = stamps.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else stamps
    table = read_table(pd.DataFrame({"t": told}))
    assert table.frame["t"].to_list() == [HOURS[0], None, *HOURS[2:]]
    assert table.frame["t"].dtype == pl.Datetime("us")
    assert any("its times are UTC" in note for note in table.notes) == bool(zone)


def test_nanoseconds_are_kept_where_there_are_some():
    t = pd.to_datetime(["2024-01-01 00:00:00.000000001", None, "2024-01-02"], format="ISO8601")
    column = read(t=t)["t"]
    assert column.dtype == pl.Datetime("ns")
    assert column.dt.nanosecond().to_list() == [1, None, 0]


@pytest.mark.parametrize("far", ["0001-01-01", "9999-12-31"])
def test_dates_that_nanoseconds_do_not_reach(far):
    assert read(t=np.array([far, "NaT"], "datetime64[s]"))["t"].to_list() == [
        datetime.date.fromisoformat(far),
        None,
    ]


def test_durations_are_seconds():
    table = read_table(pd.DataFrame({"d": pd.to_timedelta(["1 days", None, "00:00:01.5"])}))
    assert table.frame["d"].to_list() == [86400, None, 1.5]
    assert table.notes == ("`d` holds durations: read as seconds",)


def test_weeks_are_read_by_their_start():
    weeks = read(w=pd.period_range("2024-01-01", periods=2, freq="W"))["w"]
    assert weeks.to_list() == [datetime.date(2024, 1, 1), datetime.date(2024, 1, 8)]


@pytest.mark.parametrize(
    "cells, expected",
    [
        ([[1, 2], None, [3]], [[1, 2], None, [3]]),
        ([np.array([1.5, np.nan]), np.array([]), np.array([2])], [[1.5, None], [], [2.0]]),
        ([("a", NA), ("b", "c"), ()], [["a", None], ["b", "c"], []]),
        ([[1, 2.5], [2], [3]], [[1.0, 2.5], [2.0], [3.0]]),
        ([np.array([["a"], []], object)] * 2, [[["a"], []]] * 2),
    ],
)
def test_lists_tuples_and_arrays_are_lists(cells, expected):
    objects = np.empty(len(cells), object)
    objects[:] = cells
    assert read(n=range(len(cells)), v=objects)["v"].to_list() == expected


def test_columns_of_several_levels_are_joined():
    levels = pd.MultiIndex.from_tuples([("Close", "AAPL"), ("Close", "MSFT"), ("when", "")])
    frame = pd.DataFrame([[1.5, 2.5, "a"], [3.5, 4.5, "b"]], columns=levels)
    assert read_table(frame).frame.columns == ["Close_AAPL", "Close_MSFT", "when"]


def test_names_are_texts():
    frame = pd.DataFrame([[1, 2, 3], [4, 5, 6]], columns=[7, None, " x "])
    assert read_table(frame).frame.columns == ["7", "column_2", "x"]


@pytest.mark.parametrize(
    "index, names, note",
    [
        (None, [], None),
        ([5, 3, 9, 1], [], None),
        (pd.Index([5, 3, 9, 1], name="who"), ["who"], "column `who`"),
        (pd.RangeIndex(4, name="row"), ["row"], "column `row`"),
        (HOURS, ["time"], "column `time`"),
        (DAYS.rename("day"), ["day"], "column `day`"),
        (DAYS.to_period("M"), ["time"], "column `time`"),
        (
            pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["who", None]),
            ["who", "level_1"],
            "columns `who`, `level_1`",
        ),
        (pd.MultiIndex.from_product([["a", "b"], [1, 2]]), ["id", "time"], "columns `id`, `time`"),
        (pd.Index([5, 3, 9, 1], name="v"), [], "`v` is left out: a column has its name"),
    ],
)
def test_an_index_that_says_something_becomes_columns(index, names, note):
    table = read_table(pd.DataFrame({"v": [1.5, 2.5, 3.5, 4.5]}, index=index))
    assert table.frame.columns == [*names, "v"]
    assert table.frame["v"].to_list() == [1.5, 2.5, 3.5, 4.5]
    assert note in " ".join(table.notes) if note else table.notes == ()


def test_a_series_is_a_frame_of_one_column():
    table = read_table(pd.Series([1.5, 2.5, 3.5, 4.5], index=DAYS, name="load"))
    assert table.frame.columns == ["time", "load"]
    assert table.frame["time"].dtype == pl.Date
    assert read_table(pd.Series([1, 2])).frame.columns == ["column_1"]


@pytest.mark.parametrize("kind", ["python", "pyarrow"])
def test_text_that_stays_text_is_not_typed(kind):
    if kind == "pyarrow":
        pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"v": pd.array(["1", "2", pd.NA], f"string[{kind}]")})
    assert read_table(frame, text=["v"]).frame["v"].to_list() == ["1", "2", None]
    assert read_table(frame).frame["v"].to_list() == [1, 2, None]


def test_columns_that_arrow_holds():
    pa = pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None], pd.ArrowDtype(pa.int64())),
            "text": pd.array(["a", None], pd.ArrowDtype(pa.string())),
            "day": pd.array([datetime.date(2024, 1, 1), None], pd.ArrowDtype(pa.date32())),
            "hour": pd.array(
                [datetime.datetime(2024, 1, 1, 5, tzinfo=datetime.UTC), None],
                pd.ArrowDtype(pa.timestamp("us", "Asia/Tokyo")),
            ),
            "long": pd.array([datetime.timedelta(hours=1), None], pd.ArrowDtype(pa.duration("s"))),
            "kind": pd.array(["x", None], pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))),
            "exact": pd.array([decimal.Decimal("1.5"), None], pd.ArrowDtype(pa.decimal128(5, 2))),
            "list": pd.array([[1, 2], None], pd.ArrowDtype(pa.list_(pa.int64()))),
        }
    )
    assert read_table(frame).frame.row(0) == (
        *(1, "a", datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, 5)),
        *(3600, "x", 1.5, [1, 2]),
    )
    assert read_table(frame).frame.row(1) == (None,) * 8


def twins():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "c"])
    frame.columns = ["a", "b", "a"]
    return frame


@pytest.mark.parametrize(
    "frame, message",
    [
        (twins(), "the frame has 2 columns named `a`"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "the frame has 2 columns named `1`"),
        (pd.DataFrame({"v": pd.interval_range(0, 3)}), "column `v` of `frame` holds interval"),
        (pd.DataFrame({"v": [1 + 2j]}), "column `v` of `frame` holds complex128 values"),
        (pd.DataFrame({"v": [{1}, {2}]}), "column `v` of `frame` holds set values"),
        (pd.DataFrame({"v": [object(), 2]}), "holds object values among values of 2 types"),
        (pd.DataFrame({"v": [[1], "a"]}), "holds list values among values of 2 types"),
        (pd.DataFrame({"v": [[1], ["a"]]}), "holds lists of several kinds of values"),
        (pd.DataFrame(), "the frame is empty"),
        (pd.DataFrame({"v": []}), "the frame is empty"),
        (np.zeros((2, 2)), "a table cannot be read from a `ndarray`"),
        ({"v": [1]}, "a table cannot be read from a `dict`"),
        (pl.LazyFrame({"v": [1]}), "a table cannot be read from a `LazyFrame`"),
    ],
)
def test_frames_that_cannot_be_read_say_why(frame, message):
    with pytest.raises(DataError) as error:
        read_table(frame)
    assert message in error.value.message
