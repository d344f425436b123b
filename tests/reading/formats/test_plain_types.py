"""Types of Parquet, Arrow and frames beyond the usual, and the same types inside lists."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

Map = getattr(pl, "Map", None)
newer = pytest.mark.skipif(Map is None, reason="this polars has neither extensions nor maps")
LONG = 12345678901234567890


def read(tmp_path, column):
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"x": column, "n": range(len(column))}).write_parquet(path)
    return read_table(path)


def exact(values):
    return pl.Series(values, dtype=pl.Decimal(38, 0))


@pytest.mark.parametrize(
    "column, expected",
    [
        (exact([Decimal(1), None, Decimal(3)]), [1, None, 3]),
        (exact([Decimal(LONG), Decimal(LONG + 1)]), [str(LONG), str(LONG + 1)]),
        (pl.Series([Decimal("1.10"), None]), [1.1, None]),
        (pl.Series([[Decimal("1.10"), None], []]), [[1.1, None], []]),
        (pl.Series([[timedelta(minutes=1), None], []]), [[60.0, None], []]),
        (
            pl.Series([[datetime(2020, 1, 1, 12, tzinfo=UTC)], []]).cast(
                pl.List(pl.Datetime("us", "Europe/Berlin"))
            ),
            [[datetime(2020, 1, 1, 12)], []],
        ),
        (pl.Series([["a", "b"], []], dtype=pl.List(pl.Categorical)), [["a", "b"], []]),
        (
            pl.Series([[["a", "b"]], []], dtype=pl.List(pl.List(pl.Categorical))),
            [[["a", "b"]], []],
        ),
        (pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)), [[1, 2], None]),
    ],
)
def test_values_and_items_of_lists_get_a_type_that_there_is_a_kind_for(tmp_path, column, expected):
    assert read(tmp_path, column).frame["x"].to_list() == expected


def test_classes_in_a_column_of_exact_whole_numbers_are_classes(tmp_path):
    table = read(tmp_path, exact([Decimal(n % 3) for n in range(60)]))
    layout = infer(table, Recipe().with_overrides({"data.target": ["x"]})).layout
    assert layout.task == "classification"


def test_durations_of_any_unit_are_seconds_in_lists_too(tmp_path):
    for unit in ("ms", "us", "ns"):
        spans = [timedelta(seconds=60), timedelta(seconds=0.1)]
        table = read(tmp_path, pl.Series([spans] * 2, dtype=pl.List(pl.Duration(unit))))
        assert table.frame["x"].to_list() == [[60.0, 0.1]] * 2
        assert read(tmp_path, pl.Series(spans)).frame["x"].to_list() == [60.0, 0.1]
        assert "`x` holds durations: read as seconds" in table.notes


def test_half_precision_becomes_single(tmp_path):
    column = pl.Series([1.5, float("nan")]).cast(pl.Float16)
    frame = read(tmp_path, column).frame
    assert frame.schema["x"] == pl.Float32
    assert frame["x"].to_list() == [1.5, None]


def test_bytes_are_texts_or_uuids_or_refused_by_name(tmp_path):
    assert read(tmp_path, pl.Series([b"a", None])).frame["x"].to_list() == ["a", None]
    ids = [uuid.UUID(int=2**127 + n) for n in range(2)]
    table = read(tmp_path, pl.Series([each.bytes for each in ids]))
    assert table.frame["x"].to_list() == [str(each) for each in ids]
    assert "`x` holds bytes: read as UUIDs" in table.notes
    with pytest.raises(DataError, match="column `x` of .* holds bytes that are no text"):
        read(tmp_path, pl.Series([b"\xff\xfe", b"a"]))
    with pytest.raises(DataError, match="column `x` of .* holds List"):
        read(tmp_path, pl.Series([[b"a"], [b"b"]]))


@newer
@pytest.mark.parametrize(
    "name, metadata, storage, expected",
    [
        ("arrow.bool8", "", pl.Series([0, 1, None], dtype=pl.Int8), [False, True, None]),
        ("arrow.json", "", pl.Series(['{"a": 1}', None]), ['{"a": 1}', None]),
        ("any.list", "", pl.Series([[1.0, 2.0], []]), [[1.0, 2.0], []]),
    ],
)
def test_values_of_an_extension_type_are_those_that_are_stored(name, metadata, storage, expected):
    kind = pl.Extension(name, storage.dtype, metadata)
    frame = pl.DataFrame({"x": storage.ext.to(kind), "n": range(len(storage))})
    column = read_table(frame).frame["x"]
    assert column.to_list() == expected
    assert column.dtype == pl.Series(expected).dtype


@newer
def test_a_tensor_of_two_dimensions_has_a_timestep_in_each_row():
    values = pl.Series([[1, 2, 3, 4], None, [5, 6, 7, 8]], dtype=pl.Array(pl.Float32, 4))
    kind = pl.Extension("arrow.fixed_shape_tensor", values.dtype, '{"shape":[2,2]}')
    frame = read_table(pl.DataFrame({"x": values.ext.to(kind)})).frame
    assert frame["x_1"].to_list() == [[1, 3], None, [5, 7]]
    assert frame["x_2"].to_list() == [[2, 4], None, [6, 8]]


@newer
def test_a_map_is_a_column_for_each_of_its_keys(tmp_path):
    entries = [[{"key": "a", "value": 1}, {"key": "b.c", "value": 2}], [], None]
    lists = pl.Series(entries, dtype=pl.List(pl.Struct({"key": pl.String, "value": pl.Int64})))
    frame = read(tmp_path, lists.cast(Map(pl.String, pl.Int64))).frame
    assert frame["x.a"].to_list() == [1, None, None]
    assert frame["x.b.c"].to_list() == [2, None, None]


def test_a_feather_file_of_the_first_version_is_told(tmp_path):
    path = tmp_path / "rows.feather"
    path.write_bytes(b"FEA1" + bytes(40) + b"FEA1")
    with pytest.raises(DataError, match="is a Feather file of version 1") as error:
        read_table(path)
    assert "version 2" in error.value.hint
