"""A second file is read by the layout of the first, whatever its format."""

import datetime
import gzip
import io
import zipfile

import numpy as np
import pandas as pd
import polars as pl
import pytest
import zstandard

from rnnauto.data.sequences import gather
from rnnauto.data.targets import label_texts
from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.inference.word_tags import with_tags
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

DAY = datetime.date(2024, 1, 1)
RNG = np.random.default_rng(0)
WORDS = ["in", "sieht", "heute", "Paris", "Anna", "und", "nach", "mit", "Peter", "das", "der"]


def long_table(sequences=12):
    rows = [
        (
            *(f"p{number}", DAY + datetime.timedelta(days=step)),
            *(
                round(float(RNG.normal()), 3),
                int(RNG.integers(5)),
                str(RNG.choice(["1", "2", "x"])),
            ),
            *(number % 2 == 0, ["ill", "well"][number % 2]),
        )
        for number in range(sequences)
        for step in range(5)
    ]
    return pl.DataFrame(rows, schema=["who", "day", "x", "n", "k", "male", "y"], orient="row")


def texts(sequences=30):
    cells = [" ".join(RNG.choice(WORDS, RNG.integers(4, 9))) for _ in range(sequences)]
    return pl.DataFrame({"text": cells, "y": [number % 3 for number in range(sequences)]})


def pairs(sequences=30):
    frame = texts(sequences)
    turned = frame["text"].str.split(" ").list.reverse().list.slice(1).list.join(" ")
    return frame.select("text").with_columns(turned.alias("y"))


def wide(sequences=20):
    columns = {f"t{step}": RNG.normal(size=sequences).round(3) for step in range(6)}
    return pl.DataFrame(columns | {"y": ["a", "b"] * (sequences // 2)})


def series(days=200):
    dates = [DAY + datetime.timedelta(days=step) for step in range(days)]
    return pl.DataFrame({"day": dates, "y": np.sin(np.arange(days) / 3).round(3)})


def panel(days=80):
    return pl.concat(
        series(days).with_columns(pl.lit(name).alias("shop"), (pl.col("y") + shift).round(3))
        for shift, name in enumerate("ab")
    ).select("shop", "day", "y")


def plain(rows=40):
    columns = {name: RNG.normal(size=rows).round(3) for name in ("length", "width")}
    return pl.DataFrame(columns | {"y": ["a", "b"] * (rows // 2)})


TABLES = {
    "long table": long_table,
    "texts": texts,
    "texts to texts": pairs,
    "wide table": wide,
    "single series": series,
    "panel": panel,
    "plain table": plain,
}


def written(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def csv(frame, **options):
    return written(lambda buffer: frame.write_csv(buffer, **options))


def zipped(content, name):
    return written(lambda buffer: zipfile.ZipFile(buffer, "w").writestr(name, content))


def excel_like(frame):
    """As a spreadsheet of another country writes it."""
    return csv(frame, separator=";", decimal_comma=True).decode().encode("utf-16")


FORMATS = {
    "t.csv": csv,
    "t.tsv": lambda frame: csv(frame, separator="\t"),
    "t.psv": lambda frame: csv(frame, separator="|"),
    "semicolons.csv": excel_like,
    "quoted.csv": lambda frame: csv(frame, quote_style="always"),
    "bom.csv": lambda frame: csv(frame, include_bom=True),
    "t.csv.gz": lambda frame: gzip.compress(csv(frame), mtime=0),
    "t.csv.zst": lambda frame: zstandard.compress(csv(frame)),
    "t.zip": lambda frame: zipped(csv(frame), "inside.csv"),
    "t.jsonl": lambda frame: written(frame.write_ndjson),
    "t.jsonl.gz": lambda frame: gzip.compress(written(frame.write_ndjson)),
    "t.parquet": lambda frame: written(frame.write_parquet),
    "t.arrow": lambda frame: written(frame.write_ipc),
    "t.arrows": lambda frame: written(frame.write_ipc_stream),
    "no ending": csv,
    "t.txt": csv,
}


def layout_of(data, target="y", **recipe):
    wanted = Recipe.parse({"data": {"target": target} if target else {}, **recipe})
    table = with_tags(read_to_learn(data, wanted.data), wanted)
    return infer(table, wanted).layout


def read(layout, data, *, target=True):
    texts = layout.target if layout.target_kind == "text" else ()
    return read_for(layout, data, target=target, text_targets=texts, classes={"k": ["1", "2", "x"]})


def labels_of(targets):
    return targets if targets is None or targets.dtype.is_nested() else label_texts(targets)


def same(found, wanted, layout):
    """Whether two tables hold the same sequences."""
    one, other = gather(found.frame, layout), gather(wanted.frame, layout)
    assert (one.row_splits == other.row_splits).all()
    np.testing.assert_array_equal(one.numbers, other.numbers)
    np.testing.assert_array_equal(one.static_numbers, other.static_numbers)
    for name in ("categories", "static_categories"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert [series.to_list() for series in mine] == [series.to_list() for series in theirs]
    assert (one.targets is None) == (other.targets is None)
    if one.targets is not None:
        assert labels_of(one.targets).to_list() == labels_of(other.targets).to_list()
    assert (one.texts is None) == (other.texts is None)
    assert one.texts is None or one.texts.to_list() == other.texts.to_list()
    assert (one.times is None) == (other.times is None)
    assert one.times is None or (one.times == other.times).all()
    return True


@pytest.fixture(params=TABLES)
def first(request, tmp_path):
    frame = TABLES[request.param]()
    frame.write_csv(tmp_path / "first.csv")
    return frame, layout_of(tmp_path / "first.csv"), tmp_path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read_by_the_layout_of_a_csv_file(first, name):
    frame, layout, folder = first
    (folder / name).write_bytes(FORMATS[name](frame))
    assert same(read(layout, folder / name), read(layout, folder / "first.csv"), layout)


def test_standard_input_and_frames(first, monkeypatch):
    frame, layout, folder = first
    wanted = read(layout, folder / "first.csv")
    for name in ("t.csv", "t.jsonl", "t.parquet", "t.tsv", "t.csv.gz"):
        content = io.BytesIO(FORMATS[name](frame))
        piped = type("Piped", (), {"isatty": lambda self: False, "buffer": content})()
        monkeypatch.setattr("sys.stdin", piped)
        assert same(read(layout, "-"), wanted, layout)
    assert same(read(layout, frame), wanted, layout)
    assert same(read(layout, pd.DataFrame(frame.to_dict(as_series=False))), wanted, layout)


def test_order_of_columns_and_others_beside_them_do_not_matter(first):
    frame, layout, folder = first
    turned = frame.select(frame.columns[::-1]).with_columns(pl.lit("so").alias("more"))
    turned.write_csv(folder / "second.csv")
    assert same(read(layout, folder / "second.csv"), read(layout, folder / "first.csv"), layout)


def test_the_target_may_be_absent_to_predict(first):
    frame, layout, folder = first
    if layout.horizon:
        return  # a series is forecast from its past
    frame.drop("y").write_parquet(folder / "second.parquet")
    table = read(layout, folder / "second.parquet", target=False)
    assert gather(table.frame, layout).targets is None
    with pytest.raises(DataError, match="has no column `y`"):
        read(layout, folder / "second.parquet")


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_other_types_of_the_same_values(first, name):
    """Whole numbers as fractions, numbers as texts, texts that look like numbers in this file."""
    frame, layout, folder = first
    odd = frame.filter(pl.col("k") != "x") if "k" in frame.columns else frame
    whole = pl.col(pl.Int64).cast(pl.Float64)
    if "k" in odd.columns:
        odd_types = odd.with_columns(
            whole, pl.col("k").cast(pl.Float64), pl.col("x").cast(pl.String)
        )
    else:
        odd_types = odd.with_columns(whole)
    (folder / "odd.csv").write_bytes(csv(odd))
    (folder / name).write_bytes(FORMATS[name](odd_types))
    assert same(read(layout, folder / name), read(layout, folder / "odd.csv"), layout)


BOOK = "It was the best of times, it was the worst.\nSo it was.\n" * 20


@pytest.mark.parametrize(
    "name, content",
    [
        ("next.txt", "so, it\nwas, then\nthe, end\nof, it\n"),  # as many commas in every line
        ("next.md", "# so\n\nit was {then}\n"),
        ("next", "{so it was}\n"),
        ("next.txt.gz", None),
    ],
)
def test_a_corpus_is_one_whatever_its_lines_look_like(tmp_path, name, content):
    (tmp_path / "book.txt").write_text(BOOK)
    layout = layout_of(tmp_path / "book.txt", target=None)
    assert layout.form == "text-corpus"
    raw = (content or BOOK).encode()
    (tmp_path / name).write_bytes(raw if content else gzip.compress(raw))
    assert read(layout, tmp_path / name).frame["text"].to_list() == [raw.decode()]


@pytest.mark.parametrize(
    "name, content",
    [
        ("t.csv", "text\nso it was\nthe end\n"),
        ("t", "id,text\n1,so it was\n2,the end\n"),
        ("t.jsonl", '{"text": "so it was"}\n{"text": "the end"}\n'),
        ("t", '{"id": 1, "text": "so it was"}\n{"id": 2, "text": "the end"}\n'),
    ],
)
def test_a_model_of_a_corpus_reads_a_column_of_texts(tmp_path, name, content):
    (tmp_path / "book.txt").write_text(BOOK)
    layout = layout_of(tmp_path / "book.txt", target=None)
    (tmp_path / name).write_text(content)
    assert read(layout, tmp_path / name).frame["text"].to_list() == ["so it was", "the end"]


def test_a_folder_is_read_by_the_layout_of_a_folder(tmp_path):
    frame = long_table().with_columns(pl.col("k").replace({"1": "one", "2": "two", "x": "three"}))
    for place in ("first", "second"):
        for who, rows in frame.group_by("who", maintain_order=True):
            folder = tmp_path / place / str(rows["y"][0])
            folder.mkdir(parents=True, exist_ok=True)
            rows.drop("who", "y").write_csv(folder / f"{who[0]}.csv")
    layout = layout_of(tmp_path / "first", target="folder")
    for part in (tmp_path / "second").glob("*/*.csv"):
        part.write_text(part.read_text().replace(",three,", ",7,").replace(",one,", ",8,"))
    table = read_for(layout, tmp_path / "second", target=True, text_targets=["folder"])
    assert gather(table.frame, layout).categories[0].unique().sort().to_list() == ["7", "8", "two"]


def test_texts_in_a_folder(tmp_path):
    for label in ("good", "bad"):
        (tmp_path / label).mkdir()
        for number in range(5):
            (tmp_path / label / f"{number}.txt").write_text(f"it was {label}, so {number}\n")
    layout = layout_of(tmp_path, target="folder")
    assert read(layout, tmp_path).frame["text"].len() == 10
    (tmp_path / "new.csv").write_text("file,text\na,so it was\n")
    assert gather(read(layout, tmp_path / "new.csv", target=False).frame, layout).targets is None


@pytest.mark.parametrize(
    "content, message",
    [
        ("who,day,x,n,k,male\np,2024-01-01,so,1,x,true\n", "column `x`, line 2: `so` is no number"),
        ("who,day,x,n,k,male\np,soon,1,1,x,true\n", "column `day`, line 2: `soon` is no date"),
        ("who,day,n,k,male\np,2024-01-01,1,x,true\n", "has no column `x`, which the model reads"),
        ("p,2024-01-01,1,1,x,true\np,2024-01-02,1,1,x,true\n", "has no column"),
    ],
)
def test_a_second_file_that_cannot_be_read_is_one_error(tmp_path, content, message):
    long_table().write_csv(tmp_path / "first.csv")
    layout = layout_of(tmp_path / "first.csv")
    (tmp_path / "second.csv").write_text(content)
    with pytest.raises(DataError) as error:
        read(layout, tmp_path / "second.csv", target=False)
    assert message in error.value.message


@pytest.mark.parametrize("cell", ["", "?", "NA", "-", "n.a."])
def test_a_column_of_numbers_may_hold_none_in_a_second_file(tmp_path, cell):
    long_table().write_csv(tmp_path / "first.csv")
    layout = layout_of(tmp_path / "first.csv")
    rows = [f"p,2024-01-0{day},{cell},1,x,true" for day in (1, 2)]
    (tmp_path / "second.csv").write_text("\n".join(["who,day,x,n,k,male", *rows]))
    numbers = gather(read(layout, tmp_path / "second.csv", target=False).frame, layout).numbers
    assert np.isnan(numbers[:, 0]).all() and (numbers[:, 1] == 1).all()
