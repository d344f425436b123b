"""Blank lines and rows that say nothing are left out, and take next to no memory."""

import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.reading import dialect
from rnnauto.reading.dialect import read_text, scan_records
from rnnauto.reading.idle_rows import drop_idle_rows
from rnnauto.reading.parse import Parsed
from rnnauto.reading.read import read_table

LINES = st.lists(st.sampled_from(["1,a", "2,b", "", ",", "  ,"]), min_size=1, max_size=30)


@given(LINES, st.sampled_from(["\n", "\r\n"]))
def test_rows_that_say_nothing_are_left_out_and_lines_keep_their_numbers(
    tmp_path_factory, rows, end
):
    full = [line for line, row in enumerate(rows, start=2) if row in {"1,a", "2,b"}]
    if not full:
        return
    path = tmp_path_factory.mktemp("idle") / "table.csv"
    path.write_text(end.join(["x,y", *rows, ""]), newline="")
    table = read_table(path)
    assert table.frame.rows() == [(int(rows[at - 2][0]), rows[at - 2][2]) for at in full]
    assert table.lines_at(range(len(full))) == full
    idle = [line for problem in table.problems for line in problem.rows]
    between = [line for line in range(2, full[-1]) if line not in full]
    assert sorted(line for line in idle if line < full[-1]) == between


@pytest.mark.parametrize("count", [1, 3, 150])
def test_a_few_rows_are_left_out_without_a_copy(count):
    frame = pl.DataFrame({"x": range(1000), "y": ["up"] * 1000})
    gone = np.linspace(0, 999, count).astype(int)
    blank = frame.with_columns(pl.when(~pl.int_range(pl.len()).is_in(gone)).then(pl.all()))
    text = read_text(frame.write_csv().encode(), "made up")
    kept = drop_idle_rows(Parsed(blank), text, ())
    assert kept.frame.equals(frame.filter(~pl.col("x").is_in(gone)))
    assert kept.lines is not None and kept.lines.tolist() == [x + 2 for x in kept.frame["x"]]
    assert kept.notes == [f"{count} empty row{'s' if count > 1 else ''} left out"]
    assert kept.left_out.tolist() == sorted(set(gone))


def test_looking_for_rows_that_do_not_fit_takes_no_memory_for_those_that_do(monkeypatch):
    monkeypatch.setattr(dialect, "CHUNK", 1 << 16)
    text = read_text(b"x,y\n" + b"1,2\n" * 500_000 + b"\n1,2,3\n" + b"1,2\n" * 500_000, "made up")
    tracemalloc.start()
    records = scan_records(text, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert records.count == 1_000_003 and records.blank.tolist() == [500_001]
    assert records.lines_of(records.odd).tolist() == [500_003]
    assert peak < 5_000_000, "the masks of a chunk, and nothing for each record"
