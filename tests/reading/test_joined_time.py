"""Times in several columns are joined where they order rows only together."""

from datetime import date, datetime, timedelta

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


@pytest.mark.parametrize(
    ("name", "pieces", "minutes"),
    [("settlement_period", 48, 30), ("Viertelstunde", 96, 15), ("interval", 288, 5)],
)
def test_pieces_of_a_day_are_told_from_their_number_and_known_in_a_later_file(
    name, pieces, minutes
):
    days = [date(2024, 1, 1 + at) for at in range(3) for _ in range(pieces)]
    columns = {"date": days, name: [*range(1, pieces + 1)] * 3, "y": range(3 * pieces)}
    layout = infer_of(columns, "y").layout
    assert (layout.form, layout.time) == ("single-series", f"date-{name}")
    row = pl.DataFrame({"date": [date(2024, 1, 4)] * 2, name: [1, 3], "y": [0, 1]})
    later = read_for(layout, row, target=False, text_targets=()).frame[layout.time]
    assert later.to_list() == [
        datetime(2024, 1, 4),
        datetime(2024, 1, 4) + timedelta(minutes=2 * minutes),
    ]


@pytest.mark.parametrize("name", ["species", "block"])
def test_other_numbers_beside_a_date_are_no_pieces_of_a_day(name):
    columns = {"date": [date(2024, 1, 1 + at) for at in range(20)], name: [*range(1, 21)]}
    assert time_parts(pl.DataFrame(columns)) == ()


@pytest.mark.parametrize(("name", "count"), [("settlement_period", 48), ("hour", 24)])
def test_what_a_day_of_25_hours_has_more_of_stays_behind_its_last(name, count):
    longest = count * 25 // 24
    numbers = [*range(1, count + 1), *range(1, longest + 1)]
    days = [date(2024, 10, 26)] * count + [date(2024, 10, 27)] * longest
    joined = join_time(pl.DataFrame({"date": days, name: numbers}))[f"date-{name}"]
    assert joined.null_count() == 0 and joined.is_sorted()
    assert joined[-1] == joined[2 * count - 1]


def test_a_time_of_seconds_stays_one_in_a_later_file_of_early_times():
    times = [datetime(2024, 1, 1 + at // 24, at % 24) for at in range(72)]
    columns = {
        "date": [time.date() for time in times],
        "time": [time.hour * 10_000 for time in times],
        "y": range(72),
    }
    layout = infer_of(columns, "y").layout
    assert layout.time == "date-time"
    row = pl.DataFrame({"date": [date(2024, 1, 4)] * 2, "time": [0, 1530], "y": [0, 1]})
    later = read_for(layout, row, target=False, text_targets=()).frame["date-time"]
    assert later.to_list() == [datetime(2024, 1, 4), datetime(2024, 1, 4, 0, 15, 30)]


def test_a_part_of_a_time_may_have_a_dash_in_its_name():
    times = [datetime(2024, 1, 1 + at // 24, at % 24) for at in range(72)]
    columns = {
        "sale-date": [time.date() for time in times],
        "hour": [time.hour for time in times],
        "y": range(72),
    }
    layout = infer_of(columns, "y").layout
    assert layout.time == "sale-date-hour"
    row = pl.DataFrame({"sale-date": [date(2024, 1, 4)], "hour": [5], "y": [0]})
    later = read_for(layout, row, target=False, text_targets=()).frame[layout.time]
    assert later.to_list() == [datetime(2024, 1, 4, 5)]
