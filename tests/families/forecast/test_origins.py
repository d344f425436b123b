"""Rolling origins: no target of a part lies in another."""

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.forecast.origins import Cut, naive_units, split_windows
from rnnauto.families.forecast.series import Series
from rnnauto.recipe import Split

CUT = Cut(horizon=3, least=2, wanted=6)


def series_of(*lengths):
    total = sum(lengths)
    return Series(
        ids=pl.DataFrame({"id": np.arange(len(lengths))}),
        rows=np.arange(total),
        row_splits=np.cumsum([0, *lengths]),
        times=pl.Series("t", np.arange(total)),
        targets=np.arange(total, dtype=np.float32)[:, None],
        numbers=np.zeros((total, 0), np.float32),
        categories=(),
        ahead=np.zeros((total, 0), np.float32),
        ahead_categories=(),
        static_numbers=np.zeros((len(lengths), 0), np.float32),
        static_categories=(),
    )


def timesteps(origins):
    return set((origins[:, None] + np.arange(CUT.horizon)).ravel().tolist())


def test_targets_never_cross_parts_in_time():
    parts = split_windows(series_of(60, 50), Split(), CUT, test_rows=None)
    assert parts.rule.startswith("in time")
    assert len(parts.folds) == 5
    for train, validation in parts.folds:
        learned, held = (timesteps(parts.development[part]) for part in (train, validation))
        assert held
        assert not learned & held
        assert not (learned | held) & timesteps(parts.test)
    train, validation = parts.folds[0]
    first = parts.development < 60
    assert parts.development[train][first[train]].max() < parts.development[validation].min()
    assert parts.test[parts.test < 60].tolist() == list(range(51, 58))  # the last 15% of 60


def test_short_series_stay_whole():
    parts = split_windows(series_of(*[12] * 20), Split(), CUT, test_rows=None)
    assert parts.rule == "by whole series"
    owners = [set((origins // 12).tolist()) for origins in (parts.development, parts.test)]
    assert not owners[0] & owners[1]
    for train, validation in parts.folds:
        held = parts.development[validation]
        assert not set(parts.development[train] // 12) & set(held // 12)
        assert (held % 12).min() == CUT.wanted
    by_time = split_windows(series_of(*[12] * 20), Split(by="time"), CUT, test_rows=None)
    assert by_time.rule.startswith("in time")


@pytest.mark.parametrize("own_test", [False, True])
def test_few_series_are_cut_in_time_where_whole_ones_would_be_judged_by_one_window(own_test):
    """Three series of 17 years, of which 16 are looked back."""
    cut = Cut(horizon=1, least=2, wanted=16)
    series = series_of(17, 17, 17)
    test_rows = np.tile(np.arange(17) >= 14, 3) if own_test else None
    parts = split_windows(series, Split(), cut, test_rows=test_rows)
    assert parts.rule.startswith("in time")
    assert parts.test.tolist() == [14, 15, 16, 31, 32, 33, 48, 49, 50]
    train, validation = parts.folds[0]
    assert (parts.development[validation] % 17).tolist() == [12, 13] * 3
    assert (parts.development[train] % 17).tolist() == [*range(2, 12)] * 3
    whole = split_windows(series, Split(by="sequence"), cut, test_rows=None)
    assert whole.rule == "by whole series"
    assert len(whole.test) == 1


def test_many_short_series_stay_whole():
    cut = Cut(horizon=1, least=2, wanted=16)
    parts = split_windows(series_of(*[17] * 1000), Split(), cut, test_rows=None)
    assert parts.rule == "by whole series"
    assert len(parts.test) == 150


def test_a_test_file_goes_on_from_the_training_file_or_brings_new_series():
    test_rows = np.zeros(80, bool)
    test_rows[36:40] = True  # the first series goes on for four timesteps
    test_rows[60:] = True  # the third is new
    parts = split_windows(series_of(40, 20, 20), Split(by="time"), CUT, test_rows=test_rows)
    assert parts.test.tolist() == [36, 37, *range(60 + CUT.wanted, 78)]
    assert parts.history.tolist() == [36, 20, 0]
    assert parts.development.max() + CUT.horizon <= 60


def test_too_short_series_are_refused_with_what_to_do():
    with pytest.raises(DataError, match="would hold no window of 2 timesteps and the 3 after"):
        split_windows(series_of(6), Split(), CUT, test_rows=None)


def test_the_unit_is_the_error_of_the_seasonal_naive_forecast():
    series = series_of(6, 3)
    series.targets[:, 0] = [1, 5, 2, 8, 3, 90, 4, 4, 4]
    units = naive_units(series, np.array([5, 3]), 2)
    assert units[0, 0] == pytest.approx((1 + 3 + 1) / 3)  # |2-1|, |8-5|, |3-2|
    assert np.isnan(units[1, 0])  # never moves
