"""Wide tables without a target: every row is a series, to be forecast, or one question."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.inference.series_in_rows import with_series
from rnnauto.inspection import inspect_table, to_recipe
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def wide(names, rows=6, before=None, after=None, seed=0):
    """A table of random walks, with columns before and after the timesteps."""
    walks = np.random.default_rng(seed).normal(size=(rows, len(names))).cumsum(axis=1).round(2)
    columns = dict(zip(names, walks.T, strict=True))
    return pl.DataFrame({**(before or {}), **columns, **(after or {})})


IDS = {"id": [f"FOODS_{at}" for at in range(6)], "store": ["CA", "TX"] * 3}
DAYS = [f"d_{at}" for at in range(1, 31)]


def understood(frame, **options):
    recipe = Recipe().with_overrides(options)
    table = with_series(read_table(frame), recipe)
    return table, infer(table, recipe)


def test_every_row_is_forecast_and_attributes_are_static():
    table, found = understood(wide(DAYS, before=IDS))
    layout = found.layout
    assert (layout.form, layout.task, layout.target) == ("panel", "forecasting", ("value",))
    assert (layout.id, layout.time, layout.series_in_rows) == (("id",), "d", True)
    assert [column.name for column in layout.static] == ["store"]
    assert table.frame.columns == ["id", "store", "d", "value"]
    assert table.frame["d"].to_list()[:31] == [*range(1, 31), 1]
    assert table.lines.tolist()[:31] == [2] * 30 + [3]
    assert any("every row is a series: 30 columns" in each.reason for each in found.evidence)


def test_rows_end_and_begin_where_their_values_do():
    frame = wide(["V1", *(f"V{at}" for at in range(2, 15))]).with_columns(
        V1=pl.Series(IDS["id"]),
        V14=pl.Series([None, 1.0, 2.0, 3.0, 4.0, 5.0]),
        V2=pl.Series([None] * 5 + [1.0]),
        V5=pl.Series([1.0, None, 1.0, 1.0, 1.0, 1.0]),
    )
    table, found = understood(frame)
    assert (found.layout.id, found.layout.time) == (("V1",), "V")
    first, second = (table.frame.filter(pl.col("V1") == name) for name in ("FOODS_0", "FOODS_1"))
    assert first["V"].to_list() == list(range(3, 14))
    assert second["V"].to_list() == list(range(3, 15))
    assert second["value"].null_count() == 1  # a gap inside stays one


def test_a_row_without_any_value_keeps_its_place():
    frame = wide(DAYS, before=IDS).with_columns(
        pl.when(pl.col("id") != "FOODS_2").then(pl.col(name)).alias(name) for name in DAYS
    )
    table, _ = understood(frame)
    assert table.frame["id"].unique(maintain_order=True).to_list() == IDS["id"]


@pytest.mark.parametrize(
    ("names", "time", "first"),
    [
        ([f"2020-{month:02}" for month in range(1, 13)], "date", date(2020, 1, 1)),
        ([f"2020-01-{day:02}" for day in range(1, 21)], "date", date(2020, 1, 1)),
        ([str(year) for year in range(2001, 2021)], "year", 2001),
        ([f"week{at}" for at in range(1, 21)], "week", 1),
    ],
)
def test_the_columns_say_the_times(names, time, first):
    table, found = understood(wide(names, before=IDS))
    assert (found.layout.time, table.frame[time][0]) == (time, first)
    assert found.layout.dated is (time == "date")


def test_a_second_file_is_read_as_the_first(tmp_path):
    layout = understood(wide(DAYS, before=IDS))[1].layout
    later = wide([f"d_{at}" for at in range(20, 45)], before=IDS)
    path = tmp_path / "later.csv"
    later.write_csv(path)
    table = read_for(layout, path, target=True, text_targets=())
    assert table.frame.columns == ["id", "store", "d", "value"]
    assert table.frame["d"].to_list()[:2] == [20, 21]
    again = read_for(layout, table.frame, target=True, text_targets=())  # in rows already
    assert again.frame.equals(table.frame)
    with pytest.raises(DataError, match="has no column `id`"):
        read_for(layout, later.drop("id"), target=True, text_targets=())


def test_a_recipe_of_it_is_read_back(tmp_path):
    frame = wide(DAYS, before=IDS)
    frame.write_csv(tmp_path / "m5.csv")
    table = read_table(tmp_path / "m5.csv")
    inspection = inspect_table(table, Recipe())
    recipe = to_recipe(inspection, Recipe())
    assert recipe.problem.lookback == "auto"  # one that is named is all that networks try
    assert inspect_table(table, recipe).layout == inspection.layout


LABELS = {"label": ["up", "down"] * 3}
ASKED = {
    "a label behind": {"before": IDS, "after": LABELS},
    "a label before": {"before": IDS | LABELS},
    "no name": {"before": {"kind": ["up", "down"] * 3}},
}


@pytest.mark.parametrize("name", ASKED)
def test_a_column_that_may_be_a_label_is_asked_about(name):
    frame = wide(DAYS, **ASKED[name])
    with pytest.raises(DataError) as error:
        understood(frame)
    assert (
        "every row of `frame` may be a series to forecast, or one to label" in error.value.message
    )
    label = "kind" if name == "no name" else "label"
    assert "rnnauto inspect frame --task forecasting" in error.value.hint
    assert f"rnnauto inspect frame --target {label}" in error.value.hint
    layout = understood(frame, **{"problem.task": "forecasting"})[1].layout
    assert (layout.form, layout.target) == ("panel", ("value",))
    assert understood(frame, **{"data.target": [label]})[1].layout.form == "wide-table"


NOISE = np.random.default_rng(1).normal(size=(40, 28)).round(3)


@pytest.mark.parametrize("stem", ["V", "var_", "f", "x"])
def test_numbered_features_are_no_timesteps(stem):
    frame = pl.DataFrame(
        {"id": [f"r{at}" for at in range(40)]} | {f"{stem}{at}": NOISE[:, at] for at in range(28)}
    )
    table = with_series(read_table(frame), Recipe())
    assert table.frame.height == 40
    with pytest.raises(DataError) as error:
        infer(table, Recipe())
    assert "or forecast every row:\n  rnnauto inspect frame --task forecasting" in error.value.hint


def test_years_are_times_however_alike_the_rows_are():
    years = [str(year) for year in range(2001, 2021)]
    noise = np.random.default_rng(2).normal(size=(6, 20))
    frame = pl.DataFrame({**IDS, **dict(zip(years, noise.T, strict=True))})
    assert with_series(read_table(frame), Recipe()).frame["year"][0] == 2001


def test_numbers_without_names_are_not_taken_for_series():
    for names in ([str(at) for at in range(30)], [f"column_{at}" for at in range(1, 31)]):
        table = with_series(read_table(wide(names)), Recipe())
        assert table.frame.height == 6


def test_two_stems_and_months_stay_a_wide_table():
    both = wide([f"a_{at}" for at in range(9)] + [f"b_{at}" for at in range(9)], before=IDS)
    names = "jan feb mar apr may jun jul aug sep oct nov dec"
    months = wide(names.split(" "), before=IDS)
    for frame in (both, months):
        assert with_series(read_table(frame), Recipe()).frame.height == 6


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def years_of(*stations, label=""):
    """A year a row, the last five months of the last year not yet known."""
    rows = []
    for station in stations:
        for year in range(2000, 2020):
            values = [float(year % 7 + month) for month in range(12)]
            values = values[:7] + [None] * 5 if year == 2019 else values
            rows.append(({"Station": station} if station else {}) | {"Year": year})
            rows[-1] |= dict(zip(MONTHS, values, strict=True)) | {"Annual": 6.5}
            rows[-1] |= {label: "up"} if label else {}
    return pl.DataFrame(rows)


@pytest.mark.parametrize("stations", [("",), ("north", "south")])
def test_a_year_in_every_row_and_a_column_for_each_month_are_a_series_of_months(stations):
    frame = years_of(*stations)
    table = with_series(read_table(frame), Recipe())
    assert table.frame.height == len(stations) * (20 * 12 - 5)
    assert table.frame["month"].max() == date(2019, 7, 1)
    layout = infer(table, Recipe()).layout
    assert (layout.task, layout.time, layout.target) == ("forecasting", "month", ("value",))
    assert layout.id == (("Station",) if stations[0] else ())
    later = read_for(layout, frame.tail(3), target=False, text_targets=())
    assert later.frame["month"].min() == date(2017, 1, 1)


def test_a_year_in_every_row_with_a_label_stays_a_table():
    table = read_table(years_of("", label="label"))
    assert with_series(table, Recipe()) is table
