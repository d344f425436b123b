"""Sparse rows are told apart from texts and tables."""

import pytest

from rnnauto.errors import DataError
from rnnauto.reading.formats.sparse import ROW
from rnnauto.reading.read import read_table

ROWS = "+1 1:0.5 3:-2e-1 7:1\n-1 2:.25 3:1 # seen twice\n+1\n-1 1:1 2:3 9:4.5 11:1\n"


@pytest.mark.parametrize("name", ["a.svm", "a.txt", "a.csv", "a.dat", "a"])
@pytest.mark.parametrize(
    "rows", [ROWS, "# two classes\n" + ROWS, ROWS.replace("1 1:", "1,3 qid:4 1:")]
)
def test_sparse_rows_are_refused_with_what_reads_them(tmp_path, name, rows):
    path = tmp_path / name
    path.write_text(rows)
    with pytest.raises(DataError, match="sparse rows") as raised:
        read_table(path)
    assert "load_svmlight_file" in raised.value.hint


@pytest.mark.parametrize(
    "rows", ["1 10:30\n2 11:45\n3 9:15\n", "1 2:3 4:5 6:7\nsome words\n1 2:3 4:5 6:7\n1 2:3\n"]
)
def test_days_with_their_times_and_texts_are_none(tmp_path, rows):
    path = tmp_path / "a.txt"
    path.write_text(rows)
    assert read_table(path).frame.height


@pytest.mark.parametrize("line", ["123456," * 5_000, "1 " + "12:345 " * 5_000 + "x", "1" * 50_000])
def test_a_long_line_is_looked_at_once(line):
    assert (ROW.fullmatch(line) is None) == (not line.isdigit())
