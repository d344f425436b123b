import pytest

from rnnauto.reading.heads.units_row import are_units
from rnnauto.reading.read import read_table

ROWS = [["0", "20.5", "on"], ["1", "", "off"], ["2", "21.0", "on"]]


def test_words_above_numbers_are_units():
    assert are_units(["s", "degC", ""], ROWS)
    assert are_units(["s", "[°C]", "-state"], ROWS)


@pytest.mark.parametrize(
    "line",
    [
        ["0", "20.1", "on"],  # data
        ["s", "20.1", "on"],  # a fault in data
        ["", "NA", "on"],  # gaps in data
        ["s", "degC", "on"],  # a value of the column of words
        ["", "", ""],  # nothing
        ["elapsed seconds", "temperature", ""],  # names rather than units
    ],
)
def test_other_lines_are_none(line):
    assert not are_units(line, ROWS)


def test_a_table_of_words_has_none():
    assert not are_units(["a", "b"], [["c", "d"]] * 5)


def test_the_units_are_left_out_and_lines_still_counted(tmp_path):
    path = tmp_path / "log.csv"
    rows = "".join(f"{n},{n / 3:.2f},{'on' if n % 2 else 'off'}\n" for n in range(10))
    path.write_text("time,temp,state\ns,degC,\n" + rows)
    table = read_table(path)
    assert table.frame.height == 10
    assert table.frame["time"].to_list() == list(range(10))
    assert table.line(0) == 3
    assert table.notes == ("the line below the header holds units (`s`, `degC`): left out",)


def test_one_with_units_is_read_as_one_without(tmp_path):
    rows = "".join(f"{n},{n / 3:.2f}\n" for n in range(10))
    with_units, without = tmp_path / "with.csv", tmp_path / "without.csv"
    with_units.write_text("time,temp\ns,degC\n" + rows)
    without.write_text("time,temp\n" + rows)
    assert read_table(with_units).frame.equals(read_table(without).frame)
