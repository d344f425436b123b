"""Several files that are one table: patterns, Hive's folders, Spark's."""

import datetime

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.reading.formats.parts import in_order, parts_of
from rnnauto.reading.read import read_table
from rnnauto.reading.rules import Rules

FRAME = pl.DataFrame(
    {
        "id": [f"s{number // 4}" for number in range(24)],
        "t": [number % 4 for number in range(24)],
        "x": [number / 7 for number in range(24)],
        "y": ["ab"[number // 4 % 2] for number in range(24)],
    }
)


def write(folder, names, *, frame=FRAME):
    """Cut a table into as many Parquet files as there are names."""
    size = -(-frame.height // len(names))
    for at, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        frame[at * size : (at + 1) * size].write_parquet(path)


@pytest.mark.parametrize("pattern", ["*.parquet", "**/*.parquet", "p[0-9]*.parquet", "p*"])
def test_the_files_of_a_pattern_are_one_table(tmp_path, pattern):
    write(tmp_path, [f"p{number}.parquet" for number in range(11)])  # p10 comes last
    table = read_table(tmp_path / pattern)
    assert table.frame.equals(FRAME)
    assert table.notes == ("read 11 files, which are one table",)
    assert table.source == str(tmp_path / pattern)


def test_csv_files_of_a_pattern_are_read_each_by_itself(tmp_path):
    for number in range(3):
        FRAME[number * 8 : number * 8 + 8].write_csv(tmp_path / f"{number}.csv", separator=";")
    assert read_table(tmp_path / "*.csv").frame.equals(FRAME)


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    FRAME.write_parquet(tmp_path / "a[1].parquet")
    assert read_table(tmp_path / "a[1].parquet").frame.equals(FRAME)


def test_what_spark_writes_is_one_table(tmp_path):
    write(tmp_path, [f"part-{number:05}-7f.snappy.parquet" for number in range(3)])
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part-00000.crc").touch()
    assert read_table(tmp_path).frame.equals(FRAME)


def test_other_folders_have_a_sequence_in_each_file(tmp_path):
    write(tmp_path, ["walk.parquet", "run.parquet"])
    assert parts_of(tmp_path) is None
    assert "file" in read_table(tmp_path).frame.columns


def test_subfolders_name_columns_as_hive_has_them(tmp_path):
    write(
        tmp_path,
        [
            "year=2023/site=New%20York/day=2023-05-01/a.parquet",
            "year=2024/site=007/day=2024-01-02/a.parquet",
            "year=2024/site=__HIVE_DEFAULT_PARTITION__/day=2024-01-03/a.parquet",
        ],
    )
    frame = read_table(tmp_path).frame
    assert frame.drop("year", "site", "day").equals(FRAME)
    assert frame["year"].unique(maintain_order=True).to_list() == [2023, 2024]
    assert frame["site"].unique(maintain_order=True).to_list() == ["New York", "007", None]
    assert frame["day"][-1] == datetime.date(2024, 1, 3)
    chosen = read_table(tmp_path / "year=2024" / "**" / "*.parquet").frame
    assert chosen["year"].unique().to_list() == [2024]
    assert chosen.height == FRAME.height - 8


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_partition_that_is_named_alone_has_its_columns_too(tmp_path, ending):
    written = {"csv": "write_csv", "parquet": "write_parquet", "jsonl": "write_ndjson"}[ending]
    for year in (2023, 2024):
        path = tmp_path / f"site=a%20b/year={year}/day=2024-01-0{year - 2020}/x.{ending}"
        path.parent.mkdir(parents=True)
        getattr(FRAME, written)(path)
    alone, folder = read_table(path).frame, read_table(path.parent).frame
    assert alone.drop("site", "year", "day").equals(FRAME)
    assert alone.row(0, named=True) | {"id": ""} == {
        **{"id": "", "t": 0, "x": 0.0, "y": "a"},
        **{"site": "a b", "year": 2024, "day": datetime.date(2024, 1, 4)},
    }
    assert folder.equals(alone)
    of_all = read_table(tmp_path / "*" / "*" / "*" / f"x.{ending}").frame
    assert of_all[FRAME.height :].equals(alone)


def test_only_folders_right_above_a_table_are_its_partition(tmp_path):
    path = tmp_path / "lr=3" / "data" / "x.csv"
    path.parent.mkdir(parents=True)
    FRAME.write_csv(path)
    assert read_table(path).frame.columns == FRAME.columns
    text = tmp_path / "lang=en" / "all.txt"
    text.parent.mkdir()
    text.write_text("a text\n" * 50)
    assert "lang" not in read_table(text).frame.columns


def test_a_column_of_the_file_goes_before_the_name_of_its_folder(tmp_path):
    (tmp_path / "y=z").mkdir()
    FRAME.write_csv(tmp_path / "y=z" / "x.csv")
    assert read_table(tmp_path / "y=z" / "x.csv").frame.equals(FRAME)


def test_columns_may_stand_in_another_order_and_lack_values(tmp_path):
    FRAME[:12].write_parquet(tmp_path / "1.parquet")
    other = FRAME[12:].select("y", "x", "t", "id").with_columns(x=pl.lit(None))
    other.write_parquet(tmp_path / "2.parquet")
    frame = read_table(tmp_path / "*.parquet").frame
    assert frame.columns == FRAME.columns
    assert frame["x"].null_count() == 12


def test_parts_that_do_not_go_together_are_named(tmp_path):
    FRAME[:12].write_parquet(tmp_path / "1.parquet")
    FRAME[12:].drop("x").write_parquet(tmp_path / "2.parquet")
    with pytest.raises(DataError, match=r"2.parquet` has no column `x`, and `.*1.parquet` has"):
        read_table(tmp_path / "*.parquet")
    FRAME[12:].with_columns(x=pl.lit("high")).write_parquet(tmp_path / "2.parquet")
    with pytest.raises(DataError, match="column `x` holds Float64 in"):
        read_table(tmp_path / "*.parquet")


def test_a_pattern_that_fits_nothing_says_so(tmp_path):
    with pytest.raises(DataError, match="no file fits the pattern") as caught:
        read_table(tmp_path / "*.parquet")
    assert "quotes" in caught.value.hint


def test_numbers_in_names_are_numbers(tmp_path):
    names = ["b1", "a10", "a9", "a"]
    assert sorted(map(tmp_path.joinpath, names), key=in_order) == [
        tmp_path / name for name in ("a", "a9", "a10", "b1")
    ]


def write_rows(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["x,y", *rows]) + "\n")


GROUPED = [f'"{number % 9 + 1},{number:03}",up' for number in range(100, 140)]
FRACTIONS = [f'"{number},5",down' for number in range(40)]


@pytest.mark.parametrize("wanted", ["*.csv", "."])  # one table; a sequence in each file
def test_a_comma_does_not_mean_thousands_in_one_file_and_fractions_in_another(tmp_path, wanted):
    write_rows(tmp_path / "a.csv", GROUPED)
    write_rows(tmp_path / "b.csv", FRACTIONS)
    with pytest.raises(DataError, match=r"comma in `.*b.csv`, and with a decimal point in `.*a"):
        read_table(tmp_path / wanted)
    table = read_table(tmp_path / wanted, rules=Rules(decimal=","))
    assert table.frame["x"][:2].to_list() == [2.1, 3.101]
    assert table.styles["x"].decimal == ","


def test_whole_numbers_go_with_any_decimal_mark(tmp_path):
    write_rows(tmp_path / "a.csv", [f"{number},up" for number in range(40)])
    write_rows(tmp_path / "b.csv", FRACTIONS)
    assert read_table(tmp_path / "*.csv").frame["x"][40] == 0.5


def test_what_is_wrong_in_a_file_is_said_with_its_name_and_once(tmp_path):
    odd = [f"{number}.25,up" for number in range(60)]
    write_rows(tmp_path / "a.csv", odd)
    for name in "bc":
        write_rows(tmp_path / f"{name}.csv", ["five,up", *odd])
    table = read_table(tmp_path / "*.csv")
    (problem,) = [each for each in table.problems if each.code == "not-a-number"]
    assert problem.placed.endswith(
        f"`five`, in `{tmp_path}/b.csv` and 1 more of the files (line 2)"
    )
    assert any("b.csv`: 1 of 61 cells" in note for note in table.notes)


def test_values_of_several_files_are_written_as_they_are_there(tmp_path):
    write_rows(tmp_path / "a.csv", [f"{number},TRUE" for number in range(9)])
    write_rows(tmp_path / "b.csv", [f"{number},False" for number in range(9)])
    labels = read_table(tmp_path / "*.csv").labels["y"]
    assert dict(labels.iter_rows()) == {True: "TRUE", False: "False"}
