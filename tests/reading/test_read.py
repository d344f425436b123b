"""Reading: separators, encodings, kinds of cells, and one clear error for each broken file."""

import codecs
import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.reading.dialect import read_text, scan_records
from rnnauto.reading.read import read_table
from rnnauto.reading.times import Unsure


@pytest.fixture
def read(tmp_path):
    def read_written(content, name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, **options)

    return read_written


def rows(table):
    return table.frame.rows()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(read, separator):
    table = read(separator.join("ab") + "\n" + separator.join("12") + "\n")
    assert rows(table) == [(1, 2)]
    assert table.frame.columns == ["a", "b"]


def test_a_comma_in_a_cell_of_a_tab_separated_file_separates_nothing(read):
    assert rows(read("a\tb\n1\tx, y\n2\tz\n")) == [(1, "x, y"), (2, "z")]


def test_a_decimal_comma_beside_semicolons_is_a_decimal_point(read):
    assert rows(read("a;b\n1,5;x\n-2;y\n")) == [(1.5, "x"), (-2.0, "y")]
    assert rows(read("a;b\n1.000,5;x\n2,5;y\n")) == [(1000.5, "x"), (2.5, "y")]


def test_a_comma_between_thousands_is_no_decimal_point_beside_commas(read):
    assert rows(read('a,b\n"1,234",x\n"5,678",y\n')) == [(1234, "x"), (5678, "y")]


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (codecs.BOM_UTF8 + "größe,b\n1,ö\n".encode(), "a byte order mark was taken off"),
        ("größe,b\n1,ö\n".encode("utf-16"), "read as UTF-16"),
        ("größe,b\n1,ö\n".encode("latin-1"), "not UTF-8: read as Windows-1252"),
    ],
)
def test_encodings(read, content, note):
    table = read(content)
    assert table.frame.columns == ["größe", "b"]
    assert rows(table) == [(1, "ö")]
    assert table.notes == ((note,) if note else ())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(read, end):
    assert rows(read(f"a,b{end}1,x{end}2,y{end}")) == [(1, "x"), (2, "y")]


def test_quotes_hold_separators_newlines_and_quotes(read):
    table = read('a,b\n1,"x, ""y"""\n2,"two\nlines"\n3,z\n')
    assert rows(table) == [(1, 'x, "y"'), (2, "two\nlines"), (3, "z")]
    assert [table.line(row) for row in range(3)] == [2, 3, 5]


def test_a_quote_inside_a_cell_is_a_character(read):
    assert rows(read('a,b\n1,5" disk\n2,6" disk\n')) == [(1, '5" disk'), (2, '6" disk')]
    mixed = read('a,b\n1,"x, y"\n2,6" disk\n3,7" disk\n')
    assert rows(mixed) == [(1, "x, y"), (2, '6" disk'), (3, '7" disk')]


def test_a_space_before_a_quote_does_not_count(read):
    assert rows(read('a, b\n1, "x,y"\n')) == [(1, "x,y")]


def test_empty_lines_and_rows_are_left_out_and_lines_still_count_right(read):
    table = read("a,b\n1,2\n\n,\n3,4\n")
    assert rows(table) == [(1, 2), (3, 4)]
    assert table.line(1) == 5
    assert table.notes == ("2 empty rows left out",)


def test_leading_zeros_keep_a_column_text(read):
    assert rows(read("id,x\n028468,1\n050109,2\n")) == [("028468", 1), ("050109", 2)]


def test_leading_zeros_far_down_the_file_keep_a_column_text(read):
    lines = [f"{number},1" for number in range(1, 30_000)] + ["00042,1"]
    table = read("id,x\n" + "\n".join(lines) + "\n")
    assert table.frame["id"][-1] == "00042"


def test_long_numbers_keep_every_digit(read):
    table = read("a,b\n1234567890123456789,12345678901234567890\n1,12345678901234567891\n")
    assert table.frame["a"][0] == 1234567890123456789
    assert table.frame["b"].to_list() == ["12345678901234567890", "12345678901234567891"]


def test_a_column_of_whole_floats_is_whole(read):
    assert read("a,b\n1.0,1e3\n2.0,.5\n").frame.dtypes == [pl.Int64, pl.Float64]


def test_a_fraction_after_thousands_of_whole_numbers_is_kept(read):
    table = read("a,b\n" + "7,1\n" * 60_000 + "1.5,1\n")
    assert table.frame["a"][-1] == 1.5
    assert table.frame.height == 60_001


def test_a_word_after_thousands_of_numbers_is_missing_with_a_note(read):
    table = read("a,b\n" + "".join(f"{number % 50}.5,1\n" for number in range(60_000)) + "ERR,1\n")
    assert table.frame["a"][-1] is None
    assert table.notes == (
        "1 of 60001 cells of `a` are no numbers (line 60002: `ERR`); they are read as missing",
    )


@pytest.mark.parametrize(("name", "different"), [("a", 5), ("run_id", 50)])
def test_a_word_among_classes_or_ids_keeps_them_text_with_a_note(read, name, different):
    numbers = "".join(f"{number % different},1\n" for number in range(100))
    table = read(f"{name},b\n{numbers}A17,1\n")
    assert table.frame[name][-1] == "A17"
    assert table.notes == (
        f"1 of 101 cells of `{name}` are no numbers (line 102: `A17`); the column is read as text",
    )


def test_many_words_among_numbers_keep_them_text(read):
    table = read("a,b\n" + "".join(f"{number},1\nroom {number},1\n" for number in range(60)))
    assert table.frame["a"].dtype == pl.String


def test_repeats_of_the_header_are_left_out(read):
    table = read("a,b\n1,2\na, b\n3,4\n")
    assert rows(table) == [(1, 2), (3, 4)]
    assert (table.line(1), table.notes) == (4, ("1 repeat of the header left out",))


@pytest.mark.parametrize(
    "missing", ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?", "-", "  "]
)
def test_missing_numbers_are_recognised(read, missing):
    assert rows(read(f"a,b\n1,{missing}\n2,2.5\n3,3\n")) == [(1, None), (2, 2.5), (3, 3.0)]


def test_a_category_may_be_called_none(read):
    assert read("a,b\n1,None\n2,Some\n3,\n").frame["b"].to_list() == ["None", "Some", None]


def test_spaces_around_cells_and_names_do_not_count(read):
    table = read(" a ,b \n 1 , x\n2, y \n")
    assert rows(table) == [(1, "x"), (2, "y")]
    assert table.notes == ("spaces taken off the column names `a`, `b`",)


def test_truth_values(read):
    assert rows(read("a,b\ntrue,yes\nFALSE,no\n,no\n")) == [
        (True, "yes"),
        (False, "no"),
        (None, "no"),
    ]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2020-01-31", "2020-02-01"], datetime.date(2020, 1, 31)),
        (["1949-01", "1949-02"], datetime.date(1949, 1, 1)),
        (["31.01.2020", "01.02.2020"], datetime.date(2020, 1, 31)),
        (["01/31/2020", "02/01/2020"], datetime.date(2020, 1, 31)),
        (["31/01/2020", "01/02/2020"], datetime.date(2020, 1, 31)),
        (["2020-01-31 17:30", "2020-01-31 17:31"], datetime.datetime(2020, 1, 31, 17, 30)),
        (["2020-01-31T17:30:00", ""], datetime.datetime(2020, 1, 31, 17, 30)),
        (["2020-01-31T17:30:00.5Z", "NA"], datetime.datetime(2020, 1, 31, 17, 30, 0, 500_000)),
        (["2020-01-31T17:30:00+02:00", ""], datetime.datetime(2020, 1, 31, 15, 30)),
        (["1/31/2020 5:30 PM", "1/31/2020 6:30 PM"], datetime.datetime(2020, 1, 31, 17, 30)),
        (["17:30", "18:00"], datetime.time(17, 30)),
    ],
)
def test_dates_and_times(read, cells, first):
    table = read("when,x\n" + "".join(f"{cell},1\n" for cell in cells))
    assert table.frame["when"][0] == first


@pytest.mark.parametrize(
    ("offset", "notes"),
    [
        ("+02:00", ("the offsets of `when` are taken off: its times are UTC",)),
        ("-0330", ("the offsets of `when` are taken off: its times are UTC",)),
        ("Z", ()),
        ("+00:00", ()),
        ("", ()),
    ],
)
def test_offsets_that_are_taken_off_are_said(read, offset, notes):
    table = read(f"when,x\n2020-01-31T17:30:00{offset},1\n2020-01-31T17:31:00{offset},2\n")
    assert table.frame["when"].dtype == pl.Datetime("us")
    assert table.notes == notes


def test_day_or_month_first_is_decided_by_what_runs_forward(read):
    table = read("when,x\n03/04/2020,1\n04/04/2020,2\n05/04/2020,3\n")
    assert table.frame["when"].dtype == pl.String  # three days, or the same day of three months
    assert table.unsure == (Unsure("when", "03/04/2020", ("dmy", "mdy")),)
    table = read("when,x\n03/04/2020,1\n04/04/2020,2\n05/04/2020,3\n02/05/2020,4\n")
    assert table.frame["when"][2] == datetime.date(2020, 4, 5)


def test_a_date_column_with_a_fault_stays_text_with_a_note(read):
    table = read("when,x\n" + "2020-01-01,1\n" * 40 + "soon,2\n")
    assert table.frame["when"].dtype == pl.String
    assert table.notes == (
        "1 of 41 cells of `when` are no times (line 42: `soon`); the column is read as text",
    )


def test_a_column_with_one_cell_that_is_no_date_stays_text(read):
    assert read("when,x\n2020-01-01,1\nsoon,2\n").frame["when"].dtype == pl.String


@pytest.mark.parametrize(
    ("cell", "items"),
    [
        ('"[1, 2.5]"', [1.0, 2.5]),
        ("1 2.5", [1.0, 2.5]),
        ("1;2.5", [1.0, 2.5]),
        ("[1. 2.5]", [1.0, 2.5]),
        ('"[""x"", ""y""]"', ["x", "y"]),
        ("\"['x', 'y']\"", ["x", "y"]),
        ('"[1, NaN]"', [1.0, None]),
    ],
)
def test_lists_in_cells(read, cell, items):
    assert read(f"a,b\n{cell},x\n{cell},y\n").frame["a"].to_list() == [items, items]


def test_a_list_of_one_number_is_a_list_among_lists(read):
    table = read("a,b\n" + "1 2,x\n" * 9 + "5,y\n")
    assert table.frame["a"][-1].to_list() == [5.0]


def test_single_numbers_are_no_lists(read):
    assert read("a,b\n5,x\n6 7,y\n").frame["a"].dtype == pl.String


def test_columns_asked_for_as_text_stay_text(read):
    table = read("a,b,c\n1 2,true,007\n3 4,false,5\n", text=("a", "b", "c"))
    assert rows(table) == [("1 2", "true", "007"), ("3 4", "false", "5")]


def test_a_column_without_name_gets_one(read):
    table = read(",b\n0,x\n1,y\n")
    assert table.frame.columns == ["column_1", "b"]
    assert table.notes == ("column 1 has no name: called `column_1`",)


def test_a_separator_at_the_end_of_every_line_is_no_column(read):
    assert read("a,b,\n1,2,\n3,4,\n").frame.columns == ["a", "b"]


def test_numbers_may_be_names(read):
    assert read("0,1,2,label\n0.5,0.25,1,x\n").frame.columns == ["0", "1", "2", "label"]
    assert read("country,2000,2001\nA,0.5,1\nB,1,1\n").frame.columns[1] == "2000"


def test_a_huge_cell_is_read(read):
    table = read("a,b\n1," + "x" * 3_000_000 + "\n2,y\n")
    assert table.frame["b"].str.len_bytes().to_list() == [3_000_000, 1]


def test_thousands_of_columns_are_read(read):
    names = ",".join(f"t{number}" for number in range(3000))
    values = np.arange(3000) / 2
    table = read(names + "\n" + "\n".join([",".join(map(str, values))] * 20) + "\n")
    assert table.frame.shape == (20, 3000)
    assert table.frame.row(7)[2999] == 1499.5


def test_a_polars_frame_is_taken_with_its_types():
    text = pl.Series(["007", "true"], dtype=pl.Categorical)
    table = read_table(pl.DataFrame({"a": [1.0, float("nan")], "b": text}))
    assert rows(table) == [(1.0, "007"), (None, "true")]
    assert table.frame.dtypes == [pl.Float64, pl.String]


@pytest.mark.parametrize(
    ("frame", "message", "hint"),
    [
        (pl.DataFrame(), "the frame is empty", "a table needs columns and rows"),
        (
            pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}),
            "column `a` of `frame` holds Object values",
            "numbers, text, times, truth values and lists of these can be read",
        ),
    ],
)
def test_frames_that_cannot_be_read(frame, message, hint):
    with pytest.raises(DataError) as error:
        read_table(frame)
    assert (error.value.message, error.value.hint) == (message, hint)


QUOTE_CELLS = "make every row as long as the header; quote a cell that holds the separator"
SAVE_CSV = "save it as a CSV file in UTF-8"
BROKEN = [
    ("", "is empty", "a table needs a header line and rows below it"),
    ("\n \n", "is empty", "a table needs a header line and rows below it"),
    ("a,b\n", "holds a header and no rows", "add rows below the header line"),
    ("a,b\n,\n", "holds a header and no rows", "add rows below the header line"),
    (
        "a,b,c\n1,2,3\n4,5\n6,7,8\n9\n",
        ": 2 rows do not have the 3 fields of the header: line 3 has 2, line 5 has 1",
        QUOTE_CELLS,
    ),
    (
        "a,b,c\n1,2,3\n4,5,6,7\n",
        ": 1 row does not have the 3 fields of the header: line 3 has 4",
        QUOTE_CELLS,
    ),
    (
        'a,b\n1,"x\ny"\n2\n',
        ": 1 row does not have the 2 fields of the header: line 4 has 1",
        QUOTE_CELLS,
    ),
    (
        "a,b\nr1,1,2\nr2,4,5\n",
        ": 2 rows do not have the 2 fields of the header: line 2 has 3, line 3 has 3",
        "the header seems to lack the name of the first column: add it",
    ),
    ("a,b,a\n1,2,3\n", "has more than one column named `a`", "give every column a name of its own"),
    (
        'a,b\n1,"x\n2,y\n3,z\n',
        ": a quote opens on line 2 and does not close",
        "close the quote, or double the quotes that belong to the text",
    ),
    ("a b c\nx y z\nu v w\n", "seem to be separated by spaces", "separate them by commas"),
    (b"a,b\n1,\0\n", "is a binary file: it holds a NUL byte at 6", SAVE_CSV),
    (b"\xff\xfea\0,\0b", "is no text", SAVE_CSV),
    (b"PK\x03\x04...", "is a broken zip archive", "pack it again"),
    (b"PAR1...", "is no Parquet file that can be read", "write it again"),
    (b"ARROW1...", "is no Arrow file that can be read", "write it again"),
    (b"\x1f\x8b...", "cannot be unpacked", "pack it again, or name the unpacked file"),
    (b"\x28\xb5\x2f\xfd...", "cannot be unpacked", "pack it again, or name the unpacked file"),
    ('{"a": 1}\n{"a": }\n', ", line 2: no JSON", "write one JSON object per line"),
    ('{"a": 1}\n[1]\n', ", line 2: list where an object was wanted", "one JSON object per line"),
    ('{"a": [1]}\n{"a": 1}\n', "column `a` of", "the same kind of value under one name"),
    ("<html>\n", "looks like a web page or XML", "save it as a CSV file with a header line"),
]


@pytest.mark.parametrize(("content", "message", "hint"), BROKEN, ids=lambda value: str(value)[:30])
def test_broken_files_say_what_is_wrong_and_what_to_do(read, content, message, hint):
    with pytest.raises(DataError) as error:
        read(content)
    assert message in error.value.message
    assert "table.csv" in error.value.message
    assert hint in error.value.hint


def test_a_misspelt_file_names_the_nearest_one(read, tmp_path):
    read("a,b\n1,2\n", name="vowels.csv")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "vowel.csv")
    assert error.value.message == f"no such file: `{tmp_path / 'vowel.csv'}`"
    assert error.value.hint == f"did you mean `{tmp_path / 'vowels.csv'}`?"


def test_a_folder_and_a_missing_folder_are_errors(tmp_path):
    with pytest.raises(DataError) as error:
        read_table(tmp_path)
    assert error.value.message == f"the folder `{tmp_path}` holds no files that can be read"
    assert error.value.hint.startswith("a folder holds one sequence per file")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "no" / "data.csv")
    assert error.value.hint == f"the folder `{tmp_path / 'no'}` does not exist either"


def test_a_file_that_may_not_be_read_says_so(monkeypatch, tmp_path):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "secret.csv")
    assert error.value.message == f"cannot read `{tmp_path / 'secret.csv'}`: Permission denied"
    assert error.value.hint == "check the file's permissions"


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 1000])
def test_records_are_counted_alike_whatever_the_chunks(monkeypatch, chunk):
    monkeypatch.setattr("rnnauto.reading.dialect.CHUNK", chunk)
    text = read_text(b'a,b\n1,"x\n,y"\n\n2\n3,4,5', "made up")
    records = scan_records(text, 2)
    assert records.count == 5 and records.lines.tolist() == [1, 2, 4, 5, 6]
    assert records.blank.tolist() == [2]
    assert records.odd.tolist() == [3, 4] and records.fields.tolist() == [1, 3]
    cut = [text.content[begin:end] for begin, end in records.spans]
    assert cut == [b"2", b"3,4,5"]


def test_the_column_tells_what_a_comma_beside_a_unit_means(tmp_path):
    path = tmp_path / "orders.csv"
    rows = [f'"{thousands},{100 + thousands}"' for thousands in range(10, 70)]
    path.write_text("\n".join(["amount", *rows, '"12,345 pcs"']))
    table = read_table(path)
    assert table.frame["amount"].to_list()[0] == 10110 and table.frame["amount"][-1] == 12345
    assert table.notes == ("numbers are read without their units: `amount` in `pcs`",)


@pytest.mark.parametrize("mark", ["sep=;\n", "SEP=;\r\n"])
def test_a_first_line_may_name_the_separator(tmp_path, mark):
    path = tmp_path / "table.csv"
    path.write_bytes(mark.encode() + b"a;b,c\n1;2\n3;4\n")
    table = read_table(path)
    assert table.frame.to_dict(as_series=False) == {"a": [1, 3], "b,c": [2, 4]}
    assert table.line(0) == 3
    assert table.notes == ("the first line names the separator: `;`",)
