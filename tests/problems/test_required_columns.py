import polars as pl
import pytest
from builders import columns, make_layout

from rnnauto.errors import DataError
from rnnauto.problems.required_columns import read_for
from rnnauto.times.frequency import Frequency

LAYOUT = make_layout(
    id=("id",), time="t", features=columns(x="number", ok="boolean", word="category")
)
HEADER = "id,t,x,ok,word,y\n"


@pytest.fixture
def read(tmp_path):
    def from_text(text, layout=LAYOUT, **options):
        path = tmp_path / "new.csv"
        path.write_text(text)
        given = {"target": False, "text_targets": ()} | options
        return read_for(layout, path, **given)

    return from_text


def refused(read, *arguments, **options):
    with pytest.raises(DataError) as caught:
        read(*arguments, **options)
    return caught.value


def test_the_target_may_be_absent_unless_it_is_wanted(read):
    text = "id,t,x,ok,word\na,1,2.5,true,p\n"
    assert read(text).frame.height == 1
    error = refused(read, text, target=True)
    assert "has no column `y`, which the model reads" in error.message
    assert error.hint == "the model was trained with these columns: call those of the file so"


def test_every_absent_column_is_listed_with_the_nearest_name(read):
    error = refused(read, "id,t,X,Word\na,1,2,p\n")
    assert error.message.endswith("has no column `x`, `ok`, `word`, which the model reads")
    assert error.hint == "rename `X` to `x`, `Word` to `word`"


def test_no_column_that_the_model_reads_is_to_be_renamed_for_another(read):
    layout = make_layout(features=columns(lpc1="number", lpc2="number", lpc3="number"))
    error = refused(read, "id,t,lpc1,lpc2,y\na,1,2,3,0\n", layout)
    assert error.hint == "the model was trained with these columns: call those of the file so"
    error = refused(read, "id,t,lpc2,lpcx,lpcz,y\na,1,2,3,4,0\n", layout)
    assert error.hint == "rename `lpcz` to `lpc1`, `lpcx` to `lpc3`"


def test_many_absent_columns_are_counted(read):
    layout = make_layout(features=columns(**{f"c{n}": "number" for n in range(12)}))
    assert "`c7` and 4 more, which the model reads" in refused(read, "a\n1\n", layout).message


@pytest.mark.parametrize("cell", ["oops", "2021-01-01", "12:30", "[1]"])
def test_what_is_no_number_in_a_number_column_is_named_with_its_line(read, cell):
    error = refused(read, HEADER + f"a,1,{cell},true,p,0\n")
    assert "column `x`, line 2: " in error.message
    assert error.message.endswith("is no number")
    assert error.hint.startswith("the model was trained with numbers in this column")


def test_the_first_cell_that_is_no_number_is_named(read):
    rows = "".join(f"a,{n},{n},true,p,0\n" for n in range(9))
    error = refused(read, HEADER + rows + "a,9,A17,true,p,0\na,10,B18,true,p,0\n")
    assert "line 11: `A17` is no number" in error.message


def test_missing_numbers_are_fine(read):
    frame = read(HEADER + "a,1,,true,,0\na,2,NA,,q,0\n").frame
    assert frame["x"].null_count() == 2


def test_text_stays_text_whatever_the_cells_look_like(read):
    # in this file alone the words would be dates, fractions or truth values
    for cells in (["2021-01-01", "2021-01-02"], ["1.50", "2"], ["true", "false"], ["[1]", "[2]"]):
        rows = [f'a,{n},1,true,"{cell}",0\n' for n, cell in enumerate(cells)]
        assert read(HEADER + "".join(rows)).frame["word"].to_list() == cells


def test_a_text_target_stays_text_too(read):
    table = read(HEADER + "a,1,1,true,p,007\na,2,1,true,p,1.0\n", target=True, text_targets=["y"])
    assert table.frame["y"].to_list() == ["007", "1.0"]


def test_the_target_of_a_regression_has_to_be_numbers(read):
    layout = LAYOUT.model_copy(update={"task": "regression"})
    error = refused(read, HEADER + "a,1,1,true,p,high\n", layout, target=True)
    assert "column `y`, line 2: `high` is no number" in error.message
    assert read(HEADER + "a,1,1,true,p,high\n", layout).frame.height == 1


def test_a_header_alone_is_a_table_only_where_it_may_be(read):
    assert read(HEADER, may_be_empty=True).frame.height == 0
    assert "holds a header and no rows" in refused(read, HEADER).message


LISTS = make_layout("cell-sequences", features=columns(a="list", b="list"))
WORDS = make_layout("cell-sequences", features=columns(w="category"))


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ('"[1, 2.5]"', [1, 2.5]),
        ("1 2.5", [1, 2.5]),
        ("1;2.5", [1, 2.5]),
        ("7", [7]),
        ("[7]", [7]),
        ("[]", []),
        ('"[1, null]"', [1, None]),
        ('"[nan, 1e3]"', [None, 1000]),
    ],
)
def test_a_list_is_a_list_however_short(read, cell, numbers):
    frame = read(f"a,b\n{cell},{cell}\n", LISTS).frame
    found = [None if item != item else item for item in frame["a"][0].to_list()]
    assert found == numbers


def test_a_missing_list_is_missing(read):
    assert read("k,a,b\nu,1 2,3 4\nv,,\n", LISTS).frame["a"].to_list() == [[1, 2], None]


def test_what_is_no_list_of_numbers_is_named(read):
    error = refused(read, "a,b\n1 2,3 4\n1 x,3 4\n", LISTS)
    assert "column `a`, line 3: `1 x` is no list of numbers" in error.message
    assert "lists" in error.hint


def test_lists_of_one_row_have_to_be_equally_long(read):
    error = refused(read, "a,b\n1 2,3 4\n1 2,3\n", LISTS)
    assert error.message.endswith("line 3: `a` holds 2 timesteps and `b` 1")
    assert error.hint == "give every timestep a value in each list, `null` where it is missing"


def test_lists_of_texts_are_json_or_python_or_words(read):
    assert read('w\n"[""p"", ""q""]"\n', WORDS).frame["w"].to_list() == [["p", "q"]]
    assert read("w\n\"['p', 'q']\"\n", WORDS).frame["w"].to_list() == [["p", "q"]]
    assert read("w\np q\n", WORDS).frame["w"].to_list() == [["p", "q"]]
    mixed = 'w\n"[""p""]"\np q\n'
    assert "line 3: `p q` is no list of texts" in refused(read, mixed, WORDS).message


ROWS = pl.DataFrame({"id": ["a", "b"], "t": [1, 2], "x": [1.0, 2.0], "ok": [True] * 2})


@pytest.mark.parametrize("name", ["id", "t", "x", "word"])
def test_a_list_where_single_values_are_wanted_is_named(name):
    frame = ROWS.with_columns(word=pl.lit("p")).with_columns(pl.Series(name, [None, [1, 2]]))
    with pytest.raises(DataError, match=f"column `{name}`, line 3: "):
        read_for(LAYOUT, frame, target=False, text_targets=())


def test_a_column_of_lists_without_any_is_empty():
    frame = ROWS.with_columns(word=pl.Series([None, None], dtype=pl.List(pl.Int64)))
    assert read_for(LAYOUT, frame, target=False, text_targets=()).frame["word"].null_count() == 2


@pytest.mark.parametrize("time", ["noon", "{}"])
def test_a_text_among_times_that_are_numbers_is_named(read, time):
    error = refused(read, HEADER + f"a,1,1,true,p,0\na,{time},1,true,p,0\n")
    assert f"column `t`, line 3: `{time}` is no number" in error.message


def weekly(**more):
    """The layout of a forecast week by week."""
    return make_layout(
        "single-series",
        task="forecasting",
        time="t",
        frequency=Frequency(unit="week"),
        target=("x",),
        target_kind="number",
        **more,
    )


def test_a_time_of_day_is_no_date_to_reckon_from(read):
    layout = weekly()
    assert "is no date" in refused(read, "t,x\n24:00,1\n23:00,2\n", layout).message


def test_a_forecast_without_its_target_is_told_to_leave_cells_empty(read):
    layout = weekly(features=columns(x="number", sunny="number"))
    error = refused(read, "t,sunny\n2024-01-01,1\n", layout)
    assert "no column `x`" in error.message and "leave the cells empty" in error.hint
    error = refused(read, "t,x\n2024-01-01,1\n", layout)
    assert "no column `sunny`" in error.message and "call those of the file so" in error.hint


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([["1", "2"], ["p"]], "line 3: "),
        ([[[1]], [[2]]], "line 2: "),
        ([["1", None], []], ""),
        ([[None], []], ""),
    ],
)
def test_typed_lists_are_held_against_those_of_the_model(cells, said):
    frame = pl.DataFrame({"a": pl.Series(cells, strict=False), "b": [[0.5, 1], []]})
    layout = make_layout("cell-sequences", features=columns(a="list"))
    if said:
        with pytest.raises(DataError, match=f"column `a`, {said}"):
            read_for(layout, frame, target=False, text_targets=())
    else:
        assert read_for(layout, frame, target=False, text_targets=()).frame["a"][1].is_empty()


def test_a_header_alone_has_lists_of_nothing(read):
    for layout, header in ((LISTS, "a,b\n"), (WORDS, "w\n")):
        frame = read(header, layout, may_be_empty=True).frame
        assert all(dtype == pl.List for dtype in frame.dtypes)


def test_a_frame_is_taken_as_it_is():
    frame = pl.DataFrame({"a": [[1, 2]], "b": [[3.0, None]]})
    found = read_for(LISTS, frame, target=False, text_targets=()).frame
    assert found["b"].to_list() == [[3, None]]


def test_a_model_of_the_calendar_reads_dates_only(read):
    layout = make_layout(id=("id",), time="t", features=columns(x="number"), dated=True)
    table = read("id,t,x\na,2024-01-01,1\na,2024-01-02,2\n", layout)
    assert table.frame["t"].dtype.is_temporal()
    error = refused(read, "id,t,x\na,1,1\na,2,2\n", layout)
    assert "column `t`, line 2: `1` is no date" in error.message
    assert error.hint.startswith("the model was trained with dates in this column")
