"""Classes that a file numbers are read by the names that it gives them."""

import json
from io import BytesIO

import polars as pl
import pytest

from rnnauto.reading.read import read_table

TAGS = ["O", "B-PER", "B-LOC"]
CLASSES = {"names": TAGS, "_type": "ClassLabel"}
FRAME = pl.DataFrame(
    {"tokens": [["it", "ran"], ["Rome"]], "tags": [[0, 1], [2]], "kind": [2, 0], "n": [5, 1]}
)


def described(**features):
    return {"huggingface": json.dumps({"info": {"features": features}})}


@pytest.fixture
def read(tmp_path):
    def read_frame(frame, **features):
        frame.write_parquet(tmp_path / "t.parquet", metadata=described(**features))
        return read_table(tmp_path / "t.parquet")

    return read_frame


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": CLASSES, "_type": "Sequence"},
        {"feature": CLASSES, "length": -1, "_type": "List"},
        {"feature": {"feature": CLASSES, "_type": "List"}, "_type": "LargeList"},
    ],
)
def test_names_in_the_schema_of_a_data_set(read, feature):
    table = read(FRAME, tags=feature, kind=CLASSES, n={"dtype": "int64", "_type": "Value"})
    assert table.frame["tags"].to_list() == [["O", "B-PER"], ["B-LOC"]]
    assert table.frame["kind"].to_list() == ["B-LOC", "O"]
    assert table.frame["n"].to_list() == [5, 1]
    assert "the classes of `tags` are read by their names in the file" in table.notes


@pytest.mark.parametrize(
    "kinds, expected", [([2, -1, None], ["B-LOC", None, None]), ([3, 0, 1], [3, 0, 1])]
)
def test_numbers_without_a_name(read, kinds, expected):
    assert read(pl.DataFrame({"kind": kinds}), kind=CLASSES).frame["kind"].to_list() == expected


@pytest.mark.parametrize("features", [{"kind": "odd"}, {"kind": {"names": [1, 2, 3]}}, {}])
def test_odd_schemas_say_nothing(read, features):
    assert read(FRAME, **features).frame["kind"].to_list() == [2, 0]


def test_names_beside_the_numbers_in_every_line(tmp_path):
    rows = [{"tokens": ["it", "ran"], "tags": [0, 1]}, {"tokens": ["Rome"], "tags": [2]}]
    for name in ("names", "tags_names", "tag_names"):
        lines = [json.dumps({**row, name: TAGS}) for row in rows]
        (tmp_path / "t.jsonl").write_text("\n".join(lines))
        table = read_table(tmp_path / "t.jsonl")
        assert table.frame.columns == ["tokens", "tags"]
        assert table.frame["tags"].to_list() == [["O", "B-PER"], ["B-LOC"]]


def test_lists_that_are_named_like_names_but_differ_stay(tmp_path):
    lines = [json.dumps({"tags": [0], "names": ["a"]}), json.dumps({"tags": [1], "names": ["b"]})]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    assert "names" in read_table(tmp_path / "t.jsonl").frame.columns


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(TAGS)])
@pytest.mark.parametrize("write", ["write_parquet", "write_ipc"])
def test_lists_of_categories_are_lists_of_texts(tmp_path, dtype, write):
    tags = pl.Series("tags", [["O", "B-PER"], ["B-LOC"]], dtype=pl.List(dtype))
    buffer = BytesIO()
    getattr(pl.DataFrame([tags, FRAME["tokens"]]), write)(buffer)
    (tmp_path / "t.parquet").write_bytes(buffer.getvalue())
    ending = ".parquet" if write == "write_parquet" else ".arrow"
    (tmp_path / f"t{ending}").write_bytes(buffer.getvalue())
    table = read_table(tmp_path / f"t{ending}")
    assert table.frame["tags"].to_list() == [["O", "B-PER"], ["B-LOC"]]


def test_zones_and_durations_of_columns_with_types(tmp_path):
    hour = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 2), "12h", eager=True, time_zone="Asia/Tokyo"
    )
    pl.DataFrame({"t": hour, "d": hour - hour[0]}).write_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert [str(t) for t in table.frame["t"]] == [
        *("2023-12-31 15:00:00", "2024-01-01 03:00:00", "2024-01-01 15:00:00"),
    ]
    assert table.frame["d"].to_list() == [0, 43200, 86400]
    assert len(table.notes) == 2
