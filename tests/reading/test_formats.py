"""Every format gives the table that the same rows give as a CSV file."""

import gzip
import io
import os
import zipfile

import numpy as np
import polars as pl
import pytest
import zstandard

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

CSV = b"id,x,y\na,1.5,up\nb,2.5,down\n"
ROWS = [("a", 1.5, "up"), ("b", 2.5, "down")]
TAGGED = "the O\ncat B-animal\n\nit O\nran O\naway O\n"


@pytest.fixture
def read(tmp_path):
    def read_written(content, name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, **options)

    return read_written


def zipped(*names, content=CSV):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def written(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


FRAME = pl.DataFrame(ROWS, schema=["id", "x", "y"], orient="row")
FILES = {
    "table.csv.gz": gzip.compress(CSV, mtime=0),
    "twice.csv.gz": gzip.compress(CSV[:10]) + gzip.compress(CSV[10:]),
    "table.csv.zst": zstandard.compress(CSV),
    "table.zip": zipped("table.csv"),
    "mac.zip": zipped("table.csv", "__MACOSX/._table.csv"),
    "wrong ending.csv": gzip.compress(CSV, mtime=0),
    "table.jsonl": written(FRAME.write_ndjson),
    "table.json": written(FRAME.write_ndjson),
    "table.jsonl.gz": gzip.compress(written(FRAME.write_ndjson), mtime=0),
    "table.parquet": written(FRAME.write_parquet),
    "table.arrow": written(FRAME.write_ipc),
    "table.feather": written(FRAME.write_ipc),
    "table.arrows": written(FRAME.write_ipc_stream),
    "utf16.csv": CSV.decode().encode("utf-16"),
    "utf16le.csv": CSV.decode().encode("utf-16-le"),
    "utf16be.csv": CSV.decode().encode("utf-16-be"),
    "table.txt": CSV,
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_rows_in_every_format(read, name):
    table = read(FILES[name], name)
    assert table.frame.columns == ["id", "x", "y"]
    assert table.frame.rows() == ROWS


def test_standard_input_is_read(monkeypatch):
    piped = type("Piped", (), {"isatty": lambda self: False, "buffer": io.BytesIO(CSV)})()
    monkeypatch.setattr("sys.stdin", piped)
    table = read_table("-")
    assert (table.frame.rows(), table.source) == (ROWS, "standard input")


def test_a_terminal_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    with pytest.raises(DataError, match="nothing is piped into standard input"):
        read_table("-")


def test_more_than_fits_is_not_taken_from_standard_input(monkeypatch):
    monkeypatch.setattr("rnnauto.reading.opened.LARGEST_PIPED", 10)
    piped = type("Piped", (), {"isatty": lambda self: False, "buffer": io.BytesIO(CSV)})()
    monkeypatch.setattr("sys.stdin", piped)
    with pytest.raises(DataError, match="standard input holds more than"):
        read_table("-")


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / "pipe")
    assert "is neither a file nor a folder" in error.value.message
    assert "rnnauto inspect - <" in error.value.hint


BOMBS = {
    "bomb.gz": lambda content: gzip.compress(content, mtime=0),
    "bomb.zst": lambda content: zstandard.compress(content),
    "bomb.zip": lambda content: zipped("bomb.csv", content=content),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_to_too_much_is_refused(read, name):
    with pytest.raises(DataError) as error:
        read(BOMBS[name](b"0" * (100 << 20)), name)
    assert "unpacks to more than 64 MiB" in error.value.message
    assert error.value.hint == "unpack it yourself if you trust it, and name the file"


@pytest.mark.parametrize("name", ["cut.csv.gz", "cut.csv.zst", "cut.zip"])
def test_a_package_cut_short_is_refused(read, name):
    noise = np.random.default_rng(0).bytes(5000).hex().encode()
    packed = BOMBS["bomb" + name[name.rindex(".") :]](noise)
    with pytest.raises(DataError):
        read(packed[: len(packed) // 2], name)


def test_an_archive_of_several_files_and_a_spreadsheet_are_refused(read):
    with pytest.raises(DataError) as error:
        read(zipped("a.csv", "b.csv"), "two.zip")
    assert "holds 2 files; one is wanted" in error.value.message
    with pytest.raises(DataError, match="spreadsheet"):
        read(zipped("[Content_Types].xml", "xl/sheet1.xml"), "book.xlsx")


def test_lists_and_lists_of_lists_in_json(read):
    table = read('{"a": [1, 2.5], "b": [[1], []]}\n\n{"a": [], "b": [[2, 3]]}\n', "t.jsonl")
    assert table.frame.rows() == [([1.0, 2.5], [[1], []]), ([], [[2, 3]])]
    assert [table.line(0), table.line(1)] == [1, 3]


def test_times_in_json_are_times_and_absent_keys_are_missing(read):
    table = read('{"t": "2024-01-31", "x": 1}\n{"t": "2024-02-01"}\n', "t.jsonl")
    assert table.frame.schema["t"] == pl.Date
    assert table.frame["x"].to_list() == [1, None]


def test_text_asked_for_stays_text_in_json(read):
    assert read('{"a": 1}\n', "t.jsonl", text=["a"]).frame["a"].to_list() == ["1"]


def test_a_large_parquet_file_is_read_by_its_path(tmp_path, monkeypatch):
    monkeypatch.setattr("rnnauto.reading.content.LARGE", 1)
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    path = tmp_path / "[t].parquet"
    frame.write_parquet(path)
    monkeypatch.setattr("rnnauto.reading.formats.columnar.whole", None)  # its bytes are not copied
    assert read_table(path).frame.equals(frame)
    path.write_bytes(path.read_bytes()[:-30] + b"PAR1")
    with pytest.raises(DataError, match="is no Parquet file that can be read"):
        read_table(path)


def test_a_parquet_file_that_claims_too_much_is_refused(read, monkeypatch):
    monkeypatch.setattr("rnnauto.reading.formats.columnar.MOST_VALUES", 2)
    monkeypatch.setattr("rnnauto.reading.formats.columnar.MOST_VALUES_PER_BYTE", 0)
    with pytest.raises(DataError, match="holds 6 values in"):
        read(FILES["table.parquet"], "table.parquet")


TS = """# a comment
@problemName Walks
@timeStamps false
@univariate false
@classLabel true run walk
@data
1.0,2.0,?:5,6,7:run
3.0:8:walk
"""


def test_ts_files_have_a_list_per_dimension_and_a_class(read):
    table = read(TS, "walks.ts")
    assert table.frame.columns == ["dim_1", "dim_2", "class"]
    assert table.frame.rows() == [
        ([1.0, 2.0, None], [5.0, 6.0, 7.0], "run"),
        ([3.0], [8.0], "walk"),
    ]
    assert table.line(1) == 8


TIMED = """@problemName Readings
@timeStamps true
@missing true
@univariate false
@equalLength false
@targetLabel true
@data
(2004-10-01 00:00:00,0.5),(2004-10-01 02:00:00,?):(2004-10-01 01:00:00,7):1.25
(2004-10-02 00:00:00,3)::-2
"""


def test_ts_files_with_timestamps_are_long_tables(read):
    table = read(TIMED, "readings.ts")
    assert table.frame.columns == ["case", "time", "dim_1", "dim_2", "target"]
    hour = table.frame["time"].dt.hour().to_list()
    assert list(zip(hour, table.frame.drop("time").rows(), strict=True)) == [
        (0, (1, 0.5, None, 1.25)),
        (2, (1, None, None, 1.25)),
        (1, (1, None, 7.0, 1.25)),
        (0, (2, 3.0, None, -2.0)),
    ]
    assert [table.line(row) for row in range(4)] == [8, 8, 8, 9]
    assert "a row for each case and time" in table.notes[0]


PROSE = b"It was the best of times,\nit was the worst of times.\n"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (PROSE, "text-corpus"),
        (gzip.compress(PROSE, mtime=0), "text-corpus"),
        (TAGGED.encode(), "token-lines"),
        (b"name,age\nAnn,3\nBo,4\nCy,5\n", None),
    ],
)
def test_a_text_on_standard_input_is_a_corpus_like_a_txt_file(monkeypatch, content, form):
    piped = io.TextIOWrapper(io.BytesIO(content))
    monkeypatch.setattr("sys.stdin", piped)
    assert read_table("-").form == form


def test_with_a_target_a_text_on_standard_input_is_a_table(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"name\nAnn\nBo\n")))
    assert read_table("-", has_target=True).frame.columns == ["name"]


def test_a_ts_file_with_timestamps_and_unequal_lengths_is_a_many_to_one_regression(read):
    cases = [
        ",".join(f"({0.5 * at},{at + case})" for at in range(5 + case % 4)) + f":{case / 8}\n"
        for case in range(12)
    ]
    header = "@problemName Even\n@timestamps true\n@univariate true\n@targetlabel true\n@data\n"
    table = read(header + "".join(cases), "even.ts")
    layout = infer(table, Recipe.parse({"data": {"target": "target"}})).layout
    assert (layout.form, layout.rnn_type, layout.task) == (
        "long-table",
        "many-to-one",
        "regression",
    )
    assert (layout.id, layout.time) == (("case",), "time")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TS.replace("@timeStamps false", "@timeStamps true"), "line 7: `1.0,2.0,?` is no `(time"),
        (TIMED.replace(",0.5)", ",half)"), "line 8: `half` is no number"),
        (TIMED[: TIMED.index("(")] + "?:?:1.5\n", "holds no values"),
        (TS.replace("3.0:8", "3.0"), "line 8: 2 parts where line 7 has 3"),
        (TS.replace("8:walk", "eight:walk"), "line 8: `eight` is no number"),
        (TS.replace("@data", ""), "has no line `@data`"),
        (TS[: TS.index("1.0")], "holds no cases"),
    ],
)
def test_broken_ts_files_say_where(read, content, message):
    with pytest.raises(DataError) as error:
        read(content, "walks.ts")
    assert message in error.value.message


@pytest.mark.parametrize("name", ["tags.conll", "tags.txt", "tags"])
def test_token_lines_by_ending_and_by_content(read, name):
    table = read(TAGGED, name)
    assert table.form == "token-lines"
    assert table.frame.columns == ["sentence", "token", "tag"]
    assert table.frame["sentence"].to_list() == [1, 1, 2, 2, 2]
    assert table.line(2) == 4


def test_the_columns_between_token_and_tag_are_features(read):
    table = read("-DOCSTART- -X- O\n\nthe DT B-NP\ncat NN I-NP\n\nran VB O\nit PR O\n", "a.conll")
    layout = infer(table, Recipe()).layout
    assert [column.name for column in layout.features] == ["token", "column_2"]
    assert (layout.target, layout.form) == (("tag",), "token-lines")
    assert table.notes == ("1 document marks left out",)


CONLLU = """# sent_id = 1
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\t_\t_\t3\tcase\t_\t_
2\tle\tle\tDET\t_\t_\t3\tdet\t_\t_

# sent_id = 2
1\tchat\tchat\tNOUN\t_\t_\t0\troot\t_\t_
"""


def test_conllu_learns_parts_of_speech_from_tokens_alone(read):
    table = read(CONLLU, "tree.conllu")
    layout = infer(table, Recipe()).layout
    assert (layout.target, layout.id) == (("upos",), ("sentence",))
    assert [column.name for column in layout.features] == ["token"]
    assert table.frame["token"].to_list() == ["de", "le", "chat"]
    assert "2 comment lines left out" in table.notes
    assert any("annotations of CoNLL-U" in item.reason for item in infer(table, Recipe()).evidence)


def test_token_lines_without_tags_can_be_predicted(tmp_path):
    (tmp_path / "tagged.conll").write_text(TAGGED)
    layout = infer(read_table(tmp_path / "tagged.conll"), Recipe()).layout
    (tmp_path / "new.conll").write_text("a\ncat\n\nran\n")
    table = read_for(layout, tmp_path / "new.conll", target=False, text_targets=layout.target)
    assert table.frame.rows() == [(1, "a"), (1, "cat"), (2, "ran")]


def test_a_token_without_a_tag_is_refused_with_its_line(read):
    with pytest.raises(DataError) as error:
        read("the\tO\ncat\n\nit\tO\n", "tags.conll")
    assert "1 of 3 token lines do not have the 2 columns of the others: line 2 has 1" in (
        error.value.message
    )


def test_a_text_without_target_is_a_corpus_and_with_one_a_table(read):
    table = read("It was the best of times.\nIt was the worst, though.\n", "book.txt")
    layout = infer(table, Recipe()).layout
    assert (layout.form, layout.rnn_type, layout.task) == (
        *("text-corpus", "many-to-many"),
        "language-modelling",
    )
    assert layout.tokens == "character"
    assert read("a,b\n1,2\n", "table.txt", has_target=True).frame.columns == ["a", "b"]
    with pytest.raises(DataError, match="is empty"):
        read(" \n", "empty.txt", has_target=True)


def folder_of(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def test_a_folder_holds_a_sequence_per_file_and_labels_in_subfolders(tmp_path):
    step = "t,x\n0,1.5\n1,2.5\n2,0.5\n"
    files = {f"{label}/{n}.csv": step for label in ("run", "walk") for n in range(4)}
    table = read_table(folder_of(tmp_path, files))
    recipe = Recipe().with_overrides({"data.target": ["folder"]})
    layout = infer(table, recipe).layout
    assert (layout.form, layout.rnn_type, layout.id) == ("long-table", "many-to-one", ("file",))
    assert (layout.time, [column.name for column in layout.features]) == ("t", ["x"])
    assert table.notes == ("read 8 files, one sequence each",)


def test_a_folder_of_texts_has_a_row_for_each(tmp_path):
    files = {f"{label}/{n}.txt": f"it was {label} {n}" for label in "ab" for n in range(2)}
    table = read_table(folder_of(tmp_path, files))
    assert table.frame.columns == ["file", "folder", "text"]
    assert table.frame.row(3) == ("b/1.txt", "b", "it was b 1")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.csv": "x\n1\n", "b.txt": "y"}, "holds files of several kinds: 1 .csv, 1 .txt"),
        ({"a.csv": "x,y\n1,2\n", "b.csv": "x\n1\n"}, "have different columns: `y` is in one"),
        ({"a.csv": "x\n1\n", "b/c.csv": "x\n1\n"}, "holds files beside subfolders with files"),
        ({"a.csv": "x\n1\n", "b.csv": "x\nup\n"}, "column `x` holds Int64 in"),
        ({"a.csv": "file,x\n1,2\n"}, "has a column `file`, which a folder of files makes"),
    ],
)
def test_folders_that_fit_no_table_say_why(tmp_path, files, message):
    with pytest.raises(DataError) as error:
        read_table(folder_of(tmp_path, files))
    assert message in error.value.message


HEADERLESS = {
    "5.1,3.5,setosa\n4.9,3.0,setosa\n": "5.1",
    "spam,win now\nham,hello\nspam,cash\nham,hi\nspam,prize\n": "spam",
    "Go.\tGå.\nRun!\tSpring!\nHide.\tGöm dig.\n": "Go.",
    "2020-01-01,a\n2020-01-02,b\n": "2020-01-01",
}


@pytest.mark.parametrize("content", HEADERLESS)
def test_a_first_line_of_data_is_no_header(read, content):
    table = read(content)
    assert table.frame.columns[:2] == ["column_1", "column_2"]
    assert table.frame.height == content.count("\n")
    assert f"the first line looks like data (`{HEADERLESS[content]}`)" in table.notes[0]
    assert [table.line(0), table.line(1)] == [1, 2]


@pytest.mark.parametrize("content", ["1949,1950,1951\n5,6,7\n", "2020-01,2020-02\n1,2\n"])
def test_numbers_and_dates_may_be_names(read, content):
    assert read(content).frame.columns == content.split("\n")[0].split(",")
