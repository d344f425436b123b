"""ARFF: attributes of every type, quotes, sparse rows, tables in cells, and what is broken."""

from datetime import date, datetime, time

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


def test_numbered_attributes_of_tables_of_several_lengths_are_features_of_timesteps():
    text = RELATIONAL.format("f1", "f2").replace("\\n9,0", "").replace("\\n0,1", "")
    loaded = load(text)
    assert loaded.frame.columns == ["f1", "f2", "kind"]
    assert loaded.frame.rows() == [([1, 3, 5], [2, 4, None], "u"), ([6, 8], [7, 9], "d")]


def test_tables_may_hold_quoted_and_missing_values_and_be_missing():
    head = """@relation r
@attribute bag relational
@attribute c {lo,'hi, there'}
@attribute s string
@attribute n numeric
@attribute d date yyyy-MM
@end bag
@attribute class {u,d}
@data
"""
    rows = "\"lo,?,1,2020-01\\n'hi, there','a, b',?,?\",u\n?,d\n\"lo,x,2,2020-02\",u\n"
    assert load(head + rows).frame.rows() == [
        (["lo", "hi, there"], [None, "a, b"], [1, None], [date(2020, 1, 1), None], "u"),
        (None, None, None, None, "d"),
        (["lo"], ["x"], [2], [date(2020, 2, 1)], "u"),
    ]
    with pytest.raises(DataError, match="line 10: `mid` is no value of the attribute `c`"):
        load(head + '"mid,x,2,2020-02",u\n')
    with pytest.raises(DataError, match="line 10: 2 values for 4 attributes"):
        load(head + '"lo,x",u\n')


@pytest.mark.parametrize(
    ("pattern", "text", "moment"),
    [
        ("dd/MM/yyyy hh:mm a", "01/02/2020 03:10 PM", datetime(2020, 2, 1, 15, 10)),
        ("EEE, d MMM yyyy HH:mm:ss", "Wed, 1 Jan 2020 00:00:01", datetime(2020, 1, 1, 0, 0, 1)),
        ("yyyy-MM-dd'T'HH:mm:ssZ", "2020-01-01T01:00:00+0200", datetime(2019, 12, 31, 23)),
        ("yyyy-MM-dd'T'HH:mm:ssX", "2020-01-01T01:00:00+02", datetime(2019, 12, 31, 23)),
        ("yyyyDDD HH'h %'", "2020032 05h %", datetime(2020, 2, 1, 5)),
        ("HH:mm", "10:20", time(10, 20)),
        ("d.M.y", "1.2.2020", date(2020, 2, 1)),
        ("d/M/yy", "1/2/99", date(1999, 2, 1)),
    ],
)
def test_dates_are_read_by_the_pattern_of_their_attribute(pattern, text, moment):
    quoted = [each.replace("'", "\\'") for each in (pattern, text)]
    head = f"@relation r\n@attribute a date '{quoted[0]}'\n@attribute b numeric\n@data\n"
    assert load(f"{head}'{quoted[1]}',1\n?,2\n").frame["a"].to_list() == [moment, None]


def test_a_pattern_that_is_not_known_is_an_error():
    head = "@relation r\n@attribute a date 'w yyyy'\n@attribute b numeric\n@data\n"
    with pytest.raises(DataError, match="dates cannot be read by the pattern `w yyyy`") as error:
        load(f"{head}'3 2020',1\n")
    assert "string" in error.value.hint


def test_attributes_may_have_weights_and_remarks():
    head = """@relation r
@attribute a numeric {0.5}
@attribute b {x,'}'} {2.0} % and {more}
@attribute c date "yyyy-MM" {1.5} % of the {month}
@data
"""
    assert load(head + "1,x,2020-01\n2,'}',?\n").frame.rows() == [
        (1, "x", date(2020, 1, 1)),
        (2, "}", None),
    ]


def test_a_percent_sign_behind_a_value_belongs_to_it():
    head = "@relation r\n@attribute a string\n@attribute b {x,y}\n@attribute c string\n@data\n"
    assert load(
        head + "50%,x,40%\nf%g,y,'a % b' % c\n5,x,y% why\n{0 1%, 2 z} % {1\n"
    ).frame.rows() == [
        ("50%", "x", "40%"),
        ("f%g", "y", "a % b"),
        ("5", "x", "y"),
        ("1%", "x", "z"),
    ]


@pytest.mark.parametrize(
    "classes", [("1.1", "1.10"), ("9007199254740993", "9007199254740992"), ("nan", "inf")]
)
def test_values_that_are_one_number_but_listed_as_two_stay_apart(classes):
    one, two = classes
    head = f"@relation r\n@attribute a numeric\n@attribute b {{{one},{two}}}\n@data\n"
    assert load(f"{head}1,{one}\n2,{two}\n").frame["b"].to_list() == [one, two]


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
