"""Columns called as polars writes patterns are read like any other, in every format."""

import json

import pandas as pd
import polars as pl
import pytest

from rnnauto.deploy.table import as_in_file
from rnnauto.errors import DataError
from rnnauto.inspection import inspect_table
from rnnauto.reading.read import read_table, read_to_learn
from rnnauto.recipe import Recipe
from rnnauto.recipe.column_names import literal_name, name_in_file

ODD = ["*", "^a.*$", "__row"]
ROWS = [[n, 2 * n, n % 3, "ab"[n % 2]] for n in range(9)]
NAMES = [*ODD, "y"]
TEXT = "".join(",".join(map(str, row)) + "\n" for row in ROWS)
OBJECTS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
ARFF = "".join(f"@attribute '{name}' numeric\n" for name in ODD) + "@attribute y {a,b}\n@data\n"
TSF = "@attribute series_name string\n@attribute * string\n@frequency daily\n@data\n"
READ = ["\\*", "\\^a.*$", "\\__row", "y"]

FILES = {
    "a.csv": ",".join(NAMES) + "\n" + TEXT,
    "a.jsonl": "".join(json.dumps(each) + "\n" for each in OBJECTS),
    "a.json": json.dumps(OBJECTS),
    "a.arff": "@relation x\n" + ARFF + TEXT,
}


@pytest.mark.parametrize("name", FILES)
def test_names_like_patterns_are_read(tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name])
    frame = read_table(path).frame
    assert frame.columns == READ
    assert frame["\\^a.*$"].to_list() == [row[1] for row in ROWS]


@pytest.mark.parametrize("write", ["write_parquet", "write_ipc"])
def test_names_like_patterns_are_read_from_typed_files(tmp_path, write):
    frame = pl.DataFrame(
        [pl.Series(n, c) for n, c in zip(NAMES, zip(*ROWS, strict=True), strict=True)]
    )
    getattr(frame, write)(tmp_path / "file")
    assert read_table(tmp_path / "file").frame.columns == READ
    assert read_table(frame).frame.columns == READ
    assert read_table(pd.DataFrame(ROWS, columns=NAMES)).frame.columns == READ


def test_series_files_may_have_such_attributes(tmp_path):
    path = tmp_path / "a.tsf"
    path.write_text(TSF + "s1:k:1,2,3\ns2:l:4,5,6\n")
    assert "\\*" in read_table(path).frame.columns


def test_objects_in_objects_may_make_such_names(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"^a": {"b$": 1}, "y": 2}\n{"^a": {"b$": 3}, "y": 4}\n')
    assert read_table(path).frame.columns == ["\\^a.b$", "y"]


def test_names_that_would_become_the_same_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("*,\\*,y\n1,2,3\n")
    with pytest.raises(DataError, match="more than one column named"):
        read_table(path)
    with pytest.raises(DataError, match="cannot be told apart"):
        read_table(pl.DataFrame({"*": [1], "\\*": [2]}))


@pytest.mark.parametrize("spelling", ["^a.*$", "\\^a.*$"])
def test_a_flag_names_such_a_column_as_the_file_does_or_as_messages_do(tmp_path, spelling):
    path = tmp_path / "a.csv"
    path.write_text(FILES["a.csv"])
    recipe = Recipe.parse({"data": {"target": spelling, "ignore": ["*"]}})
    table = read_to_learn(path, recipe.data)
    layout = inspect_table(table, recipe).layout
    assert layout.target == ("\\^a.*$",)
    assert layout.ignored == ("\\*",)
    assert [note for note in table.notes if "`^a.*$` is called `\\^a.*$`" in note]


def test_a_table_is_written_with_the_names_of_the_file():
    frame = pl.DataFrame({literal_name(name): [1] for name in NAMES})
    assert as_in_file(frame).columns == NAMES


@pytest.mark.parametrize("name", ["*", "^$", "__row", "a*", "^a", "a$", "\\", "y", ""])
def test_a_name_is_written_back_as_it_was(name):
    assert name_in_file(literal_name(name)) == name
    assert literal_name(literal_name(name)) == literal_name(name)
