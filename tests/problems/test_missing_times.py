"""A forecast refuses rows of which nothing says when they were, and shows a faulty cell."""

from datetime import date, timedelta

import polars as pl
import pytest
from builders import make_layout

from rnnauto.errors import DataError
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.problems.absent import absent_between_files
from rnnauto.recipe import Recipe
from rnnauto.times.frequency import Frequency

DAYS = [date(2024, 1, 1) + timedelta(days=number) for number in range(60)]
FRAME = pl.DataFrame({"day": DAYS, "y": [float(number % 7) for number in range(60)]})
RECIPE = {"data": {"target": "y", "time": "day"}, "problem": {"horizon": 2, "lookback": 4}}


@pytest.fixture(scope="module")
def model():
    prepared = prepare(FRAME, Recipe.parse(RECIPE))
    return prepared.layout, prepared.encoders


def read(model, frame, history=None, *, ask="to_predict"):
    layout, encoders = model
    return getattr(family_of(layout), ask)(frame, layout, encoders, history=history)


@pytest.mark.parametrize("ask", ["to_predict", "to_judge"])
@pytest.mark.parametrize(
    ("times", "rows"),
    [
        (pl.lit(None), "60 rows have no time (line 2)"),
        (pl.lit(None, pl.String), "60 rows have no time (line 2)"),
        (pl.when(pl.col("y") < 6).then("day"), "8 rows have no time (line 8)"),
        (pl.when(pl.int_range(pl.len()) != 5).then("day"), "1 row has no time (line 7)"),
    ],
)
def test_rows_without_a_time_are_refused(model, times, rows, ask):
    frame = FRAME.with_columns(times.alias("day"))
    with pytest.raises(DataError) as caught:
        read(model, frame, ask=ask)
    assert caught.value.message == f"`frame`, column `day`: {rows}"
    with pytest.raises(DataError, match="no time"):
        read(model, FRAME, frame, ask=ask)


def test_a_row_that_holds_nothing_needs_no_time(model):
    empty = pl.DataFrame({"day": [None], "y": [None]}, schema=FRAME.schema)
    assert len(read(model, pl.concat([FRAME, empty]))) == len(read(model, FRAME))


@pytest.mark.parametrize("column", ["day", "y"])
@pytest.mark.parametrize(
    ("cell", "shown"),
    [([1, 2], "[1, 2]"), ([[1.5]], "[[1.5]]"), ("a\nb", "a\\nb"), ("x" * 500, "x" * 60 + "...")],
)
def test_a_cell_of_something_else_is_shown_in_a_line(model, column, cell, shown):
    cells = pl.Series(column, [cell] * len(FRAME))
    with pytest.raises(DataError) as caught:
        read(model, FRAME.with_columns(cells))
    assert f"column `{column}`, line 2: `{shown}` is no" in caught.value.message


def test_of_many_dates_the_one_that_is_none_is_named(model):
    texts = FRAME.with_columns(pl.col("day").cast(pl.String))
    frame = texts.with_columns(pl.col("day").replace("2024-02-28", "2024-02-30"))
    for look in (
        lambda: read(model, frame),
        lambda: prepare(frame, Recipe.parse(RECIPE)),
    ):
        with pytest.raises(DataError, match="column `day`, line 60: `2024-02-30` is no"):
            look()


def test_a_column_that_history_and_forecast_lack_is_named_once(model):
    with pytest.raises(DataError, match="no column `y`, which"):
        read(model, FRAME, FRAME.drop("y"))


@pytest.mark.parametrize("ask", ["to_predict", "to_judge"])
@pytest.mark.parametrize(
    ("earlier", "code", "said"),
    [
        (FRAME.head(40), "duplicate-timestep", "both have 10 timesteps"),
        (FRAME.head(30).filter(pl.col("day") != DAYS[9]), "absent-timesteps", "1 of 30 timesteps"),
        (FRAME.head(30), "", ""),
        (FRAME.head(23), "absent-timesteps", "7 timesteps have no row between the end of the"),
        (FRAME.head(4), "absent-timesteps", "26 timesteps have no row between"),
    ],
)
def test_what_is_odd_about_a_history_is_said(model, earlier, code, said, ask):
    found = read(model, FRAME.tail(30), earlier, ask=ask).table.problems
    assert [each.code for each in found] == ([code] if code else [])
    assert all(said in each.message for each in found)


def test_a_history_has_the_frequency_of_the_series(model):
    hours = pl.datetime_range(DAYS[0], DAYS[3], "1h", eager=True)
    earlier = pl.DataFrame({"day": hours, "y": [float(n % 5) for n in range(len(hours))]})
    with pytest.raises(DataError, match="follow another rule"):
        read(model, FRAME.tail(30), earlier)


def test_a_hole_between_files_is_counted_for_each_series():
    layout = make_layout(
        "panel", "many-to-many-unaligned", task="forecasting", target=("y",), id=("shop", "item"),
        time="day", frequency=Frequency(unit="microsecond", count=86_400_000_000),
    )  # fmt: skip
    rows = [pl.DataFrame({"shop": at, "item": "x", "day": DAYS}) for at in (1, 2, 3)]
    earlier = pl.concat([rows[0].head(10), rows[1].head(20), rows[2].head(5)])
    later = pl.concat([rows[0].tail(45), rows[1].tail(40), rows[2].head(3)])
    later = later.with_columns(pl.col("shop").cast(pl.String))
    (hole,) = absent_between_files(earlier, later, layout, names=("old", "new"))
    assert hole.message == (
        "5 timesteps have no row between the end of the old and the begin of the new, the first "
        "after 2024-01-10"
    )
    assert not list(absent_between_files(rows[1], later.tail(43), layout, names=("a", "b")))
