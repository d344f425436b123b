"""Times in several columns are joined where they order rows only together."""

from datetime import date, datetime

import polars as pl
import pytest

from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.joined_time import join_time, joined_name, time_parts
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

YEARS = [year for year in (2010, 2011, 2012) for _ in range(12)]
MONTHS = list(range(1, 13)) * 3


def infer_of(columns, target):
    recipe = Recipe.parse({"data": {"target": target}})
    return infer(read_table(pl.DataFrame(columns)), recipe)


def test_year_and_month_become_the_first_day_of_the_month():
    frame = join_time(pl.DataFrame({"y": [1, 2], "Year": [2010, 2010], "Month": [1, 2]}))
    assert frame.columns == ["y", "Year-Month", "Year", "Month"]
    assert frame["Year-Month"].to_list() == [date(2010, 1, 1), date(2010, 2, 1)]
    assert joined_name(frame) == "Year-Month"


def test_an_hour_makes_a_time_of_day():
    columns = {"year": [2010, 2010], "month": [2, 2], "day": [28, 28], "hour": [5, 6]}
    assert join_time(pl.DataFrame(columns))["year-month-day-hour"].to_list() == [
        datetime(2010, 2, 28, 5),
        datetime(2010, 2, 28, 6),
    ]


def test_names_of_months_are_months():
    frame = join_time(pl.DataFrame({"year": [2010, 2010], "month": ["March", "apr"]}))
    assert frame["year-month"].to_list() == [date(2010, 3, 1), date(2010, 4, 1)]


@pytest.mark.parametrize("quarters", [[1, 4], ["Q1", "Q4"]])
def test_a_quarter_is_its_first_month(quarters):
    frame = join_time(pl.DataFrame({"year": [2010, 2010], "quarter": quarters}))
    assert frame["year-quarter"].to_list() == [date(2010, 1, 1), date(2010, 10, 1)]


def test_a_month_goes_before_a_quarter():
    columns = {"year": [2010, 2010], "quarter": [1, 1], "month": [1, 2]}
    assert joined_name(join_time(pl.DataFrame(columns))) == "year-month"


def test_a_date_and_a_clock_become_a_time():
    frame = pl.DataFrame({"clock": ["10:30:00"], "day": ["2010-02-28"]}).select(
        pl.col("clock").str.to_time(), pl.col("day").str.to_date()
    )
    assert join_time(frame)["day-clock"].to_list() == [datetime(2010, 2, 28, 10, 30)]


@pytest.mark.parametrize(
    "columns",
    [
        {"year": [2010, 2011], "y": [1, 2]},
        {"year": [2010, 2011], "month": [5, 5]},
        {"year": [2010, 2011], "month": [0, 13]},
        {"year": [10, 11], "month": [1, 2]},
        {"year": [2010, 2010], "month": [1, 2], "when": [date(2010, 1, 1), date(2010, 2, 1)]},
        {"month": [1, 2], "day": [3, 4]},
    ],
)
def test_other_columns_are_not_joined(columns):
    frame = pl.DataFrame(columns)
    assert time_parts(frame) == ()
    assert join_time(frame).columns == frame.columns


def test_a_joined_time_orders_a_series_and_the_evidence_says_so():
    found = infer_of({"year": YEARS, "month": MONTHS, "sales": range(36)}, "sales")
    assert (found.layout.form, found.layout.time) == ("single-series", "year-month")
    assert found.layout.ignored == ("year", "month")
    assert (
        "time is `year-month`",
        "joined from `year`, `month`, which order them only together",
    ) in [(item.decision, item.reason) for item in found.evidence]


def test_a_joined_time_orders_a_panel():
    columns = {"shop": ["a"] * 36 + ["b"] * 36, "year": YEARS * 2, "month": MONTHS * 2}
    layout = infer_of({**columns, "sales": range(72)}, "sales").layout
    assert (layout.form, layout.id, layout.time) == ("panel", ("shop",), "year-month")


def test_where_it_orders_nothing_year_and_month_are_features():
    columns = {
        "year": [2000 + n * 7 % 20 for n in range(60)],
        "month": [n % 12 + 1 for n in range(60)],
    }
    layout = infer_of({**columns, "y": ["up", "down", "down"] * 20}, "y").layout
    assert layout.form == "plain-table"
    assert [column.name for column in layout.features] == ["year", "month"]
    assert layout.ignored == ()


def test_a_table_to_predict_for_is_joined_alike_however_short():
    found = infer_of({"year": YEARS, "month": MONTHS, "sales": range(36)}, "sales")
    row = pl.DataFrame({"year": [2013], "month": [1], "sales": [36]})
    table = read_for(found.layout, row, target=False, text_targets=())
    assert table.frame["year-month"].to_list() == [date(2013, 1, 1)]
