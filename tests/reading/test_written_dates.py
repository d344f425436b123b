"""Dates written with the name of a month, or as quarters and months of a year, are times."""

from datetime import date, datetime

import polars as pl
import pytest

from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.reading.written_dates import as_iso
from rnnauto.recipe import Recipe


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("1 Jan 2000", "2000-01-1"),
        ("01-Feb-2000", "2000-02-01"),
        ("Mon, 03 Jan 2000 12:30", "2000-01-03 12:30"),
        ("January 21, 2000", "2000-01-21"),
        ("Sept. 2nd, 2000", "2000-09-2"),
        ("mar 5 2000 07:08:09", "2000-03-5 07:08:09"),
        ("2000-Dec-31", "2000-12-31"),
        ("1991 Jul", "1991-07-1"),
        ("Jul-1991", "1991-07-1"),
        ("1970 Q1", "1970-01-1"),
        ("1970Q4", "1970-10-1"),
        ("Q3 1970", "1970-07-1"),
        ("1999M7", "1999-07-1"),
    ],
)
def test_it_becomes_what_iso_has(written, iso):
    year, month, rest = iso.split("-")
    day, *clock = rest.split(" ", 1)
    expected = " ".join([f"{year}-{month}-{day.zfill(2)}", *clock])
    assert as_iso(pl.Series("when", [written]))[0] == expected


def test_other_cells_stay_as_they_are():
    cells = pl.Series("when", ["marching 1 2000", "Jan 1 20000", "Q5 1970", "maybe", None, "2000"])
    assert as_iso(cells).to_list() == cells.to_list()


def read(tmp_path, cells):
    rows = "".join(f"{cell},{number}.5\n" for number, cell in enumerate(cells))
    (tmp_path / "table.csv").write_text("when,y\n" + rows)
    return read_table(tmp_path / "table.csv")


def test_a_column_of_months_orders_a_series(tmp_path):
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    table = read(tmp_path, [f"{name} {year}" for year in range(1990, 1995) for name in names])
    assert table.frame["when"].to_list()[:2] == [date(1990, 1, 1), date(1990, 2, 1)]
    layout = infer(table, Recipe.parse({"data": {"target": "y"}})).layout
    assert (layout.task, layout.time, layout.season) == ("forecasting", "when", 12)


def test_quarters_have_a_season_of_four(tmp_path):
    table = read(tmp_path, [f"{year} Q{q}" for year in range(1970, 1990) for q in range(1, 5)])
    layout = infer(table, Recipe.parse({"data": {"target": "y"}})).layout
    assert (layout.task, layout.season) == ("forecasting", 4)


def test_times_of_day_are_kept(tmp_path):
    table = read(tmp_path, [f"{day} May 2020 0{day}:30" for day in range(1, 10)])
    assert table.frame["when"][1] == datetime(2020, 5, 2, 2, 30)


def test_a_column_with_few_dates_is_a_text(tmp_path):
    table = read(tmp_path, ["Jan 1 2000", *["not a date"] * 30])
    assert table.frame["when"].dtype == pl.String
