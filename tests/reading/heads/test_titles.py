"""Where a table begins and ends: titles above it, headers of several lines, notes below it."""

import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table, read_to_learn
from rnnauto.recipe import Recipe

ROWS = [(f"2020-01-{day:02}", day * 1.5, day % 7) for day in range(1, 25)]


def table(separator=",", names=("day", "sold", "stock")):
    return "\n".join(separator.join(map(str, row)) for row in [names, *ROWS]) + "\n"


@pytest.fixture
def read(tmp_path):
    def read_written(content, name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, **options)

    return read_written


TITLES = {
    "one line": ("Sales of the shop\n", 1),
    "two and a gap": ("Sales of the shop\nSource: our till\n\n", 2),
    "padded by a spreadsheet": ("Sales of the shop,,\n,,\n", 1),
    "pairs of a name and a value": ('"Data Source","Till"\n\n"Updated","2024-05-30"\n\n', 2),
    "remarks": ("# made by a machine\n# unit, of money\n", 2),
    "remarks with a comma": ("# a, b, c\n", 1),
    "remarks of another kind": ("% made by a machine\n//\n", 2),
    "a line of more fields": ("a,b,c,d,e,f\n\n", 1),
    "values by their names": ("Station: 5,height: 3,b\n", 1),
    "a quoted title": ('"Sales, of the shop"\n', 1),
}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("kind", TITLES)
def test_titles_are_left_out_and_said(read, kind, separator):
    titles, count = TITLES[kind]
    found = read(titles.replace(",", separator) + table(separator))
    assert found.frame.columns == ["day", "sold", "stock"]
    assert found.frame.height == len(ROWS)
    assert found.line(0) == titles.count("\n") + 2
    lines = "1 line" if count == 1 else f"{count} lines"
    assert any(note.startswith(f"{lines} above the header left out (`") for note in found.notes)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("title", ["", "Sales of the shop"])
def test_rows_of_empty_cells_above_the_header_are_none_of_the_table(read, separator, title):
    """As a spreadsheet writes a table that begins below its first row."""
    above = f"{title},,\n,,\n,,\n".replace(",", separator)
    found = read(above + table(separator))
    assert found.frame.columns == ["day", "sold", "stock"]
    assert found.frame.height == len(ROWS)
    assert found.line(0) == 5
    words = "a,b,c\nx,y,z\nx,z,y\n".replace(",", separator)
    found = read(above + words)
    assert found.frame.rows() == [("x", "y", "z"), ("x", "z", "y")]
    assert found.line(1) == 6


def test_a_header_may_be_a_remark(read):
    found = read("# made by a machine\n# day,sold,stock\n" + table().partition("\n")[2])
    assert found.frame.columns == ["day", "sold", "stock"]
    assert found.frame.height == len(ROWS)


@pytest.mark.parametrize(
    "content",
    [
        "a,b,c\n1,2,3\n4,5\n6,7,8\n9,9,9\n",
        "a,b\nr1,1,2\nr2,4,5\nr3,4,5\n",
        "title\nhello, world\ngood, bad\nup, down\n",
        "a,b,c\n1,2\n3,4\n5,6\n",
    ],
)
def test_rows_that_do_not_fit_are_no_titles(read, content):
    with pytest.raises(DataError) as error:
        read(content)
    assert "of the header" in error.value.message


FOOTNOTES = {
    "a source": "Source: the till of the shop\n",
    "a source and a gap": "\nSource: till\n",
    "padded": "Source: the till of the shop,,\n",
    "several": "\nNotes\nSource: our till, and yours\n* preliminary\n",
    "after a title": "\nSource: till\n",
    "quoted": '\n"Data from database: Shop"\n"Last Updated: 2024"\n',
    "without an end": "\nSource: till",
}


@pytest.mark.parametrize("kind", FOOTNOTES)
def test_footnotes_are_left_out_and_said(read, kind):
    notes = FOOTNOTES[kind]
    if kind == "several":
        notes = notes.replace("till, and", "till and")
    found = read(table() + notes)
    assert found.frame.height == len(ROWS)
    assert found.frame.dtypes == read(table()).frame.dtypes
    assert any("below the table left out" in note for note in found.notes)


def test_titles_and_footnotes_together(read):
    found = read("Report of 2020\n" + table(";") + "\nNote: figures are rounded\n")
    assert (found.frame.columns, found.frame.height) == (["day", "sold", "stock"], len(ROWS))


def test_a_last_cell_without_a_neighbour_is_no_footnote(read):
    rows = "".join(f"a {n}\t{n}\n" for n in range(9))
    assert read("word\tgap\n" + rows + "New York\t\n").frame.height == 10


def test_a_cut_row_is_no_footnote(read):
    with pytest.raises(DataError):
        read(table() + "2020-02")
    with pytest.raises(DataError):
        read("name,x\n" + "".join(f"a{n},{n}\n" for n in range(9)) + "b")


def test_the_end_of_a_quoted_text_is_no_footnote(read):
    found = read("id,text\n" + "".join(f'{n},"good\nfilm of all"\n' for n in range(9)))
    assert found.frame.height == 9
    assert found.frame["text"][-1] == "good\nfilm of all"


def test_a_last_row_with_gaps_stays(read):
    found = read("name,x,y\n" + "".join(f"a{n},{n},1\n" for n in range(9)) + "b,,\n")
    assert found.frame.height == 10


GROUPED = [
    (
        ",,Sensor A,,Sensor B,,\nid,t,x,y,x,y,label\n",
        ["id", "t", "Sensor A_x", "Sensor A_y", "Sensor B_x", "Sensor B_y", "label"],
    ),
    (
        "id,t,A,A,B,B,label\n,,x,y,x,y,\n",
        ["id", "t", "A_x", "A_y", "B_x", "B_y", "label"],
    ),
    (
        "Price,Close,High,Low,Open,Volume,Other\nTicker,ACME,ACME,ACME,ACME,ACME,ACME\nDate,,,,,,\n",
        ["Date", *(f"{name}_ACME" for name in ("Close", "High", "Low", "Open", "Volume", "Other"))],
    ),
    (
        "Price,Close,Close,High,High,Low,Low\nTicker,A,B,A,B,A,B\nDate,,,,,,\n",
        ["Date", "Close_A", "Close_B", "High_A", "High_B", "Low_A", "Low_B"],
    ),
    ("city,A,B,C,D,E,F\nday,,,,,,\n", ["day", "A", "B", "C", "D", "E", "F"]),
]


@pytest.mark.parametrize(("header", "names"), GROUPED)
def test_a_header_of_several_lines_is_joined_and_said(read, header, names):
    rows = "".join(f"{n},{n % 5},{n * 1.5},{n % 3},{n % 4},{n},{n}\n" for n in range(1, 12))
    found = read(header + rows)
    assert found.frame.columns == names
    assert found.frame.height == 11
    assert found.line(0) == header.count("\n") + 1
    assert found.joined
    assert any("joined into one" in note for note in found.notes)


@pytest.mark.parametrize(
    "content",
    [
        ",b\n0,x\n1,y\n2,z\n",
        "a,b,c\ns,m,kg\n1,2,3\n4,5,6\n7,8,9\n1,1,2\n",
        "name,x,y\nA,,\nB,1,2\nC,2,3\nD,4,5\n",
        "text,x,y\n# tag,,\nup,1,2\nup,2,3\ndown,4,5\nup,1,1\n",
        "id,when,x\nfirst,2020-01-01,\nb,2020-01-02,2\nc,2020-01-03,3\nd,2020-01-04,4\n",
    ],
)
def test_other_headers_have_one_line(read, content):
    assert not read(content).joined


def test_a_part_of_a_joined_name_is_enough_where_one_column_has_it(tmp_path):
    path = tmp_path / "yf.csv"
    days = "".join(f"2021-01-{day:02},{day}.5,{day}\n" for day in range(1, 29))
    path.write_text("Price,Close,Volume\nTicker,ACME,ACME\nDate,,\n" + days)

    def target(name):
        recipe = Recipe().with_overrides({"data.target": name, "data.time": "Date"})
        return infer(read_to_learn(path, recipe.data), recipe).layout.target

    assert target("Close") == ("Close_ACME",)
    assert target("Close_ACME") == ("Close_ACME",)
    with pytest.raises(DataError) as error:
        target("ACME")
    assert "`Close_ACME`, `Volume_ACME`" in error.value.message
    with pytest.raises(DataError):
        target("Open")


@pytest.mark.parametrize(
    "names",
    [
        [f"2018-{month:02}-01" for month in range(1, 13)],
        [f"{month:02}/2018" for month in range(1, 13)],
        [f"2018{month:02}" for month in range(11, 13)] + ["201901", "201902"],
        [str(year) for year in (1960, 1970, 1980, 1990, 2010)],
        [f"01.{month:02}.2018" for month in range(1, 13)],
    ],
)
def test_columns_may_be_named_by_dates(read, names):
    rows = "".join(
        f"A{n:03}," + ",".join(f"{n + m}.25" for m in range(len(names))) + ",up\n" for n in range(9)
    )
    found = read("sku," + ",".join(names) + ",label\n" + rows)
    assert found.frame.columns == ["sku", *names, "label"]
    assert found.frame.height == 9


BLANKS = "Year Mnth Day Hr\tflow\tQObs\n" + "".join(
    f"2001 01 {day:02} 12\t{day * 10.25:.2f}\t{day}\n" for day in range(1, 29)
)


def test_runs_of_blanks_and_tabs_separate(read):
    found = read(BLANKS, name="camels.txt", has_target=True)
    assert found.frame.columns == [*("Year-Mnth-Day", "Year", "Mnth", "Day", "Hr", "flow", "QObs")]
    assert found.frame["flow"][1] == 20.5
    assert "columns are separated by blanks" in found.notes
    found = read("30.20\n1234.00\n" + BLANKS, name="camels.txt", has_target=True)
    assert found.frame.columns == [*("Year-Mnth-Day", "Year", "Mnth", "Day", "Hr", "flow", "QObs")]
    assert found.line(0) == 4


def test_blanks_align_columns(read):
    rows = "".join(f"  {n:>4}   {n * 1.5:8.2f}  word{n % 3}\n" for n in range(20))
    found = read("  n        x  kind\n" + rows)
    assert found.frame.columns == ["n", "x", "kind"]
    assert found.frame.row(3) == (3, 4.5, "word0")


def test_a_table_as_r_writes_it(read):
    rows = "".join(f'"{n}" {n * 1.5} "kind {n % 3}"\n' for n in range(1, 20))
    found = read('"x" "kind"\n' + rows)
    assert found.frame.columns == ["row", "x", "kind"]
    assert found.frame.row(0) == (1, 1.5, "kind 1")


@pytest.mark.parametrize("name", ["X_train.txt", "rows.csv", "rows.dat"])
def test_rows_of_numbers_are_a_table(read, name):
    rows = "".join(
        "  " + "  ".join(f"{n * m / 7 - 3:.7e}" for m in range(12)) + "\n" for n in range(30)
    )
    found = read(rows, name=name)
    assert found.frame.shape == (30, 12)
    assert found.form is None
    assert found.frame.columns[2] == "column_3"


def test_names_of_two_words_are_not_split(read):
    found = read("full name\tage\n" + "".join(f"John Smith\t{n}\n" for n in range(20)))
    assert found.frame.columns == ["full name", "age"]


def test_a_text_stays_a_text(read):
    book = "It was a dark night.\nThe rain fell in torrents.\nA dog barked far away now.\n" * 9
    assert read(book, name="book.txt").form == "text-corpus"


def test_a_data_logger(read):
    head = '"TOA5","st1","CR1000","1234"\n"TS","temp","hum"\n"TS","degC","%"\n"","Avg","Smp"\n'
    rows = "".join(f'"2020-01-01 {h:02}:00:00",{h * 1.5},{h}\n' for h in range(24))
    found = read(head + rows)
    assert found.frame.columns == ["TS", "temp", "hum"]
    assert found.frame["temp"].to_list() == [h * 1.5 for h in range(24)]
    assert found.line(0) == 5
