"""JSON that is no plain object per line: arrays, pandas' ways, nested objects, lists of objects."""

import json

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.formats.json_lines import load_json
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

RECORDS = [
    {"t": 0, "x": 1.5, "y": "a"},
    {"t": 1, "x": None, "y": "b"},
    {"t": 2, "x": 3.0, "y": "a"},
]
ROWS = [(0, 1.5, "a"), (1, None, "b"), (2, 3.0, "a")]
NAMES = ["t", "x", "y"]
BY_COLUMN = {name: {str(at): row[name] for at, row in enumerate(RECORDS)} for name in NAMES}
BY_INDEX = {str(at): row for at, row in enumerate(RECORDS)}
SPLIT = {"columns": NAMES, "index": [0, 1, 2], "data": [list(row) for row in ROWS]}
TABLE = {
    "schema": {"fields": [{"name": "index"}, {"name": "t"}], "primaryKey": ["index"]},
    "data": [{"index": at, **row} for at, row in enumerate(RECORDS)],
}
WRITTEN = {
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "array in a line": json.dumps(RECORDS),
    "array over lines": json.dumps(RECORDS, indent=1),
    "array, a record a line": "[" + ",\n".join(map(json.dumps, RECORDS)) + "]",
    "records over lines": "\n".join(json.dumps(row, indent=2) for row in RECORDS),
    "columns": json.dumps(BY_COLUMN),
    "columns over lines": json.dumps(BY_COLUMN, indent=2),
    "index": json.dumps(BY_INDEX),
    "split": json.dumps(SPLIT),
    "table": json.dumps(TABLE),
    "lists": json.dumps({name: [row[name] for row in RECORDS] for name in NAMES}),
    "wrapped": json.dumps({"count": 3, "results": RECORDS}),
}


def load(value):
    return load_json((value if isinstance(value, str) else json.dumps(value)).encode(), "r.json")


@pytest.mark.parametrize("name", WRITTEN)
def test_records_are_read_however_they_are_written(name):
    frame = load(WRITTEN[name]).frame
    assert frame.columns == NAMES
    assert frame.rows() == ROWS


@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_of_json_is_read_as_its_content(name, tmp_path):
    path = tmp_path / "frame.json"
    path.write_text(WRITTEN[name])
    assert read_table(path, has_target=True).frame.rows() == ROWS


def test_one_record_stays_one_where_lines_or_a_model_of_lists_say_so(tmp_path):
    for name, form in (("one.jsonl", None), ("one.json", "cell-sequences")):
        path = tmp_path / name
        path.write_text('{"x": [1, 2, 3], "y": [4, 5, 6]}')
        assert read_table(path, form=form).frame.rows() == [([1, 2, 3], [4, 5, 6])]


def test_more_names_than_polars_keeps_in_order_stay_as_the_file_has_them():
    inner = {f"y{at}": at for at in range(40)}
    rows = [{"id": n, "a": inner, **{f"x{at}": at for at in range(40)}} for n in range(230)]
    rows[0] = {"z": 1, **rows[0]}
    rows[-1] = {**rows[-1], "late": 1, "latest": 2}
    frame = load("\n".join(map(json.dumps, rows))).frame
    every = ["z", "id", *(f"a.y{at}" for at in range(40)), *(f"x{at}" for at in range(40))]
    assert frame.columns == [*every, "late", "latest"]
    history = {"id": 1, "days": [inner, inner]}
    frame = load("\n".join([json.dumps(history)] * 3)).frame
    assert [name for name in frame.columns if name != "record"] == [
        "id",
        *(f"days.y{at}" for at in range(40)),
    ]


def test_rows_of_values_are_numbered_columns():
    frame = load([[1, "a"], [2, "b"]]).frame
    assert frame.to_dict(as_series=False) == {"column_1": [1, 2], "column_2": ["a", "b"]}


def test_rows_of_values_may_stand_one_a_line():
    loaded = load('[1, "a"]\n\n[2, "b"]\n')
    assert loaded.frame.to_dict(as_series=False) == {"column_1": [1, 2], "column_2": ["a", "b"]}
    assert loaded.lines.tolist() == [1, 3]
    with pytest.raises(DataError, match="row 2 has 3 values for 2 columns"):
        load('[1, "a"]\n[2, "b", 3]\n')


@pytest.mark.parametrize("between", [",", "\n"])
def test_a_first_row_of_names_above_numbers_names_the_columns(between):
    rows = between.join(map(json.dumps, [["x", "y"], [1, "a"], [None, "b"]]))
    loaded = load(rows if between == "\n" else f"[{rows}]")
    assert loaded.frame.to_dict(as_series=False) == {"x": [1, None], "y": ["a", "b"]}
    assert load([["x", "y"], ["1", "a"]]).frame.columns == ["column_1", "column_2"]


def test_lists_may_hold_numbers_that_are_none_as_python_writes_them():
    frame = load('{"x": [1, NaN, 2], "y": [[1, 2.5]]}\n{"x": [3], "y": [[NaN, 1]]}\n').frame
    assert frame["x"].to_list() == [[1, None, 2], [3]]
    assert frame["y"].to_list() == [[[1, 2.5]], [[None, 1]]]
    with pytest.raises(DataError, match="column `x` of `r.json` mixes kinds of values"):
        load('{"x": [1, NaN]}\n{"x": 3}\n')


def test_an_index_that_does_not_count_is_a_column():
    days = ["2020-01-01", "2020-01-02"]
    wanted = {"index": days, "x": [1, 2], "y": [3, 4]}
    by_column = {
        "x": dict(zip(days, (1, 2), strict=True)),
        "y": dict(zip(days, (3, 4), strict=True)),
    }
    by_index = {day: {"x": x, "y": x + 2} for x, day in enumerate(days, start=1)}
    split = {"columns": ["x", "y"], "index": days, "data": [[1, 3], [2, 4]]}
    for written in (by_column, by_index, split):
        frame = load(written).frame
        assert (
            frame.with_columns(pl.col("index").cast(pl.String)).to_dict(as_series=False) == wanted
        )


def test_an_index_of_whole_numbers_is_numbers_again():
    written = {"y": {str(1577836800000 + at * 86_400_000): at for at in range(3)}}
    assert load(written).frame["index"].to_list() == [
        1577836800000 + at * 86_400_000 for at in range(3)
    ]


def test_names_that_could_be_of_rows_or_columns_are_told_by_their_values():
    frame = load({"anna": {"age": 3, "town": "Ulm"}, "otto": {"age": 4, "town": "Bonn"}}).frame
    assert frame.rows() == [("anna", 3, "Ulm"), ("otto", 4, "Bonn")]


def test_lines_are_those_of_the_file():
    assert load(json.dumps(RECORDS, indent=1)).lines.tolist() == [2, 7, 12]
    assert load("\n\n" + WRITTEN["lines"]).lines.tolist() == [3, 4, 5]


def test_an_object_is_a_column_for_each_name():
    rows = [{"a": {"b": {"c": 1}, "d": "x"}, "a.d": 5}, {"a": {"b": None, "d": "y"}, "a.d": 6}, {}]
    frame = load("\n".join(map(json.dumps, rows))).frame
    assert frame.rows(named=True) == [
        {"a.b.c": 1, "a.d": "x", "a.d_": 5},
        {"a.b.c": None, "a.d": "y", "a.d_": 6},
        {"a.b.c": None, "a.d": None, "a.d_": None},
    ]


def device(number, count, **more):
    readings = [
        {"t": f"2023-01-01T00:0{at}:00Z", "v": number + at / 2, "at": {"x": at}}
        for at in range(count)
    ]
    return {"device": {"id": f"d{number}"}, "readings": readings, **more}


def test_a_list_of_objects_is_a_timestep_each(tmp_path):
    rows = [device(at, 3 + at % 4, state="ok" if at % 2 else "bad", tags=["u"]) for at in range(12)]
    rows[5]["readings"] = []
    path = tmp_path / "d.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    table = read_table(path)
    assert table.frame.columns == [
        "device.id",
        "readings.t",
        "readings.v",
        "readings.at.x",
        "state",
    ]
    assert table.lines.tolist()[:4] == [1, 1, 1, 2]
    assert "`tags` left out: its lists are not as long as `readings`" in table.notes
    recipe = Recipe().with_overrides({"data.target": ["state"]})
    layout = infer(table, recipe).layout
    assert (layout.form, layout.rnn_type) == ("long-table", "many-to-one")
    assert (layout.id, layout.time) == (("device.id",), "readings.t")
    assert [column.name for column in layout.features] == ["readings.v", "readings.at.x"]
    fresh = tmp_path / "fresh.json"
    for row in rows:
        del row["state"]
    fresh.write_text(json.dumps(rows[:3], indent=1))
    again = read_for(layout, fresh, target=False, text_targets=()).frame
    assert again["device.id"].unique(maintain_order=True).to_list() == ["d0", "d1", "d2"]


def test_records_without_an_id_are_numbered_and_labels_go_along():
    rows = [
        {"steps": [{"v": 1}, {"v": 2}], "tags": ["a", "b"]},
        {"steps": [{"v": 3}], "tags": ["c"]},
    ]
    loaded = load("\n".join(map(json.dumps, rows)))
    assert loaded.frame.rows() == [(1, 1, "a"), (1, 2, "b"), (2, 3, "c")]
    assert loaded.implied.id == ("record",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"a": 1},\n{"a": x}]', "line 2: no JSON"),
        ('[{"a": 1}', "line 1: no JSON (the array has no end)"),
        (
            '[{"a": 1},\n{"a": 1, "a": 2}]',
            "line 2: no JSON (the key `a` stands twice in an object)",
        ),
        ('{"a": 1}\n{"a": 1, "a": 2}', "line 2: no JSON (the key `a` stands twice in an object)"),
        ('{"b": {"a": 1, "a": 2}}', "line 1: no JSON (the key `a` stands twice in an object)"),
        ('[{"a": 1}]\n[2]', "line 2: no JSON (more stands behind the array)"),
        ('[{"a": 1}, 2]', "line 1: int where an object was wanted"),
        ("[[1, 2], [3]]", "row 2 has 1 values for 2 columns"),
        ('{"a": 1}\n{"a": }', "line 2: no JSON"),
        ('{"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}', "nested"),
        ('{"a": [{"b": [{"c": 1}]}]}\n{"a": []}', "lists of objects inside the objects of `a`"),
        ('{"a": [{"b": 1}], "c": [{"d": 1}, {"d": 2}]}\n{}', "two lists of objects, `a` and `c`"),
        ("[" * 100_000, ""),
        ('{"a":' * 100_000, ""),
    ],
)
def test_broken_json_is_one_short_error(content, message):
    with pytest.raises(DataError) as error:
        load(content)
    assert message in error.value.message
    assert len(error.value.message) < 300


def test_a_file_without_records_is_refused(tmp_path):
    path = tmp_path / "empty.json"
    path.write_text("[]")
    with pytest.raises(DataError) as error:
        read_table(path)
    assert "no records" in error.value.message


@pytest.mark.parametrize("digits", ["1" + "0" * 400, "9" * 5000])
@pytest.mark.parametrize("form", ["lines", "array", "lists"])
def test_whole_numbers_beyond_any_column_are_infinite(digits, form):
    cell = f"[{digits}, 2]" if form == "lists" else digits
    records = [f'{{"x": {cell}}}', '{"x": [3, 4]}' if form == "lists" else '{"x": 3}']
    text = "[" + ",".join(records) + "]" if form == "array" else "\n".join(records)
    numbers = load_json(text.encode(), "x.json").frame["x"].explode().to_list()
    assert numbers[0] == float("inf") and numbers[-1] in {3.0, 4.0}
