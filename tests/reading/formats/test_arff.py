"""ARFF: attributes of every type, quotes, sparse rows, tables in cells, and what is broken."""

from datetime import datetime

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.formats.arff import load_arff
from rnnauto.reading.formats.at_header import at_format
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

WEATHER = """% a comment
@RELATION 'the weather'
@attribute outlook {sunny, 'over cast', rainy}
@ATTRIBUTE "wind speed" REAL
@attribute windy {TRUE,FALSE}
@attribute note string
@attribute seen date "yyyy-MM-dd HH:mm"
@attribute class {yes, no}

@DATA
sunny, 85.5, FALSE, 'it\\'s \\n fine', "2020-01-31 12:30", no
% between
'over cast',?,TRUE,?,?,yes  % behind
?\t,3,TRUE,'?',"2020-02-01 00:00",?
"""


def load(text):
    return load_arff(text, "a.arff")


def test_every_type_of_attribute():
    loaded = load(WEATHER)
    assert loaded.frame.columns == ["outlook", "wind speed", "windy", "note", "seen", "class"]
    assert loaded.frame.rows() == [
        ("sunny", 85.5, "FALSE", "it's \n fine", datetime(2020, 1, 31, 12, 30), "no"),
        ("over cast", None, "TRUE", None, None, "yes"),
        (None, 3.0, "TRUE", "?", datetime(2020, 2, 1), None),
    ]
    assert loaded.lines.tolist() == [11, 13, 14]
    assert (loaded.implied.target, loaded.implied.classes) == (("class",), True)


def test_plain_rows_are_read_as_quoted_ones():
    head = "@relation r\n@attribute a numeric\n@attribute b integer\n@attribute c {1.0,2}\n@data\n"
    plain, quoted = load(head + "1.5, 2 ,1\n?,3,2.0\n"), load(head + "1.5,2,'1'\n?,3,'2.0'\n")
    assert plain.frame.rows() == [(1.5, 2, "1"), (None, 3, "2")]
    assert plain.frame.equals(quoted.frame)


def test_values_may_be_separated_by_blanks_and_have_weights():
    head = "@relation r\n@attribute a numeric\n@attribute b {x,'y z'}\n@data\n"
    assert load(head + "1 x\n2\t'y z'\n").frame.rows() == [(1, "x"), (2, "y z")]
    weighted = load(head + "1,x,{0.5}\n2,x\n")
    assert (weighted.frame.height, weighted.notes) == (2, ("1 weights of rows left out",))


def test_what_a_sparse_row_does_not_name_is_zero_or_the_first_value():
    head = "@relation r\n@attribute a numeric\n@attribute b {x,y}\n@attribute c numeric\n@data\n"
    assert load(head + '{0 5, 1 "y"}\n{}\n{2 ?}\n').frame.rows() == [
        (5, "y", 0),
        (0, "x", 0),
        (0, "x", None),
    ]


RELATIONAL = """@relation r
@attribute bag relational
@attribute {} numeric
@attribute {} numeric
@end bag
@attribute kind {{u,d}}
@data
'1,2\\n3,4\\n5,?',u
'6,7\\n8,9\\n0,1',d
"""


def test_numbered_attributes_of_a_table_are_timesteps_and_its_rows_dimensions():
    loaded = load(RELATIONAL.format("att0", "att1"))
    assert loaded.frame.columns == ["dim_1", "dim_2", "dim_3", "kind"]
    assert loaded.frame.row(0) == ([1, 2], [3, 4], [5, None], "u")
    assert loaded.implied.target == ("kind",)  # the only class


def test_other_tables_have_a_timestep_in_each_row():
    loaded = load(RELATIONAL.format("x", "y"))
    assert loaded.frame.row(0) == ([1, 3, 5], [2, 4, None], "u")


def test_a_file_of_the_archive_is_a_wide_table_of_classes(tmp_path):
    path = tmp_path / "a.txt"  # told by its content
    names = "\n".join(f"@attribute att{at} numeric" for at in range(10))
    rows = "\n".join(
        ",".join(f"{row + at / 10}" for at in range(10)) + f",{row % 2 + 1}.0" for row in range(20)
    )
    path.write_text(f"@relation R\n\n{names}\n@attribute target {{1,2}}\n\n@data\n{rows}\n")
    layout = infer(read_table(path), Recipe()).layout
    assert (layout.form, layout.rnn_type, layout.task) == (
        "wide-table",
        "many-to-one",
        "classification",
    )
    assert layout.target == ("target",)


def test_a_last_attribute_that_is_a_number_called_class_is_an_amount():
    head = "@relation r\n@attribute a {x,y}\n@attribute class numeric\n@data\nx,1\n"
    implied = load(head).implied
    assert (implied.target, implied.classes) == (("class",), False)
    assert not load(head.replace("class", "size")).implied.target


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,x,3", "line 5: 3 values for 2 attributes"),
        ("a,x", "line 5: `a` is no number (attribute `a`)"),
        ("1,z", "line 5: `z` is no value of the attribute `b`"),
        ("1,'x", "line 5: a quote does not close, or stands inside a value"),
        ("{0 1, 7 x}", "line 5: `{0 1, 7 x}` is no sparse row of 2 attributes"),
        ("{0 1", "line 5: `{0 1` is no sparse row of 2 attributes"),
    ],
)
def test_a_broken_row_is_an_error_with_its_line(row, message):
    head = "@relation r\n@attribute a numeric\n@attribute b {x,y}\n@data\n"
    with pytest.raises(DataError) as error:
        load(f"{head}{row}\n1,x\n")
    assert error.value.message == f"`a.arff`, {message}"
    assert error.value.hint


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("@attribute a numbers\n@data\n", "line 2: `numbers` is no type of an attribute"),
        ("@attribute a {x,y\n@data\n", "line 2: the values of `a` have no closing brace"),
        ("@attribute a numeric\n", "has no line `@data`"),
        ("@data\n1\n", "has no `@attribute`"),
        ("@attribute a real\n@attribute a real\n@data\n1,2\n", "more than one attribute `a`"),
        ("nonsense\n@data\n", "line 2: `nonsense` is no attribute"),
        ("@attribute b relational\n@attribute a real\n@data\n", "`b` has no end"),
    ],
)
def test_a_broken_header_is_an_error_with_its_line(header, message):
    with pytest.raises(DataError) as error:
        load("@relation r\n" + header)
    assert message in error.value.message


def test_dates_without_a_pattern_are_iso_and_texts_stay_texts_here():
    head = "@relation r\n@attribute a date\n@attribute b string\n@data\n"
    frame = load(head + "'2020-01-31T12:00:00',2020-01-01\n").frame
    assert frame.dtypes == [pl.Datetime("us"), pl.String()]


@pytest.mark.parametrize(
    ("head", "ending", "wanted"),
    [
        ("% x\n@relation r\n@attribute a numeric\n", ".ts", "arff"),
        ("@relation r\n@attribute a string\n@frequency daily\n", ".txt", "tsf"),
        ("@relation r\n@attribute a string\n@data\n", ".tsf", "tsf"),
        ("#x\n@problemName p\n@data\n", "", "ts"),
        ("@DATA\n1,2\n", ".ts", "ts"),
        ("@user hello\n", ".txt", None),
        ("a,b\n@relation,2\n", ".csv", None),
    ],
)
def test_the_formats_are_told_by_their_settings(head, ending, wanted):
    assert at_format(head, ending) == wanted
