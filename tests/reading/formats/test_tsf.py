"""`.tsf`: series one a line, their times reckoned, the horizon of the header."""

from datetime import date, datetime

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.formats.clock import pace_of, times_from
from rnnauto.reading.formats.tsf import load_tsf
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

HEAD = """# made
@relation r
@attribute series_name string
@attribute state string
@attribute size numeric
@attribute start_timestamp date
@frequency {}
@horizon 3
@missing true
@equallength false
@data
"""


def load(rows, frequency="monthly"):
    return load_tsf(HEAD.format(frequency) + rows, "s.tsf")


def test_a_row_for_each_timestep_with_its_time():
    loaded = load("1:NSW:2.5:2020-01-31 00-00-00:1,?,3\n2:NT:?:2019-12-01 00-00-00:4.5\n")
    assert loaded.frame.columns == ["series_name", "state", "size", "time", "value"]
    assert loaded.frame.rows() == [
        ("1", "NSW", 2.5, date(2020, 1, 31), 1.0),
        ("1", "NSW", 2.5, date(2020, 2, 29), None),
        ("1", "NSW", 2.5, date(2020, 3, 31), 3.0),
        ("2", "NT", None, date(2019, 12, 1), 4.5),
    ]
    assert loaded.lines.tolist() == [12, 12, 12, 13]
    implied = loaded.implied
    assert (implied.target, implied.id, implied.time) == (("value",), ("series_name",), "time")
    assert implied.horizon == 3


@pytest.mark.parametrize(
    ("frequency", "third"),
    [
        ("yearly", date(2022, 2, 3)),
        ("quarterly", date(2020, 8, 3)),
        ("weekly", date(2020, 2, 17)),
        ("daily", date(2020, 2, 5)),
        ("hourly", datetime(2020, 2, 3, 2)),
        ("half_hourly", datetime(2020, 2, 3, 1)),
        ("10_minutes", datetime(2020, 2, 3, 0, 20)),
        ("4_seconds", datetime(2020, 2, 3, 0, 0, 8)),
        ("minutely", datetime(2020, 2, 3, 0, 2)),
    ],
)
def test_every_frequency_of_the_archive(frequency, third):
    frame = load("a:b:1:2020-02-03 00-00-00:1,2,3\n", frequency).frame
    assert frame["time"].to_list()[2] == third


@pytest.mark.parametrize(
    ("name", "start", "second"),
    [
        ("M", datetime(2021, 2, 28), datetime(2021, 3, 31)),
        ("MS", datetime(2021, 2, 1), datetime(2021, 3, 1)),
        ("ms", datetime(2021, 2, 1), datetime(2021, 2, 1, 0, 0, 0, 1000)),
        ("Q-DEC", datetime(2020, 12, 31), datetime(2021, 3, 31)),
        ("W-SUN", datetime(2021, 1, 3), datetime(2021, 1, 10)),
        ("B", datetime(2021, 1, 1), datetime(2021, 1, 4)),
        ("15T", datetime(2021, 1, 1), datetime(2021, 1, 1, 0, 15)),
        ("5min", datetime(2021, 1, 1), datetime(2021, 1, 1, 0, 5)),
        ("2H", datetime(2021, 1, 1), datetime(2021, 1, 1, 2)),
        ("A-JUN", datetime(2020, 6, 30), datetime(2021, 6, 30)),
    ],
)
def test_the_frequencies_of_pandas(name, start, second):
    starts = pl.Series([start], dtype=pl.Datetime("us"))
    times = times_from(starts, pace_of(name), pl.Series([2]).to_numpy())
    assert times.cast(pl.Datetime("us")).to_list() == [start, second]


def test_an_unknown_frequency_and_years_beyond_the_calendar_number_the_timesteps():
    loaded = load("a:b:1:2020-02-03 00-00-00:1,2\n", "fortnightly")
    assert loaded.frame["timestep"].to_list() == [1, 2]
    assert loaded.notes[1] == "`@frequency fortnightly` gives no times: timesteps are numbered"
    far = load("a:b:1:9998-02-03 00-00-00:1,2,3\n", "yearly")
    assert far.frame["timestep"].to_list() == [1, 2, 3]


def test_series_without_a_start_or_a_name_are_numbered():
    text = "@relation r\n@frequency daily\n@data\n1,2\n3\n"
    frame = load_tsf(text, "s.tsf").frame
    assert frame.rows() == [(1, 1, 1.0), (1, 2, 2.0), (2, 1, 3.0)]
    assert frame.columns == ["series", "timestep", "value"]


def test_names_that_differ_only_together_are_the_id():
    text = "@relation r\n@attribute g string\n@attribute n string\n@data\nA:1:1\nA:2:1\nB:1:1\n"
    assert load_tsf(text, "s.tsf").implied.id == ("g", "n")


def test_the_panel_is_forecast_by_the_horizon_of_the_header(tmp_path):
    path = tmp_path / "s.tsf"
    rows = "".join(
        f"{at}:A:{at}:2015-0{at}-01 00-00-00:"
        + ",".join(str(at + step % 12) for step in range(40 + at))
        + "\n"
        for at in (1, 2, 3)
    )
    path.write_text(HEAD.format("monthly") + rows)
    table = read_table(path)
    found = infer(table, Recipe())
    layout = found.layout
    assert (layout.form, layout.task, layout.horizon) == ("panel", "forecasting", 3)
    assert (layout.id, layout.time, layout.dated) == (("series_name",), "time", True)
    assert ("horizon is 3", "the file says so") in [(e.decision, e.reason) for e in found.evidence]
    again = read_for(layout, path, target=True, text_targets=())
    assert again.frame.equals(table.frame)
    overruled = Recipe().with_overrides({"problem.horizon": 5})
    assert infer(table, overruled).layout.horizon == 5


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a:b:1:1,2", "line 12: 4 parts where the header announces 5"),
        ("a:b:x:2020-02-03 00-00-00:1", "line 12: `x` is no numeric value of `size`"),
        ("a:b:1:yesterday:1", "line 12: `yesterday` is no date value of `start_timestamp`"),
        ("a:b:1:2020-02-03 00-00-00:1,x", "line 12: `x` is no number"),
    ],
)
def test_a_broken_series_is_an_error_with_its_line(row, message):
    with pytest.raises(DataError) as error:
        load(f"{row}\n")
    assert message in error.value.message


def test_a_start_may_be_written_with_colons_or_without_a_clock():
    frame = load("a:b:1:2020-02-03 01:00:00:1\nc:d:1:2020-02-03:1\n", "hourly").frame
    assert frame["time"].to_list() == [datetime(2020, 2, 3, 1), datetime(2020, 2, 3)]


def test_a_broken_attribute_is_an_error_with_its_line():
    with pytest.raises(DataError, match="line 2: `@attribute x` is no attribute"):
        load_tsf("@relation r\n@attribute x\n@data\n:1\n", "s.tsf")


def test_tabs_may_separate_the_words_of_the_header():
    rows = "1:NSW:2.5:2020-01-31 00-00-00:1,?,3\n"
    tabbed = load_tsf(HEAD.format("monthly").replace(" ", "\t") + rows, "s.tsf")
    assert tabbed.frame.equals(load(rows).frame)
    assert tabbed.implied == load(rows).implied


def test_a_missing_start_and_a_second_date_are_told():
    notes = load("1:NSW:2.5:?:1,2\n2:NT:?:2019-12-01:4.5\n").notes
    assert notes[-1] == "1 series has no `start_timestamp`: timesteps are numbered"
    head = HEAD.format("daily").replace("@frequency", "@attribute end date\n@frequency")
    loaded = load_tsf(head + "1:NSW:2.5:2019-12-01:2019-12-02:1,2\n", "s.tsf")
    assert loaded.notes[-1] == "the date `end` is left out"
    assert loaded.frame["time"].to_list() == [date(2019, 12, 1), date(2019, 12, 2)]
