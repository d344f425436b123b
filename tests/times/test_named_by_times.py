"""Columns that are named by dates are timesteps, however the dates are written."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from rnnauto.deploy.table import times_as_texts
from rnnauto.families.forecast.answer import forecast_table, to_predict
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.times.columns import times_in_names

DAYS = [date(2020, 1, 22) + timedelta(day) for day in range(40)]
MONTHS = [date(2018 + number // 12, number % 12 + 1, 1) for number in range(43)]
NAMES = {
    "2020-01-22": (DAYS, "{0:%Y-%m-%d}"),
    "1/22/20": (DAYS, "{0.month}/{0.day}/{0:%y}"),
    "X1.22.20": (DAYS, "X{0.month}.{0.day}.{0:%y}"),
    "22.01.2020": (DAYS, "{0:%d.%m.%Y}"),
    "20200122": (DAYS, "{0:%Y%m%d}"),
    "Jan-20": (MONTHS, "{0:%b}-{0:%y}"),
    "2020-01": (MONTHS, "{0:%Y-%m}"),
    "202001": (MONTHS, "{0:%Y%m}"),
    "01/01/2020": (MONTHS, "{0:%m/%d/%Y}"),
    "01.01.2020": (MONTHS, "{0:%d.%m.%Y}"),
    "2020M01": (MONTHS, "{0:%Y}M{0:%m}"),
}


@pytest.mark.parametrize("spelling", NAMES)
@pytest.mark.parametrize("newest_first", [False, True])
def test_they_are_found_in_the_order_of_time(spelling, newest_first):
    times, form = NAMES[spelling]
    names = [form.format(time) for time in times]
    given = names[::-1] if newest_first else names
    named = times_in_names(["region", "id_1", *given], fewest=8)
    assert named.columns == tuple(names)
    assert named.times.to_list() == times


@pytest.mark.parametrize(
    "names",
    [
        [f"x{number}" for number in range(20)],
        [f"{number}" for number in range(1, 30)],
        [f"q{number}_{part}" for number in range(1, 9) for part in range(3)],
        [f"{number}-{number + 1}" for number in range(1, 20)],
        [f"sensor {number}.{number}" for number in range(20)],
        [f"{number:06}" for number in (13, 210199, 990101, 123456, 777777, 5, 98, 221133)],
    ],
)
def test_other_numbers_are_no_dates(names):
    assert times_in_names(names, fewest=8) is None


@pytest.mark.parametrize("spelling", ["1/22/20", "2020-01", "Jan-20"])
def test_a_forecast_of_them_goes_on_in_their_spelling(tmp_path, spelling):
    times, form = NAMES[spelling]
    names = [form.format(time) for time in times]
    values = {name: [10 + at % 7, 20 + at % 5, 5 + at % 3] for at, name in enumerate(names[:-3])}
    path = tmp_path / "wide.csv"
    pl.DataFrame({"region": ["north", "south", "west"], **values}).write_csv(path)
    prepared = prepare(path, Recipe.parse({"problem": {"horizon": 3}}))
    windows = to_predict(path, prepared.layout, prepared.encoders, history=None)
    quantiles = np.zeros((len(windows), 3, 1, 3), np.float32)
    table = forecast_table(windows, quantiles, origins=False)
    table = times_as_texts(table, prepared.layout)
    assert table.columns[:2] == ["region", "date"]
    assert table["date"].to_list() == names[-3:] * 3
