"""Large columns lie in files without names, and hold what they held in memory."""

import os
import platform
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rnnauto import mapped
from rnnauto.mapped import converted, trim
from rnnauto.reading.read import read_table, read_to_learn
from rnnauto.recipe import Data

ROWS = 5_000
pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no such files here")


@pytest.fixture
def large(monkeypatch, tmp_path):
    """Any table counts as large; returns the folder that files without names lie in."""
    monkeypatch.setattr(mapped, "LARGE_TABLE", 1)
    monkeypatch.setattr(mapped, "LARGE_COLUMN", 1)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def table():
    numbers = np.arange(ROWS)
    return pl.DataFrame(
        {
            "id": numbers // 50,
            "step": numbers % 50,
            "small": (numbers % 100).astype(np.int8),
            "x": np.sin(numbers).round(6),
            "single": np.sin(numbers).astype(np.float32),
            "day": pl.Series((numbers % 9_000).astype(np.int32)).cast(pl.Date),
            "at": pl.Series(numbers * 10**6).cast(pl.Datetime("us")),
            "gaps": pl.Series(np.where(numbers % 7 == 0, np.nan, numbers * 0.5)),
            "no": pl.Series([None if at % 11 == 0 else at for at in range(ROWS)]),
            "flag": numbers % 3 == 0,
            "word": [f"w{at // 50 % 5}" for at in range(ROWS)],
        }
    )


def in_memory(path):
    """Read as where no table is large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "LARGE_TABLE", 1 << 60)
        return read_table(path)


@pytest.mark.parametrize("at_once", [1, 3 * ROWS, 1 << 24])
def test_a_large_parquet_file_is_read_to_the_same_table(large, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr("rnnauto.reading.formats.columnar.AT_ONCE", at_once)
    table().write_parquet(tmp_path / "long.parquet", row_group_size=700)
    read = read_table(tmp_path / "long.parquet")
    assert len(mapped.MAPPED) == 9  # all but truth values and texts
    expected = in_memory(tmp_path / "long.parquet")
    assert read.frame.schema == expected.frame.schema
    assert read.frame.equals(expected.frame)
    assert read.notes == expected.notes


def test_a_large_csv_file_is_read_to_the_same_table(large, tmp_path, monkeypatch):
    pytest.importorskip("llvmlite")
    monkeypatch.setattr("rnnauto.reading.plain.code.LEAST", 1)
    for module in ("content", "plain.read"):
        monkeypatch.setattr(f"rnnauto.reading.{module}.CHUNK", 1 << 14)
    some = table().select("id", "step", "x", "gaps", "no", "word")
    some.with_columns(pl.col("gaps").fill_nan(None)).write_csv(tmp_path / "long.csv")
    read = read_table(tmp_path / "long.csv")
    assert len(mapped.MAPPED) == 5
    assert read.frame.equals(in_memory(tmp_path / "long.csv").frame)


@pytest.mark.parametrize("name", ["long.jsonl", "long.arrow", "parts/long.parquet", "quoted.csv"])
def test_numbers_of_other_files_are_put_into_files_once_they_are_read(large, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    some = table().select("id", "step", "x", "no", "word")
    {
        ".jsonl": some.write_ndjson,
        ".arrow": some.write_ipc,
        ".parquet": lambda file: some.write_parquet(file),
        ".csv": lambda file: some.write_csv(file, quote_style="always"),
    }[path.suffix](path)
    if path.parent != tmp_path:
        some.write_parquet(path.with_name("more.parquet"))
        path = path.parent / "*.parquet"
    read = read_to_learn(path, Data(path=str(path)))
    assert len(mapped.MAPPED) >= 4
    expected = in_memory(path)
    assert read.frame.schema == expected.frame.schema and read.frame.equals(expected.frame)
    assert read.notes == expected.notes


def test_a_frame_stays_where_it_is(large):
    frame = table()
    read = read_to_learn(frame, Data(path="frame"))
    assert read.frame.height == ROWS and not mapped.MAPPED


def test_pages_that_are_given_back_come_again(large):
    frame = mapped.mapped(table())
    mapped.give_all_back()
    assert frame.equals(table())


def test_files_have_no_names_and_go_with_their_columns(large):
    frame = mapped.mapped(table())
    assert mapped.MAPPED and not list(large.iterdir())
    held = frame["x"]
    del frame
    assert len(mapped.MAPPED) == 1
    assert held.equals(table()["x"])


def test_a_column_outlives_the_frame_that_it_was_part_of(large):
    rows = mapped.mapped(table())["x"][100:200].to_numpy()
    np.testing.assert_array_equal(rows, np.sin(np.arange(100, 200)).round(6))


def test_what_the_disk_has_no_room_for_stays_in_memory(large, tmp_path, monkeypatch):
    def full(*asked):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    table().write_parquet(tmp_path / "long.parquet")
    assert read_table(tmp_path / "long.parquet").frame.height == ROWS
    assert not mapped.MAPPED


def test_a_disk_that_fails_while_lines_are_read_has_the_table_read_into_memory(
    large, tmp_path, monkeypatch
):
    pytest.importorskip("llvmlite")

    def broken(*asked):
        raise OSError("input/output error")

    monkeypatch.setattr("rnnauto.reading.plain.code.LEAST", 1)
    table().select("id", "x").write_csv(tmp_path / "long.csv")
    expected = read_table(tmp_path / "long.csv").frame
    monkeypatch.setattr(os, "pwrite", broken)
    assert read_table(tmp_path / "long.csv").frame.equals(expected)
    assert not list(large.iterdir())


def test_a_small_table_is_left_in_memory(tmp_path):
    table().write_parquet(tmp_path / "small.parquet")
    read_table(tmp_path / "small.parquet")
    assert not mapped.MAPPED


def test_files_lie_on_a_disk_unless_the_environment_says_where(monkeypatch):
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    assert mapped.folder() == (Path("/var/tmp") if os.access("/var/tmp", os.W_OK) else None)
    monkeypatch.setenv("TMPDIR", "/somewhere")
    assert mapped.folder() is None


@pytest.mark.parametrize("at_once", [700, 1 << 18])
def test_a_large_column_is_converted_as_a_small_one(large, monkeypatch, at_once):
    monkeypatch.setattr(mapped, "BLOCK_ROWS", at_once)
    frame = table()
    for name in ("no", "gaps", "small"):
        wanted = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        np.testing.assert_array_equal(converted(frame[name], pl.Float64), wanted)
    rows = converted(frame["small"], pl.Int64)
    assert (rows.dtype, rows.tolist()) == (np.int64, frame["small"].to_list())
    assert not rows.flags.writeable  # it is mapped


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has to be told")
def test_memory_that_nothing_uses_goes_back_to_the_system():
    def own():
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    small = [bytes(4_000) for _ in range(20_000)]  # 80 MB in blocks that are not mapped
    kept = small[::1_000]  # which keep the heap from shrinking by itself
    del small
    before = own()
    trim()
    assert before - own() > 20e6 or platform.libc_ver()[0] != "glibc"
    assert len(kept) == 20
