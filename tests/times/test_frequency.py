"""The rule that times follow is found, named, filled in where rows are absent, and goes on."""

from calendar import monthrange
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from rnnauto.times.describe import alias_of, steps_per, words_of
from rnnauto.times.frequency import Frequency, find_frequency
from rnnauto.times.grid import evenness, fill, later

DAYS = [date(2021, 1, 4) + timedelta(days) for days in range(200)]
HOURS = [datetime(2021, 1, 4, 0, 30) + timedelta(hours=hour) for hour in range(24 * 60)]


def month(number, day=1):
    year, at = divmod(number, 12)
    return date(2019 + year, at + 1, min(day, monthrange(2019 + year, at + 1)[1]))


def last_business_day(number):
    day = month(number, 31)
    return day - timedelta(max(day.weekday() - 4, 0))


def first_business_day(number):
    day = month(number)
    return day + timedelta({5: 2, 6: 1}.get(day.weekday(), 0))


RULES = {
    "D": DAYS,
    "2D": DAYS[::2],
    "B": [day for day in DAYS if day.weekday() < 5],
    "W-MON": DAYS[::7],
    "2W-MON": DAYS[::14],
    "MS": [month(number) for number in range(30)],
    "ME": [month(number, 31) for number in range(30)],
    "1mo": [month(number, 30) for number in range(30)],
    "BME": [last_business_day(number) for number in range(30)],
    "BMS": [first_business_day(number) for number in range(30)],
    "QS-JAN": [month(3 * number) for number in range(15)],
    "QE-MAR": [month(3 * number + 2, 31) for number in range(15)],
    "YE-DEC": [month(12 * number + 11, 31) for number in range(9)],
    "SMS": [month(number, day) for number in range(20) for day in (1, 15)],
    "SME": [month(number, day) for number in range(20) for day in (15, 31)],
    "3 times a month": [month(number, day) for number in range(20) for day in (1, 11, 21)],
    "h": HOURS,
    "35 times a week": [time for time in HOURS if time.weekday() < 5 and 9 <= time.hour < 16],
    "3 times a week": [day for day in DAYS if day.weekday() in {0, 2, 4}],
    "5 times a week": [day for day in DAYS if day.weekday() in {6, 0, 1, 2, 3}],
    "15min": [datetime(2021, 1, 4) + timedelta(minutes=15 * n) for n in range(400)],
    "500ms": [datetime(2021, 1, 4) + timedelta(milliseconds=500 * n) for n in range(40)],
    "10": list(range(1, 400, 10)),
    "0.5": [0.5 * n for n in range(20)],
}


def splits(times):
    return np.array([0, len(times)])


@pytest.mark.parametrize("alias", RULES)
def test_a_rule_is_named_and_goes_on_as_it_began(alias):
    times = pl.Series("t", RULES[alias])
    known = times[: len(times) * 2 // 3]
    frequency = find_frequency(known, splits(known))
    assert alias_of(frequency, known) == alias
    assert words_of(frequency, known)
    ahead = later(known, splits(known), frequency, len(times) - len(known))
    assert ahead.to_list() == times[len(known) :].to_list()
    assert ahead.dtype == times.dtype
    assert evenness(known, splits(known)).steps == 1
    assert Frequency.model_validate_json(frequency.model_dump_json()) == frequency


@pytest.mark.parametrize("alias", sorted(set(RULES) - {"10", "0.5", "500ms"}))
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_rows_that_are_absent_are_filled_in(alias, share):
    times = pl.Series("t", RULES[alias])
    rng = np.random.default_rng(0)
    there = rng.random(len(times)) >= share
    there[[0, -1]] = True
    known = times.filter(pl.Series(there))
    frequency = find_frequency(known, splits(known))
    filled = fill(known, splits(known), frequency)
    assert filled.times.to_list() == times.to_list()
    assert filled.absent == len(times) - len(known)
    values = filled.take(pl.DataFrame({"t": known, "y": range(len(known))}))
    assert values["t"].to_list() == times.to_list()
    assert values["y"].drop_nulls().to_list() == list(range(len(known)))


def test_steps_are_judged_inside_each_series():
    series = [[month(n, day) for n in range(12)] for day in (1, 31, 15)]
    times = pl.Series("t", [time for one in series for time in one])
    row_splits = np.array([0, 12, 24, 36])
    frequency = find_frequency(times, row_splits)
    assert frequency.unit == "month"
    assert later(times, row_splits, frequency, 2).to_list() == [
        *(month(12), month(13)),
        *(month(12, 31), month(13, 31)),
        *(month(12, 15), month(13, 15)),
    ]


def test_what_follows_a_time_beside_the_rule_is_on_it_again():
    days = [day for day in DAYS if day.weekday() < 5]
    frequency = find_frequency(pl.Series(days), splits(days))
    saturday = pl.Series([date(2021, 7, 24)])
    assert later(saturday, splits(saturday), frequency, 2).to_list() == [
        date(2021, 7, 26),
        date(2021, 7, 27),
    ]


def test_times_at_both_ends_of_time_are_not_filled_in():
    days = [0, *range(1, 40), 2**63 - 2]
    times = pl.Series([-(2**62), *days[1:]], dtype=pl.Int64)
    frequency = Frequency(unit="number", count=1, even=True)
    assert fill(times, splits(times), frequency).absent == 0


@pytest.mark.parametrize("step", [0.1, 3.0, 1e7, 1e300])
def test_steps_of_numbers_of_any_size_are_found(step):
    times = pl.Series(np.arange(40) * step)
    frequency = find_frequency(times, splits(times))
    assert (frequency.count, frequency.even) == (pytest.approx(step), True)


def test_times_by_chance_have_no_rule_to_fill():
    rng = np.random.default_rng(1)
    seconds = np.cumsum(rng.integers(1, 5_000, 300))
    times = pl.Series([datetime(2021, 1, 1) + timedelta(seconds=int(second)) for second in seconds])
    frequency = find_frequency(times, splits(times))
    assert fill(times, splits(times), frequency).absent == 0


def test_a_series_of_one_timestep_takes_the_rule_of_the_others():
    times = pl.Series([month(0), month(1), month(2), month(7, 20)])
    row_splits = np.array([0, 3, 4])
    frequency = find_frequency(times, row_splits)
    assert later(times, row_splits, frequency, 1).to_list() == [month(3), month(8, 20)]


def test_a_gap_and_the_border_between_series_do_not_count():
    column = pl.Series([1, 2, 3, 7, 8, 100, 101, 102])
    assert find_frequency(column, np.array([0, 5, 8])).count == 1
    lonely = find_frequency(pl.Series([5, 900]), np.array([0, 1, 2]))
    assert (lonely.count, lonely.even) == (1, False)


def test_missing_times_and_empty_series_are_no_steps():
    times = pl.Series("t", [month(0), None, month(1), month(2)])
    row_splits = np.array([0, 4, 4])
    frequency = find_frequency(times, row_splits)
    assert later(times, row_splits, frequency, 1).to_list() == [month(3), None]
    assert fill(times, row_splits, frequency).times.to_list() == times.to_list()


@pytest.mark.parametrize(
    ("alias", "cycles"),
    [
        ("B", {"a week": 5, "a year": 261}),
        ("MS", {"a year": 12}),
        ("SMS", {"a year": 24}),
        ("35 times a week", {"a day": 7, "a week": 35, "a year": 1826}),
        ("D", {"a day": 1, "a week": 7, "a year": 365}),
    ],
)
def test_cycles_count_the_timesteps_that_there_are(alias, cycles):
    times = pl.Series(RULES[alias])
    steps = steps_per(find_frequency(times, splits(times)))
    assert {name: round(count) for name, count in steps.items()} == cycles
