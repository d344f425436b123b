"""Series cut into windows: where parts begin, what encoders see, which windows are judged."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout

from rnnauto.arrays import evenly
from rnnauto.errors import DataError
from rnnauto.families.forecast.answer import after, told
from rnnauto.families.forecast.cut import (
    cut_of,
    cut_series,
    future_windows,
    judged_windows,
    seen_timesteps,
    windows_of,
)
from rnnauto.families.forecast.prepare import new_windows, repeated
from rnnauto.families.forecast.series import fit_series_encoders, gather_series
from rnnauto.prepared import Earlier
from rnnauto.problems.leaks_parts import seen_again
from rnnauto.problems.series import series_problems
from rnnauto.reading.read import Table
from rnnauto.recipe import Recipe
from rnnauto.times.frequency import Frequency

LAYOUT = make_layout(
    "panel",
    "many-to-many-unaligned",
    task="forecasting",
    target=("y",),
    target_kind="number",
    id=("shop",),
    time="day",
    features=columns(weather="category"),
    horizon=2,
    lookback=4,
)


def table_of(**series):
    """A table of series that begin on the same day."""
    frames = [
        pl.DataFrame(
            {
                "shop": [name] * len(values),
                "day": [date(2020, 1, 1) + timedelta(days=day) for day in range(len(values))],
                "y": pl.Series(values, dtype=pl.Float64),
                "weather": ["wet" if value is None or value < 30 else "dry" for value in values],
            }
        )
        for name, values in series.items()
    ]
    frame = pl.concat(frames)
    return Table(frame, "shops.csv")


def recipe_of(**split):
    return Recipe(data={"path": "shops.csv", "target": ["y"]}, split=split)


def series_and_encoders(table):
    series = gather_series(table.frame, LAYOUT)
    train = np.arange(len(series.targets))
    return series, fit_series_encoders(series, LAYOUT, season=1, train=train)


def test_encoders_see_nothing_after_the_train_part():
    table = table_of(a=list(range(40)))  # dry from day 30 on, in the validation and the test part
    found = cut_series(table, None, LAYOUT, recipe_of(folds=1))
    (encoders,) = found.fold_encoders
    train, validation = found.parts.folds[0]
    last = found.parts.development[train].max() + LAYOUT.horizon
    assert last <= found.parts.development[validation].min() <= found.test.encoded.origins.min()
    assert encoders.categories[0].vocabulary == ("wet",)


def test_a_test_file_goes_on_from_the_table_or_brings_new_series():
    train = table_of(a=list(range(20)), b=list(range(20)))
    later = table_of(a=list(range(26)), c=list(range(10)))
    test = Table(later.frame.filter((pl.col("shop") == "c") | (pl.col("y") >= 20)), "later.csv")
    found = cut_series(train, test, LAYOUT, recipe_of(folds=1))
    series = found.test.series
    shops = series.ids["shop"].to_list()
    assert shops == ["a", "b", "c"]
    origins, owners = found.test.encoded.origins, found.test.encoded.owners
    place = origins - series.row_splits[owners]
    judged = {shop: place[owners == number].tolist() for number, shop in enumerate(shops)}
    assert judged == {"a": [20, 21, 22, 23, 24], "b": [], "c": [4, 5, 6, 7, 8]}
    assert found.frame.height == train.frame.height + test.frame.height


def test_too_short_series_are_refused():
    with pytest.raises(DataError, match="would hold no window"):
        cut_series(table_of(a=[1, 2, 3]), None, LAYOUT, recipe_of())


def test_windows_are_chosen_from_begin_to_end():
    assert evenly(np.arange(5), 9).tolist() == [0, 1, 2, 3, 4]
    assert evenly(np.arange(101), 3).tolist() == [0, 50, 100]


def test_the_timesteps_of_a_window_stay_within_its_series():
    series, _ = series_and_encoders(table_of(a=[0] * 10, b=[0] * 10))
    seen = seen_timesteps(series, np.array([5, 11]), LAYOUT)
    assert seen.tolist() == [1, 2, 3, 4, 5, 6, 10, 11, 12]
    assert not len(seen_timesteps(series, np.arange(0), LAYOUT))


def test_the_future_begins_after_the_last_known_target():
    series, encoders = series_and_encoders(table_of(a=[1, 2, 3, None, None], b=[None], c=[7]))
    found = future_windows(series, encoders, LAYOUT)
    seen = found.encoded.origins - found.series.row_splits[:-1]
    assert seen.tolist() == [3, 0, 1]
    assert found.series.lengths.tolist() == [5, 2, 3]
    days = [time.day for time in found.series.times]
    assert days == [1, 2, 3, 4, 5, 1, 2, 1, 2, 3]  # the last of them reckoned
    assert not np.isfinite(found.encoded.truth()).any()


def test_a_series_shorter_than_a_lookback_is_judged_by_its_last_horizon():
    series, encoders = series_and_encoders(table_of(a=[1, 2, 3, 4, 5], b=list(range(8))))
    found = judged_windows(series, encoders, LAYOUT).encoded
    assert (found.origins - series.row_splits[found.owners]).tolist() == [3, 4, 5, 6]
    assert found.owners.tolist() == [0, 1, 1, 1]


def test_only_what_is_to_be_judged_is():
    series, encoders = series_and_encoders(table_of(a=list(range(10)), b=list(range(10))))
    judged = np.arange(20) % 10 >= 7
    judged[10:] = False
    found = judged_windows(series, encoders, LAYOUT, judged=judged).encoded
    assert found.origins.tolist() == [7, 8]


def test_a_season_asks_for_more_than_itself():
    assert (cut_of(LAYOUT, 1).least, cut_of(LAYOUT, 3).least, cut_of(LAYOUT, 12).least) == (2, 3, 4)


def test_gaps_and_a_constant_target_are_told():
    gaps, *rest = series_problems(table_of(a=[1, None, 3, None, None]), "y")
    assert "3 of 5 timesteps have no `y`" in gaps.message
    assert gaps.rows == (3, 5, 6)
    assert not rest
    (constant,) = series_problems(table_of(a=[4, 4, 4]), "y")
    assert constant.severity == "error"


def test_a_later_file_begins_where_an_earlier_one_ends():
    whole = table_of(a=list(range(80)), b=list(range(80))).frame
    day = pl.col("day").rank("dense").cast(int) - 1

    def rows(*spans):
        return Table(whole.filter(pl.any_horizontal(day.is_between(*span) for span in spans)), "f")

    middle, end, learnt = rows((30, 39)), rows((60, 79)), rows((0, 29), (40, 59))
    with pytest.raises(
        DataError, match=r"training file .* of series `a` .* test file, .* 2020-02-"
    ):
        cut_series(learnt, middle, LAYOUT, recipe_of())
    with pytest.raises(DataError, match="the first of the validation file"):
        cut_series(learnt, end, LAYOUT, recipe_of(), validation=middle)
    both = cut_series(rows((0, 45)), rows((40, 79)), LAYOUT, recipe_of())  # a leak, told elsewhere
    assert len(both.test)
    ahead = learnt.frame.with_columns(y=pl.when(day >= 30).then(None).otherwise("y"))
    assert len(cut_series(Table(ahead, "f"), middle, LAYOUT, recipe_of()).test)


def test_new_timesteps_of_an_update_come_after_those_that_are_known():
    whole = table_of(a=list(range(80)), b=list(range(80))).frame
    day = pl.col("day").rank("dense").cast(int) - 1

    def rows(first, last):
        return Table(whole.filter(day.is_between(first, last)), "f")

    end, recipe = rows(60, 79), recipe_of()
    for new in (rows(0, 29), Table(whole.filter(~day.is_between(30, 49)), "f")):
        with pytest.raises(DataError, match=r"the earlier file .* after the first of the new file"):
            new_windows(rows(30, 49).frame, Earlier(new), LAYOUT, recipe)
    with pytest.raises(DataError, match=r"the new file has timesteps .* of the test file"):
        new_windows(rows(0, 29).frame, Earlier(end, rows(30, 59)), LAYOUT, recipe)
    assert new_windows(rows(0, 49).frame, Earlier(end), LAYOUT, recipe).parts.test.size


def test_rows_that_announce_timesteps_give_way_to_those_of_a_later_file():
    whole = table_of(a=list(range(80)), b=list(range(80))).frame
    day = pl.col("day").rank("dense").cast(int) - 1

    def rows(first, last, *, known):
        unknown = pl.when(day > known).then(None).otherwise("y")
        frame = whole.with_columns(y=unknown).filter(day.is_between(first, last))
        return Table(frame, "f")

    before, later = rows(0, 52, known=49), rows(50, 79, known=79)
    recipe = recipe_of()
    once = np.tile(np.arange(80.0), 2)
    windows = new_windows(before.frame, Earlier(later), LAYOUT, recipe)
    assert windows.series.targets[:, 0].tolist() == once.tolist()
    windows = windows_of(before, later, LAYOUT, recipe)
    assert windows.series.targets[:, 0].tolist() == once.tolist()
    assert windows.parts.history.tolist() == [50, 50]
    assert not list(seen_again(before.frame, later.frame, LAYOUT))
    middle, end = rows(40, 62, known=59), rows(60, 79, known=79)
    windows = windows_of(rows(0, 42, known=39), end, LAYOUT, recipe, validation=middle)
    assert windows.series.targets[:, 0].tolist() == once.tolist()
    series = gather_series(after(before.frame, later.frame, LAYOUT), LAYOUT)
    assert series.targets[:, 0].tolist() == once.tolist()
    assert not told(later, before, LAYOUT).problems


def test_a_hole_between_the_rows_of_before_and_new_ones_is_warned_of():
    whole = table_of(a=list(range(80)), b=list(range(80))).frame
    day = pl.col("day").rank("dense").cast(int) - 1
    daily = Frequency(unit="microsecond", count=86_400_000_000)
    before = Earlier(Table(whole.filter(day < 50), "f"))

    def problems(first):
        told = SimpleNamespace(
            table=Table(whole.filter(day >= first), "f"),
            layout=LAYOUT.model_copy(update={"frequency": daily}),
            going_on=SimpleNamespace(earlier=(before,)),
        )
        return list(repeated(told, None, None))

    (hole,) = problems(53)
    assert (hole.code, hole.severity) == ("absent-timesteps", "warning")
    assert hole.message.startswith("6 timesteps have no row between the end of the rows of before")
    assert problems(50) == []
