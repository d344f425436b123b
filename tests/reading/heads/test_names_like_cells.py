"""A name may be a value too: `y` above y and n. Names above numbers show that it is a header."""

import pytest

from rnnauto.reading.read import read_table


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_header_may_hold_a_word_of_its_column(tmp_path, quote):
    path = tmp_path / "bacteria.csv"
    rows = [("X01", "y", 0), ("X01", "n", 2), ("X02", "y", 4), ("X02", "y", 11)]
    lines = [("ID", "y", "week"), *rows]
    text = [",".join(f"{quote}{cell}{quote}" for cell in line) for line in lines]
    path.write_text("\n".join(text) + "\n")
    table = read_table(path)
    assert table.frame.columns == ["ID", "y", "week"]
    assert table.frame["y"].to_list() == ["y", "n", "y", "y"]
    assert table.frame["week"].to_list() == [0, 2, 4, 11]


@pytest.mark.parametrize("mark", ["?", "NA", "-", "<5"])
def test_a_mark_above_numbers_is_no_name(tmp_path, mark):
    path = tmp_path / "bacteria.csv"
    path.write_text(f"a,y,{mark}\nb,y,3\na,n,4\nb,y,7\n")
    assert read_table(path).frame.columns == ["column_1", "column_2", "column_3"]
    assert read_table(path).frame.height == 4
