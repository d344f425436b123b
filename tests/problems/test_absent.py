"""Timesteps without a row are said and filled in; series of another frequency are refused."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.forecast.answer import to_predict
from rnnauto.families.forecast.series import gather_series
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

DAYS = [date(2022, 1, 3) + timedelta(day) for day in range(200)]
VALUES = [10 + (day % 7) + day / 40 for day in range(200)]
MONTHS = [date(2020 + number // 12, number % 12 + 1, 1) for number in range(40)]


def recipe(**problem):
    return Recipe.parse({"data": {"target": "y"}, "problem": problem})


def with_holes(every):
    kept = [number for number in range(200) if number % every]
    columns = {"date": [DAYS[n] for n in kept], "y": [VALUES[n] for n in kept]}
    return pl.DataFrame(columns)


@pytest.mark.parametrize("every", [3, 20])
def test_absent_timesteps_are_said_whatever_their_share(every):
    inspection = inspect_table(read_table(with_holes(every)), recipe())
    (said,) = [each for each in inspection.problems if each.code == "absent-timesteps"]
    lost = len(range(every, 200, every))
    assert said.message.startswith(f"{lost} of 199 timesteps have no row, in {lost} holes")
    assert inspection.layout.season == 7


@pytest.mark.parametrize(
    ("how", "filled"), [("missing", float("nan")), ("zero", 0.0), ("previous", VALUES[19])]
)
def test_they_are_filled_as_the_recipe_says(how, filled):
    frame = with_holes(20)
    layout = prepare(frame, recipe(fill=how)).layout
    series = gather_series(frame, layout)
    assert series.lengths.tolist() == [199]
    assert series.rows[19] == -1  # the twentieth day, of which the first is absent
    np.testing.assert_allclose(series.targets[19, 0], filled, rtol=1e-6)


def test_what_comes_after_the_last_value_is_not_filled():
    """Rows that tell what is known ahead, with a hole before them, are to be predicted."""
    frame = with_holes(300).with_columns(price=pl.lit(1.0) + pl.int_range(pl.len()) % 5)
    future = [date(2022, 7, 25) + timedelta(day) for day in range(5)]
    rows = {"date": future, "y": [None] * 5, "price": [2.0] * 5}
    frame = pl.concat([frame, pl.DataFrame(rows)], how="vertical_relaxed")
    told = {"target": "y", "known_ahead": ["price"]}
    layout = prepare(frame, Recipe.parse({"data": told, "problem": {"fill": "zero"}})).layout
    series = gather_series(frame, layout)
    assert len(series.targets) > frame.height  # the hole has timesteps
    assert np.isnan(series.targets[199:]).all()


def test_series_of_another_frequency_are_an_error_that_names_them():
    daily = pl.DataFrame({"shop": "a", "date": DAYS, "y": VALUES})
    monthly = pl.DataFrame({"shop": "b", "date": MONTHS, "y": VALUES[:40]})
    table = read_table(pl.concat([daily, monthly]))
    inspection = inspect_table(table, recipe())
    (said,) = [each for each in inspection.problems if each.code == "other-frequency"]
    assert said.severity == "error"
    assert "`b` (every month on day 1)" in said.message


def test_a_model_refuses_series_of_another_frequency():
    prepared = prepare(pl.DataFrame({"date": DAYS, "y": VALUES}), recipe())
    monthly = pl.DataFrame({"date": MONTHS, "y": VALUES[:40]})
    with pytest.raises(DataError, match="follow another rule") as error:
        to_predict(monthly, prepared.layout, prepared.encoders, history=None)
    assert "train a model for this one" in error.value.hint
    few = monthly.head(3)  # too few to show a rule of their own
    assert len(to_predict(few, prepared.layout, prepared.encoders, history=None)) == 1


def test_the_newest_row_first_is_a_note():
    frame = pl.DataFrame({"date": DAYS, "y": VALUES}).reverse()
    problems = inspect_table(read_table(frame), recipe()).problems
    assert [(each.code, each.severity) for each in problems] == [("newest-first", "note")]


def readings(hours):
    """A number at the end of each of these steps."""
    hours = np.cumsum(hours)
    times = [datetime(2024, 3, 1) + timedelta(hours=float(hour)) for hour in hours]
    return pl.DataFrame({"at": times, "y": [VALUES[n] for n in range(len(times))]})


def uneven_in(frame, **problem):
    found = inspect_table(read_table(frame), recipe(**problem)).problems
    return [each.message for each in found if each.code == "uneven-steps"]


def test_series_whose_times_follow_no_rule_are_warned_of():
    draw = np.random.default_rng(0)
    (said,) = uneven_in(readings(draw.exponential(5.0, 120).round(2) + 0.05))
    assert said.startswith("the steps of `at` follow no rule, nine in ten are 0:1")
    frame = readings(draw.exponential(5.0, 120) + 0.05).with_columns(x=pl.col("y") * 2 % 3)
    assert uneven_in(frame, task="regression") == []


@pytest.mark.parametrize("late", [0.0, 0.03])
def test_even_series_and_clocks_that_are_late_are_not(late):
    draw = np.random.default_rng(0)
    assert uneven_in(readings(1 + late * draw.random(120))) == []
    assert uneven_in(with_holes(3)) == []
    months = pl.DataFrame({"month": MONTHS, "y": VALUES[: len(MONTHS)]})
    assert uneven_in(months) == []
