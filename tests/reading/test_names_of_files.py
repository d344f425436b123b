"""A file whose name no library can be given is refused by its name, with a way out."""

import pytest

from rnnauto.errors import DataError
from rnnauto.reading.read import read_table


@pytest.mark.parametrize("name", ["d\udcff.csv", "f\udcff/a.csv", "f\udcff"])
def test_a_name_that_is_no_utf8_is_refused(tmp_path, name):
    path = tmp_path / name
    (path.parent if path.suffix else path).mkdir(exist_ok=True)
    for file in (path,) if path.suffix else (path / "a.csv", path / "b.csv"):
        file.write_text("x,y\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"\\xff.* is no UTF-8") as caught:
        read_table(path)
    assert "standard input" in caught.value.hint


@pytest.mark.parametrize("name", ["a[1].csv", "b*?.csv", "c\\d.csv", "e\nf.csv", "~.csv", "$x.csv"])
def test_other_names_are_no_patterns(tmp_path, name):
    (tmp_path / "a1.csv").write_text("z\n5\n6\n")
    (tmp_path / name).write_text("x,y\n1,2\n3,4\n")
    assert read_table(tmp_path / name).frame.columns == ["x", "y"]
