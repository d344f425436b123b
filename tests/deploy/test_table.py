from datetime import date, datetime

import polars as pl

from rnnauto.deploy.table import times_as_texts


def test_times_have_a_fraction_only_where_there_is_one():
    frame = pl.DataFrame(
        {
            "at": [datetime(2020, 1, 1, 5), datetime(2020, 1, 1, 5, 0, 0, 250_000), None],
            "day": [date(2020, 1, 1)] * 3,
        }
    )
    assert times_as_texts(frame).write_csv().splitlines() == [
        "at,day",
        "2020-01-01T05:00:00,2020-01-01",
        "2020-01-01T05:00:00.250,2020-01-01",
        ",2020-01-01",
    ]
