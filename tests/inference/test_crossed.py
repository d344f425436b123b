"""Series that stand side by side at every time are found by that, whatever they are called."""

import random
from datetime import date, timedelta

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

DAYS = [date(2021, 1, 1) + timedelta(days=n) for n in range(60)]


def inferred(frame, target, **overrides):
    recipe = Recipe().with_overrides({"data.target": [target], **overrides})
    return infer(read_table(frame), recipe).layout


def panel(times, time, **names):
    """A row for each time and each combination of the names, in the order of time."""
    draw = random.Random(0)
    rows = [{time: each} for each in times]
    for name, values in names.items():
        rows = [{**row, name: value} for row in rows for value in values]
    return [{**row, "promo": draw.randrange(3), "sales": draw.random()} for row in rows]


@pytest.mark.parametrize("kept", [1.0, 0.7])
def test_a_whole_number_names_series_day_by_day(kept):
    draw = random.Random(1)
    rows = [row for row in panel(DAYS, "date", branch=range(8)) if draw.random() < kept]
    layout = inferred(pl.DataFrame(rows), "sales")
    assert (layout.form, layout.id, layout.time) == ("panel", ("branch",), "date")
    assert [column.name for column in layout.features] == ["promo"]


def test_several_columns_name_series_together():
    rows = panel(DAYS, "date", branch=range(4), family=["BEAUTY", "BOOKS", "PETS"])
    frame = pl.DataFrame(rows).with_row_index("id")
    layout = inferred(frame, "sales")
    assert (layout.form, layout.id, layout.time) == ("panel", ("branch", "family"), "date")
    assert "id" in layout.ignored


def test_one_column_named_like_an_id_is_not_enough_where_times_repeat_in_it():
    frame = pl.DataFrame(panel(DAYS, "Date", Store=range(3), Dept=[1, 2, 5]))
    frame = frame.sort("Store", "Dept", "Date")
    layout = inferred(frame, "sales")
    assert (layout.id, layout.time) == (("Store", "Dept"), "Date")


def test_numbers_of_weeks_are_times_where_rows_go_on_by_them():
    layout = inferred(pl.DataFrame(panel(range(30), "week", plot=range(6))), "sales")
    assert (layout.id, layout.time) == (("plot",), "week")


def test_numbers_of_weeks_in_any_order_are_asked_about():
    frame = pl.DataFrame(panel(range(30), "week", plot=range(6)))
    with pytest.raises(DataError) as raised:
        inferred(frame.sample(fraction=1, shuffle=True, seed=1), "sales")
    assert "--id plot --time week" in raised.value.hint


def test_a_number_within_a_group_is_no_time():
    frame = pl.DataFrame(panel(range(1, 31), "index", sort=["b", "o"], sex=["m", "f"]))
    assert inferred(frame.sort("sort", "sex", "index"), "sales").form == "plain-table"


def test_hours_of_a_day_are_no_series():
    hours = [(day, hour) for day in DAYS for hour in range(24)]
    frame = pl.DataFrame(hours, schema=["day", "hr"], orient="row")
    layout = inferred(frame.with_columns(y=pl.int_range(pl.len()).mul(7).mod(101) / 3), "y")
    assert (layout.form, layout.id, layout.time) == ("single-series", (), "day-hr")


def test_features_that_differ_by_chance_are_no_series():
    draw = random.Random(0)
    rows = [
        {"date": DAYS[n // 5], **{name: draw.randrange(6) for name in "abcd"}, "y": draw.random()}
        for n in range(300)
    ]
    assert inferred(pl.DataFrame(rows), "y").form == "plain-table"


@pytest.mark.parametrize("first", [0, 1])
def test_rows_counted_without_a_header_are_asked_about(tmp_path, first):
    draw = random.Random(0)
    lines = [
        f"{unit} {cycle} " + " ".join(f"{draw.random():.3f}" for _ in range(10))
        for unit in range(1, 21)
        for cycle in range(first, first + draw.randrange(5, 15))
    ]
    path = tmp_path / "units.txt"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError) as raised:
        inferred(path, "column_12")
    assert "--id column_1 --time column_2" in raised.value.hint
    assert inferred(path, "column_12", **{"problem.type": "one-to-one"}).form == "plain-table"
