"""However people write times, in whatever order and with whatever holes, a series goes on from its
true last time, in the spelling of its file."""

import json
import os
from datetime import datetime, timedelta
from itertools import product

import numpy as np
import polars as pl
import pytest

from rnnauto.deploy.table import times_as_texts
from rnnauto.families.forecast.answer import forecast_table, to_predict
from rnnauto.prepare import prepare
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

START = datetime(2018, 1, 1)
COUNT, AHEAD = 160, 3
ENGLISH = "January February March April May June July August September October November December"
MONTHS = ENGLISH.split()
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def months(number):
    year, month = divmod(number, 12)
    return datetime(2005 + year, month + 1, 1)


def quarters(number):
    return months(3 * number)


def half_years(number):
    return months(6 * number - 600)


def years(number):
    return datetime(1850 + number, 1, 1)


def weeks(number):
    return datetime(2015, 12, 28) + timedelta(weeks=number)


def days(number):
    return START + timedelta(days=number)


def hours(number):
    return START + timedelta(hours=number)


def minutes(number):
    return START + timedelta(minutes=15 * number)


def iso(time):
    return time.isocalendar()


def hour_ending(time):
    before = time - timedelta(hours=1)
    return f"{before:%Y-%m-%d},{before.hour + 1}"


def unix(time):
    return int((time - datetime(1970, 1, 1)).total_seconds())


def ordinal(time):
    ends = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
    return f"{time:%B} {time.day}{ends.get(time.day, 'th')} {time.year}"


def four_weeks(number):
    return datetime(2018, 1, 7) + timedelta(days=28 * number)


def second_tuesdays(number):
    first = months(number)
    return first + timedelta(days=(1 - first.weekday()) % 7 + 7)


def last_thursdays(number):
    end = months(number + 1) - timedelta(days=1)
    return end - timedelta(days=(end.weekday() - 3) % 7)


def until_midnight(time):
    """Quarters of an hour, midnight as 24:00 of the day before."""
    if time.hour or time.minute:
        return f"{time:%d.%m.%Y %H:%M}"
    return f"{time - timedelta(days=1):%d.%m.%Y} 24:00"


def later_hours(number):
    return hours(number) + timedelta(days=19)


def iso_parts(time):
    return iso(time)[:2]


# name: the times, how a file writes them, and the header of the column or columns
SPELLINGS = {
    "2018-01-31": (days, "{0:%Y-%m-%d}", "date"),
    "2018/01/31": (days, "{0:%Y/%m/%d}", "date"),
    "31.01.2018": (days, "{0:%d.%m.%Y}", "date"),
    "31/01/2018": (days, "{0:%d/%m/%Y}", "date"),
    "01/31/2018": (days, "{0:%m/%d/%Y}", "date"),
    "01-31-2018": (days, "{0:%m-%d-%Y}", "date"),
    "1/31/2018": (days, "{0.month}/{0.day}/{0.year}", "date"),
    "1/31/18": (days, "{0.month}/{0.day}/{0:%y}", "date"),
    "31.01.18": (days, "{0:%d.%m.%y}", "date"),
    "18-01-31": (days, "{0:%y-%m-%d}", "date"),
    "20180131": (days, "{0:%Y%m%d}", "date"),
    "22-Jan-20": (days, "{0:%d-%b-%y}", "date"),
    "22 January 2020": (days, "{0.day} {0:%B} {0.year}", "date"),
    "Jan 22, 2020": (days, '"{0:%b} {0.day}, {0.year}"', "date"),
    "22JAN2020": (days, lambda time: f"{time:%d%b%Y}".upper(), "date"),
    "January 1st 2018": (days, ordinal, "date"),
    "Mon, 01 Jan 2018": (days, '"{0:%a}, {0:%d %b %Y}"', "date"),
    "2018年1月31日": (days, "{0.year}年{0.month}月{0.day}日", "date"),
    "2018-031": (days, "{0:%Y-%j}", "date"),
    "2018031": (days, "{0:%Y%j}", "date"),
    "year,doy": (days, lambda time: f"{time.year},{time.timetuple().tm_yday}", "year,doy"),
    "year,month,day": (days, "{0.year},{0.month},{0.day}", "year,month,day"),
    "2018-W05": (weeks, lambda time: f"{iso(time)[0]}-W{iso(time)[1]:02}", "week"),
    "2018W05": (weeks, lambda time: f"{iso(time)[0]}W{iso(time)[1]:02}", "week"),
    "201805 (week)": (weeks, lambda time: f"{iso(time)[0]}{iso(time)[1]:02}", "week"),
    "W5 2018": (weeks, lambda time: f"W{iso(time)[1]} {iso(time)[0]}", "week"),
    "year,week": (weeks, lambda time: f"{iso(time)[0]},{iso(time)[1]}", "year,week"),
    "week begins": (weeks, "{0:%m/%d/%Y}", "week"),
    "2018-01": (months, "{0:%Y-%m}", "month"),
    "201801": (months, "{0:%Y%m}", "period"),
    "01/2018": (months, "{0:%m/%Y}", "month"),
    "2018M01": (months, "{0:%Y}M{0:%m}", "month"),
    "Jan-18": (months, "{0:%b}-{0:%y}", "month"),
    "January 2018": (months, "{0:%B} {0:%Y}", "month"),
    "2018.01": (months, "{0:%Y}.{0:%m}", "month"),
    "1/1/2018 (months)": (months, "{0.month}/{0.day}/{0.year}", "date"),
    "01.02.2018 (months)": (months, "{0:%d.%m.%Y}", "date"),
    "year,month": (months, "{0.year},{0.month}", "year,month"),
    "year,month name": (months, "{0.year},{0:%B}", "year,month"),
    "2018Q1": (quarters, lambda time: f"{time.year}Q{time.month // 3 + 1}", "quarter"),
    "2018/Q1": (quarters, lambda time: f"{time.year}/Q{time.month // 3 + 1}", "period"),
    "Q1 2018": (quarters, lambda time: f"Q{time.month // 3 + 1} {time.year}", "quarter"),
    "Q1-18": (quarters, lambda time: f"Q{time.month // 3 + 1}-{time:%y}", "quarter"),
    "1Q18": (quarters, lambda time: f"{time.month // 3 + 1}Q{time:%y}", "quarter"),
    "FY2018-Q1": (quarters, lambda time: f"FY{time.year}-Q{time.month // 3 + 1}", "quarter"),
    "year,quarter": (quarters, lambda time: f"{time.year},{time.month // 3 + 1}", "year,quarter"),
    "2018H1": (half_years, lambda time: f"{time.year}H{time.month // 6 + 1}", "half"),
    "FY2018": (years, "FY{0.year}", "year"),
    "2018": (years, "{0.year}", "year"),
    "2017/18": (years, lambda time: f"{time.year}/{(time.year + 1) % 100:02}", "season"),
    "2018-01-31T10:00:00": (hours, "{0:%Y-%m-%dT%H:%M:%S}", "time"),
    "2018-01-31 10:00": (hours, "{0:%Y-%m-%d %H:%M}", "time"),
    "2018-01-31T10:00:00Z": (hours, "{0:%Y-%m-%dT%H:%M:%S}Z", "time"),
    "2018-01-31T10:00:00+01:00": (hours, "{0:%Y-%m-%dT%H:%M:%S}+01:00", "time"),
    "20180131T1000": (hours, "{0:%Y%m%dT%H%M}", "time"),
    "1/31/2018 1:00 PM": (hours, lambda t: f"{t.month}/{t.day}/{t.year} {t:%-I:%M %p}", "time"),
    "31.01.2018 10:00": (hours, "{0:%d.%m.%Y %H:%M}", "time"),
    "10:00 31/01/2018": (hours, "{0:%H:%M %d/%m/%Y}", "time"),
    "2018013110": (hours, "{0:%Y%m%d%H}", "time"),
    "date,hour": (hours, "{0:%Y-%m-%d},{0.hour}", "date,hour"),
    "date,hour ending": (hours, hour_ending, "date,hour"),
    "date,clock": (hours, "{0:%d.%m.%Y},{0:%H:%M}", "date,clock"),
    "start - end": (
        hours,
        lambda t: f"{t:%d.%m.%Y %H:%M} - {t + timedelta(hours=1):%d.%m.%Y %H:%M}",
        "MTU",
    ),
    "seconds since 1970": (minutes, unix, "timestamp"),
    "2018:01": (months, "{0:%Y}:{0:%m}", "month"),
    "01.2018": (months, "{0:%m}.{0:%Y}", "month"),
    "Jan'18": (months, "{0:%b}'{0:%y}", "month"),
    "Q1'18": (quarters, lambda time: f"Q{time.month // 3 + 1}'{time:%y}", "quarter"),
    "1. Hj. 2018": (half_years, lambda time: f"{time.month // 6 + 1}. Hj. {time.year}", "halbjahr"),
    "2017/2018": (years, lambda time: f"{time.year}/{time.year + 1}", "season"),
    "2017-2018": (years, lambda time: f"{time.year}-{time.year + 1}", "season"),
    "w/c 31/01/2018": (weeks, "w/c {0:%d/%m/%Y}", "week"),
    "Week of Jan 22 2020": (weeks, "Week of {0:%b} {0.day} {0.year}", "week"),
    "20180131 (month ends)": (
        lambda number: months(number + 1) - timedelta(days=1),
        "{0:%Y%m%d}",
        "caldt",
    ),
    "every four weeks": (four_weeks, "{0:%Y-%m-%d}", "period_end"),
    "second Tuesdays": (second_tuesdays, "{0:%m/%d/%Y}", "date"),
    "last Thursdays": (last_thursdays, "{0:%d.%m.%Y}", "date"),
    "2018-01-31 10:00:00 UTC": (hours, "{0:%Y-%m-%d %H:%M:%S} UTC", "time"),
    "31/Jan/2018:10:00:00 +0000": (hours, "{0:%d/%b/%Y:%H:%M:%S} +0000", "time"),
    "Wed Jan 31 10:00:00 2018": (hours, "{0:%a %b %d %H:%M:%S %Y}", "time"),
    "Wed Jan 31 10:00:00 +0000 2018": (hours, "{0:%a %b %d %H:%M:%S} +0000 {0:%Y}", "created_at"),
    "20180131:1000": (hours, "{0:%Y%m%d}:{0:%H%M}", "time"),
    "2018-01-31-10": (hours, "{0:%Y-%m-%d-%H}", "time"),
    "31.01.2018 24:00": (
        lambda number: hours(0) + timedelta(minutes=15 * number + 15),
        until_midnight,
        "time",
    ),
    "year,half": (half_years, lambda time: f"{time.year},{time.month // 6 + 1}", "year,half"),
    "year,Q1": (quarters, lambda time: f"{time.year},Q{time.month // 3 + 1}", "Year,Quarter"),
    "year,W05": (weeks, lambda t: "{},W{:02}".format(*iso_parts(t)), "year,week"),
    "year,M01": (months, "{0.year},M{0:%m}", "Year,Period"),
    "18,Jan": (months, "{0:%y},{0:%b}", "yr,mon"),
    "YY,MM,DD,hh": (hours, "{0:%y},{0:%m},{0:%d},{0:%H}", "YY,MM,DD,hh"),
    "date,1345": (hours, lambda time: f"{time:%Y-%m-%d},{time.hour * 100}", "DATE,TIME"),
    "01/31/2018,0900": (later_hours, "{0:%m/%d/%Y},{0:%H%M}", "date,time"),
    "date,HE01": (later_hours, lambda t: f"{t:%m/%d/%Y},HE{t.hour + 1:02}", "Delivery Date,Hour"),
    "date,24:00": (later_hours, lambda t: f"{t:%m/%d/%Y},{t.hour + 1:02}:00", "Date,HourEnding"),
    "year,month,day,1345": (
        lambda number: hours(0) + timedelta(minutes=15 * number),
        lambda t: f"{t.year},{t.month},{t.day},{t.hour * 100 + t.minute}",
        "Year,Month,Day,HHMM",
    ),
    "milliseconds": (minutes, lambda time: unix(time) * 1000, "timestamp"),
    "nanoseconds": (minutes, lambda time: unix(time) * 10**9, "timestamp"),
}
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
    chosen = every if SLOW else [every[turn % len(every)], every[(5 * turn + 7) % len(every)]]
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


def test_a_clock_that_is_a_period_is_its_begin(tmp_path):
    rows = [
        f"{hours(n):%d.%m.%Y},{hours(n):%H:00}-{hours(n + 1):%H:00},{n % 24}" for n in range(99)
    ]
    path = tmp_path / "table.csv"
    path.write_text("Datum,Uhrzeit,y\n" + "\n".join(rows))
    times = next_times(path, AHEAD)[1]["Datum-Uhrzeit"].to_list()
    assert times == [f"{hours(99 + step):%Y-%m-%dT%H:%M:%S}" for step in range(AHEAD)]


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
