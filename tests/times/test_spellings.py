"""However people write times, in whatever order and with whatever holes, a series goes on from its
true last time, in the spelling of its file."""

import json
import os
from datetime import datetime, timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest
from spelled import SPELLINGS, hours, months
from spelled import days as days_of

from rnnauto.deploy.table import as_written, times_as_texts
from rnnauto.families.forecast.answer import forecast_table, to_predict
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe
from rnnauto.times.parse import read_times
from rnnauto.times.write import epoch_numbers

COUNT, AHEAD = 160, 3
SLOW = bool(os.environ.get("RNNAUTO_SLOW"))
ORDERS = ("oldest first", "newest first", "shuffled")


def written(spelling, number):
    times, form, _ = SPELLINGS[spelling]
    time = times(number)
    return form(time) if callable(form) else form.format(time)


def write(path, spelling, *, ids, order, holes):
    """Write series whose values are known, `COUNT` timesteps each."""
    rng = np.random.default_rng(7)
    rows = []
    for name in ids:
        numbers = np.arange(COUNT)
        if holes:
            kept = rng.random(COUNT) >= 0.1
            kept[[0, 1, 2, -2, -1]] = True
            numbers = numbers[kept]
        lines = [
            (name, written(spelling, int(number)), 50 + number % 7 + number / 90)
            for number in numbers
        ]
        if order == "newest first":
            lines.reverse()
        rows += lines
    if order == "shuffled":
        rng.shuffle(rows)
    head = f"id,{SPELLINGS[spelling][2]},y\n" if len(ids) > 1 else f"{SPELLINGS[spelling][2]},y\n"
    body = "".join(
        f"{name},{time},{float(value):.3f}\n" if len(ids) > 1 else f"{time},{float(value):.3f}\n"
        for name, time, value in rows
    )
    path.write_text(head + body)


def next_times(path, count, **data):
    """Tell what a model learnt from a file would predict the times of, as its file has them."""
    data = {"target": "y", **data}
    prepared = prepare(
        path, Recipe.parse({"data": data, "problem": {"horizon": count, "lookback": 8}})
    )
    layout = prepared.layout
    windows = to_predict(path, layout, prepared.encoders, history=None)
    shape = (len(windows), count, 1, 3)
    table = forecast_table(windows, np.zeros(shape, np.float32), origins=False)
    return layout, times_as_texts(table, layout).select(pl.exclude("^prediction.*$"))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_series_goes_on_in_its_own_spelling(tmp_path, spelling):
    turn = list(SPELLINGS).index(spelling)
    every = list(product((("only",), ("one", "two", "three")), ORDERS, (False, True)))
    chosen = every if SLOW else [every[(5 * turn + 7) % len(every)]]
    for ids, order, holes in chosen:
        path = tmp_path / "table.csv"
        write(path, spelling, ids=ids, order=order, holes=holes)
        check(path, spelling, ids=ids, order=order, holes=holes)


@pytest.mark.parametrize("digits", ["{:04}.{:02}", "{1:}.{0:04}"])
def test_a_month_behind_a_point_keeps_its_zero(tmp_path, digits):
    times = [months(number) for number in range(9, 9 + COUNT)]
    path = tmp_path / "table.csv"
    cells = [f"{digits.format(time.year, time.month)},{time.month}.5\n" for time in times]
    path.write_text("month,y\n" + "".join(cells))
    ahead = [months(9 + COUNT + step) for step in range(AHEAD)]
    wanted = [digits.format(time.year, time.month) for time in ahead]
    assert next_times(path, AHEAD)[1]["month"].to_list() == wanted


def test_a_clock_that_is_a_period_of_its_own_length_is_its_begin(tmp_path):
    lengths = [1 + n % 3 for n in range(99)]
    ends = np.cumsum(lengths)
    rows = [
        f"{hours(int(end - length)):%d.%m.%Y},"
        f"{hours(int(end - length)):%H:00}-{hours(int(end)):%H:00},{end % 24}"
        for length, end in zip(lengths, ends, strict=True)
    ]
    path = tmp_path / "table.csv"
    path.write_text("Datum,Uhrzeit,y\n" + "\n".join(rows))
    read = read_table(path).frame["Datum-Uhrzeit"]
    assert read.to_list() == [hours(int(end - n)) for n, end in zip(lengths, ends, strict=True)]


def check(path, spelling, *, ids, order, holes):
    where = f"{len(ids)} series, {order}, {'with holes' if holes else 'complete'}"
    layout, table = next_times(path, AHEAD)
    assert layout.task == "forecasting", where
    assert table.height == AHEAD * len(ids), where
    wanted = [written(spelling, COUNT + step) for step in range(AHEAD)]
    keys = table.drop("id") if "id" in table.columns else table
    got = keys.write_csv(include_header=False).splitlines()
    assert got == [str(text) for text in wanted] * len(ids), where
    assert ",".join(keys.columns) == SPELLINGS[spelling][2], where


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("invoice_no", [f"2015-{number:03}" for number in range(1, 60)]),
        ("code", [f"{number:06}" for number in range(100001, 100060)]),
        ("score", [f"{number % 7}-{number % 5}" for number in range(60)]),
        ("version", [f"1.{number}.0" for number in range(60)]),
        ("size", [f"{number}/{number + 1}" for number in range(10, 70)]),
        ("part", [f"M{number} 20{number % 30:02}" for number in range(60)]),
        ("phone", [f"555-{1000 + number}" for number in range(60)]),
        ("address", [f"{1000 + number} W. {number}th St." for number in range(60)]),
        ("place", [f"q1 nd-{number} nd" for number in range(10, 70)]),
    ],
)
def test_what_only_looks_a_bit_like_times_stays_what_it_is(name, cells):
    frame = pl.DataFrame({name: cells, "y": range(len(cells))})
    assert read_table(frame).frame.schema[name] == pl.String


@pytest.mark.parametrize(
    "spelling",
    [
        *("2018-01-31", "31.01.2018", "1/31/18", "22-Jan-20", "2018-W05", "2018-01", "2018/Q1"),
        *("01.02.2018 (months)", "2018-01-31T10:00:00Z", "start - end", "1/31/2018 1:00 PM"),
    ],
)
@pytest.mark.parametrize("order", ORDERS)
def test_lists_of_times_in_a_row_go_on_too(tmp_path, spelling, order):
    rng = np.random.default_rng(3)
    rows = []
    for name in ("one", "two", "three"):
        numbers = list(range(COUNT))
        if order == "newest first":
            numbers.reverse()
        elif order == "shuffled":
            rng.shuffle(numbers)
        times = [written(spelling, number).strip('"') for number in numbers]
        values = [50 + number % 7 + number / 90 for number in numbers]
        rows.append({"item": name, "date": times, "y": values})
    path = tmp_path / "lists.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    layout, table = next_times(path, AHEAD)
    assert (layout.form, layout.time) == ("panel", "date")
    wanted = [written(spelling, COUNT + step).strip('"') for step in range(AHEAD)]
    assert table["date"].to_list() == wanted * 3


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("step", [*range(10_100, 10_300)]),  # days of 2010
        ("t", [*range(40_000, 40_200)]),  # days as Excel counts them
        ("cycle", [1000 * number + 100 for number in range(10, 90)]),
    ],
)
def test_counters_are_no_days(name, cells):
    frame = pl.DataFrame({name: cells, "y": range(len(cells))})
    assert read_table(frame).frame.schema[name] == pl.Int64


def test_ranges_of_ages_are_no_hours():
    frame = pl.DataFrame({"age": ["10-20", "20-30"] * 30, "score": ["1-2", "2-3", "0-1"] * 20})
    assert read_table(frame).frame.dtypes == [pl.String, pl.String]


@pytest.mark.parametrize("form", ["%d/%m", "%m/%d", "%b %d", "%d.%m. %H:%M"])
@pytest.mark.parametrize("order", [1, -1])
def test_days_without_a_year_are_no_months(form, order):
    days = [days_of(number).strftime(form) for number in range(400)][::order]
    table = read_table(pl.DataFrame({"date": days, "y": range(400)}))
    assert table.frame.schema["date"] == pl.String
    assert any("have no year" in note for note in table.notes) or "%H" in form


@pytest.mark.parametrize("form", ["%m/%y", "%y/%m", "%b %y"])
def test_months_of_years_of_two_digits_stay_so(form):
    cells = [months(number).strftime(form) for number in range(200)]
    assert read_table(pl.DataFrame({"date": cells})).frame.schema["date"] == pl.Date


@pytest.mark.parametrize(
    "form", ["%H:%M", "%H:%M:%S", "%I:%M %p", "%H.%M.%S", "%H:00-%H:30", "%H:%M:%S.500"]
)
def test_times_of_a_day_are_read_again_and_written_as_they_stand(form):
    cells = [hours(number).strftime(form) for number in range(9, 24)]
    table = read_table(pl.DataFrame({"time": cells, "y": range(15)}))
    assert table.frame.schema["time"] == pl.Time
    spelling = table.spellings["time"]
    assert read_times(pl.Series(cells), spelling).equals(table.frame["time"], check_names=False)
    assert as_written(table.frame, "time", spelling)["time"].to_list() == cells


def test_a_clock_that_is_not_in_order_is_inspected():
    times = [f"{number % 24:02}:{number % 60:02}" for number in range(30)]
    columns = {"time": times, "x": [n * 13 % 31 / 7 for n in range(30)]}
    frame = pl.DataFrame(columns | {"y": [n * n % 7 for n in range(30)]})
    inspect_table(read_table(frame), Recipe.parse({"data": {"target": "y"}}))


def test_seconds_since_1970_with_tenths_are_written_as_they_were_read():
    seconds = pl.Series("t", [(15_778_368_000 + tenth) / 10 for tenth in range(100)])
    micros = pl.Series("t", [(15_778_368_000 + tenth) * 10**5 for tenth in range(100)])
    assert epoch_numbers(micros.cast(pl.Datetime("us")), 1).equals(seconds)


@pytest.mark.parametrize("zone", ["", "Z", "+02:00"])
@pytest.mark.parametrize("mark", [".", ","])
def test_fractions_of_a_second_may_be_left_out_where_they_are_zero(zone, mark):
    """As Python, Java and spreadsheets write them."""
    moments = [datetime(2020, 1, 1, 12) + timedelta(milliseconds=250 * at) for at in range(40)]
    cells = [moment.isoformat().replace(".", mark) + zone for moment in moments]
    table = read_table(pl.DataFrame({"time": cells, "y": range(40)}))
    shift = timedelta(hours=2 if zone == "+02:00" else 0)
    assert table.frame["time"].to_list() == [moment - shift for moment in moments]
    assert as_written(table.frame, "time", table.spellings["time"])["time"].to_list() == cells
    again = read_times(pl.Series(cells[::-1]), table.spellings["time"])
    assert again.to_list() == [moment - shift for moment in moments[::-1]]


def test_one_time_without_a_fraction_is_no_fault_among_many_with():
    moments = [datetime(2020, 1, 1) + timedelta(microseconds=100_001 * at) for at in range(2000)]
    times = read_table(pl.DataFrame({"time": [m.isoformat() for m in moments], "y": range(2000)}))
    assert times.frame["time"].to_list() == moments
