"""Series one in a row: GluonTS and Chronos, in JSON, Parquet and frames."""

import json
from datetime import date, datetime

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def gluonts(number, length, **more):
    values = [float(number + step % 4) + 0.5 for step in range(length)]
    return {"item_id": f"T{number}", "start": "2020-01-31", "target": values, **more}


def table_of(tmp_path, rows, name="s.jsonl"):
    path = tmp_path / name
    path.write_text("\n".join(map(json.dumps, rows)))
    return read_table(path)


def test_a_start_and_a_frequency_give_the_times(tmp_path):
    rows = [gluonts(0, 3, freq="M"), gluonts(1, 2, freq="D")]
    table = table_of(tmp_path, rows)
    assert table.frame.columns == ["item_id", "time", "target"]
    assert table.frame.rows() == [
        ("T0", date(2020, 1, 31), 0.5),
        ("T0", date(2020, 2, 29), 1.5),
        ("T0", date(2020, 3, 31), 2.5),
        ("T1", date(2020, 1, 31), 1.5),
        ("T1", date(2020, 2, 1), 2.5),
    ]
    assert table.lines.tolist() == [1, 1, 1, 2, 2]
    implied = table.implied
    assert (implied.target, implied.id, implied.time) == (("target",), ("item_id",), "time")
    assert implied.forecasts


def test_without_a_frequency_timesteps_are_numbered_and_that_is_said(tmp_path):
    table = table_of(tmp_path, [gluonts(0, 2), gluonts(1, 2)])
    assert table.frame["timestep"].to_list() == [1, 2, 1, 2]
    assert "no `freq` says how far timesteps are apart: they are numbered" in table.notes


def test_what_belongs_to_a_series_is_static_and_what_runs_along_is_known_ahead(tmp_path):
    more = {"freq": "D", "feat_static_cat": [3, 0], "feat_static_real": [0.5]}
    rows = [gluonts(0, 2, feat_dynamic_real=[[1, 2, 3], [4, 5, 6]], extra=[7, 8], **more)] * 2
    rows[1] = rows[1] | {"item_id": "T1", "extra": [1]}
    table = table_of(tmp_path, rows)
    assert table.frame.columns == [
        *("item_id", "feat_static_cat_1", "feat_static_cat_2", "feat_static_real_1", "time"),
        *("target", "feat_dynamic_real_1", "feat_dynamic_real_2"),
    ]
    assert table.frame.row(2)[1:] == ("3", "0", 0.5, date(2020, 2, 2), None, 3, 6)
    assert "`extra` left out: its lists are not as long as `target`" in table.notes


def test_several_targets_are_lists_in_a_list(tmp_path):
    row = {"start": "2020-01-01 10:00:00", "freq": "H", "target": [[1, 2], [3, 4]]}
    table = table_of(tmp_path, [row, row])
    assert table.frame.rows()[:2] == [
        (1, datetime(2020, 1, 1, 10), 1, 3),
        (1, datetime(2020, 1, 1, 11), 2, 4),
    ]
    assert table.implied.target == ("target_1", "target_2")


def chronos(number, length):
    days = [f"2020-01-{day:02}" for day in range(1, length + 1)]
    values = [number + day % 5 + 0.5 for day in range(length)]
    return {"id": f"T{number}", "timestamp": days, "target": values}


@pytest.mark.parametrize("name", ["s.jsonl", "s.json", "s.parquet", "frame", "s.csv"])
def test_lists_of_times_and_values_are_a_panel_in_every_format(tmp_path, name):
    rows = [chronos(number, 20 + number) for number in range(4)]
    path = tmp_path / name
    frame = pl.DataFrame(rows)
    if name == "s.jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    elif name == "s.json":
        path.write_text(json.dumps(rows, indent=1))
    elif name == "s.parquet":
        days = pl.col("timestamp").list.eval(pl.element().str.to_datetime("%Y-%m-%d"))
        frame.with_columns(days).write_parquet(path)
    elif name == "s.csv":
        lists = (
            [json.dumps(row["timestamp"]) for row in rows],
            [json.dumps(r["target"]) for r in rows],
        )
        frame.with_columns(timestamp=pl.Series(lists[0]), target=pl.Series(lists[1])).write_csv(
            path
        )
    data = frame if name == "frame" else path
    layout = infer(read_table(data), Recipe()).layout
    assert (layout.form, layout.task, layout.target) == ("panel", "forecasting", ("target",))
    assert (layout.id, layout.time, layout.dated) == (("id",), "timestamp", True)
    again = read_for(layout, data, target=True, text_targets=()).frame
    assert again.height == sum(len(row["target"]) for row in rows)


def test_a_label_of_such_rows_is_a_class_of_each(tmp_path):
    rows = [chronos(number, 9) | {"kind": "ab"[number % 2]} for number in range(12)]
    recipe = Recipe().with_overrides({"data.target": ["kind"]})
    layout = infer(table_of(tmp_path, rows), recipe).layout
    assert (layout.form, layout.rnn_type, layout.time) == ("long-table", "many-to-one", "timestamp")


def test_a_row_whose_lists_differ_is_an_error(tmp_path):
    rows = [chronos(number, 9) for number in range(12)]
    rows[3]["target"] = [1.0]
    with pytest.raises(DataError) as error:
        table_of(tmp_path, rows)
    assert "row 4: `timestamp` holds 9 times and `target` 1 values" in error.value.message


def test_lists_without_times_stay_lists(tmp_path):
    rows = [{"x": [1, 2], "words": ["a", "b"], "y": "u"}, {"x": [1], "words": ["c"], "y": "d"}]
    assert table_of(tmp_path, rows).frame.height == 2


@pytest.mark.parametrize("scale", [1, 1000])
def test_lists_of_seconds_since_1970_are_times(tmp_path, scale):
    ticks = [(1_577_836_800 + 3600 * hour) * scale for hour in range(40)]
    rows = [
        {"sensor": f"s{at}", "ts": ticks, "v": [hour % 24 + at for hour in range(40)]}
        for at in range(3)
    ]
    table = table_of(tmp_path, rows)
    layout = infer(table, Recipe.parse({"data": {"target": "v"}})).layout
    assert (layout.task, layout.id, layout.time) == ("forecasting", ("sensor",), "ts")
    assert table.frame["ts"][1] == datetime(2020, 1, 1, 1)
    again = read_for(layout, tmp_path / "s.jsonl", target=True, text_targets=())
    assert again.frame.height == 120 and again.frame["ts"][1] == datetime(2020, 1, 1, 1)
    steps = [{**row, "ts": list(range(40))} for row in rows]
    assert isinstance(table_of(tmp_path, steps).frame.schema["ts"], pl.List)
