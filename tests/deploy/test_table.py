from datetime import date, datetime

import polars as pl

from rnnauto.deploy.table import times_as_texts
from rnnauto.layout import Layout
from rnnauto.times.spelling import Spelling


def series_of(time, spelling):
    return Layout(
        form="single-series",
        rnn_type="many-to-one",
        task="forecasting",
        target=("y",),
        target_kind="number",
        time=time,
        spelling=spelling,
    )


def test_times_have_a_fraction_only_where_there_is_one():
    frame = pl.DataFrame(
        {
            "at": [datetime(2020, 1, 1, 5), datetime(2020, 1, 1, 5, 0, 0, 250_000), None],
            "day": [date(2020, 1, 1)] * 3,
        }
    )
    assert times_as_texts(frame, series_of("at", None)).write_csv().splitlines() == [
        "at,day",
        "2020-01-01T05:00:00,2020-01-01",
        "2020-01-01T05:00:00.250,2020-01-01",
        ",2020-01-01",
    ]


def test_times_are_written_as_the_file_has_them_where_that_loses_nothing():
    frame = pl.DataFrame({"day": [date(2020, 2, 1), date(2020, 3, 1)]})
    months = series_of("day", Spelling(pattern="%m/%Y"))
    assert times_as_texts(frame, months)["day"].to_list() == ["02/2020", "03/2020"]
    days = pl.DataFrame({"day": [date(2020, 2, 1), date(2020, 2, 2)]})
    assert times_as_texts(days, months).equals(days)


def test_a_time_of_several_columns_is_as_many_again():
    frame = pl.DataFrame({"id": ["a"], "year-week": [date(2020, 12, 28)], "prediction": [1.5]})
    layout = series_of("year-week", Spelling(pattern="%-G|%-V"))
    assert times_as_texts(frame, layout).to_dicts() == [
        {"id": "a", "year": 2020, "week": 53, "prediction": 1.5}
    ]
