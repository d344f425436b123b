from datetime import date, datetime, time

import numpy as np
import polars as pl
import pytest

from rnnauto.data.calendar import DAY, cycles_in, cyclic, seconds_of


def test_seconds_count_from_1970_whatever_the_column_holds():
    dates = pl.Series([date(1970, 1, 2), None])
    assert seconds_of(dates).tolist()[0] == DAY and np.isnan(seconds_of(dates)[1])
    assert seconds_of(pl.Series([datetime(1970, 1, 1, 0, 0, 1, 500_000)])).tolist() == [1.5]
    assert seconds_of(pl.Series([time(1, 0)])).tolist() == [3600.0]
    assert np.isnan(seconds_of(pl.Series([None, None]))).all()


@pytest.mark.parametrize(
    ("step", "steps", "cycles"),
    [
        (60, 60 * 24, ()),  # minutes of a day
        (60, 60 * 24 * 6 + 1, ("day",)),
        (3600, 24 * 14 + 1, ("day", "week")),
        (DAY, 60, ("week",)),
        (30 * DAY, 48, ("year",)),
        (365 * DAY, 50, ()),
    ],
)
def test_cycles_are_those_seen_twice_in_small_steps(step, steps, cycles):
    assert cycles_in(np.arange(steps) * float(step)) == cycles


def test_equal_and_missing_times_show_no_cycle():
    assert cycles_in(np.array([5.0, 5.0, np.nan])) == ()


def test_places_in_a_cycle_lie_on_a_circle():
    quarters = cyclic(np.arange(4) * DAY / 4, ("day",))
    assert quarters == pytest.approx(np.array([[0, 1], [1, 0], [0, -1], [-1, 0]]), abs=1e-6)
    assert cyclic(np.array([np.nan]), ("day", "week")).shape == (1, 4)
    assert np.isnan(cyclic(np.array([np.nan]), ("day",))).all()
    assert cyclic(np.zeros((2, 3)), ()).shape == (2, 3, 0)


@pytest.mark.train
def test_the_graph_places_times_as_training_does():
    from rnnauto.networks import calendar

    seconds = np.array([[-1e9, 0.25, 1.7e9 + 0.125], [np.nan, 1e10, 3600.0]])
    cycles = ("day", "week", "year")
    found = calendar.cyclic(seconds, cycles).numpy()
    assert found == pytest.approx(cyclic(seconds, cycles), abs=1e-6, nan_ok=True)
